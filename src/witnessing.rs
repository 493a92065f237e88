//! A log before a witness, as a machine: what to ask, and what an answer means.
//!
//! Specified in `specs/log.md`, section "Witnessing", after C2SP tlog-witness
//! (`add-checkpoint`). A witness that remembers a larger tree than the log has, or another
//! of the same size, tells that this is an older copy of the log, or a fork: that is an
//! [`Alarm`], never a refusal like others.

use std::time::Duration;

use crate::encoding::base64;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::note::SignatureLine;
use crate::tlog::Cosignature;
use crate::tlog::checkpoint::parse_size;

/// The longest answer that is read: a hundred signature lines would be far shorter.
pub const MAX_ANSWER: usize = 64 * 1024;

/// How often one checkpoint is shown to a witness whose memory was believed to be another.
const MAX_TRIES: u32 = 4;

/// One witness, as its log knows it.
#[derive(Clone, Debug)]
pub struct Witnessed {
    key: VerifierKey,
    /// The size of the tree that it is believed to remember.
    remembers: u64,
    /// The size of the largest tree that it was shown, so that the log has it, published or
    /// not.
    shown: u64,
}

/// An answer, as HTTP brought it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// After how long to ask again, if it says so.
    pub again: Option<Duration>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It remembers another tree than was believed: show it the way from there.
    Stale,
    /// It cosigned.
    Cosigned(SignatureLine),
    /// It cannot now.
    Later(Option<Duration>),
    /// It will not.
    Refused(String),
    /// It remembers what this log does not have.
    Alarm(Alarm),
}

/// What a witness remembers and this log does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// Another tree.
    #[error(
        "the witness `{witness}` does not find its tree in this log of {size} entries: this log, or the one that it saw, is a fork"
    )]
    Fork {
        /// The witness.
        witness: String,
        /// The size of the tree that it was shown.
        size: u64,
    },
    /// A larger tree.
    #[error(
        "the witness `{witness}` remembers {remembered} entries of this log, which has {size}: this is an older copy of the log"
    )]
    Larger {
        /// The witness.
        witness: String,
        /// The size that it remembers.
        remembered: u64,
        /// The size of the tree that it was shown.
        size: u64,
    },
}

impl Witnessed {
    /// Starts with a witness that is not known to remember anything.
    pub const fn new(key: VerifierKey) -> Self {
        Self {
            key,
            remembers: 0,
            shown: 0,
        }
    }

    /// Returns its key.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Returns the size from which a proof must lead to the tree of `size` leaves, which is
    /// about to be shown.
    pub fn show(&mut self, size: u64) -> u64 {
        // Before it is sent: it may be cosigned and the answer be lost.
        self.shown = self.shown.max(size);
        self.remembers.min(size)
    }

    /// Spells the body of a request: where the proof leads from, the proof, and the note.
    pub fn request(from: u64, proof: &[Hash], note: &Note) -> Vec<u8> {
        let mut text = format!("old {from}\n");
        for hash in proof {
            text.push_str(&base64::encode(hash.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&note.to_text());
        text.into_bytes()
    }

    /// Takes the answer to the `tries`th showing of the checkpoint of `size` leaves, in which
    /// the proof led from `from`.
    pub fn answered(
        &mut self,
        answer: &Answer,
        note: &Note,
        size: u64,
        from: u64,
        tries: u32,
    ) -> Meaning {
        let witness = || self.key.name().to_string();
        match answer.status {
            200 => match self.cosignature(&answer.body, note) {
                Ok(line) => {
                    self.remembers = size;
                    Meaning::Cosigned(line)
                }
                Err(why) => Meaning::Refused(why),
            },
            409 => {
                let said = String::from_utf8_lossy(&answer.body);
                let Ok(remembered) = parse_size(said.trim_end_matches('\n')) else {
                    return Meaning::Refused("status 409 without a size".to_owned());
                };
                if remembered > size && remembered <= self.shown {
                    // A quorum is still awaited for that one, or was in vain.
                    self.remembers = remembered;
                    return Meaning::Refused(
                        "it has cosigned a larger tree of this log".to_owned(),
                    );
                }
                if remembered > size {
                    return Meaning::Alarm(Alarm::Larger {
                        witness: witness(),
                        remembered,
                        size,
                    });
                }
                // Version 1.0.0 of tlog-witness answered so to another tree of one size.
                if remembered == from && from == size {
                    return Meaning::Alarm(Alarm::Fork {
                        witness: witness(),
                        size,
                    });
                }
                self.remembers = remembered;
                if tries < MAX_TRIES {
                    Meaning::Stale
                } else {
                    Meaning::Later(None)
                }
            }
            422 => Meaning::Alarm(Alarm::Fork {
                witness: witness(),
                size,
            }),
            429 | 500..=599 => Meaning::Later(answer.again),
            404 => Meaning::Refused("it does not know this log".to_owned()),
            403 => Meaning::Refused("it knows this log under another key".to_owned()),
            status => Meaning::Refused(format!("status {status}")),
        }
    }

    /// Finds its own valid line in an answer; others are passed over.
    fn cosignature(&self, body: &[u8], note: &Note) -> Result<SignatureLine, String> {
        let text = str::from_utf8(body).map_err(|_| "an answer that is no text".to_owned())?;
        let mut lines = text
            .lines()
            .filter_map(|line| SignatureLine::parse(line).ok())
            .filter(|line| line.names(&self.key));
        let line = lines
            .next()
            .ok_or_else(|| "an answer without its cosignature".to_owned())?;
        Cosignature::open_line(note.text(), &line, &self.key).map_err(|error| error.to_string())?;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::{Algorithm, KeyName, SecretKey, SignerKey};
    use crate::time::UnixSeconds;
    use crate::tlog::cosign;

    fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
        let name = KeyName::new(name).unwrap();
        SignerKey::new(name, algorithm, SecretKey::from_seed([seed; 32]))
    }

    fn witness() -> SignerKey {
        key("witness.example/w", Algorithm::CosignatureV1, 2)
    }

    fn note(size: u64) -> Note {
        let root = crate::merkle::leaf_hash(&size.to_be_bytes()).to_base64();
        let text = format!("log.example/a\n{size}\n{root}\n");
        Note::sign(&text, &key("log.example/a", Algorithm::Ed25519, 1)).unwrap()
    }

    fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            body: body.into(),
            again: None,
        }
    }

    fn line(note: &Note, key: &SignerKey) -> String {
        let time = UnixSeconds::new(1_800_000_000).unwrap();
        let line = cosign(note.text(), key, time).unwrap();
        format!("{}\n", line.to_line().trim_end())
    }

    // spec: log-42
    #[test]
    fn a_cosignature_counts_only_if_it_is_the_witnesss_own_over_this_checkpoint() {
        let mut known = Witnessed::new(witness().verifier());
        let (eight, nine) = (note(8), note(9));
        let mut ask = |body: String| known.answered(&answer(200, body), &eight, 8, 0, 1);
        let own = line(&eight, &witness());
        assert!(matches!(ask(own.clone()), Meaning::Cosigned(_)));
        let stranger = line(
            &eight,
            &key("witness.example/x", Algorithm::CosignatureV1, 3),
        );
        let thief = line(
            &eight,
            &key("witness.example/w", Algorithm::CosignatureV1, 3),
        );
        assert!(matches!(ask(stranger.clone() + &own), Meaning::Cosigned(_)));
        for body in [stranger, thief, line(&nine, &witness()), String::new()] {
            assert!(matches!(ask(body), Meaning::Refused(_)));
        }
        assert_eq!(known.show(20), 8);
    }

    // spec: log-42
    #[test]
    fn who_remembers_less_is_shown_the_way_from_there_and_not_for_ever() {
        let mut known = Witnessed::new(witness().verifier());
        let stale = answer(409, "3\n");
        for tries in 1..4 {
            let meaning = known.answered(&stale, &note(8), 8, 0, tries);
            assert_eq!(meaning, Meaning::Stale);
            assert_eq!(known.show(8), 3);
        }
        let meaning = known.answered(&stale, &note(8), 8, 3, 4);
        assert_eq!(meaning, Meaning::Later(None));
        for status in [429, 500, 503] {
            let meaning = known.answered(&answer(status, ""), &note(8), 8, 3, 1);
            assert_eq!(meaning, Meaning::Later(None));
        }
        for body in ["", "x", "-1", "03", "99999999999999999999"] {
            let meaning = known.answered(&answer(409, body), &note(8), 8, 3, 1);
            assert!(matches!(meaning, Meaning::Refused(_)), "{body}");
        }
    }

    // spec: log-43
    #[test]
    fn who_remembers_what_the_log_does_not_have_raises_an_alarm() {
        let mut known = Witnessed::new(witness().verifier());
        let larger = known.answered(&answer(409, "9\n"), &note(8), 8, 8, 1);
        let Meaning::Alarm(alarm) = larger else {
            panic!("{larger:?}")
        };
        assert!(alarm.to_string().contains("older copy"), "{alarm}");
        let forks = [
            known.answered(&answer(422, ""), &note(8), 8, 3, 1),
            known.answered(&answer(409, "8\n"), &note(8), 8, 8, 1),
        ];
        for fork in forks {
            assert!(matches!(fork, Meaning::Alarm(Alarm::Fork { .. })));
        }
    }

    // spec: log-43
    #[test]
    fn who_remembers_what_it_was_shown_before_raises_none() {
        let mut known = Witnessed::new(witness().verifier());
        // Of the nine the answer was lost, and eight are shown again.
        assert_eq!((known.show(9), known.show(8)), (0, 0));
        let meaning = known.answered(&answer(409, "9\n"), &note(8), 8, 0, 1);
        assert!(matches!(meaning, Meaning::Refused(_)), "{meaning:?}");
        let meaning = known.answered(&answer(409, "10\n"), &note(8), 8, 8, 1);
        assert!(matches!(meaning, Meaning::Alarm(_)), "{meaning:?}");
        assert_eq!(known.show(9), 9);
    }

    proptest! {
        #[test]
        fn no_answer_stops_the_log(status in 0..1000_u16, body in any::<Vec<u8>>(), from in 0..9_u64) {
            let mut known = Witnessed::new(witness().verifier());
            let meaning = known.answered(&answer(status, body), &note(8), 8, from, 1);
            prop_assert!(!matches!(meaning, Meaning::Cosigned(_)));
        }
    }

    #[test]
    fn a_request_is_spelled_as_witnesses_read_it() {
        let body = Witnessed::request(3, &[crate::merkle::empty_root()], &note(8));
        let text = String::from_utf8(body).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("old 3"));
        assert_eq!(
            lines.next(),
            Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        );
        assert_eq!(lines.next(), Some(""));
        assert_eq!(lines.next(), Some("log.example/a"));
    }
}
