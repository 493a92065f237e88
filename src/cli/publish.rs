//! `standstill publish`: from the journal into the log.

use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::StreamId;
use crate::attestation::content::Action;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::workspace::Entry;
use crate::cli::workspace::Workspace;
use crate::key::SecretKey;
use crate::keystore;
use crate::merkle::leaf_hash;
use crate::merkle::verify_inclusion;
use crate::note::Note;
use crate::store::fs::Directory;
use crate::store::fs::FileLock;
use crate::store::log::Log;
use crate::store::witness::WitnessDirectory;
use crate::store::witness::last_cosigned;
use crate::tlog::Checkpoint;
use crate::tlog::Proof;
use crate::tlog::SignedCheckpoint;

/// Put what was attested and pledged into the log, and keep a receipt for each
///
/// Publishing cannot be undone: `--preview` shows exactly what would become public.
/// Running it again publishes nothing twice, and lets the witnesses refresh their time.
#[derive(Debug, clap::Args)]
pub(super) struct PublishArgs {
    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,

    /// Show what would become public, and publish nothing
    #[arg(long)]
    pub(super) preview: bool,
}

impl PublishArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let workspace = Workspace::open(&self.workspace)?;
        workspace.sync()?;
        let (queue, waiting) = queue(&workspace, world);
        if self.preview {
            for entry in &queue {
                world.say(String::from_utf8_lossy(&entry.payload))?;
            }
            world.note(format!(
                "{} statements would become public, each with its signatures",
                queue.len()
            ));
            return Ok(());
        }
        let entries = sign(&workspace, &queue)?;
        let mut log = open(&workspace, world)?;
        let known: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        let found = log.reader().find(&known, log.size())?;
        let fresh: Vec<Vec<u8>> = entries
            .iter()
            .zip(&found)
            .filter(|(_, place)| place.is_none())
            .map(|(entry, _)| entry.clone())
            .collect();
        if !fresh.is_empty() {
            log.append(&fresh, world.now)?;
        }
        let cosigned = cosign(&workspace, &mut log, world)?;
        receipts(&workspace, &log, &queue, &entries)?;
        world.say(format!(
            "{} statements published, the log has {}; {cosigned} of {} witnesses cosigned",
            fresh.len(),
            log.size(),
            workspace.config.witness.len()
        ))?;
        if waiting > 0 {
            world.note(format!(
                "{waiting} wait until {} seconds after their period's end",
                workspace.config.publish_wait
            ));
        }
        Ok(())
    }
}

/// Returns what is to be published, stream 0 first, and how many must wait.
fn queue<'w>(workspace: &'w Workspace, world: &World<'_>) -> (Vec<&'w Entry>, usize) {
    let unpublished = |entry: &&Entry| !workspace.is_published(entry);
    let governance = workspace.stream(StreamId::GOVERNANCE).filter(unpublished);
    let mut queue: Vec<&Entry> = governance.collect();
    let areas = workspace
        .journal()
        .iter()
        .filter(|entry| !entry.statement.subject.stream.is_governance())
        .filter(unpublished);
    let mut held: Vec<StreamId> = Vec::new();
    let mut waiting = 0_usize;
    for entry in areas {
        let stream = entry.statement.subject.stream;
        let early = match &entry.statement.content {
            // Seen before its period ended, it would cover nothing.
            Content::Usage(usage) => {
                let end = usage.period.end().plus(workspace.config.publish_wait);
                end.is_none_or(|end| world.now < end)
            }
            _ => false,
        };
        if early || held.contains(&stream) {
            held.push(stream);
            waiting = waiting.saturating_add(1);
        } else {
            queue.push(entry);
        }
    }
    (queue, waiting)
}

/// Signs each with the keys that are valid where it will stand: what was queued before a
/// key change is signed by the keys after it (formats: 5).
fn sign(workspace: &Workspace, queue: &[&Entry]) -> Result<Vec<Vec<u8>>, Failure> {
    let mut valid: Option<&Issuer> = workspace
        .stream(StreamId::GOVERNANCE)
        .filter(|entry| workspace.is_published(entry))
        .filter_map(|entry| issuer(entry))
        .next_back();
    let mut entries = Vec::new();
    for entry in queue {
        let keys = match (valid, issuer(entry)) {
            // The first is signed by every root key that it names itself.
            (None, Some(first)) => secrets(workspace, first.root.keys())?,
            (Some(before), Some(_)) => threshold(workspace, &before.root)?,
            (Some(before), None) => by_role(workspace, before, entry)?,
            (None, None) => return Err(Failure::new("the journal does not begin with `issuer`")),
        };
        let keys: Vec<&SecretKey> = keys.iter().collect();
        let envelope = Envelope::sign(entry.payload.clone(), &keys)
            .map_err(|error| Failure::new(format!("{}: {error}", entry.statement.subject)))?;
        entries.push(envelope.to_bytes());
        valid = issuer(entry).or(valid);
    }
    Ok(entries)
}

fn issuer(entry: &Entry) -> Option<&Issuer> {
    match &entry.statement.content {
        Content::Issuer(issuer) => Some(&**issuer),
        _ => None,
    }
}

/// The keys of a statement's role or, where they are gone, the root keys.
fn by_role(
    workspace: &Workspace,
    valid: &Issuer,
    entry: &Entry,
) -> Result<Vec<SecretKey>, Failure> {
    let closes = matches!(
        &entry.statement.content,
        Content::Area(area) if matches!(area.action, Action::Close(_))
    );
    let role = if closes {
        &valid.root
    } else if entry.statement.subject.stream.is_governance() {
        &valid.roles.governance
    } else {
        &valid.roles.operations
    };
    threshold(workspace, role).or_else(|_| threshold(workspace, &valid.root))
}

fn threshold(workspace: &Workspace, set: &KeySet) -> Result<Vec<SecretKey>, Failure> {
    let keys = set.keys().get(..set.threshold()).unwrap_or_default();
    secrets(workspace, keys)
}

/// Finds the secret keys of these public ones among the files of `keys/`.
fn secrets(
    workspace: &Workspace,
    wanted: &[crate::key::PublicKey],
) -> Result<Vec<SecretKey>, Failure> {
    let directory = workspace.join("keys");
    let mut found = Vec::new();
    let entries =
        std::fs::read_dir(&directory).map_err(|error| Failure::file(&directory, error))?;
    for entry in entries {
        let path = entry?.path();
        let is_log = path.file_name().is_some_and(|name| name == "log.key");
        if is_log || path.extension().is_none_or(|extension| extension != "key") {
            continue;
        }
        let key = keystore::read_issuer_key(&path)?;
        if wanted.contains(&key.public()) {
            found.push(key);
        }
    }
    if found.len() < wanted.len() {
        let missing: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        return Err(Failure::new(format!(
            "a secret key is missing in `{}`, of: {}",
            directory.display(),
            missing.join(", ")
        ))
        .hint("bring the root key back for this one statement, or change the keys with it"));
    }
    Ok(found)
}

/// Opens the log, knowing what its witnesses remember.
fn open(workspace: &Workspace, world: &World<'_>) -> Result<Log<Directory, FileLock>, Failure> {
    let key = keystore::read_note_key(&workspace.join("keys/log.key"))?;
    let verifier = key.verifier();
    let mut remembered: Vec<Checkpoint> = Vec::new();
    for witness in &workspace.config.witness {
        if let Ok(Some(note)) = last_cosigned(&witness.directory, &workspace.config.origin) {
            let signed = SignedCheckpoint::open(&note, &verifier)?;
            remembered.push(signed.checkpoint().clone());
        }
    }
    Log::open_in(
        &workspace.join("log"),
        &workspace.join("state/log"),
        key,
        &remembered,
        world.now,
    )
    .map_err(|error| {
        Failure::from(error).hint("the log was not touched; an older copy must not go on")
    })
}

/// Asks every witness on this machine, and publishes what they cosigned.
fn cosign(
    workspace: &Workspace,
    log: &mut Log<Directory, FileLock>,
    world: &mut World<'_>,
) -> Result<usize, Failure> {
    let verifier = log.verifier();
    let mut note: Option<Note> = None;
    let mut cosigned = 0_usize;
    for witness in &workspace.config.witness {
        let asked = WitnessDirectory::open(&witness.directory)
            .and_then(|one| one.cosign(&log.reader(), Some(&verifier), world.now));
        match asked {
            Ok((checkpoint, line)) => {
                cosigned = cosigned.saturating_add(1);
                note.get_or_insert_with(|| checkpoint.note().clone())
                    .put(line);
            }
            Err(error) => world.note(format!(
                "warning: the witness `{}` did not cosign: {error}",
                witness.directory.display()
            )),
        }
    }
    if let Some(note) = &note {
        log.publish_cosigned(note)?;
    }
    Ok(cosigned)
}

/// Keeps a proof file for each, checked before it is kept.
fn receipts(
    workspace: &Workspace,
    log: &Log<Directory, FileLock>,
    queue: &[&Entry],
    entries: &[Vec<u8>],
) -> Result<(), Failure> {
    let reader = log.reader();
    let bytes = reader
        .checkpoint()?
        .ok_or_else(|| Failure::new("the log has no checkpoint"))?;
    let signed = SignedCheckpoint::open(&bytes, &log.verifier())?;
    let checkpoint = signed.checkpoint();
    let wanted: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let places = reader.find(&wanted, checkpoint.size)?;
    for ((entry, bytes), place) in queue.iter().zip(entries).zip(places) {
        let subject = &entry.statement.subject;
        let index = place.ok_or_else(|| Failure::new(format!("{subject} is not in the log")))?;
        let path = reader.prove(index, checkpoint.size)?;
        verify_inclusion(
            &leaf_hash(bytes),
            index,
            checkpoint.size,
            &path,
            &checkpoint.root,
        )?;
        let proof = Proof {
            extra: None,
            index,
            path,
            note: signed.note().clone(),
        };
        let file = workspace.join(entry.receipt());
        crate::cli::failure::replace(&file, proof.to_text().as_bytes())?;
    }
    Ok(())
}
