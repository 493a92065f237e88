//! Cosignatures: a witness's word that it saw a tree, and when (C2SP tlog-cosignature,
//! type 0x04).

use crate::key::Algorithm;
use crate::key::PublicKey;
use crate::key::SIGNATURE_SIZE;
use crate::key::Signature;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::note::NoteError;
use crate::note::SignatureLine;
use crate::time::UnixSeconds;

/// The bytes of a time before the signature: 64 bits, big-endian.
const TIME_SIZE: usize = 8;

/// A valid cosignature: `key` saw the checkpoint at `time`, and no larger tree before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    key: PublicKey,
    time: UnixSeconds,
}

impl Cosignature {
    /// Returns one that was checked before, and kept.
    pub(crate) const fn kept(key: PublicKey, time: UnixSeconds) -> Self {
        Self { key, time }
    }

    /// Returns who cosigned.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Returns when, by the witness's clock.
    pub const fn time(&self) -> UnixSeconds {
        self.time
    }

    /// Finds and checks the cosignature of `key` in the note of a checkpoint: `None` if
    /// no line names the key.
    ///
    /// Fails if a line names the key and its cosignature is not valid.
    pub fn open(note: &Note, key: &VerifierKey) -> Result<Option<Self>, NoteError> {
        if key.algorithm() != Algorithm::CosignatureV1 {
            return Err(NoteError::Type);
        }
        let Some(line) = note.signatures().iter().find(|line| line.names(key)) else {
            return Ok(None);
        };
        Self::open_line(note.text(), line, key).map(Some)
    }

    /// Checks the cosignature that `line`, which names `key`, carries over the text of a
    /// checkpoint.
    pub fn open_line(
        text: &str,
        line: &SignatureLine,
        key: &VerifierKey,
    ) -> Result<Self, NoteError> {
        let bad = || NoteError::Signature {
            name: key.name().clone(),
        };
        let (time, signature) = line
            .bytes()
            .split_first_chunk::<TIME_SIZE>()
            .ok_or_else(bad)?;
        let signature: [u8; SIGNATURE_SIZE] = signature.try_into().map_err(|_| bad())?;
        // "The timestamp MUST NOT be zero" (C2SP tlog-witness): that says no time.
        let time = UnixSeconds::new(u64::from_be_bytes(*time))
            .filter(|time| *time > UnixSeconds::EPOCH)
            .ok_or_else(bad)?;
        key.public()
            .verify(
                message(text, time).as_bytes(),
                &Signature::from_bytes(signature),
            )
            .map_err(|_| bad())?;
        Ok(Self {
            key: key.public().clone(),
            time,
        })
    }
}

/// Cosigns the text of a checkpoint at `time`, with a key of type 0x04.
///
/// Who may do so, and when, is the cosigner's to decide.
pub fn cosign(text: &str, key: &SignerKey, time: UnixSeconds) -> Result<SignatureLine, NoteError> {
    let verifier = key.verifier();
    if verifier.algorithm() != Algorithm::CosignatureV1 {
        return Err(NoteError::Type);
    }
    let signature = key.secret().sign(message(text, time).as_bytes());
    let mut bytes = time.get().to_be_bytes().to_vec();
    bytes.extend_from_slice(&signature.to_bytes());
    Ok(SignatureLine::new(&verifier, bytes))
}

fn message(text: &str, time: UnixSeconds) -> String {
    format!("cosignature/v1\ntime {}\n{text}", time.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyName;
    use crate::key::SecretKey;

    fn key(algorithm: Algorithm) -> SignerKey {
        let name = KeyName::new("witness.example/w").unwrap();
        SignerKey::new(name, algorithm, SecretKey::from_seed([2; 32]))
    }

    #[test]
    fn a_cosignature_is_of_its_text_its_time_and_its_key() {
        let witness = key(Algorithm::CosignatureV1);
        let mut note = Note::sign("a\n1\nb\n", &key(Algorithm::Ed25519)).unwrap();
        let time = UnixSeconds::new(1_700_000_000).unwrap();
        assert_eq!(Cosignature::open(&note, &witness.verifier()), Ok(None));
        note.put(cosign(note.text(), &witness, time).unwrap());
        let opened = Cosignature::open(&note, &witness.verifier())
            .unwrap()
            .unwrap();
        assert_eq!(
            (opened.time(), opened.key()),
            (time, witness.verifier().public())
        );

        let mut later = note.signatures()[1].bytes().to_vec();
        later[7] += 1;
        note.put(SignatureLine::new(&witness.verifier(), later));
        assert!(Cosignature::open(&note, &witness.verifier()).is_err());
    }
}
