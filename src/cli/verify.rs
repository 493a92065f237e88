//! `standstill verify`: judge every claim in a log.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use crate::bundle::Bundle;
use crate::catalogue::Catalogue;
use crate::claim::Level;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::attached;
use crate::cli::conclusion::HandOnArgs;
use crate::cli::failure;
use crate::cli::progress;
use crate::cli::state;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::http::Remote;
use crate::ledger::Ledger;
use crate::note::Note;
use crate::report;
use crate::store::LogFiles as _;
use crate::store::MAX_FILE;
use crate::store::fs::Directory;
use crate::store::witness::last_cosigned;
use crate::time::UnixSeconds;
use crate::tlog::Checkpoint;
use crate::tlog::SignedCheckpoint;
use crate::verify;
use crate::verify::Evidence;
use crate::verify::Judgement;
use crate::verify::LogFiles;
use crate::verify::State;
use crate::verify::Trust;
use crate::verify::TrustError;
use crate::verify::checks::Check;
use crate::verify::evidence::OpenedLedger;
use crate::verify::evidence::Subject;

const LOG_HINT: &str = "LOG is a directory with `checkpoint` and `tile` (a workspace's is `log` in it), the http(s) address of one, or a bundle";

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

    /// Evidence of hardware that statements name: a file, or a directory of such (can be
    /// repeated)
    #[arg(long, value_name = "FILE|DIR")]
    pub(super) attached: Vec<PathBuf>,

    /// Another log in which those who measure, or parties to a pact, speak: a directory or an
    /// address (can be repeated)
    #[arg(long, value_name = "LOG")]
    pub(super) beside: Vec<String>,

    /// Text of a pact that pledges name (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) pact: Vec<PathBuf>,

    /// Earlier checkpoint, receipt or bundle that was kept (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) seen: Vec<PathBuf>,

    /// Directory or address of a witness to ask now (can be repeated)
    #[arg(long, value_name = "DIR|URL")]
    pub(super) witness: Vec<String>,

    /// File in which what was read is kept: the next time, only what came since is read.
    /// It is yours, and believed as what you read yourself
    #[arg(long, value_name = "FILE", conflicts_with = "ledgers")]
    pub(super) state: Option<PathBuf>,

    #[command(flatten)]
    pub(super) hand_on: HandOnArgs,
}

impl VerifyArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        let hand_on = self.hand_on.open()?;
        let judgement = self.judge(world)?;
        hand_on.write(&judgement, world)?;
        if world.json {
            let value = report::json(&judgement, self.require_level);
            world.say(value.to_pretty().trim_end())?;
        } else {
            world.say(report::text(&judgement).trim_end())?;
        }
        Ok(judgement.outcome(self.require_level).code())
    }

    /// Judges, and prints nothing.
    pub(super) fn judge(&self, world: &mut World<'_>) -> Result<Judgement, Failure> {
        let trust = read_trust(&self.trust)?;
        let path = Path::new(&self.log);
        let bundle = if path.is_file() {
            let bytes = read_kept(path).map_err(|failure| failure.hint(LOG_HINT))?;
            match Bundle::parse(&bytes) {
                Ok(bundle) => Some(bundle),
                Err(error) if Bundle::is_bundle(&bytes) => {
                    return Ok(broken(
                        &trust,
                        self.at.unwrap_or(world.now),
                        &format!("`{}`: {error}", path.display()),
                    ));
                }
                Err(error) => return Err(Failure::file(path, error).hint(LOG_HINT)),
            }
        } else {
            None
        };
        let files = log_files(&self.log);
        let beside = self.beside()?;
        let state = match &self.state {
            Some(path) if bundle.is_some() => {
                return Err(Failure::file(path, "is not used: a bundle is read whole")
                    .hint("`--state` is for logs, which grow"));
            }
            Some(path) => state::read(path, &trust, world)?,
            None => None,
        };
        let subject = match &bundle {
            Some(bundle) => Subject::Bundle(bundle),
            None => Subject::Log(&*files),
        };
        let mut unanswered = Vec::new();
        let mut seen = self.seen(&trust, &mut unanswered)?;
        if let (Some(path), Some(note)) = (&self.state, state.as_ref().and_then(State::checkpoint))
        {
            seen.push((path.display().to_string(), note));
        }
        let mut evidence = Evidence {
            subject,
            beside: beside
                .iter()
                .map(|(name, files)| (name.clone(), &**files))
                .collect(),
            seen,
            witnesses: self.witnesses(&trust, &mut unanswered)?,
            ledgers: self.ledgers(&mut unanswered)?,
            attached: attached::read(&self.attached, &mut unanswered)?,
            unanswered,
            pacts: self.pacts()?,
            progress: None,
        };
        let bar = progress::entries("judging");
        let reached = |checkpoint: &Checkpoint, entries| {
            progress::reached(&bar, checkpoint, entries);
        };
        evidence.progress = Some(&reached);
        let at = self.at.unwrap_or(world.now);
        let judged = verify::judge_from(&evidence, &trust, &Catalogue::embedded(), at, state);
        bar.finish_and_clear();
        let (judgement, state) = judged
            .map_err(|error| Failure::new(format!("`{}`: {error}", self.log)).hint(LOG_HINT))?;
        if let (Some(path), Some(state)) = (&self.state, state) {
            state::write(path, &state, world);
        }
        Ok(judgement)
    }

    /// Opens the logs beside the one judged: only whole ones, for a bundle leaves out what
    /// whoever cut it chose to.
    fn beside(&self) -> Result<Vec<NamedLog>, Failure> {
        let logs = self.beside.iter().map(|place| {
            let path = Path::new(place);
            if !Remote::is_address(place) && !path.is_dir() {
                return Err(Failure::file(path, "is no log").hint(
                    "`--beside` takes the directory of a log, with `checkpoint` and `tile`, or its address",
                ));
            }
            Ok((place.clone(), log_files(place)))
        });
        logs.collect()
    }

    fn pacts(&self) -> Result<BTreeSet<Hash>, Failure> {
        let texts = self.pact.iter();
        texts
            .map(|path| Ok(sha256(&failure::read(path)?)))
            .collect()
    }

    fn seen(
        &self,
        trust: &Trust,
        unanswered: &mut Vec<String>,
    ) -> Result<Vec<(String, Note)>, Failure> {
        let logs = trust.all_logs();
        let notes = self.seen.iter().map(|path| {
            let hint = "`--seen` takes what was kept of this log earlier";
            let bytes = read_kept(path).map_err(|failure| failure.hint(hint))?;
            let note = verify::open_seen(&bytes).ok_or_else(|| {
                Failure::file(path, "is no checkpoint, receipt or bundle").hint(hint)
            })?;
            let signs = |log| SignedCheckpoint::open_note(note.clone(), log).is_ok();
            if !logs.iter().any(signs) {
                unanswered.push(format!(
                    "`{}` is no checkpoint that a log of the trust file signed: it was not compared",
                    path.display()
                ));
            }
            Ok((path.display().to_string(), note))
        });
        notes.collect()
    }

    fn witnesses(
        &self,
        trust: &Trust,
        unanswered: &mut Vec<String>,
    ) -> Result<Vec<(String, Note)>, Failure> {
        let mut notes = Vec::new();
        for place in &self.witness {
            let (judged, mut told) = (trust.logs(), false);
            for log in trust.all_logs() {
                let origin = log.name().as_str();
                let asked = if Remote::is_address(place) {
                    Remote::new(place).last_cosigned(origin)
                } else {
                    let path = Path::new(place);
                    std::fs::read_dir(path).map_err(|error| {
                        Failure::file(path, error)
                            .hint("name the directory that `standstill witness init` made")
                    })?;
                    last_cosigned(path, origin).map_err(|error| error.to_string())
                };
                let note = asked.and_then(|bytes| {
                    let note = bytes.map(|bytes| SignedCheckpoint::open(&bytes, &log));
                    let note = note.map(|open| open.map(|open| open.note().clone()));
                    note.transpose().map_err(|error| error.to_string())
                });
                match note {
                    Ok(note) => {
                        told |= note.is_some() && judged.contains(&log);
                        notes.extend(note.map(|note| (place.clone(), note)));
                    }
                    // One that does not answer must not keep the others from telling.
                    Err(why) => unanswered.push(format!("the witness `{place}`: {why}")),
                }
            }
            if !told {
                unanswered.push(format!(
                    "the witness `{place}` tells nothing of this log: what it may remember was not compared"
                ));
            }
        }
        Ok(notes)
    }

    fn ledgers(&self, unanswered: &mut Vec<String>) -> Result<Vec<OpenedLedger>, Failure> {
        let mut ledgers = Vec::new();
        let mut directories: Vec<PathBuf> = self.ledgers.iter().cloned().collect();
        while let Some(directory) = directories.pop() {
            let failed = |error| Failure::io(&directory, error);
            let entries = std::fs::read_dir(&directory).map_err(failed)?;
            let mut paths = Vec::new();
            for entry in entries {
                let entry = entry.map_err(failed)?;
                paths.push((entry.path(), entry.file_type().map_err(failed)?));
            }
            paths.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (path, kind) in paths {
                // What links to a directory may link to one above it: that had no end.
                if kind.is_dir() {
                    directories.push(path);
                } else if path.extension().is_some_and(|one| one == "ledger") {
                    match open_ledger(&path) {
                        Ok(ledger) => ledgers.push(ledger),
                        // What a lab hands over damaged is not opened, and stops nothing.
                        Err(why) => unanswered.push(format!("`{}`: {why}", path.display())),
                    }
                }
            }
        }
        Ok(ledgers)
    }
}

fn open_ledger(path: &Path) -> Result<OpenedLedger, String> {
    // Asked before it is opened: to open a pipe is to wait for who writes into it.
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut lines = Lines {
        file: BufReader::new(file),
        failed: None,
    };
    let ledger = Ledger::parse_lines(&mut lines);
    if let Some(why) = lines.failed {
        return Err(why);
    }
    let ledger = ledger.map_err(|error| error.to_string())?;
    OpenedLedger::of(path.display().to_string(), &ledger).map_err(|error| error.to_string())
}

/// The longest line of a ledger that is read: many times what any record has.
const MAX_LINE: u64 = 1 << 20;

/// The lines of a ledger, one at a time: it may be any length, and be none.
struct Lines {
    file: BufReader<File>,
    failed: Option<String>,
}

impl Iterator for Lines {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let mut file = self.file.by_ref().take(MAX_LINE);
        match file.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(line),
            Err(error) => {
                self.failed = Some(error.to_string());
                None
            }
        }
    }
}

/// Reads a file that a lab handed over: a bundle, or something of at most the length of the
/// longest file of a log. It may be any length, and be none.
fn read_kept(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::io(path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let most = MAX_FILE.saturating_add(1);
    file.by_ref()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if Bundle::is_bundle(&bytes) {
        file.read_to_end(&mut bytes).map_err(failed)?;
    } else if u64::try_from(bytes.len()).map_or(true, |length| length >= most) {
        return Err(Failure::file(
            path,
            format!("is no bundle, and has more than {MAX_FILE} bytes"),
        ));
    }
    Ok(bytes)
}

/// Reads a trust file and the policy that it names.
pub(super) fn read_trust(path: &Path) -> Result<Trust, Failure> {
    let fail = |error: TrustError| {
        Failure::file(path, error.to_string().trim_end())
            .hint("`standstill trust new` writes one with a comment on every line")
    };
    let text = failure::read_text(path)?;
    let policy = Trust::policy_path(&text).map_err(fail)?;
    let policy = path.parent().unwrap_or(Path::new("")).join(policy);
    let hint = "`policy` in the trust file names a C2SP policy";
    let bytes = failure::read(&policy).map_err(|failure| failure.hint(hint))?;
    Trust::parse(&text, &bytes).map_err(|error| match error {
        TrustError::Policy(error) => Failure::file(&policy, error).hint(hint),
        other => fail(other),
    })
}

/// A bundle whose framing is malformed is a broken log.
fn broken(trust: &Trust, at: UnixSeconds, why: &str) -> Judgement {
    Judgement {
        checkpoint: None,
        beside: Vec::new(),
        at,
        trust: trust.digest(),
        label: trust.label.clone(),
        verdicts: Vec::new(),
        findings: vec![verify::Finding::new(Check::Bundle, why)],
        anomalies: Vec::new(),
    }
}

/// The files of a log, and where they are.
type NamedLog = (String, Box<dyn LogFiles>);

/// Returns the files of a log in a directory or at an address.
fn log_files(place: &str) -> Box<dyn LogFiles> {
    if Remote::is_address(place) {
        Box::new(RemoteFiles(Remote::new(place)))
    } else {
        Box::new(LocalFiles(Directory::new(Path::new(place))))
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
