//! A lab's workspace: configuration, keys, journal, ledgers, receipts, and its log.
//!
//! ```text
//! standstill.toml    what the commands need to know
//! keys/              secret keys, each readable by its owner alone
//! journal            payloads, one a line, in the order in which they were made
//! collected/         usage not yet attested, with its ledgers
//! ledgers/           ledgers of what was attested, to be opened when asked
//! receipts/          one proof file for each published statement
//! log/               the public log
//! state/             the lock of the log and of this workspace
//! ```
//!
//! A payload is durable in the journal before anything is signed or sent. Signatures are
//! made when it is published, with the keys valid then.

use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::Content;
use crate::attestation::Head;
use crate::attestation::IssuerId;
use crate::attestation::Link;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::content::Action;
use crate::attestation::content::Issuer;
use crate::cli::Failure;
use crate::cli::failure;
use crate::cli::journal::Entry;
use crate::cli::journal::Journal;
use crate::cli::published::Published;
use crate::cli::published::cosigned_by_quorum;
use crate::cli::published::latest_quorum;
use crate::cli::site::site;
use crate::cli::witnesses::WitnessConfig;
use crate::note::Note;
use crate::store::fs::Guard;
use crate::store::site::Files;
use crate::store::site::Site;
use crate::tlog::Checkpoint;
use crate::tlog::Proof;
use crate::verify::history::Area;

pub(crate) const CONFIG: &str = "standstill.toml";

const JOURNAL: &str = "journal";

/// The directory of the workspace's lock.
const STATE: &str = "state";

/// Names an area of a workspace.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AreaArgs {
    /// Workspace that `standstill init` made
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,

    /// Number of the area
    #[arg(long, default_value = "1")]
    pub(super) area: StreamId,
}

/// `standstill.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The issuer's id.
    pub(crate) issuer: String,
    /// The log's origin.
    pub(crate) origin: String,
    /// Seconds to wait after a period's end before its usage is published.
    #[serde(default = "default_wait")]
    pub(crate) publish_wait: u64,
    /// The address of the log of record, where somebody else runs it: `publish` submits
    /// to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) submit: Option<String>,
    /// The witnesses of the log in the workspace, asked by `publish`.
    #[serde(default)]
    pub(crate) witness: Vec<WitnessConfig>,
}

/// Witnesses' clocks differ; a usage seen before its period ended covers nothing
/// (formats: part 2).
pub(crate) const fn default_wait() -> u64 {
    60
}

/// An open workspace, which nobody else writes to.
#[derive(Debug)]
pub(crate) struct Workspace {
    path: PathBuf,
    pub(crate) config: Config,
    journal: Journal,
    published: Published,
    site: Site,
    _guard: Guard,
}

impl Workspace {
    /// Opens the workspace in a directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let config = path.join(CONFIG);
        if !config.exists() {
            return Err(
                Failure::file(path, "is no workspace: it has no `standstill.toml`")
                    .hint("name one with `--workspace DIR`; `standstill init DIR` makes one"),
            );
        }
        let parsed = toml::from_str(&failure::read_text(&config)?);
        let config: Config = parsed.map_err(|error| {
            let why = error.to_string();
            Failure::file(&config, why.trim_end())
                .hint("mend it by hand, or bring it back from a copy")
        })?;
        let guard = Guard::acquire(&path.join(STATE))?;
        let journal = Journal::read(&path.join(JOURNAL))?;
        Self {
            path: path.to_owned(),
            config,
            journal,
            published: Published::default(),
            site: site(path)?,
            _guard: guard,
        }
        .compared()
    }

    /// Makes the directories of a new workspace, with the first payload; it can be opened
    /// once [`Workspace::finish`] has been called.
    pub(crate) fn found(path: &Path, config: Config, payload: &[u8]) -> Result<Self, Failure> {
        for directory in ["collected", "ledgers", "receipts", STATE] {
            failure::make_directory(&path.join(directory))?;
        }
        Ok(Self {
            path: path.to_owned(),
            config,
            _guard: Guard::acquire(&path.join(STATE))?,
            journal: Journal::create(&path.join(JOURNAL), payload)?,
            published: Published::default(),
            site: site(path)?,
        })
    }

    /// Writes `standstill.toml`, the last file of a new workspace.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let text = toml::to_string_pretty(&self.config)?;
        failure::create(&self.join(CONFIG), text.as_bytes())?;
        failure::sync_directory(&self.path)
    }

    /// Refuses a journal that is older than what was published from it.
    fn compared(mut self) -> Result<Self, Failure> {
        let published = Published::read(&self.join("receipts"), &self.log_files(), &self.journal)?;
        if let Some(subject) = published.missing_from(&self.journal) {
            return Err(Failure::file(
                &self.join(JOURNAL),
                format!("is an older copy: {subject} was published and is not in it"),
            )
            .hint(
                "bring the newest copy back; no second statement is made for a place that is taken",
            ));
        }
        self.published = published;
        Ok(self)
    }

    /// Returns a path in the workspace.
    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path.join(path)
    }

    /// Returns the public log's files.
    pub(crate) fn log_files(&self) -> Files {
        self.site.files()
    }

    /// Returns where the log is.
    pub(crate) const fn site(&self) -> &Site {
        &self.site
    }

    /// Returns the issuer's id.
    pub(crate) fn issuer(&self) -> Result<IssuerId, Failure> {
        let first = self.journal().first();
        let issuer = first.map(|entry| entry.statement.subject.issuer);
        match issuer {
            Some(issuer) if issuer.to_string() == self.config.issuer => Ok(issuer),
            _ => Err(
                Failure::new("`standstill.toml` names another issuer than the journal")
                    .hint("bring both back from the same copy"),
            ),
        }
    }

    /// Returns every statement made, in order.
    pub(crate) fn journal(&self) -> &[Entry] {
        self.journal.entries()
    }

    /// Returns what was published of it.
    pub(crate) const fn published(&self) -> &Published {
        &self.published
    }

    /// Whether a statement has its receipt.
    pub(crate) fn is_published(&self, entry: &Entry) -> bool {
        self.published.has_receipt(&entry.statement.subject)
    }

    /// Returns the statements of a stream.
    pub(crate) fn stream(&self, stream: StreamId) -> impl DoubleEndedIterator<Item = &Entry> {
        let of = move |entry: &&Entry| entry.statement.subject.stream == stream;
        self.journal().iter().filter(of)
    }

    /// Returns the issuer's statement that was made last.
    pub(crate) fn identity(&self) -> Result<&Issuer, Failure> {
        let found = self.stream(StreamId::GOVERNANCE).rev().find_map(|entry| {
            match &entry.statement.content {
                Content::Issuer(issuer) => Some(&**issuer),
                _ => None,
            }
        });
        found.ok_or_else(|| Failure::new("the journal has no `issuer` statement"))
    }

    /// Returns the history of an area as the journal has it.
    pub(crate) fn area(&self, stream: StreamId) -> Result<Area, Failure> {
        let mut area = None;
        for entry in self.stream(StreamId::GOVERNANCE) {
            let Content::Area(statement) = &entry.statement.content else {
                continue;
            };
            if statement.stream == stream {
                match (&statement.action, &mut area) {
                    (Action::Open(open), None) => area = Some(Area::new(open.clone(), entry.id, 0)),
                    (Action::Change(change), Some(area)) => {
                        area.schedule.changes.push((change.clone(), 0));
                    }
                    (Action::Close(close), Some(area)) => {
                        area.schedule.close = Some((close.clone(), 0));
                    }
                    _ => {}
                }
            }
        }
        area.ok_or_else(|| {
            Failure::new(format!("area {stream} was not opened"))
                .hint("`standstill init` opens area 1")
        })
    }

    /// Makes a statement: from then on it takes its place for ever.
    pub(crate) fn append(
        &mut self,
        stream: StreamId,
        content: Content,
    ) -> Result<StatementId, Failure> {
        let id = self.stage(stream, content, self.not_before(stream)?)?;
        self.journal.commit()?;
        Ok(id)
    }

    /// Makes statements of one stream, all of them or, on a failure, none.
    pub(crate) fn append_all(
        &mut self,
        stream: StreamId,
        contents: Vec<Content>,
    ) -> Result<(), Failure> {
        let not_before = self.not_before(stream)?;
        for content in contents {
            self.stage(stream, content, not_before.clone())?;
        }
        self.journal.commit()
    }

    fn stage(
        &mut self,
        stream: StreamId,
        content: Content,
        not_before: Option<String>,
    ) -> Result<StatementId, Failure> {
        let last = self.stream(stream).next_back();
        let sequence = last.map_or(0, |last| last.statement.subject.sequence.saturating_add(1));
        let previous = match last {
            Some(last) => Some(last.id),
            None => self.opened_by(stream),
        };
        let governance = (!stream.is_governance()).then(|| self.head()).flatten();
        let statement = Statement {
            subject: Subject {
                issuer: self.issuer()?,
                stream,
                sequence,
            },
            link: Link {
                previous,
                governance,
                not_before,
                beacon: None,
            },
            content,
        };
        let payload = statement
            .to_payload()
            .ok_or_else(|| Failure::new("the statement cannot be written"))?;
        self.journal.stage(&payload)
    }

    fn opened_by(&self, stream: StreamId) -> Option<StatementId> {
        self.stream(StreamId::GOVERNANCE)
            .find(|entry| match &entry.statement.content {
                Content::Area(area) => {
                    area.stream == stream && matches!(area.action, Action::Open(_))
                }
                _ => false,
            })
            .map(|entry| entry.id)
    }

    fn head(&self) -> Option<Head> {
        let last = self.stream(StreamId::GOVERNANCE).next_back()?;
        Some(Head {
            sequence: last.statement.subject.sequence,
            statement: last.id,
        })
    }

    /// Returns the text that bounds the next statement of a stream from below: the latest
    /// checkpoint that a quorum of the heeded witnesses cosigned or, where none is in
    /// hand, what the statements before it said (formats: 6).
    pub(super) fn not_before(&self, stream: StreamId) -> Result<Option<String>, Failure> {
        let identity = self.identity()?;
        if identity.witnesses.is_none() {
            return Ok(None);
        }
        let latest = match self.config.submit {
            Some(_) => self.latest_receipt(identity),
            None => latest_quorum(&self.log_files(), identity)?,
        };
        let said = |entry: &Entry| entry.statement.link.not_before.clone();
        let before = self
            .stream(stream)
            .rev()
            .find_map(said)
            .or_else(|| self.journal().iter().rev().find_map(said));
        // An older copy of the log must not let it go back.
        Ok([before, latest].into_iter().flatten().max_by_key(|text| {
            let note = Note::parse(text.as_bytes()).ok();
            note.and_then(|note| Some(Checkpoint::parse(note.text()).ok()?.size))
        }))
    }

    /// Returns the checkpoint of the latest receipt that a quorum cosigned.
    fn latest_receipt(&self, identity: &Issuer) -> Option<String> {
        self.journal().iter().rev().find_map(|entry| {
            let bytes = std::fs::read(self.join(entry.receipt())).ok()?;
            cosigned_by_quorum(Proof::parse(&bytes).ok()?.note, identity)
        })
    }

    /// Makes the journal durable: before anything in it is signed.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        self.journal.sync()
    }
}
