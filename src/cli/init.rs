//! `standstill init`: make a lab's workspace.

use std::path::Path;
use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::Link;
use crate::attestation::StreamId;
use crate::attestation::content::Action;
use crate::attestation::content::Area;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::attestation::content::LogOfRecord;
use crate::attestation::content::Roles;
use crate::attestation::content::Witnesses;
use crate::attestation::statement::first_payload;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::cli::workspace::Config;
use crate::cli::workspace::WitnessConfig;
use crate::cli::workspace::found;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::keystore;
use crate::store::log::Log;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::UnixSeconds;

/// Make a lab's workspace: keys, journal, and a log of its own
///
/// Makes root and signing keys, the issuer's first statement, and one area, whose usage
/// is accounted together. Nothing is public before `standstill publish`.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Directory, which must not exist or be empty
    #[arg(value_name = "DIR")]
    pub(super) directory: PathBuf,

    /// Name of the log, like an address without its scheme
    #[arg(long, default_value = "lab.example/standstill")]
    pub(super) origin: String,

    /// Name of the area: the cluster or site
    #[arg(long, default_value = "cluster")]
    pub(super) area: String,

    /// First instant that the area accounts for; it cannot be moved back
    /// (default: the start of this UTC day, or month)
    #[arg(long, value_name = "TIME")]
    pub(super) first: Option<UnixSeconds>,

    /// Length of a period in seconds, or `month`
    #[arg(long, default_value = "3600")]
    pub(super) period: Cadence,

    /// Seconds after a period's end within which its usage is due
    #[arg(long, default_value_t = 2 * DAY)]
    pub(super) grace: u64,

    /// Directory of a witness on this machine (can be repeated)
    #[arg(long, value_name = "DIR")]
    pub(super) witness: Vec<PathBuf>,

    /// How many witnesses are a quorum (default: more than half)
    #[arg(long, value_name = "N")]
    pub(super) quorum: Option<usize>,
}

impl InitArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let path = &self.directory;
        let occupied = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            return Err(Failure::file(path, "is not empty")
                .hint("choose a directory that does not exist yet"));
        }
        let name = KeyName::new(self.origin.as_str())?;
        let first = self.first.unwrap_or_else(|| match self.period {
            Cadence::Month => world.now.month_start(),
            Cadence::Seconds(_) => {
                let seconds = world.now.get();
                let since = seconds.checked_rem(DAY).unwrap_or_default();
                UnixSeconds::new(seconds.saturating_sub(since)).unwrap_or(world.now)
            }
        });
        let witnesses = self.witnesses()?;
        let log_key = SignerKey::new(name, Algorithm::Ed25519, keystore::generate()?);
        let keys = path.join("keys");
        std::fs::create_dir_all(&keys).map_err(|error| Failure::file(&keys, error))?;
        let issuer = Issuer {
            root: new_key(&keys, "root")?,
            roles: Roles {
                governance: new_key(&keys, "governance")?,
                operations: new_key(&keys, "operations")?,
            },
            log: LogOfRecord {
                origin: self.origin.clone(),
                key: log_key.verifier(),
            },
            witnesses,
            earlier: Vec::new(),
            suspected_since: None,
            moved: None,
        };
        keystore::write_note_key(&keys.join("log.key"), &log_key)?;
        let link = Link {
            previous: None,
            governance: None,
            not_before: None,
            beacon: None,
        };
        let vkey = log_key.verifier();
        let (id, payload) = first_payload(&Content::Issuer(Box::new(issuer)), &link)
            .ok_or_else(|| Failure::new("the issuer's statement cannot be written"))?;
        let config = Config {
            issuer: id.to_string(),
            origin: self.origin.clone(),
            publish_wait: 60,
            witness: self
                .witness
                .iter()
                .map(|directory| {
                    let directory = std::path::absolute(directory)?;
                    Ok(WitnessConfig { directory })
                })
                .collect::<Result<_, std::io::Error>>()?,
        };
        Log::create_in(
            &path.join("log"),
            &path.join("state/log"),
            log_key,
            world.now,
        )?;
        failure::create(&path.join("log/vkey"), format!("{vkey}\n").as_bytes())?;
        let mut workspace = found(path, &config, &payload)?;
        let area = Area {
            stream: StreamId::new(1),
            action: Action::Open(AreaOpen {
                name: self.area.clone(),
                first,
                cadence: Some(self.period),
                grace: self.grace,
                measures: None,
                continues: Vec::new(),
            }),
        };
        workspace.append(StreamId::GOVERNANCE, Content::Area(area))?;
        workspace.sync()?;
        world.say(format!("issuer {id}"))?;
        world.say(format!("log    {vkey}"))?;
        world.note(format!(
            "area 1 \"{}\" accounts from {first} on, in periods of {}; usage is due {} seconds after",
            self.area, self.period, self.grace
        ));
        world.note("keys/root.key is for key changes only: move it off this machine");
        if self.witness.is_empty() {
            world.note(
                "no witness: every verdict will say that a rewritten history is not excluded",
            );
        }
        Ok(())
    }

    fn witnesses(&self) -> Result<Option<Witnesses>, Failure> {
        let keys: Vec<VerifierKey> = self
            .witness
            .iter()
            .map(|directory| {
                let path = directory.join("vkey");
                let text = failure::read_text(&path).map_err(|failure| {
                    failure.hint("`standstill witness init DIR` makes a witness")
                })?;
                text.trim_end()
                    .parse()
                    .map_err(|error| Failure::file(&path, error))
            })
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Ok(None);
        }
        let half = keys.len() >> 1;
        let quorum = self.quorum.unwrap_or_else(|| half.saturating_add(1));
        if quorum == 0 || quorum > keys.len() {
            return Err(Failure::new(format!(
                "a quorum of {quorum} of {} witnesses",
                keys.len()
            )));
        }
        Ok(Some(Witnesses { keys, quorum }))
    }
}

/// Makes a key of its own file and returns the set of it alone.
pub(super) fn new_key(keys: &Path, name: &str) -> Result<KeySet, Failure> {
    let key = keystore::generate()?;
    keystore::write_issuer_key(&keys.join(format!("{name}.key")), &key)?;
    KeySet::new(vec![key.public()], 1).ok_or_else(|| Failure::new("a set of one key"))
}
