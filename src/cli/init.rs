//! `standstill init`: make a lab's workspace.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::Link;
use crate::attestation::StreamId;
use crate::attestation::content::Action;
use crate::attestation::content::Area;
use crate::attestation::content::AreaOpen;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::attestation::content::LogOfRecord;
use crate::attestation::content::Measured;
use crate::attestation::content::Roles;
use crate::attestation::content::Witnesses;
use crate::attestation::statement::first_payload;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::drafts;
use crate::cli::failure;
use crate::cli::site::StoreArgs;
use crate::cli::site::create_log;
use crate::cli::witnesses;
use crate::cli::witnesses::WitnessConfig;
use crate::cli::workspace::CONFIG;
use crate::cli::workspace::Config;
use crate::cli::workspace::Workspace;
use crate::cli::workspace::default_wait;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::keystore;
use crate::ledger::Secret;
use crate::store::site::Addresses;
use crate::time::Cadence;
use crate::time::DAY;
use crate::time::UnixSeconds;

/// Make a lab's workspace: keys, journal, and a log of its own
///
/// Makes root and signing keys, the issuer's first statement, and its areas, each a
/// cluster or site whose usage is accounted together. Nothing is public before
/// `standstill publish`.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Directory, which must not exist or be empty
    #[arg(value_name = "DIR")]
    pub(super) directory: PathBuf,

    /// Name of the log, like an address without its scheme
    #[arg(long, default_value = "lab.example/standstill")]
    pub(super) origin: String,

    /// Name of an area: a cluster or site (can be repeated; they are numbered from 1)
    #[arg(long, value_name = "NAME", default_value = "cluster")]
    pub(super) area: Vec<String>,

    /// Area of a lab that is measured, instead of areas of one's own (can be repeated): a
    /// workspace for `standstill corroborate`
    #[arg(long, value_name = "ISSUER/AREA", value_parser = measured,
        conflicts_with_all = ["area", "period"])]
    pub(super) measures: Vec<Measured>,

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

    /// C2SP policy of the witnesses that are heeded and, if the log is one's own, asked at
    /// their addresses
    #[arg(long, value_name = "FILE", conflicts_with_all = ["witness", "quorum"])]
    pub(super) policy: Option<PathBuf>,

    /// Key of the log of record, where somebody else runs it (default: a log of one's own)
    #[arg(long, value_name = "VKEY", value_parser = super::witness::boxed,
        conflicts_with = "origin")]
    pub(super) log: Option<Box<VerifierKey>>,

    /// Address of that log, to which `publish` submits
    #[arg(long, value_name = "URL", requires = "log")]
    pub(super) submit: Option<String>,

    #[command(flatten)]
    pub(super) store: StoreArgs,
}

impl InitArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let path = &self.directory;
        let made = vacant(path)?;
        let store = self.store.addresses()?;
        let log = match &self.log {
            Some(key) if key.algorithm() != Algorithm::Ed25519 => {
                return Err(Failure::new("`--log` is no key of a log")
                    .hint("`standstill log init` printed it to whoever runs the log"));
            }
            Some(_) if self.submit.is_none() && self.measures.is_empty() => {
                return Err(Failure::new("`--log` without the address of that log")
                    .hint("say `--submit URL`, to which `publish` submits"));
            }
            Some(_) if store.is_some() => {
                return Err(
                    Failure::new("`--log` is somebody else's, and so is its store")
                        .hint("leave `--store` out"),
                );
            }
            Some(key) => Home::Elsewhere(key.clone()),
            None => Home::Own(origin(&self.origin)?, store),
        };
        let areas = self.areas(world.now)?;
        let witnesses = self.witnesses()?;
        let (id, vkey) = self
            .make(log, areas, witnesses, world.now)
            .inspect_err(|_| clear(path, made))?;
        world.answer(
            &json!({
                "issuer": id.to_string(),
                "log": vkey.to_string(),
                "workspace": path,
            }),
            &format!("issuer {id}\nlog    {vkey}"),
        )?;
        let period = match self.period {
            Cadence::Month => "a month".to_owned(),
            Cadence::Seconds(seconds) => format!("{seconds} seconds"),
        };
        for (number, measured) in (1_u64..).zip(&self.measures) {
            world.note(format!(
                "area {number} measures area {} of {}: `standstill corroborate` states what was measured",
                measured.stream, measured.issuer
            ));
        }
        let own = if self.measures.is_empty() {
            self.area.as_slice()
        } else {
            &[]
        };
        for (number, area) in (1_u64..).zip(own) {
            world.note(format!(
                "area {number} \"{area}\" accounts from {} on, in periods of {period}; usage is due {} seconds after",
                self.first(world.now),
                self.grace
            ));
        }
        world.note(format!(
            "`{}` is for key changes only: move it off this machine once you have published",
            path.join("keys/root.key").display()
        ));
        if self.policy.is_some() && self.log.is_none() {
            world.note(format!(
                "have the witnesses add this log, whose key is in `{}`: they cosign no log that they do not know",
                path.join("log/vkey").display()
            ));
        }
        if self.witness.is_empty() && self.policy.is_none() {
            world.note(
                "no witness: every verdict will say that a rewritten history is not excluded",
            );
        }
        Ok(())
    }

    fn first(&self, now: UnixSeconds) -> UnixSeconds {
        self.first.unwrap_or_else(|| match self.period {
            Cadence::Month => now.month_start(),
            Cadence::Seconds(_) => {
                let seconds = now.get();
                let since = seconds.checked_rem(DAY).unwrap_or_default();
                UnixSeconds::new(seconds.saturating_sub(since)).unwrap_or(now)
            }
        })
    }

    /// Returns what the areas begin with, if they can.
    fn areas(&self, now: UnixSeconds) -> Result<Vec<Area>, Failure> {
        let first = self.first(now);
        if self.period.period_from(first).is_none() {
            return Err(
                Failure::new(format!("no period of `{}` begins at {first}", self.period))
                    .hint("a month begins on its first, at 00:00:00Z"),
            );
        }
        if self.grace <= default_wait() {
            return Err(Failure::new(format!(
                "a grace of {} seconds is too short: usage is published {} seconds after its period's end",
                self.grace,
                default_wait()
            ))
            .hint("give it as long as an outage may last, e.g. `--grace 172800`"));
        }
        if !self.measures.is_empty() {
            return Ok(self.measuring(first));
        }
        let area = |(number, name): (u64, &String)| Area {
            stream: StreamId::new(number),
            action: Action::Open(AreaOpen {
                name: name.clone(),
                first,
                cadence: Some(self.period),
                grace: self.grace,
                measures: None,
                continues: Vec::new(),
            }),
        };
        Ok((1..).zip(&self.area).map(area).collect())
    }

    /// Returns areas in which nothing is due, one for each that is measured.
    fn measuring(&self, first: UnixSeconds) -> Vec<Area> {
        let area = |(number, measured): (u64, &Measured)| Area {
            stream: StreamId::new(number),
            action: Action::Open(AreaOpen {
                name: format!("measures area {}", measured.stream),
                first,
                cadence: None,
                grace: self.grace,
                measures: Some(*measured),
                continues: Vec::new(),
            }),
        };
        (1..).zip(&self.measures).map(area).collect()
    }

    fn make(
        &self,
        home: Home,
        areas: Vec<Area>,
        witnesses: Option<Witnesses>,
        now: UnixSeconds,
    ) -> Result<(IssuerId, VerifierKey), Failure> {
        let witness = self.asked()?;
        let founding = Founding {
            home,
            submit: self.submit.clone(),
            areas,
            witnesses,
            witness,
        };
        founding.make(&self.directory, now)
    }

    /// Returns the witnesses that the workspace's own log asks.
    fn asked(&self) -> Result<Vec<WitnessConfig>, Failure> {
        if let (Some(path), None) = (&self.policy, &self.log) {
            return witnesses::addressed(path);
        }
        let absolute = |directory: &PathBuf| {
            let directory = std::path::absolute(directory)?;
            Ok(WitnessConfig::Directory { directory })
        };
        self.witness.iter().map(absolute).collect()
    }

    fn witnesses(&self) -> Result<Option<Witnesses>, Failure> {
        if let Some(path) = &self.policy {
            return heeded(path).map(Some);
        }
        let mut keys: Vec<VerifierKey> = Vec::new();
        for directory in &self.witness {
            let path = directory.join("vkey");
            let hint = "`standstill witness init DIR --name NAME` makes a witness";
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::file(&path, error).hint(hint))?;
            let key: VerifierKey = text
                .trim_end()
                .parse()
                .map_err(|error| Failure::file(&path, error).hint(hint))?;
            if key.algorithm() != Algorithm::CosignatureV1 {
                return Err(Failure::file(&path, "is no witness's key").hint(hint));
            }
            if keys.contains(&key) {
                return Err(Failure::file(&path, "is named twice")
                    .hint("one witness counts once: name another"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return match self.quorum {
                Some(_) => {
                    Err(Failure::new("a quorum of no witnesses")
                        .hint("name them with `--witness DIR`"))
                }
                None => Ok(None),
            };
        }
        let half = keys.len() >> 1;
        let quorum = self.quorum.unwrap_or_else(|| half.saturating_add(1));
        if quorum == 0 || quorum > keys.len() {
            return Err(
                Failure::new(format!("a quorum of {quorum} of {} witnesses", keys.len()))
                    .hint("say a number from 1 to that of the witnesses, more than half of them"),
            );
        }
        Ok(Some(Witnesses { keys, quorum }))
    }
}

/// Reads `<issuer>/<area>`.
fn measured(text: &str) -> Result<Measured, String> {
    let (issuer, stream) = text
        .split_once('/')
        .ok_or_else(|| format!("`{text}` is not `<issuer>/<area>`"))?;
    let measured = Measured {
        issuer: issuer
            .parse()
            .map_err(|error| format!("`{issuer}`: {error}"))?,
        stream: stream
            .parse()
            .map_err(|error| format!("`{stream}`: {error}"))?,
    };
    if measured.stream.is_governance() {
        return Err("stream 0 is no area".to_owned());
    }
    Ok(measured)
}

/// The log of record of a new issuer.
pub(super) enum Home {
    /// A log of its own, of that name, perhaps in a bucket.
    Own(KeyName, Option<Addresses>),
    /// A log that somebody else runs.
    Elsewhere(Box<VerifierKey>),
}

/// What a new issuer begins with.
pub(super) struct Founding {
    pub(super) home: Home,
    pub(super) submit: Option<String>,
    pub(super) areas: Vec<Area>,
    pub(super) witnesses: Option<Witnesses>,
    pub(super) witness: Vec<WitnessConfig>,
}

impl Founding {
    /// Makes the workspace in `path`: keys, journal and, if it is its own, the log.
    pub(super) fn make(
        self,
        path: &Path,
        now: UnixSeconds,
    ) -> Result<(IssuerId, VerifierKey), Failure> {
        let keys = path.join("keys");
        make_private_directory(&keys)?;
        let own = match &self.home {
            Home::Own(name, _) => {
                let secret = keystore::generate()?;
                Some(SignerKey::new(name.clone(), Algorithm::Ed25519, secret))
            }
            Home::Elsewhere(_) => None,
        };
        let (vkey, store) = match (&own, self.home) {
            (Some(key), Home::Own(_, store)) => (key.verifier(), store),
            (_, Home::Elsewhere(key)) => (*key, None),
            (None, Home::Own(..)) => return Err(Failure::new("a log without a key")),
        };
        let issuer = Issuer {
            root: new_key(&keys, "root")?,
            roles: Roles {
                governance: new_key(&keys, "governance")?,
                operations: new_key(&keys, "operations")?,
            },
            log: LogOfRecord {
                origin: vkey.name().as_str().to_owned(),
                key: vkey.clone(),
            },
            witnesses: self.witnesses,
            earlier: Vec::new(),
            suspected_since: None,
            moved: None,
        };
        let devices = Secret::from_bytes(*keystore::random()?);
        keystore::create_private(&keys.join("devices.secret"), &devices.to_hex())?;
        let link = Link {
            previous: None,
            governance: None,
            not_before: None,
            beacon: None,
        };
        let (id, payload) = first_payload(&Content::Issuer(Box::new(issuer)), &link)
            .ok_or_else(|| Failure::new("the issuer's statement cannot be written"))?;
        if let Some(key) = own {
            create_log(path, store.as_ref(), key, now)?;
        }
        let config = Config {
            issuer: id.to_string(),
            origin: vkey.name().as_str().to_owned(),
            publish_wait: default_wait(),
            submit: self.submit,
            witness: self.witness,
        };
        let mut workspace = Workspace::found(path, config, &payload)?;
        let areas = self.areas.into_iter().map(Content::Area).collect();
        workspace.append_all(StreamId::GOVERNANCE, areas)?;
        workspace.finish()?;
        Ok((id, vkey))
    }
}

/// Parses the name of a log.
pub(super) fn origin(text: &str) -> Result<KeyName, Failure> {
    KeyName::new(text).map_err(|error| {
        Failure::from(error).hint("a log is called like an address, e.g. `lab.example/log`")
    })
}

/// Reads the witnesses of a policy, which must be one group.
fn heeded(path: &Path) -> Result<Witnesses, Failure> {
    let policy = witnesses::policy(path)?;
    let Some((keys, quorum)) = policy.as_one_group() else {
        return Err(Failure::file(path, "has no quorum of one group of witnesses").hint(
            "an issuer heeds so many of some witnesses: a `quorum` of one witness, or of one `group` of witnesses",
        ));
    };
    Ok(Witnesses {
        keys: keys.into_iter().cloned().collect(),
        quorum,
    })
}

/// Whether the directory must be made; fails if something is in it.
pub(super) fn vacant(path: &Path) -> Result<bool, Failure> {
    match std::fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Failure::io(path, error)),
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) if path.join("keys").is_dir() && !path.join(CONFIG).exists() => Err(
                Failure::file(path, "is not empty: an `init` was cut short there")
                    .hint("nothing of it was published: remove the directory and run it again"),
            ),
            Some(_) => Err(Failure::file(path, "is not empty")
                .hint("choose a directory that does not exist yet")),
        },
    }
}

/// Removes what a failed attempt made: the directory was empty or not there before.
pub(super) fn clear(path: &Path, made: bool) {
    if made {
        let _ = std::fs::remove_dir_all(path);
    } else {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            let _ = drafts::remove(&entry.path());
        }
    }
}

/// Makes a directory that only its owner can enter, and those above it.
pub(super) fn make_private_directory(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    if let Some(parent) = path.parent() {
        failure::make_directory(parent)?;
    }
    let made = std::fs::DirBuilder::new().mode(0o700).create(path);
    made.map_err(|error| Failure::io(path, error))
}

/// Makes a key of its own file and returns the set of it alone.
pub(super) fn new_key(keys: &Path, name: &str) -> Result<KeySet, Failure> {
    let key = keystore::generate()?;
    keystore::write_issuer_key(&keys.join(format!("{name}.key")), &key)?;
    KeySet::new(vec![key.public()], 1).ok_or_else(|| Failure::new("a set of one key"))
}
