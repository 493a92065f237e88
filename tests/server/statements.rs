//! A log that understands what it admits.

use serde_json::Value;
use standstill::admission::Candidate;
use standstill::attestation::content::{
    Action, Area, AreaClose, Issuer, LogOfRecord, Move, Registration, Withdrawal,
};
use standstill::attestation::{Content, Envelope, IssuerId, StatementId, StreamId};
use standstill::keystore;
use standstill::merkle::{leaf_hash, verify_inclusion};
use standstill::store::log::Log;
use standstill::time::UnixSeconds;
use standstill::tlog::Proof;

use super::common::*;
use super::*;

/// The keys of the operator; those of labs are further on.
const OPERATOR: u8 = 50;

/// Makes a log whose operator is a lab of its own, and serves it.
fn served(labs: &[&Lab]) -> (Served, Lab) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    std::fs::create_dir_all(path.join("keys")).unwrap();
    keystore::write_note_key(&path.join("keys/log.key"), &log_key()).unwrap();
    let mut operator = Lab::unheeding(OPERATOR);
    operator.entries.truncate(1);
    let now = UnixSeconds::new(START).unwrap();
    let mut log =
        Log::create_in(&path.join("log"), &path.join("state/log"), log_key(), now).unwrap();
    log.append(&operator.entries, now).unwrap();
    drop(log);
    // The area that every lab begins with is not the operator's to have.
    let mut operator = Lab::unheeding(OPERATOR);
    let mut served = Served {
        directory,
        key: log_key().verifier(),
        server: None,
        address: String::new(),
        admit: "statements",
    };
    served.start(&mut Command::new(PROGRAM));
    let opened = operator.entries[1].clone();
    assert_eq!(served.admit(&opened), 1);
    if !labs.is_empty() {
        let mut admits: Vec<IssuerId> = labs.iter().map(|lab| lab.id).collect();
        admits.sort_unstable();
        register(&served, &mut operator, admits, Vec::new());
    }
    (served, operator)
}

fn register(served: &Served, operator: &mut Lab, admits: Vec<IssuerId>, removes: Vec<IssuerId>) {
    let log = record(ORIGIN);
    let registration = Registration {
        log,
        admits,
        removes,
    };
    operator.say(StreamId::GOVERNANCE, Content::Registration(registration));
    served.admit(operator.entries.last().unwrap());
}

fn record(origin: &str) -> LogOfRecord {
    LogOfRecord {
        origin: origin.to_owned(),
        key: log_key().verifier(),
    }
}

impl Served {
    fn submit(&self, entry: &[u8]) -> Answer {
        request(&self.address, "POST /v1/entries HTTP/1.1\r\n", entry).unwrap()
    }

    /// Submits an entry, checks its receipt, and returns its index.
    fn admit(&self, entry: &[u8]) -> u64 {
        let answer = self.submit(entry);
        assert_eq!(answer.status, 200, "{answer:?}");
        let proof = Proof::parse(&answer.body).unwrap();
        let signed = SignedCheckpoint::open_note(proof.note.clone(), &self.key).unwrap();
        let checkpoint = signed.checkpoint();
        let (size, root) = (checkpoint.size, checkpoint.root);
        verify_inclusion(&leaf_hash(entry), proof.index, size, &proof.path, &root).unwrap();
        proof.index
    }

    /// Submits what breaks a rule, and returns the problem.
    fn refused(&self, entry: &[u8], status: u16, rule: &str) -> Value {
        let answer = self.submit(entry);
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (answer.status, problem["rule"].as_str()),
            (status, Some(rule)),
            "{problem:#}"
        );
        assert!(
            answer.head.contains("application/problem+json"),
            "{answer:?}"
        );
        problem
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Submits many entries at once.
    fn batch(&self, entries: &[Vec<u8>]) -> Vec<Value> {
        let answer = request(
            &self.address,
            "POST /v1/batch HTTP/1.1\r\n",
            &framed(entries),
        )
        .unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        lines(&answer)
    }
}

/// Each entry behind its length.
fn framed(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in entries {
        body.extend(u16::try_from(entry.len()).unwrap().to_be_bytes());
        body.extend_from_slice(entry);
    }
    body
}

/// The lines of an answer in chunks.
fn lines(answer: &Answer) -> Vec<Value> {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    text.lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn stream(number: u64) -> StreamId {
    StreamId::new(number)
}

// spec: log-44 log-45 log-49 log-52
#[test]
fn each_refusal_says_which_rule_what_was_expected_and_where_the_stream_is() {
    let mut lab = Lab::new(100);
    let stranger = Lab::new(60);
    let (log, operator) = served(&[&lab]);

    log.refused(b"{}", 400, "envelope");
    let nothing = Envelope::sign(b"{}", &[&secret(100)]).unwrap().to_bytes();
    log.refused(&nothing, 400, "payload");
    log.refused(&stranger.entries[0], 403, "registration");
    // Its first statement comes first.
    log.refused(&lab.entries[1], 409, "identity");
    assert_eq!(log.admit(&lab.entries[0]), 3);
    assert_eq!(log.admit(&lab.entries[1]), 4);

    let first = lab.sign_next(stream(1), usage(day(0), 5)).0;
    let head = lab.head(0).statement;
    // Signatures: by keys of another role, by a stranger's, and twice.
    let payload = Envelope::parse(&first).unwrap().payload().to_vec();
    for keys in [&[101][..], &[61], &[100, 102], &[101, 102]] {
        let keys: Vec<_> = keys.iter().map(|seed| secret(*seed)).collect();
        let keys: Vec<_> = keys.iter().collect();
        let entry = Envelope::sign(&payload, &keys).unwrap().to_bytes();
        log.refused(&entry, 403, "signatures");
    }
    let (far, _) = lab.sign_at(stream(1), 4, Some(head), usage(day(0), 5));
    let problem = log.refused(&far, 409, "sequence");
    assert_eq!(problem["expected"], "0");
    assert_eq!(problem["stream"]["next"], 0);
    assert_eq!(problem["stream"]["previous"], head.to_string());
    assert_eq!(problem["stream"]["governance"]["sequence"], 1);
    assert_eq!(
        problem["stream"]["governance"]["statement"],
        head.to_string()
    );

    let wrong = StatementId::of(b"another");
    let (entry, _) = lab.sign_at(stream(1), 0, Some(wrong), usage(day(0), 5));
    assert_eq!(
        log.refused(&entry, 409, "previous")["expected"],
        head.to_string()
    );
    let (entry, _) = lab.sign_at(stream(7), 0, Some(head), usage(day(0), 5));
    log.refused(&entry, 409, "area");
    let (entry, _) = lab.sign_next(stream(1), usage(day(1), 5));
    let problem = log.refused(&entry, 409, "period");
    assert_eq!(problem["expected"], day(0).to_string());
    // A head that is not in the log.
    let mut ahead = lab.clone();
    ahead.pledge(cap(1000, 6));
    let (entry, _) = ahead.sign_next(stream(1), usage(day(0), 5));
    assert_eq!(log.refused(&entry, 409, "head")["expected"], "1");
    // The operator's word on this log, from somebody else.
    let registration = Registration {
        log: record(ORIGIN),
        admits: vec![stranger.id],
        removes: Vec::new(),
    };
    let (entry, _) = lab.sign_next(StreamId::GOVERNANCE, Content::Registration(registration));
    log.refused(&entry, 403, "operator");
    let open = Content::Area(Area {
        stream: stream(1),
        action: Action::Open(days()),
    });
    let (entry, _) = lab.sign_next(StreamId::GOVERNANCE, open);
    log.refused(&entry, 409, "area");
    // To another log: that statement is to stand there.
    let mut elsewhere = issuer(100, 2);
    elsewhere.log.origin = "lab.example/other".to_owned();
    elsewhere.log.key = other_key().verifier();
    let (entry, _) = lab.sign_next(StreamId::GOVERNANCE, Content::Issuer(Box::new(elsewhere)));
    log.refused(&entry, 409, "log-of-record");

    // None of it is in the log, and what is right is taken.
    lab.usage(day(0), 5);
    assert_eq!(log.admit(&first), 5);
    assert_eq!(log.entries().len(), 6);
    // An older head than its predecessor's.
    lab.pledge(cap(1000, 6));
    log.admit(lab.entries.last().unwrap());
    lab.usage(day(1), 5);
    log.admit(lab.entries.last().unwrap());
    let payload = replaced_head(&lab, head);
    let entry = Envelope::sign(&payload, &[&secret(102)])
        .unwrap()
        .to_bytes();
    assert_eq!(log.refused(&entry, 409, "head")["expected"], "2");
    drop(operator);
}

/// A log's key of another origin.
fn other_key() -> standstill::key::SignerKey {
    let name = standstill::key::KeyName::new("lab.example/other").unwrap();
    standstill::key::SignerKey::new(name, standstill::key::Algorithm::Ed25519, secret(11))
}

/// The next usage, made under an older head of stream 0.
fn replaced_head(lab: &Lab, old: StatementId) -> Vec<u8> {
    let (entry, _) = lab.sign_next(stream(1), usage(day(2), 5));
    let envelope = Envelope::parse(&entry).unwrap();
    let mut statement = standstill::attestation::Statement::parse(envelope.payload()).unwrap();
    statement.link.governance = Some(standstill::attestation::Head {
        sequence: 1,
        statement: old,
    });
    statement.to_payload().unwrap()
}

// spec: log-46 log-50
#[test]
fn the_same_entry_again_has_the_same_index_whatever_became_of_the_index() {
    let mut lab = Lab::new(100);
    for number in 0..20 {
        lab.usage(day(number), number);
    }
    let (mut log, _) = served(&[&lab]);
    let all: Vec<u64> = lab.entries.iter().map(|entry| log.admit(entry)).collect();
    let again = |log: &Served| {
        let again: Vec<u64> = lab.entries.iter().map(|entry| log.admit(entry)).collect();
        assert_eq!(again, all);
        // It goes on from there.
        log.refused(
            &lab.sign_next(stream(1), usage(day(21), 5)).0,
            409,
            "period",
        );
    };
    again(&log);
    let index = log.path().join("state/index");
    assert_eq!(log.stop(), Some(0));
    log.start(&mut Command::new(PROGRAM));
    again(&log);
    log.kill();
    log.start(&mut Command::new(PROGRAM));
    again(&log);
    log.stop();
    let kept = std::fs::read(&index).unwrap();
    std::fs::remove_file(&index).unwrap();
    log.start(&mut Command::new(PROGRAM));
    again(&log);
    log.stop();
    std::fs::write(&index, b"no index").unwrap();
    log.start(&mut Command::new(PROGRAM));
    again(&log);
    // An older copy, and one of another log.
    lab.usage(day(20), 5);
    let last = log.admit(lab.entries.last().unwrap());
    log.stop();
    std::fs::write(&index, &kept).unwrap();
    log.start(&mut Command::new(PROGRAM));
    assert_eq!(log.admit(lab.entries.last().unwrap()), last);
    let other = Lab::new(60);
    let (mut another, _) = served(&[&other]);
    another.admit(&other.entries[0]);
    another.stop();
    log.stop();
    std::fs::copy(another.path().join("state/index"), &index).unwrap();
    log.start(&mut Command::new(PROGRAM));
    assert_eq!(log.admit(lab.entries.last().unwrap()), last);
    assert_eq!(log.entries().len(), 3 + lab.entries.len());
}

// spec: log-46
#[test]
fn a_second_statement_is_refused_and_kept_as_evidence() {
    let mut lab = Lab::new(100);
    let (log, _) = served(&[&lab]);
    lab.usage(day(0), 5);
    let index: Vec<u64> = lab.entries.iter().map(|entry| log.admit(entry)).collect();
    let id = lab.head(1).statement;
    let previous = lab.head(0).statement;
    let (second, _) = lab.sign_at(stream(1), 0, Some(previous), usage(day(0), 6));
    let problem = log.refused(&second, 409, "taken");
    assert_eq!(problem["expected"], id.to_string());
    assert_eq!(problem["index"], index[2]);
    let kept = log.path().join(format!("evidence/{}/1/0", lab.id));
    assert_eq!(std::fs::read(&kept).unwrap(), second);
    // Who is not its issuer cannot make evidence against it.
    let (other, _) = lab.sign_at(stream(1), 0, Some(previous), usage(day(0), 7));
    let payload = Envelope::parse(&other).unwrap().payload().to_vec();
    let forged = Envelope::sign(&payload, &[&secret(60)]).unwrap().to_bytes();
    let (governance, _) = lab.sign_at(StreamId::GOVERNANCE, 1, Some(previous), usage(day(0), 6));
    let payload = Envelope::parse(&governance).unwrap().payload().to_vec();
    let framed = Envelope::sign(&payload, &[&secret(60)]).unwrap().to_bytes();
    log.refused(&forged, 409, "taken");
    log.refused(&framed, 409, "taken");
    assert_eq!(std::fs::read(&kept).unwrap(), second);
    assert!(!log.path().join(format!("evidence/{}/0/1", lab.id)).exists());
    // The same statement under other signatures is no second one.
    let payload = Envelope::parse(&lab.entries[2]).unwrap().payload().to_vec();
    let root = Envelope::sign(&payload, &[&secret(100)])
        .unwrap()
        .to_bytes();
    let problem = log.refused(&root, 409, "copy");
    assert_eq!(problem["index"], index[2]);
}

// spec: log-45
#[test]
fn a_statement_queued_before_a_key_change_is_taken_with_the_new_keys_signature() {
    let mut lab = Lab::new(100);
    let (log, _) = served(&[&lab]);
    for entry in &lab.entries {
        log.admit(entry);
    }
    let (queued, _) = lab.sign_next(stream(1), usage(day(0), 5));
    let payload = Envelope::parse(&queued).unwrap().payload().to_vec();
    lab.say(
        StreamId::GOVERNANCE,
        Content::Issuer(Box::new(issuer(110, 2))),
    );
    log.admit(lab.entries.last().unwrap());
    log.refused(&queued, 403, "signatures");
    let signed = Envelope::sign(&payload, &[&secret(112)])
        .unwrap()
        .to_bytes();
    log.admit(&signed);
}

// spec: log-44
#[test]
fn the_operator_says_who_is_admitted_and_what_was_logged_stays() {
    let mut lab = Lab::new(100);
    let (mut log, mut operator) = served(&[]);
    log.refused(&lab.entries[0], 403, "registration");
    register(&log, &mut operator, vec![lab.id], Vec::new());
    let first = log.admit(&lab.entries[0]);
    log.admit(&lab.entries[1]);
    register(&log, &mut operator, Vec::new(), vec![lab.id]);
    lab.usage(day(0), 5);
    log.refused(&lab.entries[2], 403, "registration");
    assert_eq!(log.admit(&lab.entries[0]), first);
    log.stop();
    log.start(&mut Command::new(PROGRAM));
    log.refused(&lab.entries[2], 403, "registration");
    register(&log, &mut operator, vec![lab.id], Vec::new());
    log.admit(&lab.entries[2]);
    let issuers = log.json("/v1/issuers");
    assert_eq!(issuers["operator"], operator.id.to_string());
    assert_eq!(issuers["issuers"].as_array().unwrap().len(), 2);
    assert_eq!(log.get("/v1/streams/xyz/0").status, 400);
    assert_eq!(log.get(&format!("/v1/streams/{}/9", lab.id)).status, 404);
    let known = log.json(&format!("/v1/streams/{}/1", lab.id));
    assert_eq!(known["next"], 1);
    assert_eq!(
        known["last"]["statement"],
        lab.head(1).statement.to_string()
    );
    let listed = log.json(&format!("/v1/entries?issuer={}&stream=0&from=1", lab.id));
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1);
    assert_eq!(listed["entries"][0]["sequence"], 1);
    // A log whose first entry is not its operator's is not served so.
    let mut plain = Served::new();
    plain.stop();
    refused_as_plain(&plain);
    plain.start(&mut Command::new(PROGRAM));
    plain.add(b"an entry");
    plain.stop();
    refused_as_plain(&plain);
}

/// Nor is an empty one: whoever came first would be its operator.
fn refused_as_plain(plain: &Served) {
    let served = Command::new(PROGRAM)
        .args(["log", "serve", "--listen", "127.0.0.1:0"])
        .arg(plain.path())
        .output()
        .unwrap();
    assert_eq!(served.status.code(), Some(2));
    let told = String::from_utf8(served.stderr).unwrap();
    assert!(told.contains("--admit any"), "{told}");
}

// spec: log-48
#[test]
fn an_issuer_moves_to_this_log_with_its_stream_0_and_goes_on_where_it_was() {
    let mut lab = Lab::new(100);
    // Its first log is another.
    let mut first = issuer(100, 0);
    first.log = LogOfRecord {
        origin: "lab.example/other".to_owned(),
        key: other_key().verifier(),
    };
    lab = lab.founded_as(first.clone());
    lab.usage(day(0), 5);
    lab.usage(day(1), 5);
    let (mut log, _) = served(&[&lab]);
    let area = lab.entries[2].clone();
    log.admit(&lab.entries[0]);
    log.admit(&lab.entries[1]);
    // Until it has moved, its areas are judged elsewhere.
    log.refused(&area, 409, "log-of-record");
    let checkpoint = standstill::tlog::Checkpoint {
        origin: standstill::tlog::Origin::new("lab.example/other").unwrap(),
        size: 4,
        root: leaf_hash(b"whatever it was"),
    };
    let left = SignedCheckpoint::sign(checkpoint, &other_key()).unwrap();
    let moved = |heads: Vec<_>| Issuer {
        log: record(ORIGIN),
        moved: Some(Move {
            from: first.log.clone(),
            checkpoint: left.note().to_text(),
            heads,
        }),
        ..first.clone()
    };
    let without = Issuer {
        log: record(ORIGIN),
        ..first.clone()
    };
    let (entry, _) = lab.sign_next(StreamId::GOVERNANCE, Content::Issuer(Box::new(without)));
    log.refused(&entry, 409, "log-of-record");
    let heads = vec![lab.head(0), lab.head(1)];
    lab.say(
        StreamId::GOVERNANCE,
        Content::Issuer(Box::new(moved(heads))),
    );
    log.admit(lab.entries.last().unwrap());
    // What it said there is not said again here; what follows is.
    log.refused(&area, 409, "taken");
    lab.usage(day(2), 5);
    let next = lab.entries.last().unwrap().clone();
    log.stop();
    log.start(&mut Command::new(PROGRAM));
    let index = log.admit(&next);
    lab.usage(day(3), 5);
    let (skips, _) = lab.sign_at(stream(1), 4, Some(lab.head(1).statement), usage(day(5), 1));
    log.admit(lab.entries.last().unwrap());
    log.refused(&skips, 409, "period");
    log.stop();
    log.start(&mut Command::new(PROGRAM));
    assert_eq!(log.admit(&next), index);
    log.refused(&skips, 409, "period");
    let known = log.json(&format!("/v1/streams/{}/1", lab.id));
    assert_eq!(
        (known["first"].as_u64(), known["next"].as_u64()),
        (Some(2), Some(4))
    );
}

// spec: log-51
#[test]
fn many_entries_at_once_each_have_their_own_answer() {
    let mut lab = Lab::new(100);
    for number in 0..700 {
        lab.usage(day(number), 5);
    }
    let (log, _) = served(&[&lab]);
    let mut entries = lab.entries.clone();
    entries.insert(10, b"junk".to_vec());
    entries.insert(20, lab.entries[3].clone());
    let told = log.batch(&entries);
    assert_eq!(told.len(), entries.len());
    for (at, line) in told.iter().enumerate() {
        match at {
            10 => assert_eq!(line["problem"]["rule"], "envelope"),
            20 => assert_eq!(line["index"], 6),
            _ => {
                let before = usize::from(at > 10) + usize::from(at > 20);
                assert_eq!(line["index"], 3 + at - before, "{at}");
            }
        }
    }
    assert_eq!(log.entries().len(), 3 + lab.entries.len());
    let listed = log.json(&format!("/v1/entries?issuer={}&stream=1&to=500", lab.id));
    assert_eq!(listed["entries"].as_array().unwrap().len(), 500);
    // A body that ends within an entry.
    let mut cut = framed(&lab.entries[..2]);
    cut.extend([0, 9, b'x']);
    let answer = request(&log.address, "POST /v1/batch HTTP/1.1\r\n", &cut).unwrap();
    let told = lines(&answer);
    assert_eq!(told.len(), 3);
    assert_eq!(told[1]["index"], 4);
    assert_eq!(told[2]["problem"]["status"], 400);
    // One entry too many.
    let many = vec![Vec::new(); 16_385];
    let told = log.batch(&many);
    assert_eq!(told.last().unwrap()["problem"]["status"], 413);
    assert!(told.len() <= 16_385, "{}", told.len());
}

// spec: log-46
#[test]
fn of_many_who_race_for_a_place_one_wins_and_all_are_told() {
    let mut lab = Lab::new(100);
    let (log, _) = served(&[&lab]);
    for entry in &lab.entries {
        log.admit(entry);
    }
    for round in 0..20 {
        let rivals: Vec<Vec<u8>> = (0..4)
            .map(|amount| lab.sign_next(stream(1), usage(day(round), amount)).0)
            .collect();
        let answers: Vec<(usize, u16)> = std::thread::scope(|scope| {
            let ask = |number: usize| {
                let entry = &rivals[number % 4];
                let log = &log;
                scope.spawn(move || (number % 4, log.submit(entry).status))
            };
            let asked: Vec<_> = (0..8).map(ask).collect();
            asked.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let won: Vec<usize> = (0..4)
            .filter(|rival| answers.contains(&(*rival, 200)))
            .collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        assert_eq!(
            answers.iter().filter(|(rival, _)| *rival == won[0]).count(),
            2
        );
        assert!(
            answers
                .iter()
                .all(|(rival, status)| (*status == 200) == (*rival == won[0]))
        );
        lab.usage(day(round), won[0].try_into().unwrap());
    }
    // The log has one of each.
    let places: Vec<_> = log
        .entries()
        .iter()
        .map(|entry| *Candidate::read(entry).unwrap().subject())
        .collect();
    let mut once = places.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), places.len());
}

// spec: log-37 log-46
#[test]
fn killed_while_it_admits_it_has_what_it_acknowledged_and_goes_on() {
    let labs: Vec<Lab> = (0..4)
        .map(|number| {
            let mut lab = Lab::new(100 + number * 5);
            for number in 0..400 {
                lab.usage(day(number), 5);
            }
            lab
        })
        .collect();
    let (mut log, _) = served(&labs.iter().collect::<Vec<_>>());
    let mut known: Vec<BTreeMap<usize, u64>> = vec![BTreeMap::new(); labs.len()];
    for round in 0..6_u64 {
        let ended = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (lab, known) in labs.iter().zip(&mut known) {
                let (address, ended) = (log.address.clone(), &ended);
                scope.spawn(move || {
                    let first = known.len();
                    for at in first..lab.entries.len() {
                        let entry = &lab.entries[at];
                        let asked = request(&address, "POST /add HTTP/1.1\r\n", entry);
                        match asked {
                            Ok(answer) if answer.status == 200 => {
                                known.insert(at, answer.index());
                            }
                            _ if ended.load(std::sync::atomic::Ordering::Relaxed) => return,
                            Ok(answer) => panic!("{answer:?}"),
                            Err(_) => return,
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(60 + 37 * round));
            ended.store(true, std::sync::atomic::Ordering::Relaxed);
            log.kill();
        });
        log.start(&mut Command::new(PROGRAM));
    }
    for (lab, known) in labs.iter().zip(&known) {
        assert!(!known.is_empty());
        for (at, index) in known {
            assert_eq!(log.admit(&lab.entries[*at]), *index);
        }
        let told = log.batch(&lab.entries);
        assert!(told.iter().all(|line| line["index"].is_u64()));
    }
    assert_eq!(
        log.entries().len(),
        3 + labs.iter().map(|lab| lab.entries.len()).sum::<usize>()
    );
}

/// A closing is the root's, ends the area, and is not repeated.
// spec: log-45
#[test]
fn a_closed_area_takes_its_last_periods_and_no_more() {
    let mut lab = Lab::new(100);
    let (log, _) = served(&[&lab]);
    lab.usage(day(0), 5);
    let close = Content::Area(Area {
        stream: stream(1),
        action: Action::Close(AreaClose {
            end: day(1).end(),
            inventory: lab.head(1).statement,
        }),
    });
    lab.say(StreamId::GOVERNANCE, close.clone());
    lab.usage(day(1), 5);
    for entry in &lab.entries {
        log.admit(entry);
    }
    let (entry, _) = lab.sign_next(stream(1), usage(day(2), 5));
    log.refused(&entry, 409, "period");
    let (entry, _) = lab.sign_next(StreamId::GOVERNANCE, close);
    log.refused(&entry, 409, "area");
    let reason = "a test".to_owned();
    let pledge = StatementId::of(b"none");
    let content = Content::Withdrawal(Withdrawal { pledge, reason });
    lab.say(StreamId::GOVERNANCE, content);
    log.admit(lab.entries.last().unwrap());
}
