//! What was published from a journal, as its receipts and its log tell.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::Statement;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::Subject;
use crate::attestation::content::Issuer;
use crate::cli::Failure;
use crate::cli::journal::Journal;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::store::reader::LogReader;
use crate::store::reader::ReadError;
use crate::store::site::Files;
use crate::tlog::Checkpoint;
use crate::tlog::Cosignature;
use crate::tlog::SignedCheckpoint;
use crate::tlog::tile::TILE_WIDTH;

/// A statement's place among those of its issuer.
type Place = (StreamId, u64);

/// Receipts by place, and what the log holds beside them.
#[derive(Debug, Default)]
pub(crate) struct Published {
    receipts: BTreeSet<Place>,
    /// The issuer's entries in the log by place: read only where there are more entries
    /// than receipts.
    logged: BTreeMap<Place, Logged>,
}

/// A statement in the log.
#[derive(Debug)]
pub(crate) struct Logged {
    subject: Subject,
    id: StatementId,
    /// Its first copy.
    pub(crate) entry: Vec<u8>,
}

impl Published {
    /// Lists the receipts and, where the log holds another number of entries, reads it.
    pub(crate) fn read(receipts: &Path, log: &Files, journal: &Journal) -> Result<Self, Failure> {
        let mut published = Self {
            receipts: list(receipts)?,
            logged: BTreeMap::new(),
        };
        // A log that cannot be read is what `publish` stops at; here it tells nothing.
        let reader = LogReader::new(log);
        if let Ok(Some(bytes)) = reader.checkpoint()
            && let Ok(note) = Note::parse(&bytes)
            && let Ok(checkpoint) = Checkpoint::parse(note.text())
            && usize::try_from(checkpoint.size) != Ok(published.receipts.len())
        {
            published.logged = logged(&reader, checkpoint.size, journal).unwrap_or_default();
        }
        Ok(published)
    }

    /// Whether a statement of that place has its receipt.
    pub(crate) fn has_receipt(&self, subject: &Subject) -> bool {
        let place = (subject.stream, subject.sequence);
        self.receipts.contains(&place)
    }

    /// Returns where the log holds a statement that has no receipt yet, or lost it.
    pub(crate) fn logged(&self, subject: &Subject) -> Option<&Logged> {
        self.logged.get(&(subject.stream, subject.sequence))
    }

    /// Returns a statement that was published and is not in the journal, or another there.
    pub(crate) fn missing_from(&self, journal: &Journal) -> Option<String> {
        let made: BTreeMap<Place, StatementId> = journal
            .entries()
            .iter()
            .map(|entry| {
                let subject = &entry.statement.subject;
                ((subject.stream, subject.sequence), entry.id)
            })
            .collect();
        let receipt = self
            .receipts
            .iter()
            .find(|place| !made.contains_key(*place))
            .map(|(stream, sequence)| format!("statement {sequence} of stream {stream}"));
        let logged = || {
            let other = |(place, logged): &(&Place, &Logged)| made.get(place) != Some(&logged.id);
            let (_, logged) = self.logged.iter().find(other)?;
            Some(logged.subject.to_string())
        };
        receipt.or_else(logged)
    }
}

fn list(directory: &Path) -> Result<BTreeSet<Place>, Failure> {
    let failed = |error| Failure::io(directory, error);
    let mut places = BTreeSet::new();
    let entries = match std::fs::read_dir(directory) {
        // They can all be made again.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(places),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let place = name.to_str().and_then(|name| {
            let (stream, sequence) = name.strip_suffix(".tlog-proof")?.split_once('-')?;
            Some((stream.parse().ok()?, sequence.parse().ok()?))
        });
        places.extend(place);
    }
    Ok(places)
}

/// Reads the issuer's own entries: what others put there in its name is nobody's.
fn logged(
    reader: &LogReader<'_, Files>,
    size: u64,
    journal: &Journal,
) -> Result<BTreeMap<Place, Logged>, ReadError> {
    let issuer = journal.entries().first();
    let issuer = issuer.map(|entry| entry.statement.subject.issuer);
    let mut keys: Vec<PublicKey> = journal
        .entries()
        .iter()
        .filter_map(|entry| match &entry.statement.content {
            Content::Issuer(issuer) => Some(&**issuer),
            _ => None,
        })
        .flat_map(keys_of)
        .collect();
    let mut found = BTreeMap::new();
    let width = u64::from(TILE_WIDTH);
    for tile in 0..size.div_ceil(width) {
        for entry in reader.entries(tile, size)? {
            let Ok(envelope) = Envelope::parse(&entry) else {
                continue;
            };
            let Ok(statement) = Statement::parse(envelope.payload()) else {
                continue;
            };
            let subject = statement.subject;
            if Some(subject.issuer) != issuer || !envelope.is_signed_by(&keys) {
                continue;
            }
            if let Content::Issuer(issuer) = &statement.content {
                keys.extend(keys_of(issuer));
            }
            let logged = Logged {
                subject,
                id: envelope.statement_id(),
                entry,
            };
            found
                .entry((subject.stream, subject.sequence))
                .or_insert(logged);
        }
    }
    Ok(found)
}

/// Returns every key that a statement of the issuer names.
pub(super) fn keys_of(issuer: &Issuer) -> impl Iterator<Item = PublicKey> {
    let roles = &issuer.roles;
    [&issuer.root, &roles.governance, &roles.operations]
        .into_iter()
        .flat_map(|set| set.keys().to_vec())
}

/// Returns the latest of the log's cosigned checkpoints that a quorum of the witnesses
/// that the issuer heeds had cosigned: the log's line and theirs, nothing else.
pub(crate) fn latest_quorum(files: &Files, identity: &Issuer) -> Result<Option<String>, Failure> {
    if identity.witnesses.is_none() {
        return Ok(None);
    }
    let reader = LogReader::new(files);
    // In an outage of witnesses the latest may lack a quorum that an earlier one has.
    for number in (0..reader.cosigned_count()?).rev() {
        let Some(note) = reader
            .cosigned(number)?
            .and_then(|bytes| Note::parse(&bytes).ok())
        else {
            continue;
        };
        if let Some(text) = cosigned_by_quorum(note, identity) {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// Returns the lines of the log and of the witnesses that the issuer heeds, if these are a
/// quorum.
pub(crate) fn cosigned_by_quorum(mut note: Note, identity: &Issuer) -> Option<String> {
    let witnesses = identity.witnesses.as_ref()?;
    SignedCheckpoint::open_note(note.clone(), &identity.log.key).ok()?;
    let signed = |key: &&VerifierKey| Cosignature::open(&note, key).ok().flatten().is_some();
    let keys: Vec<&VerifierKey> = witnesses.keys.iter().filter(signed).collect();
    if keys.len() < witnesses.quorum {
        return None;
    }
    note.retain(|line| line.names(&identity.log.key) || keys.iter().any(|key| line.names(key)));
    Some(note.to_text())
}
