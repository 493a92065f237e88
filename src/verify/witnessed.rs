//! Who else saw the tree, and when (formats: 6).

use std::collections::BTreeMap;

use crate::hash::Hash;
use crate::hash::sha256;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::time::UnixSeconds;
use crate::tlog::Checkpoint;
use crate::tlog::Cosignature;
use crate::tlog::Policy;
use crate::tlog::SignedCheckpoint;
use crate::verify::Trust;

/// A checkpoint that the log signed, with the valid cosignatures of the trust file's
/// witnesses.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where it is from.
    pub name: String,
    /// The tree.
    pub checkpoint: Checkpoint,
    /// Who cosigned it, and when.
    pub cosignatures: Vec<Cosignature>,
}

impl Seen {
    /// Opens the note of a checkpoint: `None` unless the log signed it. A cosignature
    /// that does not verify, or is out of its witness's validity, is left out.
    pub fn open(name: &str, note: &Note, log: &VerifierKey, trust: &Trust) -> Option<Self> {
        let signed = SignedCheckpoint::open_note(note.clone(), log).ok()?;
        let cosignatures = trust
            .policy()
            .witnesses()
            .iter()
            .filter_map(|witness| Cosignature::open(note, witness.key()).ok().flatten())
            .filter(|one| trust.is_valid(one.key(), one.time()))
            .collect();
        Some(Self {
            name: name.to_owned(),
            checkpoint: signed.checkpoint().clone(),
            cosignatures,
        })
    }
}

impl Seen {
    /// Whether it tells what another does.
    pub fn tells_as(&self, other: &Self) -> bool {
        self.checkpoint == other.checkpoint && self.cosignatures == other.cosignatures
    }

    /// Returns what it tells: the digest of the tree, and by whom it was seen when.
    pub(super) fn told(&self) -> (Hash, Vec<(PublicKey, UnixSeconds)>) {
        let tree = sha256(self.checkpoint.to_text().as_bytes());
        let seen = self.cosignatures.iter();
        (
            tree,
            seen.map(|one| (one.key().clone(), one.time())).collect(),
        )
    }
}

/// By when each entry was seen by a quorum.
#[derive(Clone, Debug)]
pub struct Times {
    policy: Policy,
    /// Tree sizes, rising, with the earliest time by which a quorum had seen a tree of
    /// at least that size.
    not_after: Vec<(u64, UnixSeconds)>,
    /// All cosignatures, by the size of their tree.
    cosignatures: Vec<(u64, Cosignature)>,
}

impl Times {
    /// Reads the times out of checkpoints, each of which must be a prefix of the log.
    pub fn new<'s>(seen: impl IntoIterator<Item = &'s Seen>, policy: Policy) -> Self {
        let mut cosignatures: Vec<(u64, Cosignature)> = seen
            .into_iter()
            .flat_map(|seen| {
                let size = seen.checkpoint.size;
                seen.cosignatures.iter().map(move |one| (size, one.clone()))
            })
            .collect();
        cosignatures.sort_by(|(one, a), (other, b)| {
            (one, a.time(), a.key()).cmp(&(other, b.time(), b.key()))
        });
        // From the largest tree down: whoever saw a larger tree saw what a smaller holds.
        let mut earliest: BTreeMap<PublicKey, Cosignature> = BTreeMap::new();
        let mut not_after = Vec::new();
        for (at, (size, cosignature)) in cosignatures.iter().enumerate().rev() {
            let known = earliest
                .entry(cosignature.key().clone())
                .or_insert_with(|| cosignature.clone());
            if cosignature.time() < known.time() {
                *known = cosignature.clone();
            }
            let before = at
                .checked_sub(1)
                .and_then(|before| cosignatures.get(before));
            if before.is_none_or(|(before, _)| before < size) {
                let all: Vec<Cosignature> = earliest.values().cloned().collect();
                not_after.extend(policy.not_after(&all).map(|time| (*size, time)));
            }
        }
        not_after.reverse();
        Self {
            policy,
            not_after,
            cosignatures,
        }
    }

    /// Returns the earliest time by which a quorum had seen the entry.
    pub fn not_after(&self, index: u64) -> Option<UnixSeconds> {
        let at = self.not_after.partition_point(|(size, _)| *size <= index);
        self.not_after.get(at).map(|(_, time)| *time)
    }

    /// Returns the latest time as of which a quorum knew no larger tree than one of
    /// `size` leaves.
    pub fn still(&self, size: u64) -> Option<UnixSeconds> {
        let within: Vec<Cosignature> = self
            .cosignatures
            .iter()
            .filter(|(tree, _)| *tree <= size)
            .map(|(_, cosignature)| cosignature.clone())
            .collect();
        let newest: Vec<Cosignature> = newest(within).into_values().collect();
        self.policy.not_before(&newest)
    }

    /// Returns [`Self::still`] of every size of a tree that somebody cosigned, as far as there is
    /// a quorum; both rise.
    pub fn lasting(&self) -> Vec<(u64, UnixSeconds)> {
        let mut known: BTreeMap<PublicKey, Cosignature> = BTreeMap::new();
        let mut lasting = Vec::new();
        let of_size = self
            .cosignatures
            .chunk_by(|(one, _), (other, _)| one == other);
        for all in of_size {
            let new = all.iter().map(|(_, cosignature)| cosignature.clone());
            known = newest(known.into_values().chain(new));
            let cosignatures: Vec<Cosignature> = known.values().cloned().collect();
            let size = all.first().map(|(size, _)| *size);
            lasting.extend(size.zip(self.policy.not_before(&cosignatures)));
        }
        lasting
    }

    /// Returns the latest time as of which a quorum answered at all.
    pub fn newest(&self) -> Option<UnixSeconds> {
        self.still(u64::MAX)
    }

    /// Whether some quorum could ever be met.
    pub fn can_be_witnessed(&self) -> bool {
        let keys: Vec<&PublicKey> = self
            .policy
            .witnesses()
            .iter()
            .map(|witness| witness.key().public())
            .collect();
        !self.policy.needs_no_witness() && self.policy.met_by(&keys)
    }
}

/// Keeps each witness's newest cosignature.
fn newest(cosignatures: impl IntoIterator<Item = Cosignature>) -> BTreeMap<PublicKey, Cosignature> {
    let mut newest: BTreeMap<PublicKey, Cosignature> = BTreeMap::new();
    for one in cosignatures {
        match newest.get(one.key()) {
            Some(known) if known.time() >= one.time() => {}
            _ => {
                newest.insert(one.key().clone(), one);
            }
        }
    }
    newest
}
