//! A lab's own log, whose witnesses are asked at their addresses. They are made here, of the
//! same decisions as ours, unless a test tells them what to say.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use standstill::cosigner::{Memory, Refusal, Request, consider};
use standstill::hash::{Hash, sha256};
use standstill::key::{Algorithm, KeyName, SecretKey, SignerKey, VerifierKey};
use standstill::note::Note;
use standstill::time::UnixSeconds;
use standstill::tlog::cosign;

use crate::sandbox::{Done, Sandbox};

/// What a witness is told to say.
enum Says {
    /// Nothing, for longer than anybody waits.
    Nothing,
    /// An answer, with its head lines.
    Answer(u16, &'static str, String),
    /// A cosignature that this key made, of what was shown or of another text.
    Cosigned(Box<SignerKey>, Option<String>),
}

#[derive(Default)]
struct State {
    /// The log that it knows.
    log: Option<VerifierKey>,
    memory: Option<Memory>,
    says: VecDeque<Says>,
    /// The first line of each request, and when it came.
    asked: Vec<(String, Instant)>,
}

struct Witness {
    key: SignerKey,
    address: String,
    state: Arc<Mutex<State>>,
}

fn key(number: u8, seed: u8) -> SignerKey {
    let name = KeyName::new(format!("witness.example/{number}")).unwrap();
    SignerKey::new(
        name,
        Algorithm::CosignatureV1,
        SecretKey::from_seed([seed; 32]),
    )
}

fn time() -> UnixSeconds {
    "2026-04-10T00:00:00Z".parse().unwrap()
}

impl Witness {
    fn start(number: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let witness = Self {
            key: key(number, number),
            address: format!("http://{}/w", listener.local_addr().unwrap()),
            state: Arc::default(),
        };
        let state = Arc::clone(&witness.state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || answer(stream.unwrap(), &state, &key(number, number)));
            }
        });
        witness
    }

    fn says(&self, what: impl IntoIterator<Item = Says>) {
        self.state.lock().unwrap().says.extend(what);
    }

    /// Returns the first lines of what it was asked since the last time.
    fn asked(&self) -> Vec<(String, Instant)> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    fn olds(&self) -> Vec<String> {
        self.asked().into_iter().map(|(old, _)| old).collect()
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>, key: &SignerKey) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    let mut head = String::new();
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        head += &line.to_ascii_lowercase();
    }
    assert!(head.starts_with("post /w/add-checkpoint "), "{head}");
    for line in head.lines() {
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, more, text) = {
        let mut state = state.lock().unwrap();
        let body = String::from_utf8(body).unwrap();
        let (first, _) = body.split_once('\n').unwrap();
        state.asked.push((first.to_owned(), Instant::now()));
        let (_, note) = body.split_once("\n\n").unwrap();
        match state.says.pop_front() {
            None => {
                let (status, text) = decide(&body, &mut state, key);
                (status, "", text)
            }
            Some(Says::Answer(status, more, text)) => (status, more, text),
            Some(Says::Cosigned(key, other)) => {
                let note = Note::parse(note.as_bytes()).unwrap();
                let text = other.unwrap_or_else(|| note.text().to_owned());
                (200, "", line_of(&cosign(&text, &key, time()).unwrap()))
            }
            Some(Says::Nothing) => {
                drop(state);
                std::thread::sleep(Duration::from_secs(30));
                return;
            }
        }
    };
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status} x\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n{text}"
    );
    // Who asked may read no further than it wants.
    let _ = stream.write_all(answer.as_bytes());
}

fn line_of(line: &standstill::note::SignatureLine) -> String {
    format!("{}\n", line.to_line().trim_end())
}

fn decide(body: &str, state: &mut State, key: &SignerKey) -> (u16, String) {
    let Some(log) = &state.log else {
        return (404, String::new());
    };
    let (head, note) = body.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let old = lines.next().unwrap().strip_prefix("old ").unwrap();
    let request = Request {
        old: old.parse().unwrap(),
        proof: lines.map(|line| Hash::from_base64(line).unwrap()).collect(),
        note: note.as_bytes().to_vec(),
    };
    match consider(&request, log, state.memory.as_ref(), key, time()) {
        Ok(cosigning) => {
            state.memory = Some(cosigning.memory().clone());
            (200, line_of(&cosigning.remembered().1))
        }
        Err(Refusal::Stale { size }) => (409, format!("{size}\n")),
        Err(Refusal::Proof(_) | Refusal::Fork { .. }) => (422, String::new()),
        Err(refusal) => (400, refusal.to_string()),
    }
}

/// A lab with a log of its own, and witnesses at addresses.
struct Watched {
    sandbox: Sandbox,
    witnesses: Vec<Witness>,
}

impl Watched {
    /// Makes a lab that heeds so many of some witnesses, who know its log.
    fn new(count: u8, quorum: usize) -> Self {
        let watched = Self::unknown(count, quorum);
        let log: VerifierKey = watched.sandbox.read("lab/log/vkey").trim().parse().unwrap();
        for witness in &watched.witnesses {
            witness.state.lock().unwrap().log = Some(log.clone());
        }
        watched
    }

    fn unknown(count: u8, quorum: usize) -> Self {
        let sandbox = Sandbox::new();
        let witnesses: Vec<Witness> = (1..=count).map(Witness::start).collect();
        sandbox.write("policy", policy(&witnesses, quorum));
        let said = sandbox.run("init lab --policy policy");
        assert_eq!(said.code, 0, "{said:?}");
        assert!(
            said.err.contains("have the witnesses add this log"),
            "{said:?}"
        );
        Self { sandbox, witnesses }
    }

    fn publish(&self) -> Done {
        let done = self.sandbox.run("publish --workspace lab");
        assert_eq!(done.code, 0, "{done:?}");
        done
    }

    /// Queues another statement.
    fn pledge(&self) {
        let draft = self.sandbox.ok(
            "pledge new --kind cap --start 2026-06-01T00:00:00Z --end 2026-07-01T00:00:00Z --limit 1 --workspace lab",
        );
        self.sandbox.write("pledge.json", draft);
        self.sandbox.ok("pledge sign pledge.json --workspace lab");
    }

    /// Whose cosignatures the served checkpoint has.
    fn cosigners(&self) -> Vec<u8> {
        let checkpoint = self.sandbox.read("lab/log/checkpoint");
        let of = |number: &u8| checkpoint.contains(&format!("— witness.example/{number} "));
        (1..=9).filter(of).collect()
    }
}

fn policy(witnesses: &[Witness], quorum: usize) -> String {
    let mut policy = String::new();
    let mut names = String::new();
    for (number, witness) in (1..).zip(witnesses) {
        let key = witness.key.verifier();
        policy += &format!("witness w{number} {key} {}\n", witness.address);
        names += &format!(" w{number}");
    }
    policy + &format!("group g {quorum}{names}\nquorum g\n")
}

// spec: log-42
#[test]
fn a_labs_own_log_is_cosigned_at_addresses_and_shows_the_way_as_it_grows() {
    let watched = Watched::new(2, 2);
    let done = watched.publish();
    assert!(done.out.contains("2 of 2 witnesses cosigned"), "{done:?}");
    assert!(!done.err.contains("warning"), "{done:?}");
    assert_eq!(watched.cosigners(), [1, 2]);
    // Before anything was added, and after it.
    assert_eq!(watched.witnesses[0].olds(), ["old 0", "old 0"]);
    watched.pledge();
    watched.publish();
    // Each process learns anew from where, and shows the way once the log has grown.
    let olds = ["old 0", "old 2", "old 2"];
    assert_eq!(watched.witnesses[0].olds(), olds);
    assert_eq!(watched.cosigners(), [1, 2]);
    let receipt = watched.sandbox.read("lab/receipts/0-0000000002.tlog-proof");
    assert_eq!(receipt.matches("— witness.example/").count(), 2);
    // Where nothing is added they refresh their time.
    let done = watched.publish();
    assert!(done.out.contains("0 statements published"), "{done:?}");
    assert!(done.out.contains("2 of 2 witnesses cosigned"), "{done:?}");
    assert_eq!(
        watched.witnesses[0]
            .state
            .lock()
            .unwrap()
            .memory
            .as_ref()
            .unwrap()
            .size,
        3
    );
}

#[test]
fn witnesses_in_directories_and_at_addresses_are_one_quorum() {
    let watched = Watched::new(2, 2);
    let sandbox = &watched.sandbox;
    sandbox.ok("witness init here --name witness.example/9");
    let config = sandbox.read("lab/standstill.toml");
    let here = sandbox.path("here");
    let more = format!("\n[[witness]]\ndirectory = \"{}\"\n", here.display());
    sandbox.write("lab/standstill.toml", config.clone() + &more);
    let done = watched.publish();
    assert!(done.out.contains("3 of 3 witnesses cosigned"), "{done:?}");
    assert_eq!(watched.cosigners(), [1, 2, 9]);
    let one = &watched.witnesses[0];
    for (written, expected) in [
        (
            "[[witness]]\nurl = \"http://x\"\n".to_owned(),
            "or a `url` and its `vkey`",
        ),
        (
            "[[witness]]\nurl = \"http://x\"\nvkey = \"x\"\n".to_owned(),
            "cannot be read",
        ),
        (
            format!(
                "[[witness]]\nurl = \"http://x\"\nvkey = \"{}\"\n",
                one.key.verifier()
            ),
            "its witnesses",
        ),
    ] {
        sandbox.write("lab/standstill.toml", format!("{config}\n{written}"));
        let said = sandbox.refused("publish --workspace lab");
        assert!(said.contains(expected), "{said}");
    }
}

// spec: log-42
#[test]
fn who_is_busy_is_asked_again_and_not_before_it_says() {
    let watched = Watched::new(1, 1);
    watched.publish();
    watched.witnesses[0].asked();
    watched.witnesses[0].says([
        Says::Answer(429, "retry-after: 3\r\n", String::new()),
        Says::Answer(503, "", "busy".to_owned()),
    ]);
    let done = watched.publish();
    assert!(done.out.contains("1 of 1 witnesses cosigned"), "{done:?}");
    let asked = watched.witnesses[0].asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked[1].1 - asked[0].1 >= Duration::from_secs(3));
    assert!(asked[2].1 - asked[1].1 < Duration::from_secs(3));
}

// spec: log-42
#[test]
fn whatever_a_witness_says_the_others_are_heard_and_it_is_told() {
    let watched = Watched::new(9, 1);
    watched.publish();
    let forever = |says: &dyn Fn() -> Says| (0..50).map(|_| says()).collect::<Vec<_>>();
    let other = "log.example/other\n2\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let refused = |status: u16| Says::Answer(status, "", String::new());
    let told: [(&dyn Fn() -> Says, &str); 8] = [
        (&|| Says::Nothing, "did not cosign: "),
        (
            &|| Says::Answer(200, "", "x".repeat(1_000_000)),
            "did not cosign: ",
        ),
        (
            &|| Says::Cosigned(Box::new(key(4, 99)), None),
            "an answer without its cosignature",
        ),
        (
            &|| Says::Cosigned(Box::new(key(5, 5)), Some(other.to_owned())),
            "is not valid",
        ),
        (&|| refused(404), "it does not know this log"),
        (&|| refused(403), "under another key"),
        (&|| refused(400), "status 400"),
        (
            &|| Says::Answer(409, "", "soon".to_owned()),
            "status 409 without a size",
        ),
    ];
    for (witness, (says, _)) in watched.witnesses[1..].iter().zip(&told) {
        witness.says(forever(says));
    }
    watched.pledge();
    let began = Instant::now();
    let done = watched.publish();
    assert!(began.elapsed() < Duration::from_secs(25));
    assert!(done.out.contains("1 of 9 witnesses cosigned"), "{done:?}");
    for (witness, (_, expected)) in watched.witnesses[1..].iter().zip(told) {
        let name = format!("the witness `{}` did not cosign", witness.address);
        let line = done.err.lines().find(|line| line.contains(&name));
        assert!(
            line.is_some_and(|line| line.contains(expected)),
            "{expected}: {done:?}"
        );
    }
    assert_eq!(watched.cosigners(), [1]);
}

// spec: log-43
#[test]
fn an_older_copy_is_stopped_by_what_one_witness_remembers() {
    let watched = Watched::new(3, 2);
    watched.publish();
    watched.sandbox.copy("lab", "older");
    watched.pledge();
    watched.publish();
    watched.sandbox.copy("older", "lab");
    watched.pledge();
    for witness in &watched.witnesses[1..] {
        witness.state.lock().unwrap().memory = None;
    }
    for typed in [
        "publish --workspace lab",
        "publish --workspace lab --unguarded",
    ] {
        let said = watched.sandbox.refused(typed);
        assert!(
            said.contains("remembers 3 entries of this log, which has 2"),
            "{said}"
        );
        assert!(said.contains("bring the newest copy"), "{said}");
    }
}

// spec: log-43
#[test]
fn a_witness_that_does_not_find_its_tree_stops_a_lab() {
    let watched = Watched::new(2, 1);
    watched.publish();
    watched.pledge();
    for says in [
        Says::Answer(422, "", String::new()),
        // How version 1.0.0 of tlog-witness told another tree of the same size.
        Says::Answer(409, "content-type: text/x.tlog.size\r\n", "2\n".to_owned()),
    ] {
        if matches!(says, Says::Answer(409, ..)) {
            let memory = Memory {
                size: 2,
                root: sha256(b"another"),
                time: time(),
            };
            watched.witnesses[1].state.lock().unwrap().memory = Some(memory);
            watched.witnesses[1].says([Says::Answer(409, "", "2\n".to_owned()), says]);
        } else {
            watched.witnesses[1].says([says]);
        }
        let said = watched.sandbox.refused("publish --workspace lab");
        assert!(said.contains("is a fork"), "{said}");
    }
}

// spec: log-43
#[test]
fn a_log_does_not_grow_before_a_quorum_told_what_it_remembers() {
    let watched = Watched::unknown(2, 2);
    let said = watched.sandbox.refused("publish --workspace lab");
    assert!(said.contains("too few witnesses could be asked"), "{said}");
    assert!(said.contains("it does not know this log"), "{said}");
    let done = watched.sandbox.run("publish --workspace lab --unguarded");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("2 statements published"), "{done:?}");
    assert!(done.out.contains("0 of 2 witnesses cosigned"), "{done:?}");
    assert!(done.err.contains("2 witnesses are a quorum"), "{done:?}");
}

#[test]
fn a_policy_that_an_issuer_cannot_heed_or_a_log_not_ask_is_refused() {
    let sandbox = Sandbox::new();
    let witnesses: Vec<Witness> = (1..=2).map(Witness::start).collect();
    let policy = policy(&witnesses, 2);
    let name = KeyName::new("log.example/a").unwrap();
    let log = SignerKey::new(name, Algorithm::Ed25519, SecretKey::from_seed([50; 32])).verifier();
    let nested = policy.replace("quorum g", "group h any g\nquorum h");
    let without = policy.replace(&format!(" {}", witnesses[1].address), "");
    let no_address = policy.replace("http://", "gopher://");
    for (text, expected) in [
        (nested.as_str(), "of one group of witnesses"),
        (&without, "are no quorum"),
        (&no_address, "is no address"),
        (&format!("log {log}\n{policy}"), "is of other logs"),
        ("quorum none\n", "of one group of witnesses"),
        ("quorum x\n", "no earlier line defines"),
    ] {
        sandbox.write("policy", text);
        let said = sandbox.refused("init lab --policy policy");
        assert!(said.contains(expected), "{expected}: {said}");
    }
    sandbox.refused("init lab --policy nowhere");
    sandbox.refused("init lab --policy policy --quorum 1");
    sandbox.write("policy", policy.replace("quorum g", "quorum w1"));
    sandbox.ok("init lab --policy policy");
    let config = sandbox.read("lab/standstill.toml");
    assert_eq!(config.matches("[[witness]]").count(), 2, "{config}");
}
