//! What evidence of hardware does to a verdict: it bounds from below, and nothing more.

use standstill::attestation::content::{
    Challenge, ChallengeKind, Corroboration, Draw, EvidenceKind, Target,
};
use standstill::attestation::{Content, StatementId, StreamId};
use standstill::catalogue::Catalogue;
use standstill::claim::{Counting, Level, Pledge, Terms, falsifier};
use standstill::hash::{Hash, sha256};
use standstill::note::Note;
use standstill::quantity::Quantity;
use standstill::store::memory::MemoryObjects;
use standstill::time::Period;
use standstill::tlog::Checkpoint;
use standstill::verify::evidence::Subject;
use standstill::verify::hardware::{Attached, nonce};
use standstill::verify::{Evidence, Judgement, Verdict, Word, judge};

use crate::common::*;
use crate::made::{bundle, evidence, gpus, pem, token, verifier};
use crate::trusted::root;

const END: u64 = START + 40 * DAY;

/// An hour of the first day.
fn hour() -> Period {
    Period::new(at(START + 3600), at(START + 7200)).unwrap()
}

const IAT: u64 = START + 3660;

/// What is logged, and what an auditor has of it.
struct Scene {
    lab: Lab,
    nonce: Hash,
    files: Vec<Vec<u8>>,
    trust: String,
    others: Vec<Vec<u8>>,
}

impl Scene {
    /// A lab of ten devices, with a checkpoint that a quorum saw; its day's report.
    fn of(pledge: Pledge) -> Self {
        let mut lab = pledged(pledge);
        let files = log(&[(&lab.entries, Some(START - DAY))]);
        let note = checkpoint(&files).to_text();
        let note = cosigned(note.as_bytes(), &[1, 2, 3], START - DAY);
        let root = Checkpoint::parse(note.text()).unwrap().root;
        lab.not_before = Some(note.to_text());
        let nonce = nonce::of_checkpoint(lab.id, StreamId::new(1), &root);
        let report = accounted(&lab, day(0), 864_000 / 2);
        lab.say(StreamId::new(1), Content::Usage(report));
        let trust = root_of_gpus("");
        Self {
            lab,
            nonce,
            files: Vec::new(),
            trust,
            others: Vec::new(),
        }
    }

    /// The lab states what devices answered, and hands over the bytes.
    fn shows(&mut self, devices: &[u64]) -> StatementId {
        let bytes = bundle(&verifier(), &self.nonce, IAT, devices);
        self.states(bytes)
    }

    fn states(&mut self, bytes: Vec<u8>) -> StatementId {
        let content = gpus(&self.lab, &self.nonce, hour(), &bytes);
        self.files.push(bytes);
        self.lab.say(StreamId::new(1), content)
    }

    fn log(&self) -> MemoryObjects {
        let mut all = self.lab.clone();
        all.entries.extend(self.others.clone());
        seen_log(&all, FOUNDED, START + 2 * DAY)
    }

    fn judged(&self) -> Judgement {
        let files = Files(self.log());
        let attached = self.files.iter();
        let attached = attached.map(|bytes| Attached {
            bytes: bytes.clone(),
            salt: None,
        });
        let evidence = Evidence {
            attached: attached.collect(),
            ..Evidence::of(Subject::Log(&files))
        };
        let trust = trust_with(&[self.lab.id], &self.trust);
        let found = judge(&evidence, &trust, &Catalogue::embedded(), at(END)).unwrap();
        hand_on(&found);
        found
    }

    fn verdict(&self) -> Verdict {
        self.judged().verdicts.remove(0)
    }

    /// Somebody who measures the lab, with what makes his evidence fresh.
    fn measurer(&self) -> (Lab, Hash) {
        let mut other = corroborator(140, &self.lab);
        other.not_before.clone_from(&self.lab.not_before);
        let note = Note::parse(other.not_before.clone().unwrap().as_bytes()).unwrap();
        let root = Checkpoint::parse(note.text()).unwrap().root;
        let nonce = nonce::of_checkpoint(other.id, StreamId::new(2), &root);
        (other, nonce)
    }

    /// Adds an auditor's statements behind the founding.
    fn auditor(&mut self, auditor: &Lab) {
        self.trust += &expecting(&self.lab, &[(auditor, "auditor")]);
        self.others.extend(auditor.entries.clone());
    }
}

fn root_of_gpus(more: &str) -> String {
    root("verifier", "gpu-attestation", &pem(&verifier()), more)
}

fn plain() -> Pledge {
    cap(500_000, 1)
}

/// So many installed, in devices or in equivalents.
fn installed(limit: u64, equivalents: bool) -> Pledge {
    changed(0, 1, |pledge| {
        pledge.terms = Terms::Accelerators {
            limit: Quantity::from(limit),
            counting: Counting::Installed,
        };
        pledge.counted.quantity = standstill::attestation::figure::QuantityKind::Accelerators;
        pledge.counted.basis = standstill::attestation::figure::Basis::Present;
        pledge.counted.h100_equivalents = equivalents;
        pledge.falsifier = falsifier(pledge);
    })
}

/// The texts of a check.
fn texts(verdict: &Verdict, check: &str) -> Vec<String> {
    let of = verdict.findings.iter().filter(|one| one.check == check);
    of.map(|one| one.text.clone()).collect()
}

// spec: ver-70 hw-13
#[test]
fn devices_that_were_shown_are_told_and_raise_nothing() {
    let bare = Scene::of(plain()).verdict();
    let mut scene = Scene::of(plain());
    scene.shows(&[1, 2, 3]);
    let shown = scene.verdict();
    let told = texts(&shown, "hardware");
    assert_eq!(told.len(), 1, "{shown:#?}");
    assert!(told[0].contains("verifier shows 3 devices"), "{told:?}");
    assert_eq!(shown.word, bare.word, "{shown:#?}");
    assert_eq!(shown.word, Word::Consistent);
    assert_eq!((shown.level, &shown.numbers), (bare.level, &bare.numbers));
    assert_eq!(shown.resolution, bare.resolution);
    let says = |verdict: &Verdict| {
        let mut lines = verdict.does_not_show.iter();
        lines.any(|line| line.contains("which firmware ran on which chip"))
    };
    assert!(says(&shown) && !says(&bare));
}

// spec: ver-68
#[test]
fn without_the_bytes_nothing_changes_but_a_note() {
    let mut scene = Scene::of(plain());
    // More than the inventory has.
    scene.shows(&(0..11).collect::<Vec<u64>>());
    assert_eq!(scene.verdict().word, Word::NotShown);
    scene.files.clear();
    let found = scene.verdict();
    assert_eq!(texts(&found, "evidence-unopened").len(), 1, "{found:#?}");
    assert_eq!(found.word, Word::Consistent);
    // Other bytes are not those that are named.
    scene.files.push(b"something else".to_vec());
    assert_eq!(texts(&scene.verdict(), "evidence-unopened").len(), 1);
}

// spec: ver-71
#[test]
fn more_devices_than_the_inventory_lists_are_not_declared() {
    for (count, word) in [(10, Word::Consistent), (11, Word::NotShown)] {
        let mut scene = Scene::of(plain());
        scene.shows(&(0..count).collect::<Vec<u64>>());
        let found = scene.verdict();
        assert_eq!(found.word, word, "{count}: {found:#?}");
        let undeclared = texts(&found, "hardware-undeclared");
        assert_eq!(undeclared.len(), usize::from(count == 11), "{found:#?}");
    }
    // In two statements of one time, each device once.
    let mut scene = Scene::of(plain());
    scene.shows(&[1, 2, 3, 4, 5, 6]);
    scene.shows(&[4, 5, 6, 7, 8, 9]);
    assert_eq!(scene.verdict().word, Word::Consistent);
    scene.shows(&[10, 11]);
    assert_eq!(scene.verdict().word, Word::NotShown);
}

// spec: ver-70
#[test]
fn two_roots_that_spell_one_device_differently_are_not_added() {
    let mut scene = Scene::of(plain());
    let other = secret(201);
    scene.trust += &root("other", "gpu-attestation", &pem(&other), "");
    scene.shows(&[1, 2, 3, 4, 5, 6]);
    let bytes = bundle(&other, &scene.nonce, IAT, &[101, 102, 103, 104, 105, 106]);
    scene.states(bytes);
    let found = scene.verdict();
    assert_eq!(texts(&found, "hardware").len(), 2, "{found:#?}");
    assert_eq!(found.word, Word::Consistent);
}

// spec: ver-72
#[test]
fn more_devices_than_may_be_installed_contradict_the_claim() {
    for (limit, contradicted) in [(10, false), (9, true)] {
        let mut scene = Scene::of(installed(limit, false));
        scene.shows(&(0..10).collect::<Vec<u64>>());
        let found = scene.verdict();
        let told = texts(&found, "contradicted");
        assert_eq!(told.len(), usize::from(contradicted), "{found:#?}");
        assert_ne!(found.word, Word::Holds);
    }
    // In equivalents a model counts only where the auditor says what it is.
    for (models, contradicted) in [("", false), ("models = { GH100 = \"h100-sxm\" }", true)] {
        let mut scene = Scene::of(installed(9_999, true));
        scene.trust = root_of_gpus(models);
        scene.shows(&(0..10).collect::<Vec<u64>>());
        let found = scene.verdict();
        assert_eq!(
            texts(&found, "contradicted").len(),
            usize::from(contradicted),
            "{found:#?}"
        );
    }
}

// spec: ver-69 hw-13
#[test]
fn a_nonce_that_the_lab_could_choose_makes_nothing_fresh() {
    let chosen = sha256(b"chosen");
    let mut scene = Scene::of(plain());
    let own = scene.nonce;
    let foreign = nonce::of_checkpoint(scene.lab.id, StreamId::new(2), &sha256(b"root"));
    for nonce in [chosen, foreign] {
        scene.nonce = nonce;
        scene.shows(&(0..11).collect::<Vec<u64>>());
    }
    // One that does not say before which it was made.
    scene.nonce = own;
    scene.lab.not_before = None;
    scene.shows(&(0..11).collect::<Vec<u64>>());
    let found = scene.verdict();
    assert_eq!(texts(&found, "evidence-stale").len(), 3, "{found:#?}");
    assert!(texts(&found, "hardware").is_empty());
    assert_eq!(found.word, Word::Consistent);
}

// spec: ver-69
#[test]
fn what_does_not_verify_is_told_and_shows_nothing() {
    let mut scene = Scene::of(plain());
    let many: Vec<u64> = (0..11).collect();
    // By a key of another root; of another time; of another nonce than the statement's.
    let bytes = [
        bundle(&secret(202), &scene.nonce, IAT, &many),
        bundle(&verifier(), &scene.nonce, IAT + DAY, &many),
        bundle(&verifier(), &sha256(b"old"), IAT, &many),
        token(&verifier(), &scene.nonce, IAT, 1)
            .replace('.', "..")
            .into_bytes(),
    ];
    for bytes in bytes {
        scene.states(bytes);
    }
    let found = scene.verdict();
    assert_eq!(texts(&found, "evidence-refused").len(), 4, "{found:#?}");
    assert_eq!(found.word, Word::Consistent);
    // A root is believed in its own time only.
    for (until, refused) in [("2026-03-01T02:00:00Z", 0), ("2026-03-01T01:59:59Z", 1)] {
        let mut scene = Scene::of(plain());
        scene.trust = root_of_gpus(&format!("until = \"{until}\""));
        scene.shows(&[1]);
        let found = scene.verdict();
        assert_eq!(
            texts(&found, "evidence-refused").len(),
            refused,
            "{found:#?}"
        );
    }
}

// spec: ver-69
#[test]
fn a_file_is_opened_once_for_each_issuer() {
    let mut scene = Scene::of(plain());
    scene.shows(&[1]);
    for _ in 0..3 {
        let bytes = scene.files[0].clone();
        scene.states(bytes);
    }
    let found = scene.verdict();
    assert_eq!(texts(&found, "hardware").len(), 1, "{found:#?}");
    assert_eq!(texts(&found, "evidence-refused").len(), 3);
}

// spec: ver-71
#[test]
fn where_one_inventory_follows_another_both_count() {
    for (count, word) in [(15, Word::Consistent), (16, Word::NotShown)] {
        let mut scene = Scene::of(cap(800_000, 2));
        let second = scene.lab.say(StreamId::new(1), inventory(1, 5));
        let mut report = accounted(&scene.lab, day(1), 0);
        report.inventory = Some(second);
        scene.lab.say(StreamId::new(1), Content::Usage(report));
        let period = day(0).hull(day(1));
        let devices: Vec<u64> = (0..count).collect();
        let bytes = bundle(&verifier(), &scene.nonce, IAT, &devices);
        let said = gpus(&scene.lab, &scene.nonce, period, &bytes);
        scene.lab.say(StreamId::new(1), said);
        scene.files.push(bytes);
        let found = scene.verdict();
        assert_eq!(found.word, word, "{count}: {found:#?}");
    }
}

fn challenge(of: &Lab, stream: u64) -> Content {
    Content::Challenge(Challenge {
        kind: ChallengeKind::Serials,
        about: standstill::attestation::content::About {
            issuer: of.id,
            streams: vec![StreamId::new(stream)],
            period: hour(),
        },
        target: Some(Target {
            statement: of.inventory(),
            root: sha256(b"devices"),
            count: 10,
        }),
        draw: Draw {
            beacon: None,
            commitment: Some(sha256(b"secret")),
            count: 10,
        },
        due: at(START + DAY),
    })
}

/// A challenge that stands in the log, and the lab's answer to it.
fn challenged(stream: u64, named: bool, before: bool) -> Verdict {
    let mut scene = Scene::of(plain());
    let mut auditor = corroborator(140, &scene.lab);
    let asked = auditor.say(StreamId::new(2), challenge(&scene.lab, stream));
    if named {
        scene.trust += &expecting(&scene.lab, &[(&auditor, "auditor")]);
    }
    if before {
        scene.lab.entries.extend(auditor.entries.clone());
    } else {
        scene.others.extend(auditor.entries.clone());
    }
    scene.nonce = nonce::of_challenge(asked);
    scene.lab.not_before = None;
    scene.shows(&[1, 2]);
    scene.verdict()
}

// spec: hw-14
#[test]
fn a_challenge_makes_fresh_what_answers_it() {
    let found = challenged(1, true, true);
    assert_eq!(texts(&found, "hardware").len(), 1, "{found:#?}");
    // Of another area, by nobody whom the auditor names, or after the answer.
    for (stream, named, before) in [(3, true, true), (1, false, true), (1, true, false)] {
        let found = challenged(stream, named, before);
        assert_eq!(texts(&found, "evidence-stale").len(), 1, "{found:#?}");
    }
}

// spec: ver-68
#[test]
fn an_auditor_may_show_what_is_there_and_a_stranger_may_not() {
    for (named, told) in [(true, 1), (false, 0)] {
        let mut scene = Scene::of(plain());
        let (mut auditor, nonce) = scene.measurer();
        let bytes = bundle(&verifier(), &nonce, IAT, &(0..11).collect::<Vec<u64>>());
        let said = gpus(&scene.lab, &nonce, hour(), &bytes);
        auditor.say(StreamId::new(2), said);
        scene.files.push(bytes);
        if named {
            scene.auditor(&auditor);
        } else {
            scene.others.extend(auditor.entries.clone());
        }
        let found = scene.verdict();
        assert_eq!(
            texts(&found, "hardware-undeclared").len(),
            told,
            "{found:#?}"
        );
    }
}

// spec: ver-70
#[test]
fn hardware_never_makes_a_claim_hold() {
    let mut scene = Scene::of(plain());
    scene.shows(&[1, 2, 3]);
    let alone = scene.verdict();
    assert!(
        alone.level < Level::E3 && alone.word == Word::Consistent,
        "{alone:#?}"
    );
    // Beside somebody who bounds it, it changes nothing either.
    let mut cloud = corroborator(140, &scene.lab);
    let said: Corroboration = measured(&scene.lab, day(0), 430_000, 440_000);
    cloud.measure(said);
    scene.auditor(&cloud);
    let both = scene.verdict();
    assert_eq!(both.word, Word::Holds, "{both:#?}");
    scene.files.clear();
    let without = scene.verdict();
    assert_eq!((without.word, without.level), (both.word, both.level));
}

/// A TPM's quote, made here by a key of the tests.
mod machine {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use standstill::encoding::base64;

    pub struct Machine(EcdsaKeyPair);

    impl Machine {
        pub fn new() -> Self {
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let random = SystemRandom::new();
            let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap())
        }

        pub fn pem(&self) -> String {
            let prefix: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
            let der = [prefix, self.0.public_key().as_ref()].concat();
            format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
                base64::encode(&der)
            )
        }

        pub fn quote(&self, extra: &[u8]) -> Vec<u8> {
            let mut attest = vec![0xff, 0x54, 0x43, 0x47, 0x80, 0x18, 0, 0];
            attest.extend(u16::try_from(extra.len()).unwrap().to_be_bytes());
            attest.extend(extra);
            attest.extend([0; 16]);
            attest.push(1);
            attest.extend([0; 8]);
            attest.extend([0, 0, 0, 1, 0, 0x0b, 3, 1, 0, 0, 0, 2, 0xab, 0xcd]);
            let signature = self.0.sign(&SystemRandom::new(), &attest).unwrap();
            let (r, s) = signature.as_ref().split_at(32);
            let mut signed = vec![0, 0x18, 0, 0x0b, 0, 32];
            signed.extend(r);
            signed.extend([0, 32]);
            signed.extend(s);
            standstill::verify::hardware::quote::join(&attest, &signed).unwrap()
        }
    }
}

// spec: hw-15 ver-73
#[test]
fn a_quote_binds_the_key_of_who_signs_the_statement() {
    let machine = machine::Machine::new();
    // A lab's operations key is that of its seed and two.
    let own = secret(102).public();
    let foreign = secret(142).public();
    for (key, said) in [
        (Some(&own), Some("binds the key")),
        (None, Some("binds no key")),
        (Some(&foreign), None),
    ] {
        let mut scene = Scene::of(plain());
        scene.trust = root("machines", "tpm-quote", &machine.pem(), "");
        let extra = key.map_or(scene.nonce, |key| {
            nonce::binding(key, scene.nonce.as_bytes())
        });
        let bytes = machine.quote(extra.as_bytes());
        let said_of = evidence(
            &scene.lab,
            EvidenceKind::TpmQuote,
            &scene.nonce,
            hour(),
            &bytes,
        );
        scene.lab.say(StreamId::new(1), Content::Evidence(said_of));
        scene.files.push(bytes);
        let found = scene.verdict();
        assert_eq!(found.word, Word::Consistent, "{found:#?}");
        let told = texts(&found, "hardware");
        match said {
            Some(said) => {
                assert!(told[0].contains(said), "{told:?}");
                assert!(told[0].contains("abcd"), "{told:?}");
                assert_eq!(told[0].contains(&own.to_string()), key.is_some());
            }
            None => assert_eq!(texts(&found, "evidence-refused").len(), 1, "{found:#?}"),
        }
    }
}

// spec: hw-15 ver-73
#[test]
fn a_meters_key_is_bound_to_its_machine() {
    let machine = machine::Machine::new();
    let mut scene = Scene::of(plain());
    scene.trust = root("machines", "tpm-quote", &machine.pem(), "");
    let (mut meter, nonce) = scene.measurer();
    let key = secret(142).public();
    let bytes = machine.quote(nonce::binding(&key, nonce.as_bytes()).as_bytes());
    let said = evidence(&scene.lab, EvidenceKind::TpmQuote, &nonce, hour(), &bytes);
    meter.say(StreamId::new(2), Content::Evidence(said));
    scene.files.push(bytes);
    scene.auditor(&meter);
    let found = scene.verdict();
    let told = texts(&found, "hardware");
    assert_eq!(told.len(), 1, "{found:#?}");
    assert!(
        told[0].contains(&format!("binds the key {key}")),
        "{told:?}"
    );
}

// spec: ver-68 ver-71
#[test]
fn a_bundle_is_opened_like_a_log() {
    let mut scene = Scene::of(plain());
    scene.shows(&(0..11).collect::<Vec<u64>>());
    let bundle = super::common::bundle(&scene.log(), &scene.lab, |_| true);
    let evidence = Evidence {
        attached: vec![Attached {
            bytes: scene.files[0].clone(),
            salt: None,
        }],
        ..Evidence::of(Subject::Bundle(&bundle))
    };
    let trust = trust_with(&[scene.lab.id], &scene.trust);
    let found = judge(&evidence, &trust, &Catalogue::embedded(), at(END)).unwrap();
    let verdict = &found.verdicts[0];
    let undeclared = texts(verdict, "hardware-undeclared");
    assert_eq!(undeclared.len(), 1, "{verdict:#?}");
    assert_eq!(verdict.word, Word::NotShown);
}
