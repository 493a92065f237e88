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
//! The journal is the outbox, and only ever grows: a payload is durable there before
//! anything is signed or sent, and takes its place in its stream for ever. Signatures are
//! made when it is published, with the keys valid then.

use std::collections::BTreeMap;
use std::io;
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
use crate::key::VerifierKey;
use crate::note::Note;
use crate::store::Objects as _;
use crate::store::fs::Directory;
use crate::store::fs::Guard;
use crate::store::reader::LogReader;
use crate::tlog::Cosignature;

pub(crate) const CONFIG: &str = "standstill.toml";

const JOURNAL: &str = "journal";

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
    /// Witnesses on this machine, asked by `publish`.
    #[serde(default)]
    pub(crate) witness: Vec<WitnessConfig>,
}

/// A witness on this machine.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessConfig {
    /// Its directory.
    pub(crate) directory: PathBuf,
}

/// Witnesses' clocks differ; a usage seen before its period ended covers nothing
/// (formats: part 2).
const fn default_wait() -> u64 {
    60
}

/// A payload of the journal.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) payload: Vec<u8>,
    pub(crate) id: StatementId,
    pub(crate) statement: Statement,
}

impl Entry {
    /// The name of its receipt.
    pub(crate) fn receipt(&self) -> String {
        let subject = &self.statement.subject;
        format!(
            "receipts/{}-{:010}.tlog-proof",
            subject.stream, subject.sequence
        )
    }
}

/// An open workspace, which nobody else writes to.
#[derive(Debug)]
pub(crate) struct Workspace {
    path: PathBuf,
    pub(crate) config: Config,
    journal: Vec<Entry>,
    /// The bytes of the journal up to its last whole line.
    length: u64,
    _guard: Guard,
}

impl Workspace {
    /// Opens the workspace in a directory.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let config = path.join(CONFIG);
        if !config.exists() {
            return Err(
                Failure::file(path, "is no workspace: it has no `standstill.toml`")
                    .hint("`standstill init DIR` makes one"),
            );
        }
        let config: Config = toml::from_str(&failure::read_text(&config)?)
            .map_err(|error| Failure::file(&config, error))?;
        let guard = Guard::acquire(&path.join("state"))
            .map_err(|error| Failure::from(error).hint("wait until the other command has ended"))?;
        let mut workspace = Self {
            path: path.to_owned(),
            config,
            journal: Vec::new(),
            length: 0,
            _guard: guard,
        };
        workspace.journal = workspace.read_journal()?;
        let lengths = workspace.journal.iter().map(|entry| entry.payload.len());
        let length: usize = lengths.map(|length| length.saturating_add(1)).sum();
        workspace.length = u64::try_from(length)?;
        Ok(workspace)
    }

    fn read_journal(&self) -> Result<Vec<Entry>, Failure> {
        let path = self.join(JOURNAL);
        let bytes = failure::read(&path)?;
        // A line cut short was never durable, and so never signed.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        let lines = bytes.get(..whole.unwrap_or_default()).unwrap_or_default();
        let mut next: BTreeMap<StreamId, u64> = BTreeMap::new();
        let read = |(number, line): (usize, &[u8])| {
            let fault = |why: String| Failure::file(&path, format!("line {number}: {why}"));
            let statement = Statement::parse(line).map_err(|error| fault(error.to_string()))?;
            let subject = &statement.subject;
            let expected = next.entry(subject.stream).or_default();
            if subject.sequence != *expected {
                return Err(fault(format!("{subject} is not the next of its stream")));
            }
            *expected = expected.saturating_add(1);
            Ok(Entry {
                id: StatementId::of(line),
                payload: line.to_vec(),
                statement,
            })
        };
        (1..)
            .zip(lines.split(|byte| *byte == b'\n'))
            .map(read)
            .collect()
    }

    /// Returns a path in the workspace.
    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path.join(path)
    }

    /// Returns the public log's files.
    pub(crate) fn log_files(&self) -> Directory {
        Directory::new(self.join("log"))
    }

    /// Returns the issuer's id.
    pub(crate) fn issuer(&self) -> Result<IssuerId, Failure> {
        let issuer = self.config.issuer.parse();
        issuer.map_err(|_| Failure::new("`standstill.toml` has no issuer's id"))
    }

    /// Returns every statement made, in order.
    pub(crate) fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// Returns the statements of a stream.
    pub(crate) fn stream(&self, stream: StreamId) -> impl DoubleEndedIterator<Item = &Entry> {
        let of = move |entry: &&Entry| entry.statement.subject.stream == stream;
        self.journal.iter().filter(of)
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
    pub(crate) fn area(&self, stream: StreamId) -> Result<crate::verify::history::Area, Failure> {
        let mut area = None;
        for entry in self.stream(StreamId::GOVERNANCE) {
            let Content::Area(statement) = &entry.statement.content else {
                continue;
            };
            if statement.stream == stream {
                match (&statement.action, &mut area) {
                    (Action::Open(open), None) => {
                        area = Some(crate::verify::history::Area::new(open.clone(), 0));
                    }
                    (Action::Change(change), Some(area)) => area.changes.push((change.clone(), 0)),
                    (Action::Close(close), Some(area)) => area.close = Some((close.clone(), 0)),
                    _ => {}
                }
            }
        }
        area.ok_or_else(|| {
            Failure::new(format!("area {stream} was not opened"))
                .hint("`standstill init` opens area 1")
        })
    }

    /// Writes a statement into the journal: from then on it takes its place for ever.
    pub(crate) fn append(&mut self, stream: StreamId, content: Content) -> Result<&Entry, Failure> {
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
                not_before: self.not_before()?,
                beacon: None,
            },
            content,
        };
        let payload = statement
            .to_payload()
            .ok_or_else(|| Failure::new("the statement cannot be written"))?;
        self.record(payload)
    }

    /// Writes a payload into the journal.
    fn record(&mut self, payload: Vec<u8>) -> Result<&Entry, Failure> {
        let statement = Statement::parse(&payload)?;
        if let Content::NotUnderstood(content) = &statement.content {
            return Err(Failure::new(format!(
                "the statement's member {}",
                content.why
            )));
        }
        let path = self.join(JOURNAL);
        let mut line = payload.clone();
        line.push(b'\n');
        write_at(&path, self.length, &line).map_err(|error| Failure::file(&path, error))?;
        self.length = self.length.saturating_add(u64::try_from(line.len())?);
        self.journal.push(Entry {
            id: StatementId::of(&payload),
            payload,
            statement,
        });
        self.journal
            .last()
            .ok_or_else(|| Failure::new("the journal is empty"))
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
        self.stream(StreamId::GOVERNANCE)
            .next_back()
            .map(|entry| Head {
                sequence: entry.statement.subject.sequence,
                statement: entry.id,
            })
    }

    /// Returns the text of the latest checkpoint that a quorum of the heeded witnesses
    /// cosigned: the log's line and theirs, nothing else.
    fn not_before(&self) -> Result<Option<String>, Failure> {
        let identity = self.identity()?;
        let Some(witnesses) = &identity.witnesses else {
            return Ok(None);
        };
        let files = self.log_files();
        let Some((_, bytes)) = LogReader::new(&files).last_cosigned()? else {
            return Ok(None);
        };
        let mut note = Note::parse(&bytes)?;
        let heeded = |key: &VerifierKey| Cosignature::open(&note, key).ok().flatten().is_some();
        let keys: Vec<&VerifierKey> = witnesses.keys.iter().filter(|key| heeded(key)).collect();
        if keys.len() < witnesses.quorum {
            return Ok(None);
        }
        note.retain(|line| line.names(&identity.log.key) || keys.iter().any(|key| line.names(key)));
        Ok(Some(note.to_text()))
    }

    /// Makes the journal durable: before anything in it is signed, and before a command
    /// that wrote to it says that it is done.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        let path = self.join(JOURNAL);
        let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| Failure::file(&path, error))
    }

    /// Whether a statement has its receipt.
    pub(crate) fn is_published(&self, entry: &Entry) -> bool {
        self.join(entry.receipt()).exists()
    }
}

/// Makes the directories of a new workspace and writes its first payload.
pub(crate) fn found(path: &Path, config: &Config, payload: &[u8]) -> Result<Workspace, Failure> {
    let files = Directory::new(path);
    let line = [payload, b"\n"].concat();
    files.create(JOURNAL, &line)?;
    for directory in ["collected", "ledgers", "receipts", "state"] {
        let directory = path.join(directory);
        std::fs::create_dir_all(&directory).map_err(|error| Failure::file(&directory, error))?;
    }
    let text = toml::to_string_pretty(config)?;
    files.create(CONFIG, text.as_bytes())?;
    Workspace::open(path)
}

/// Writes behind the last whole line, over what a dead process may have left there.
fn write_at(path: &Path, length: u64, line: &[u8]) -> io::Result<()> {
    use std::io::Seek as _;
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.seek(io::SeekFrom::Start(length))?;
    file.write_all(line)
}
