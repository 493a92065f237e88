//! `notBefore`: the checkpoint that existed before a statement (formats: 6).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use rayon::prelude::*;

use crate::attestation::IssuerId;
use crate::attestation::Statement;
use crate::attestation::StreamId;
use crate::attestation::content::Issuer;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::tlog::Cosignature;
use crate::tlog::SignedCheckpoint;
use crate::verify::history::History;
use crate::verify::tree::Tree;

/// The most texts that are remembered. Many statements carry the same one, and those that
/// do stand near each other.
const MAX_TEXTS: usize = 4096;

/// The texts that were opened.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct NotBefore {
    opened: BTreeMap<Text, Result<Opened, String>>,
    /// The last text of each stream, and the sequence of the `issuer` statement under
    /// which it was read.
    last: BTreeMap<(IssuerId, StreamId), (Hash, u64)>,
}

/// A text, and under which `issuer` statement of which issuer it is read: that decides
/// the log and the witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Text {
    digest: Hash,
    issuer: IssuerId,
    under: u64,
}

/// A checkpoint that a quorum of the issuer's witnesses cosigned.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Opened {
    size: u64,
    root: Hash,
    /// The log's own root at that size.
    known: Known,
}

/// What is known of the log's root at some size.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
enum Known {
    /// Nobody asked yet.
    Unasked,
    /// It is not shown.
    Nothing,
    /// It is this.
    Root(Hash),
}

/// What a `notBefore` is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is `none`.
    None,
    /// It is a checkpoint of this log with so many leaves and this root.
    Size(u64, Hash),
    /// It does not verify: it gives no bound.
    Unverified(String),
    /// The log signed it, and it is no prefix of the log: a fork.
    Fork(String),
}

impl NotBefore {
    /// Opens those texts of a chunk that are new, on every core. Whether each is read
    /// under the right `issuer` statement shows only when it is followed.
    pub(super) fn open_all<'s>(
        &mut self,
        statements: impl Iterator<Item = (&'s Statement, Option<Hash>)>,
        histories: &BTreeMap<IssuerId, History>,
        log: &VerifierKey,
    ) {
        if self.opened.len() > MAX_TEXTS {
            self.opened.clear();
        }
        let mut wanted = BTreeMap::new();
        for (statement, digest) in statements {
            let (Some(text), Some(digest)) = (&statement.link.not_before, digest) else {
                continue;
            };
            let Some(history) = histories.get(&statement.subject.issuer) else {
                continue;
            };
            if let Some((text_of, issuer)) = under(history, statement, digest, None)
                && !self.opened.contains_key(&text_of)
            {
                wanted.entry(text_of).or_insert((text, issuer));
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let opened: Vec<_> = wanted
            .into_par_iter()
            .map(|(key, (text, issuer))| (key, open(text, issuer, log)))
            .collect();
        self.opened.extend(opened);
    }

    /// Checks a statement's `notBefore` against the keys, the witnesses and the tree.
    pub(super) fn check(
        &mut self,
        statement: &Statement,
        digest: Option<Hash>,
        history: &History,
        log: &VerifierKey,
        tree: &Tree<'_>,
        index: u64,
    ) -> Bound {
        let subject = &statement.subject;
        let stream = history.streams.get(&subject.stream);
        let is_next = subject.sequence == stream.map_or(0, |stream| stream.next);
        let place = (subject.issuer, subject.stream);
        let (Some(text), Some(digest)) = (&statement.link.not_before, digest) else {
            if is_next {
                self.last.remove(&place);
            }
            return Bound::None;
        };
        // What is repeated until new witnesses have signed is read as it was before.
        let before = self.last.get(&place);
        let repeats = before.filter(|(before, _)| *before == digest);
        let repeats = repeats.map(|(_, under)| *under);
        let Some((key, issuer)) = under(history, statement, digest, repeats) else {
            return Bound::Unverified("its issuer's statement is not there".to_owned());
        };
        if is_next {
            self.last.insert(place, (digest, key.under));
        }
        let opened = self
            .opened
            .entry(key)
            .or_insert_with(|| open(text, issuer, log));
        let opened = match opened {
            Ok(opened) => opened,
            Err(why) => return Bound::Unverified(why.clone()),
        };
        let (size, root) = (opened.size, opened.root);
        if size > index {
            return Bound::Fork(format!(
                "its `notBefore` is of {size} entries, but it stands at {index}"
            ));
        }
        if matches!(opened.known, Known::Unasked) {
            opened.known = tree.root_at(size).map_or(Known::Nothing, Known::Root);
        }
        match opened.known {
            Known::Root(known) if known == root => Bound::Size(size, root),
            Known::Root(known) => Bound::Fork(format!(
                "its `notBefore` has the root {root} at {size} entries, this log {known}"
            )),
            Known::Nothing | Known::Unasked => Bound::Unverified(format!(
                "the tree of {size} entries is not shown to be a prefix"
            )),
        }
    }
}

/// Finds the `issuer` statement under which a text is read: the last up to the head of
/// stream 0 that the statement names; in stream 0, the last before it; and where it
/// `repeats` the text of its predecessor, that of the predecessor.
fn under<'h>(
    history: &'h History,
    statement: &Statement,
    digest: Hash,
    repeats: Option<u64>,
) -> Option<(Text, &'h Issuer)> {
    let subject = &statement.subject;
    let last = match (repeats, statement.link.governance) {
        (Some(before), _) => before,
        (None, Some(head)) => head.sequence,
        (None, None) => subject.sequence.saturating_sub(1),
    };
    let (sequence, issuer) = history
        .issuers
        .iter()
        .rev()
        .find(|(sequence, _)| *sequence <= last)?;
    let key = Text {
        digest,
        issuer: subject.issuer,
        under: *sequence,
    };
    Some((key, issuer))
}

/// Opens the text: the log's signature line, one cosignature line of each witness that
/// the issuer heeds and that had signed, a quorum of them, nothing else.
fn open(text: &str, issuer: &Issuer, log: &VerifierKey) -> Result<Opened, String> {
    let note = Note::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let signed =
        SignedCheckpoint::open_note(note.clone(), log).map_err(|error| error.to_string())?;
    let witnesses = issuer
        .witnesses
        .as_ref()
        .ok_or("its issuer heeds no witness")?;
    let mut cosigned = 0_usize;
    for key in &witnesses.keys {
        let cosignature = Cosignature::open(&note, key).map_err(|error| error.to_string())?;
        cosigned = cosigned.saturating_add(usize::from(cosignature.is_some()));
    }
    if cosigned < witnesses.quorum {
        return Err(format!(
            "{cosigned} of its issuer's witnesses cosigned it; {} are the quorum",
            witnesses.quorum
        ));
    }
    if note.signatures().len() != cosigned.saturating_add(1) {
        return Err("it has a signature line of somebody else".to_owned());
    }
    let checkpoint = signed.checkpoint();
    Ok(Opened {
        size: checkpoint.size,
        root: checkpoint.root,
        known: Known::Unasked,
    })
}
