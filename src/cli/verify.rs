//! `standstill verify`: judge every claim in a log.

use std::path::Path;
use std::path::PathBuf;

use crate::bundle::Bundle;
use crate::catalogue::Catalogue;
use crate::claim::Level;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::http::Remote;
use crate::ledger::Ledger;
use crate::note::Note;
use crate::report;
use crate::store::LogFiles as _;
use crate::store::fs::Directory;
use crate::store::witness::last_cosigned;
use crate::time::UnixSeconds;
use crate::verify;
use crate::verify::Evidence;
use crate::verify::Judgement;
use crate::verify::LogFiles;
use crate::verify::Trust;
use crate::verify::checks::Check;
use crate::verify::evidence::OpenedLedger;
use crate::verify::evidence::Subject;

/// Judge every claim in a log, or in a bundle cut from one
///
/// Exits with 0 if every judged claim holds (or is consistent at `--require-level`), 1 if
/// a violation or a broken log is shown, 2 if it could not be judged, 3 if it is not
/// shown, overdue, or consistent only.
///
/// A lab's own records can show a breach; they cannot show compliance.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Directory or address of a log, or a bundle
    #[arg(value_name = "LOG")]
    pub(super) log: String,

    /// Whom to believe; `standstill trust new` writes one
    #[arg(long, value_name = "FILE")]
    pub(super) trust: PathBuf,

    /// Judge staleness and expiry as of this time (default: now)
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<UnixSeconds>,

    /// Count CONSISTENT at this level or above as success
    #[arg(long, value_name = "LEVEL")]
    pub(super) require_level: Option<Level>,

    /// Directory of ledgers that the lab has opened
    #[arg(long, value_name = "DIR")]
    pub(super) ledgers: Option<PathBuf>,

    /// Earlier checkpoint, receipt or bundle that was kept (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) seen: Vec<PathBuf>,

    /// Directory or address of a witness to ask now (can be repeated)
    #[arg(long, value_name = "DIR|URL")]
    pub(super) witness: Vec<String>,

    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl VerifyArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        let judgement = self.judge(world)?;
        if self.json {
            let value = report::json(&judgement, self.require_level);
            world.say(serde_json::to_string_pretty(&value)?)?;
        } else {
            world.say(report::text(&judgement).trim_end())?;
        }
        Ok(judgement.outcome(self.require_level).code())
    }

    /// Judges, and prints nothing.
    pub(super) fn judge(&self, world: &World<'_>) -> Result<Judgement, Failure> {
        let trust = read_trust(&self.trust)?;
        let path = Path::new(&self.log);
        let bundle = if path.is_file() {
            let bytes = failure::read(path)?;
            match Bundle::parse(&bytes) {
                Ok(bundle) => Some(bundle),
                Err(error) if Bundle::is_bundle(&bytes) => {
                    return Ok(broken(
                        &trust,
                        self.at.unwrap_or(world.now),
                        &error.to_string(),
                    ));
                }
                Err(error) => return Err(Failure::file(path, error)),
            }
        } else {
            None
        };
        let files: Box<dyn LogFiles> = if Remote::is_address(&self.log) {
            Box::new(RemoteFiles(Remote::new(&self.log)))
        } else {
            Box::new(LocalFiles(Directory::new(path)))
        };
        let subject = match &bundle {
            Some(bundle) => Subject::Bundle(bundle),
            None => Subject::Log(&*files),
        };
        let evidence = Evidence {
            subject,
            seen: self.seen()?,
            witnesses: self.witnesses(&trust)?,
            asked_now: !self.witness.is_empty(),
            ledgers: self.ledgers()?,
        };
        let at = self.at.unwrap_or(world.now);
        let judged = verify::judge(&evidence, &trust, &Catalogue::embedded(), at);
        judged.map_err(|error| Failure::new(format!("`{}`: {error}", self.log)))
    }

    fn seen(&self) -> Result<Vec<(String, Note)>, Failure> {
        let notes = self.seen.iter().map(|path| {
            let note = verify::open_seen(&failure::read(path)?)
                .ok_or_else(|| Failure::file(path, "is no checkpoint, receipt or bundle"))?;
            Ok((path.display().to_string(), note))
        });
        notes.collect()
    }

    fn witnesses(&self, trust: &Trust) -> Result<Vec<(String, Note)>, Failure> {
        let mut notes = Vec::new();
        for place in &self.witness {
            for log in trust.logs() {
                let origin = log.name().as_str();
                let bytes = if Remote::is_address(place) {
                    Remote::new(place)
                        .last_cosigned(origin)
                        .map_err(Failure::new)?
                } else {
                    last_cosigned(Path::new(place), origin)?
                };
                if let Some(bytes) = bytes {
                    let note = Note::parse(&bytes)
                        .map_err(|error| Failure::file(Path::new(place), error))?;
                    notes.push((place.clone(), note));
                }
            }
        }
        Ok(notes)
    }

    fn ledgers(&self) -> Result<Vec<OpenedLedger>, Failure> {
        let Some(directory) = &self.ledgers else {
            return Ok(Vec::new());
        };
        let mut ledgers = Vec::new();
        let entries =
            std::fs::read_dir(directory).map_err(|error| Failure::file(directory, error))?;
        for entry in entries {
            let path = entry?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "ledger")
            {
                continue;
            }
            let ledger = Ledger::parse(&failure::read(&path)?)
                .map_err(|error| Failure::file(&path, error))?;
            let sums = ledger.sums().map_err(|error| Failure::file(&path, error))?;
            ledgers.push(OpenedLedger {
                name: path.display().to_string(),
                root: ledger.root(),
                count: ledger.count(),
                sums,
            });
        }
        Ok(ledgers)
    }
}

/// Reads a trust file and the policy that it names.
pub(super) fn read_trust(path: &Path) -> Result<Trust, Failure> {
    let text = failure::read_text(path)?;
    let policy = Trust::policy_path(&text).map_err(|error| Failure::file(path, error))?;
    let policy = path.parent().unwrap_or(Path::new("")).join(policy);
    Trust::parse(&text, &failure::read(&policy)?).map_err(|error| Failure::file(path, error))
}

/// A bundle whose framing is malformed is a broken log.
fn broken(trust: &Trust, at: UnixSeconds, why: &str) -> Judgement {
    Judgement {
        checkpoint: None,
        at,
        trust: trust.digest(),
        label: trust.label.clone(),
        verdicts: Vec::new(),
        findings: vec![verify::Finding::new(Check::Bundle, why)],
        anomalies: Vec::new(),
    }
}

struct LocalFiles(Directory);

impl LogFiles for LocalFiles {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.read(path).map_err(|error| error.to_string())
    }
}

struct RemoteFiles(Remote);

impl LogFiles for RemoteFiles {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.read(path)
    }
}
