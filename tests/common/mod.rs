//! A lab, its log and its witnesses in memory, honest or not.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    reason = "a test may stop, and not every test uses all of this"
)]

use std::collections::BTreeMap;

use standstill::attestation::Content;
use standstill::attestation::Envelope;
use standstill::attestation::Head;
use standstill::attestation::IssuerId;
use standstill::attestation::Link;
use standstill::attestation::Statement;
use standstill::attestation::StatementId;
use standstill::attestation::StreamId;
use standstill::attestation::Subject;
use standstill::attestation::content::{
    Action, Area, AreaOpen, Correction, Issuer, KeySet, LogOfRecord, Roles, Usage, Witnesses,
};
use standstill::attestation::figure::{Basis, Class, Coverage, Figure, QuantityKind, Source};
use standstill::attestation::statement::first_payload;
use standstill::bundle::Bundle;
use standstill::catalogue::Catalogue;
use standstill::claim::falsifier;
use standstill::claim::{
    AreaSelection, Baseline, Level, LimitedQuantity, Perimeter, Pledge, Terms,
};
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey};
use standstill::merkle::prove_set;
use standstill::note::Note;
use standstill::quantity::{Interval, Quantity};
use standstill::store::log::Log;
use standstill::store::memory::{Faults, MemoryLock, MemoryObjects};
use standstill::store::reader::LogReader;
use standstill::time::{Cadence, Period, UnixSeconds};
use standstill::tlog::{SignedCheckpoint, cosign};
use standstill::verify::evidence::Subject as Judged;
use standstill::verify::{Evidence, Judgement, LogFiles, Trust, Verdict, Word, judge};

/// 2026-03-01T00:00:00Z.
pub const START: u64 = 1_772_323_200;
pub const DAY: u64 = 86_400;
pub const ORIGIN: &str = "lab.example/log";

pub fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

pub fn day(number: u64) -> Period {
    Period::new(at(START + number * DAY), at(START + (number + 1) * DAY)).unwrap()
}

pub fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

pub fn log_key() -> SignerKey {
    let name = KeyName::new(ORIGIN).unwrap();
    SignerKey::new(name, Algorithm::Ed25519, secret(10))
}

pub fn witness_key(number: u8) -> SignerKey {
    let name = KeyName::new(format!("witness.example/{number}")).unwrap();
    SignerKey::new(name, Algorithm::CosignatureV1, secret(20 + number))
}

/// What a lab says, in order, with what ties it together.
#[derive(Clone)]
pub struct Lab {
    pub seed: u8,
    pub id: IssuerId,
    pub entries: Vec<Vec<u8>>,
    heads: BTreeMap<StreamId, (u64, StatementId)>,
    opens: BTreeMap<StreamId, StatementId>,
}

impl Lab {
    /// Begins with an issuer that heeds two of three witnesses, and one area of days.
    pub fn new(seed: u8) -> Self {
        Self::renamed(seed, "cluster")
    }

    /// As [`Self::new`], suspected of something since a moment that depends on `what`: the
    /// same keys under another id.
    pub fn renamed(seed: u8, what: &str) -> Self {
        Self::found(seed, what, 2)
    }

    /// As [`Self::new`], heeding no witness.
    pub fn unheeding(seed: u8) -> Self {
        Self::found(seed, "cluster", 0)
    }

    fn found(seed: u8, what: &str, quorum: usize) -> Self {
        let mut issuer = issuer(seed, quorum);
        issuer.suspected_since = (what != "cluster").then(|| at(what.len().try_into().unwrap()));
        let link = Link {
            previous: None,
            governance: None,
            not_before: None,
            beacon: None,
        };
        let (id, payload) = first_payload(&Content::Issuer(Box::new(issuer)), &link).unwrap();
        let mut lab = Self {
            seed,
            id,
            entries: Vec::new(),
            heads: BTreeMap::new(),
            opens: BTreeMap::new(),
        };
        lab.heads
            .insert(StreamId::GOVERNANCE, (0, StatementId::of(&payload)));
        let entry = Envelope::sign(&payload, &[&secret(seed)]).unwrap();
        lab.entries.push(entry.to_bytes());
        lab.open(
            1,
            AreaOpen {
                name: what.to_owned(),
                ..days()
            },
        );
        lab
    }

    /// Opens an area.
    pub fn open(&mut self, stream: u64, open: AreaOpen) {
        let stream = StreamId::new(stream);
        let action = Action::Open(open);
        let area = Content::Area(Area { stream, action });
        let id = self.say(StreamId::GOVERNANCE, area);
        self.opens.insert(stream, id);
    }

    /// Makes a statement the next of its stream.
    pub fn say(&mut self, stream: StreamId, content: Content) -> StatementId {
        let (entry, id) = self.sign_next(stream, content);
        let sequence = self.next_sequence(stream);
        self.heads.insert(stream, (sequence, id));
        self.entries.push(entry);
        id
    }

    /// Signs what would be next, and keeps no record of it.
    pub fn sign_next(&self, stream: StreamId, content: Content) -> (Vec<u8>, StatementId) {
        let sequence = self.next_sequence(stream);
        let previous = self.heads.get(&stream).map(|(_, id)| *id);
        let previous = previous.or_else(|| self.opens.get(&stream).copied());
        self.sign_at(stream, sequence, previous, content)
    }

    pub fn sign_at(
        &self,
        stream: StreamId,
        sequence: u64,
        previous: Option<StatementId>,
        content: Content,
    ) -> (Vec<u8>, StatementId) {
        let governance = self.heads[&StreamId::GOVERNANCE];
        let head = Head {
            sequence: governance.0,
            statement: governance.1,
        };
        let statement = Statement {
            subject: Subject {
                issuer: self.id,
                stream,
                sequence,
            },
            link: Link {
                previous,
                governance: (!stream.is_governance()).then_some(head),
                not_before: None,
                beacon: None,
            },
            content,
        };
        let payload = statement.to_payload().unwrap();
        let id = StatementId::of(&payload);
        let role = match &statement.content {
            Content::Issuer(_) => 0,
            Content::Area(area) if matches!(area.action, Action::Close(_)) => 0,
            _ if stream.is_governance() => 1,
            _ => 2,
        };
        let envelope = Envelope::sign(&payload, &[&secret(self.seed + role)]).unwrap();
        (envelope.to_bytes(), id)
    }

    /// The last statement of an area.
    pub fn head(&self, stream: u64) -> standstill::attestation::content::StreamHead {
        let (sequence, statement) = self.heads[&StreamId::new(stream)];
        standstill::attestation::content::StreamHead {
            stream: StreamId::new(stream),
            sequence,
            statement,
        }
    }

    fn next_sequence(&self, stream: StreamId) -> u64 {
        self.heads
            .get(&stream)
            .map_or(0, |(sequence, _)| sequence + 1)
    }

    pub fn usage(&mut self, period: Period, amount: u64) -> StatementId {
        self.say(StreamId::new(1), usage(period, amount))
    }

    pub fn pledge(&mut self, pledge: Pledge) -> StatementId {
        self.say(StreamId::GOVERNANCE, Content::Pledge(Box::new(pledge)))
    }

    pub fn correct(&mut self, sequence: u64, statement: StatementId, content: Content) {
        let correction = Correction {
            corrects: Head {
                sequence,
                statement,
            },
            replacement: Box::new(content),
            reason: "a test".to_owned(),
        };
        self.say(StreamId::new(1), Content::Correction(correction));
    }
}

/// An issuer with the keys of a seed, which heeds so many of three witnesses.
pub fn issuer(seed: u8, quorum: usize) -> Issuer {
    let keys = |seed| KeySet::new(vec![secret(seed).public()], 1).unwrap();
    Issuer {
        root: keys(seed),
        roles: Roles {
            governance: keys(seed + 1),
            operations: keys(seed + 2),
        },
        log: LogOfRecord {
            origin: ORIGIN.to_owned(),
            key: log_key().verifier(),
        },
        witnesses: (quorum > 0).then(|| Witnesses {
            keys: (1..=3)
                .map(|number| witness_key(number).verifier())
                .collect(),
            quorum,
        }),
        earlier: Vec::new(),
        suspected_since: None,
        moved: None,
    }
}

/// An area of days.
pub fn days() -> AreaOpen {
    AreaOpen {
        name: "cluster".to_owned(),
        first: at(START),
        cadence: Some(Cadence::Seconds(DAY.try_into().unwrap())),
        grace: DAY,
        measures: None,
        continues: Vec::new(),
    }
}

/// A day's accelerator-seconds of training.
pub fn usage(period: Period, amount: u64) -> Content {
    Content::Usage(Usage {
        period,
        inventory: None,
        catalogue: Catalogue::embedded().digest(),
        figures: vec![Figure {
            quantity: QuantityKind::AcceleratorSeconds,
            model: "h100-sxm".to_owned(),
            class: Class::Training,
            basis: Basis::Allocated,
            boundary: None,
            value: Interval::exactly(Quantity::from(amount)),
            method: "scheduler-allocation".to_owned(),
            precision: None,
            coverage: Coverage::Unknown,
            source: Source {
                tool: "test".to_owned(),
                query: None,
                input: None,
            },
        }],
        ledgers: Vec::new(),
        devices_absent: Some("no ledger is kept".to_owned()),
        commitments: Vec::new(),
    })
}

/// A pledge over `days` days from the second on.
pub fn pledge(terms: Terms, first: u64, days: u64, baseline: Option<Baseline>) -> Pledge {
    let mut pledge = Pledge {
        terms,
        perimeter: Perimeter {
            areas: AreaSelection::All,
            affiliates: Vec::new(),
        },
        window: Period::new(at(START + first * DAY), at(START + (first + days) * DAY)).unwrap(),
        scope: vec![Class::Training],
        counted: LimitedQuantity {
            quantity: QuantityKind::AcceleratorSeconds,
            basis: Basis::Allocated,
            boundary: None,
            h100_equivalents: false,
        },
        baseline,
        precision: None,
        level: Level::E1,
        cadence: Cadence::Seconds(DAY.try_into().unwrap()),
        deadline: DAY,
        expiry: None,
        notice: DAY,
        exceptions: Vec::new(),
        trigger: None,
        lift: None,
        adjudicator: None,
        falsifier: String::new(),
        sliding: None,
    };
    pledge.falsifier = falsifier(&pledge);
    pledge
}

pub fn cap(limit: u64, days: u64) -> Pledge {
    let limit = Quantity::from(limit);
    pledge(Terms::Cap { limit }, 0, days, None)
}

/// A log with these batches, each of entries and the time at which all three witnesses
/// cosigned it, if they did.
pub fn log(batches: &[(&[Vec<u8>], Option<u64>)]) -> MemoryObjects {
    let faults = Faults::default();
    let public = MemoryObjects::new(&faults);
    let mut log = Log::create(
        public.clone(),
        MemoryObjects::new(&faults),
        MemoryLock::new(&faults),
        log_key(),
        at(START),
    )
    .unwrap();
    for (entries, time) in batches {
        if !entries.is_empty() {
            log.append(entries, at(START)).unwrap();
        }
        if let Some(time) = time {
            let note = log.reader().checkpoint().unwrap().unwrap();
            log.publish_cosigned(&cosigned(&note, &[1, 2, 3], *time))
                .unwrap();
        }
    }
    public
}

/// The note of a checkpoint with cosignatures of these witnesses, and no older ones.
pub fn cosigned(note: &[u8], witnesses: &[u8], time: u64) -> Note {
    let mut note = Note::parse(note).unwrap();
    let log = log_key().verifier();
    note.retain(|line| line.names(&log));
    for number in witnesses {
        note.put(cosign(note.text(), &witness_key(*number), at(time)).unwrap());
    }
    note
}

/// A log as most tests want it: founded before the window, the rest seen at `end`.
pub fn seen_log(lab: &Lab, governance: usize, end: u64) -> MemoryObjects {
    let (first, rest) = lab.entries.split_at(governance);
    log(&[(first, Some(START - DAY)), (rest, Some(end))])
}

/// Cuts a bundle of the entries at these indices, with every cosigned checkpoint.
pub fn bundle(files: &MemoryObjects, lab: &Lab, keep: impl Fn(u64) -> bool) -> Bundle {
    let reader = LogReader::new(files);
    let bytes = reader.checkpoint().unwrap().unwrap();
    let signed = SignedCheckpoint::open(&bytes, &log_key().verifier()).unwrap();
    let size = signed.checkpoint().size;
    let entries: Vec<(u64, Vec<u8>)> = (0..size.div_ceil(256))
        .flat_map(|tile| (tile * 256..).zip(reader.entries(tile, size).unwrap()))
        .filter(|(index, _)| keep(*index))
        .collect();
    let indices: Vec<u64> = entries.iter().map(|(index, _)| *index).collect();
    let mut hash_at = |level, index| reader.node(level, index, size);
    let earlier = (0..reader.cosigned_count().unwrap())
        .map(|number| {
            let note = Note::parse(&reader.cosigned(number).unwrap().unwrap()).unwrap();
            let old = SignedCheckpoint::open_note(note.clone(), &log_key().verifier()).unwrap();
            let proof = reader.prove_consistency(old.checkpoint().size, size);
            (note, proof.unwrap())
        })
        .collect();
    Bundle {
        issuer: lab.id,
        window: day(0),
        proof: prove_set(&indices, size, &mut hash_at).unwrap().unwrap(),
        entries,
        earlier,
        checkpoint: signed.note().clone(),
    }
}

pub fn judge_bundle(bundle: &Bundle, labs: &[IssuerId], now: u64) -> Judgement {
    let evidence = Evidence {
        subject: Judged::Bundle(bundle),
        asked_now: false,
        unanswered: Vec::new(),
        seen: Vec::new(),
        witnesses: Vec::new(),
        ledgers: Vec::new(),
    };
    judge(&evidence, &trust(labs), &Catalogue::embedded(), at(now)).unwrap()
}

pub struct Files(pub MemoryObjects);

impl LogFiles for Files {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        standstill::store::LogFiles::read(&self.0, path).map_err(|error| error.to_string())
    }
}

/// Trusts these labs and three witnesses, two of which are a quorum.
pub fn trust(labs: &[IssuerId]) -> Trust {
    let vkey = log_key().verifier();
    let mut policy = format!("log {vkey}\n");
    let mut text = "policy = \"policy\"\ngreatest_age = 8640000\ngrace = 86400\n".to_owned();
    for (number, id) in labs.iter().enumerate() {
        text += &format!(
            "[[issuer]]\nid = \"{id}\"\nname = \"lab {number}\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n"
        );
    }
    for number in 1..=3 {
        policy += &format!("witness w{number} {}\n", witness_key(number).verifier());
        text += &format!("[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\"\n");
    }
    policy += "group g 2 w1 w2 w3\nquorum g\n";
    Trust::parse(&text, policy.as_bytes()).unwrap()
}

/// What an auditor knows beside the log.
#[derive(Default)]
pub struct Known {
    pub seen: Vec<Note>,
    pub witnesses: Vec<Note>,
}

pub fn judge_log(files: &MemoryObjects, labs: &[IssuerId], now: u64, known: Known) -> Judgement {
    judge_with(files, &trust(labs), now, known)
}

pub fn judge_with(files: &MemoryObjects, trust: &Trust, now: u64, known: Known) -> Judgement {
    let files = Files(files.clone());
    let name = |notes: Vec<Note>, what: &str| {
        notes
            .into_iter()
            .map(|note| (what.to_owned(), note))
            .collect::<Vec<_>>()
    };
    let evidence = Evidence {
        subject: Judged::Log(&files),
        asked_now: !known.witnesses.is_empty(),
        unanswered: Vec::new(),
        seen: name(known.seen, "seen"),
        witnesses: name(known.witnesses, "witness"),
        ledgers: Vec::new(),
    };
    judge(&evidence, trust, &Catalogue::embedded(), at(now)).unwrap()
}

/// The one verdict on a log of one lab with one pledge.
pub fn verdict(files: &MemoryObjects, lab: &Lab, now: u64) -> Verdict {
    let judgement = judge_log(files, &[lab.id], now, Known::default());
    assert_eq!(judgement.verdicts.len(), 1, "{judgement:#?}");
    judgement.verdicts[0].clone()
}

/// Whether one verdict is better than another (formats: part 2, "Better").
pub fn is_better(one: &Judgement, than: &Judgement) -> bool {
    let exit = |judgement: &Judgement| judgement.outcome(Some(Level::E1)).code() == 0;
    if exit(one) && !exit(than) {
        return true;
    }
    let good = |word: Word| matches!(word, Word::Holds | Word::Consistent);
    one.verdicts.iter().any(|verdict| {
        let other = than
            .verdicts
            .iter()
            .find(|other| other.pledge == verdict.pledge);
        other.is_none_or(|other| {
            (good(verdict.word) && !good(other.word))
                || (verdict.word == other.word && verdict.level > other.level)
        }) && good(verdict.word)
    })
}
