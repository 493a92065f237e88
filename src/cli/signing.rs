//! Which keys sign what is published.

use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::content::Action;
use crate::attestation::content::Issuer;
use crate::attestation::content::KeySet;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::journal::Entry;
use crate::cli::published::keys_of;
use crate::cli::workspace::Workspace;
use crate::key::PublicKey;
use crate::key::SecretKey;
use crate::keystore;

/// The directory of the secret keys.
const KEYS: &str = "keys";

/// Signs each with the keys that are valid where it will stand: what was queued before a
/// key change is signed by the keys after it (formats: 5). What the log has is taken as
/// it stands there.
pub(super) fn sign(
    workspace: &Workspace,
    queue: &[&Entry],
    world: &mut World<'_>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut valid: Option<&Issuer> = workspace
        .journal()
        .iter()
        .filter(|entry| workspace.is_published(entry))
        .filter_map(issuer)
        .next_back();
    let mut entries = Vec::new();
    for (at, entry) in queue.iter().enumerate() {
        if let Some(logged) = workspace.published().logged(&entry.statement.subject) {
            entries.push(logged.entry.clone());
            valid = issuer(entry).or(valid);
            continue;
        }
        let later = queue.iter().skip(at).copied();
        let keys = match (valid, issuer(entry)) {
            // The first is signed by every root key that it names itself.
            (None, Some(first)) => secrets(workspace, first.root.keys())?,
            (Some(before), Some(_)) => threshold(workspace, &before.root)?,
            (Some(before), None) => by_role(workspace, before, entry, later, world)?,
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

/// The keys of a statement's role or, where they are gone or on their way out, the root
/// keys.
fn by_role<'q>(
    workspace: &Workspace,
    valid: &Issuer,
    entry: &Entry,
    mut later: impl Iterator<Item = &'q Entry>,
    world: &mut World<'_>,
) -> Result<Vec<SecretKey>, Failure> {
    let governs = entry.statement.subject.stream.is_governance();
    let closes = matches!(
        &entry.statement.content,
        Content::Area(area) if matches!(area.action, Action::Close(_))
    );
    let role = if governs {
        &valid.roles.governance
    } else {
        &valid.roles.operations
    };
    // In stream 0 a key change can only stand behind what was queued before it: the old
    // key, which others may have by then, is not used again.
    let leaves = later.any(|next| issuer(next).is_some_and(|next| next.roles.governance != *role));
    if closes || (governs && leaves) {
        return threshold(workspace, &valid.root);
    }
    threshold(workspace, role).or_else(|failure| {
        let root = threshold(workspace, &valid.root);
        // Another key in its place is a mistake, not an absence.
        if root.is_err() || stranger(workspace)?.is_some() {
            return Err(failure);
        }
        world.note(format!(
            "warning: the root key signs {}, in place of the role's, which is not in `keys/`",
            entry.statement.subject
        ));
        root
    })
}

fn threshold(workspace: &Workspace, set: &KeySet) -> Result<Vec<SecretKey>, Failure> {
    let keys = set.keys().get(..set.threshold()).unwrap_or_default();
    secrets(workspace, keys)
}

/// Finds the secret keys of these public ones among the files of `keys/`.
fn secrets(workspace: &Workspace, wanted: &[PublicKey]) -> Result<Vec<SecretKey>, Failure> {
    let mut found = Vec::new();
    for (_, key) in key_files(workspace)? {
        if wanted.contains(&key.public())
            && !found
                .iter()
                .any(|one: &SecretKey| one.public() == key.public())
        {
            found.push(key);
        }
    }
    if found.len() < wanted.len() {
        let missing: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let failure = Failure::new(format!(
            "a secret key is missing in `{}`, of: {}",
            workspace.join(KEYS).display(),
            missing.join(", ")
        ));
        return Err(match stranger(workspace)? {
            Some(path) => failure.hint(format!(
                "`{}` holds a key that this issuer never named: bring the right one back",
                path.display()
            )),
            None => failure.hint(
                "bring it back, or for this one publish bring back the root key, which may sign in its place",
            ),
        });
    }
    Ok(found)
}

/// Returns a key file whose key no statement of the issuer names.
fn stranger(workspace: &Workspace) -> Result<Option<PathBuf>, Failure> {
    let named: Vec<PublicKey> = workspace
        .journal()
        .iter()
        .filter_map(issuer)
        .flat_map(keys_of)
        .collect();
    let mut files = key_files(workspace)?.into_iter();
    Ok(files
        .find(|(_, key)| !named.contains(&key.public()))
        .map(|(path, _)| path))
}

/// Reads the issuer's key files, in the order of their names.
fn key_files(workspace: &Workspace) -> Result<Vec<(PathBuf, SecretKey)>, Failure> {
    let directory = workspace.join(KEYS);
    let failed = |error| Failure::io(&directory, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_log = path.file_name().is_some_and(|name| name == "log.key");
        if !is_log && path.extension().is_some_and(|extension| extension == "key") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let key = keystore::read_issuer_key(&path)?;
        Ok((path, key))
    };
    paths.into_iter().map(read).collect()
}
