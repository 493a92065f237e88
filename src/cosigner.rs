//! A witness as a machine: what it remembers and what it is shown, in; what to remember
//! and whether to cosign, out (C2SP tlog-witness).
//!
//! A cosignature says: as of this time, this is the largest tree of the log that I have
//! seen, and all that I saw before were prefixes of it. The new memory must be durable,
//! by compare-and-set, before the cosignature leaves: [`Cosigning`] gives out its line
//! only after that was said to be done.

use crate::hash::Hash;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::merkle::ProofError;
use crate::merkle::verify_consistency;
use crate::note::NoteError;
use crate::note::SignatureLine;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::cosignature::cosign;

/// The most hashes of a consistency proof (C2SP tlog-witness: 0 to 63).
pub const MAX_PROOF: usize = 63;

/// What a witness is shown.
#[derive(Clone, Debug)]
pub struct Request {
    /// The size from which the proof leads.
    pub old: u64,
    /// That the tree of `old` leaves is a prefix of the checkpoint's.
    pub proof: Vec<Hash>,
    /// The checkpoint's note.
    pub note: Vec<u8>,
}

/// What a witness remembers of a log: the largest tree that it cosigned, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The tree's size.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
    /// The time of the newest cosignature.
    pub time: UnixSeconds,
}

/// A decision to cosign that has yet to be remembered.
#[derive(Debug)]
pub struct Cosigning {
    memory: Memory,
    checkpoint: SignedCheckpoint,
    line: SignatureLine,
}

impl Cosigning {
    /// Returns what must replace the memory that the decision was made from.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Gives out the checkpoint, with the log's signature and this cosignature and no
    /// other line, and the cosignature, now that the memory is durable.
    pub fn remembered(self) -> (SignedCheckpoint, SignatureLine) {
        (self.checkpoint, self.line)
    }
}

/// Decides on a request, knowing `memory` of the log that `log` is the key of.
///
/// The checks stand in the order of C2SP tlog-witness, "add-checkpoint".
pub fn consider(
    request: &Request,
    log: &VerifierKey,
    memory: Option<&Memory>,
    key: &SignerKey,
    now: UnixSeconds,
) -> Result<Cosigning, Refusal> {
    // The log's signature, before anything else is believed.
    let mut signed = SignedCheckpoint::open(&request.note, log)?;
    let checkpoint = signed.checkpoint().clone();
    if signed.note().text().lines().count() > 3 {
        return Err(Refusal::Extension);
    }
    // "The old size MUST be equal to or lower than the checkpoint size."
    if request.old > checkpoint.size {
        return Err(Refusal::OldSize {
            old: request.old,
            size: checkpoint.size,
        });
    }
    // "The old size MUST match the size of the latest checkpoint that it cosigned."
    let known = memory.map_or(0, |memory| memory.size);
    if request.old != known {
        return Err(Refusal::Stale { size: known });
    }
    if request.proof.len() > MAX_PROOF {
        return Err(Refusal::Proof(ProofError::Length {
            found: request.proof.len(),
            long: true,
        }));
    }
    let empty = crate::merkle::empty_root();
    if checkpoint.size == 0 && checkpoint.root != empty {
        return Err(Refusal::EmptyRoot {
            found: checkpoint.root,
        });
    }
    let known_root = memory.map_or(empty, |memory| memory.root);
    // The same size with another root is two trees of one size: a fork, whatever the proof.
    if memory.is_some() && checkpoint.size == known && checkpoint.root != known_root {
        return Err(Refusal::Fork {
            size: known,
            known: known_root,
            shown: checkpoint.root,
        });
    }
    verify_consistency(
        known,
        &known_root,
        checkpoint.size,
        &checkpoint.root,
        &request.proof,
    )
    .map_err(Refusal::Proof)?;
    if let Some(memory) = memory
        && now < memory.time
    {
        return Err(Refusal::Clock {
            last: memory.time,
            now,
        });
    }
    let line = cosign(signed.note().text(), key, now)?;
    // Other lines are others' word, unchecked: they do not belong in what is served here.
    signed.note_mut().retain(|line| line.names(log));
    signed.note_mut().put(line.clone());
    Ok(Cosigning {
        memory: Memory {
            size: checkpoint.size,
            root: checkpoint.root,
            time: now,
        },
        checkpoint: signed,
        line,
    })
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The note is not a checkpoint that the log signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The clock went back.
    #[error("the clock says {now}, but this log was cosigned at {last}")]
    Clock {
        /// The time of the newest cosignature.
        last: UnixSeconds,
        /// What the clock says.
        now: UnixSeconds,
    },
    /// A tree without leaves has another root than the empty one.
    #[error("a tree without leaves cannot have the root {found}")]
    EmptyRoot {
        /// The root shown.
        found: Hash,
    },
    /// The checkpoint has extension lines.
    #[error("the checkpoint has extension lines, which are not cosigned here")]
    Extension,
    /// The log signed two trees of one size.
    #[error("the log signed two trees of {size} entries: {known} and {shown}")]
    Fork {
        /// The size.
        size: u64,
        /// The root remembered.
        known: Hash,
        /// The root shown.
        shown: Hash,
    },
    /// The witness's key cannot cosign.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The proof leads from a larger tree than the checkpoint's.
    #[error("the proof leads from {old} entries, more than the checkpoint's {size}")]
    OldSize {
        /// The old size.
        old: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// The tree remembered is not shown to be a prefix of the checkpoint's.
    #[error("the log's tree is not shown to continue the one remembered: {0}")]
    Proof(ProofError),
    /// The request is not from the tree remembered.
    #[error("the tree remembered has {size} entries")]
    Stale {
        /// The size remembered.
        size: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Algorithm;
    use crate::key::KeyName;
    use crate::key::SecretKey;
    use crate::merkle::empty_root;
    use crate::merkle::leaf_hash;
    use crate::merkle::prove_consistency;
    use crate::merkle::root;
    use crate::note::Note;
    use crate::tlog::cosignature::Cosignature;

    fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
        let name = KeyName::new(name).unwrap();
        SignerKey::new(name, algorithm, SecretKey::from_seed([seed; 32]))
    }

    fn log() -> SignerKey {
        key("log.example/a", Algorithm::Ed25519, 1)
    }

    fn witness() -> SignerKey {
        key("witness.example/w", Algorithm::CosignatureV1, 2)
    }

    fn at(seconds: u64) -> UnixSeconds {
        UnixSeconds::new(1_800_000_000 + seconds).unwrap()
    }

    /// The leaves of the tree of `size` entries, and of one that differs in the first.
    fn leaves(size: u8, fork: bool) -> Vec<Hash> {
        let first = u8::from(fork) * 100;
        (0..size)
            .map(|n| leaf_hash(&[if n == 0 { first } else { n }]))
            .collect()
    }

    fn proof(old: u8, leaves: &[Hash]) -> Vec<Hash> {
        let mut node = |level: u32, index: u64| {
            let start = usize::try_from(index << level).unwrap();
            Ok::<_, std::convert::Infallible>(root(&leaves[start..start + (1 << level)]))
        };
        let size = u64::try_from(leaves.len()).unwrap();
        prove_consistency(old.into(), size, &mut node)
            .unwrap()
            .unwrap_or_default()
    }

    fn note(size: u8, fork: bool) -> String {
        let root = root(&leaves(size, fork)).to_base64();
        let text = format!("log.example/a\n{size}\n{root}\n");
        Note::sign(&text, &log()).unwrap().to_text()
    }

    /// A witness's memory between requests.
    struct State(Option<Memory>);

    impl State {
        fn ask(&mut self, request: &Request, now: u64) -> Result<Note, Refusal> {
            let (log, key) = (log().verifier(), witness());
            let cosigning = consider(request, &log, self.0.as_ref(), &key, at(now))?;
            self.0 = Some(cosigning.memory().clone());
            let (checkpoint, line) = cosigning.remembered();
            assert_eq!(checkpoint.note().signatures()[1], line);
            Ok(checkpoint.note().clone())
        }

        fn grow(&mut self, old: u8, size: u8, now: u64) -> Result<Note, Refusal> {
            let request = Request {
                old: old.into(),
                proof: proof(old, &leaves(size, false)),
                note: note(size, false).into_bytes(),
            };
            self.ask(&request, now)
        }
    }

    #[test]
    fn what_grows_is_cosigned_and_remembered() {
        let mut state = State(None);
        for (old, size, now) in [(0, 0, 1), (0, 3, 2), (3, 3, 7), (3, 8, 7), (8, 100, 9)] {
            let note = state.grow(old, size, now).unwrap();
            let cosignature = Cosignature::open(&note, &witness().verifier()).unwrap();
            assert_eq!(cosignature.unwrap().time(), at(now));
            let memory = state.0.as_ref().unwrap();
            assert_eq!((memory.size, memory.time), (size.into(), at(now)));
        }
    }

    // spec: log-33
    #[test]
    fn a_replayed_request_is_stale_and_names_the_size_remembered() {
        let mut state = State(None);
        state.grow(0, 3, 1).unwrap();
        state.grow(3, 8, 2).unwrap();
        assert_eq!(state.grow(3, 8, 3), Err(Refusal::Stale { size: 8 }));
        assert_eq!(state.grow(0, 3, 3), Err(Refusal::Stale { size: 8 }));
        assert_eq!(state.grow(0, 9, 3), Err(Refusal::Stale { size: 8 }));
        let smaller = state.grow(8, 3, 3);
        assert_eq!(smaller, Err(Refusal::OldSize { old: 8, size: 3 }));
        assert_eq!(state.0.unwrap().time, at(2));
    }

    // spec: log-33
    #[test]
    fn a_fork_is_refused_whatever_proof_it_comes_with() {
        let mut state = State(None);
        state.grow(0, 3, 1).unwrap();
        let honest = proof(3, &leaves(8, false));
        let own = proof(3, &leaves(8, true));
        for proof in [honest, own, vec![], vec![empty_root(); 63]] {
            let request = Request {
                old: 3,
                proof,
                note: note(8, true).into_bytes(),
            };
            let refused = state.ask(&request, 2).unwrap_err();
            assert!(matches!(refused, Refusal::Proof(_)), "{refused}");
        }
        let request = Request {
            old: 3,
            proof: vec![],
            note: note(3, true).into_bytes(),
        };
        let refused = state.ask(&request, 2).unwrap_err();
        assert!(
            matches!(refused, Refusal::Fork { size: 3, .. }),
            "{refused}"
        );
    }

    #[test]
    fn a_proof_that_nobody_needs_is_refused() {
        for (old, size) in [(0, 3), (3, 3)] {
            let mut state = State(None);
            state.grow(0, old, 1).unwrap();
            let request = Request {
                old: old.into(),
                proof: vec![empty_root()],
                note: note(size, false).into_bytes(),
            };
            let refused = state.ask(&request, 2).unwrap_err();
            assert!(matches!(refused, Refusal::Proof(_)), "{refused}");
        }
    }

    #[test]
    fn an_empty_tree_has_one_root() {
        let text = format!("log.example/a\n0\n{}\n", leaf_hash(b"").to_base64());
        let request = Request {
            old: 0,
            proof: vec![],
            note: Note::sign(&text, &log()).unwrap().to_text().into_bytes(),
        };
        let refused = State(None).ask(&request, 1).unwrap_err();
        assert!(matches!(refused, Refusal::EmptyRoot { .. }), "{refused}");
    }

    #[test]
    fn what_the_log_did_not_sign_is_refused() {
        let mut state = State(None);
        let with = |note: String| Request {
            old: 0,
            proof: vec![],
            note: note.into_bytes(),
        };
        let text = note(3, false);
        let (text, _) = text.split_once("\n\n").unwrap();
        let thief = key("log.example/a", Algorithm::Ed25519, 9);
        let stranger = key("log.example/b", Algorithm::Ed25519, 1);
        for note in [
            note(3, false).replace("\n3\n", "\n4\n"),
            Note::sign(&format!("{text}\n"), &thief).unwrap().to_text(),
            Note::sign(&format!("{text}\n"), &stranger)
                .unwrap()
                .to_text(),
            String::new(),
        ] {
            let refused = state.ask(&with(note), 1).unwrap_err();
            assert!(matches!(refused, Refusal::Checkpoint(_)), "{refused}");
        }
        let extended = Note::sign(&format!("{text}\nextension\n"), &log()).unwrap();
        let refused = state.ask(&with(extended.to_text()), 1);
        assert_eq!(refused, Err(Refusal::Extension));
        assert_eq!(state.0, None);
    }

    #[test]
    fn the_time_of_a_log_never_goes_back() {
        let mut state = State(None);
        state.grow(0, 3, 5).unwrap();
        let refused = state.grow(3, 8, 4).unwrap_err();
        assert!(matches!(refused, Refusal::Clock { .. }), "{refused}");
        assert_eq!(state.0.unwrap().size, 3);
    }

    #[test]
    fn others_lines_are_not_passed_on() {
        let other = key("witness.example/x", Algorithm::CosignatureV1, 3);
        let mut note = Note::parse(note(3, false).as_bytes()).unwrap();
        note.put(cosign(note.text(), &other, at(0)).unwrap());
        let request = Request {
            old: 0,
            proof: vec![],
            note: note.to_text().into_bytes(),
        };
        let note = State(None).ask(&request, 1).unwrap();
        assert_eq!(note.signatures().len(), 2);
    }
}
