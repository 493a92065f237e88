//! `notBefore`: the checkpoint that existed before a statement (formats: 6).

use std::collections::BTreeMap;

use crate::attestation::Statement;
use crate::attestation::identity::Identity;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::tlog::Cosignature;
use crate::tlog::SignedCheckpoint;
use crate::verify::logged::Tree;

/// The texts that were checked; many statements carry the same.
#[derive(Debug, Default)]
pub(super) struct NotBefore {
    checked: BTreeMap<Hash, Result<(u64, Hash), String>>,
}

/// What a `notBefore` is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is `none`.
    None,
    /// It is a checkpoint of this log with so many leaves.
    Size(u64),
    /// It does not verify: it gives no bound.
    Unverified(String),
    /// The log signed it, and it is no prefix of the log: a fork.
    Fork(String),
}

impl NotBefore {
    /// Checks a statement's `notBefore` against the keys, the witnesses and the tree.
    pub(super) fn check(
        &mut self,
        statement: &Statement,
        identity: &Identity,
        log: &VerifierKey,
        tree: &Tree,
        index: u64,
    ) -> Bound {
        let Some(text) = &statement.link.not_before else {
            return Bound::None;
        };
        let opened = self
            .checked
            .entry(sha256(text.as_bytes()))
            .or_insert_with(|| open(text, identity, log));
        match opened {
            Err(why) => Bound::Unverified(why.clone()),
            Ok((size, _)) if *size > index => Bound::Fork(format!(
                "its `notBefore` is of {size} entries, but it stands at {index}"
            )),
            Ok((size, root)) => match tree.root_at(*size) {
                Some(known) if known == *root => Bound::Size(*size),
                Some(known) => Bound::Fork(format!(
                    "its `notBefore` has the root {root} at {size} entries, this log {known}"
                )),
                None => Bound::Unverified(format!(
                    "the tree of {size} entries is not shown to be a prefix"
                )),
            },
        }
    }
}

/// Opens the text: the log's signature line, one cosignature line of each witness that
/// the issuer heeds and that had signed, a quorum of them, nothing else.
fn open(text: &str, identity: &Identity, log: &VerifierKey) -> Result<(u64, Hash), String> {
    let note = Note::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let signed =
        SignedCheckpoint::open_note(note.clone(), log).map_err(|error| error.to_string())?;
    let witnesses = identity
        .current()
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
    Ok((checkpoint.size, checkpoint.root))
}
