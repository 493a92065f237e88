//! Logs beside the one judged that are made to take another's place, or an auditor's time.

use std::sync::atomic::{AtomicUsize, Ordering};

use standstill::tlog::{Checkpoint, Origin, SignedCheckpoint};

use super::*;

/// A key of some log.
fn key_of(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(
        KeyName::new(name).unwrap(),
        Algorithm::Ed25519,
        secret(seed),
    )
}

// spec: ver-97
#[test]
fn one_log_beside_cannot_take_the_place_of_another() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    // The lab runs a third log, and signs its checkpoint in the name of the other as well.
    let third = || key_of("third.example/log", 61);
    let stranger = Lab::new(200);
    let hostile = log_by(third(), &[(&stranger.entries, Some(END))]);
    let mut note = checkpoint(&hostile);
    let far_note = checkpoint(&away);
    let verifier = far_key().verifier();
    let mut lines = far_note.signatures().iter();
    note.put(lines.find(|line| line.names(&verifier)).unwrap().clone());
    hostile
        .replace("checkpoint", note.to_text().as_bytes())
        .unwrap();
    let log = format!("log = \"{}\"\n", far_key().verifier());
    let lines = expecting(&lab, &[(&cloud, "cloud")]) + &log;
    let lines = lines + &expecting(&stranger, &[(&stranger, "third")]);
    let lines = lines + &format!("log = \"{}\"\n", third().verifier());
    let near_key = log_key().verifier();
    let trust = trusting(
        &[near_key.clone(), verifier, third().verifier()],
        &[(lab.id, near_key)],
        &["outsider 1", "outsider 2", "outsider 3"],
        &lines,
    );
    let found = judged(near.clone(), &[&away, &hostile], &trust, END);
    assert_eq!(headline(&found), "HOLDS@E3", "{found:#?}");
    let found = judged(near, &[&hostile, &away], &trust, END);
    assert_eq!(headline(&found), "HOLDS@E3", "{found:#?}");
}

// spec: ver-97
#[test]
fn a_checkpoint_that_the_other_log_never_signed_is_not_named() {
    let lab = lab();
    let cloud = cloud(&lab);
    let (near, away) = (log_with(&lab, &[], END), far_log(&cloud, END));
    // A tree of somebody else's, under a line that only names the log.
    let forged = log_by(
        key_of("other.example/log", 61),
        &[(&cloud.entries, Some(END))],
    );
    let mut note = checkpoint(&forged);
    let verifier = far_key().verifier();
    let far_note = checkpoint(&away);
    let mut lines = far_note.signatures().iter();
    note.put(lines.find(|line| line.names(&verifier)).unwrap().clone());
    forged
        .replace("checkpoint", note.to_text().as_bytes())
        .unwrap();
    let found = judged(near, &[&forged], &expecting_far(&lab, &cloud), END);
    assert_eq!(found.beside, Vec::new());
}

// spec: ver-97
#[test]
fn a_line_that_only_names_a_log_does_not_make_the_judged_one_that_log() {
    let (lab, other) = (lab(), far(120));
    let near = log_with(&lab, &[], END);
    let far_note = checkpoint(&far_log(&other, END));
    let verifier = far_key().verifier();
    let mut lines = far_note.signatures().iter();
    let mut note = checkpoint(&near);
    note.put(lines.find(|line| line.names(&verifier)).unwrap().clone());
    let text = note.to_text();
    near.replace("checkpoint", text.as_bytes()).unwrap();
    // Whichever of the two the trust file names first.
    let trust = believing(&[(other.id, &far_key()), (lab.id, &log_key())], "");
    let found = judged(near, &[], &trust, END);
    assert_eq!(headline(&found), "CONSISTENT@E2", "{found:#?}");
}

/// A log that claims to be of any size, and has no end of checkpoints that nobody cosigned.
struct Endless {
    notes: [Vec<u8>; 3],
    reads: AtomicUsize,
}

impl LogFiles for Endless {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let [newest, kept @ ..] = &self.notes;
        if path == "checkpoint" {
            return Ok(Some(newest.clone()));
        }
        if !path.starts_with("cosigned/") {
            return Ok(None);
        }
        let read = self.reads.fetch_add(1, Ordering::Relaxed);
        Ok((read < 1_200_000).then(|| kept[read % 2].clone()))
    }
}

// spec: ver-14
#[test]
fn a_log_beside_that_has_no_end_does_not_keep_the_auditor() {
    let lab = lab();
    let cloud = cloud(&lab);
    let near = Files(log_with(&lab, &[], END));
    let sign = |size: u64| {
        let tree = Checkpoint {
            origin: Origin::new(FAR).unwrap(),
            size,
            root: sha256(b"nothing"),
        };
        let signed = SignedCheckpoint::sign(tree, &far_key()).unwrap();
        signed.note().to_text().into_bytes()
    };
    let away = Endless {
        notes: [sign(1 << 40), sign(5), sign(6)],
        reads: AtomicUsize::new(0),
    };
    let files: &dyn LogFiles = &away;
    let evidence = Evidence {
        beside: vec![("far".to_owned(), files)],
        ..Evidence::of(Subject::Log(&near))
    };
    let trust = expecting_far(&lab, &cloud);
    judge(&evidence, &trust, &Catalogue::embedded(), at(END)).unwrap();
    // An hour each for a hundred years, and none for entries that are not there.
    let reads = away.reads.load(Ordering::Relaxed);
    assert!(reads <= 877_000, "{reads}");
}
