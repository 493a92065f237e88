//! A log that asks witnesses. They are made here, of the same decisions as ours, so that
//! they can be slow, away, or remember what they should not.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use standstill::cosigner::{Memory, Refusal, Request, consider};
use standstill::hash::Hash;
use standstill::key::SignerKey;
use standstill::time::UnixSeconds;
use standstill::tlog::{Cosignature, Proof};

use super::common::witness_key;
use super::*;

/// What a witness does with a request, before it thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    /// 429, so many times.
    Busy(u32),
    /// Takes the request and says nothing.
    Silent,
    /// Answers with whatever.
    Mad,
}

#[derive(Clone)]
struct Witness {
    key: Arc<SignerKey>,
    address: String,
    state: Arc<Mutex<(Mood, Option<Memory>)>>,
    /// By how many seconds its clock is ahead of this machine's.
    ahead: Arc<AtomicI64>,
}

impl Witness {
    /// Starts a witness of the log of that key.
    fn start(number: u8, log: VerifierKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let witness = Self {
            key: Arc::new(witness_key(number)),
            address: listener.local_addr().unwrap().to_string(),
            state: Arc::new(Mutex::new((Mood::Well, None))),
            ahead: Arc::default(),
        };
        let here = witness.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (here, log) = (here.clone(), log.clone());
                std::thread::spawn(move || here.answer(&mut stream.unwrap(), &log));
            }
        });
        witness
    }

    fn answer(&self, stream: &mut TcpStream, log: &VerifierKey) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).ok()? == 0 {
                    return None;
                }
                let line = line.to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            let (status, text) = self.consider(&body, log)?;
            let answer = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{text}",
                text.len()
            );
            stream.write_all(answer.as_bytes()).ok()?;
        }
    }

    fn consider(&self, body: &[u8], log: &VerifierKey) -> Option<(u16, String)> {
        let mut state = self.state.lock().unwrap();
        match state.0 {
            Mood::Well | Mood::Busy(0) => {}
            Mood::Busy(times) => {
                state.0 = Mood::Busy(times - 1);
                return Some((429, String::new()));
            }
            Mood::Silent => {
                drop(state);
                std::thread::sleep(Duration::from_secs(30));
                return None;
            }
            Mood::Mad => return Some((200, "x".repeat(1_000_000))),
        }
        let text = std::str::from_utf8(body).unwrap();
        let (head, note) = text.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old = lines.next().unwrap().strip_prefix("old ").unwrap();
        let request = Request {
            old: old.parse().unwrap(),
            proof: lines.map(|line| Hash::from_base64(line).unwrap()).collect(),
            note: note.as_bytes().to_vec(),
        };
        let now = self.now();
        Some(
            match consider(&request, log, state.1.as_ref(), &self.key, now) {
                Ok(cosigning) => {
                    state.1 = Some(cosigning.memory().clone());
                    (
                        200,
                        format!("{}\n", cosigning.remembered().1.to_line().trim_end()),
                    )
                }
                Err(Refusal::Stale { size }) => (409, format!("{size}\n")),
                Err(Refusal::Proof(_) | Refusal::Fork { .. }) => (422, String::new()),
                Err(_) => (400, String::new()),
            },
        )
    }

    /// Its own clock.
    fn now(&self) -> UnixSeconds {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ahead = self.ahead.load(Ordering::SeqCst);
        UnixSeconds::new(since.unwrap().as_secs().saturating_add_signed(ahead)).unwrap()
    }

    fn feels(&self, mood: Mood) {
        self.state.lock().unwrap().0 = mood;
    }

    fn remembers(&self) -> Option<u64> {
        self.state
            .lock()
            .unwrap()
            .1
            .as_ref()
            .map(|memory| memory.size)
    }
}

/// A log with three witnesses, two of which are a quorum.
struct Watched {
    log: Served,
    witnesses: Vec<Witness>,
}

impl Watched {
    fn new() -> Self {
        let mut log = Served::new();
        log.stop();
        let witnesses: Vec<Witness> = (1..=3)
            .map(|number| Witness::start(number, log.key.clone()))
            .collect();
        let mut policy = format!("log {}\n", log.key);
        for (number, witness) in (1..).zip(&witnesses) {
            let key = witness.key.verifier();
            policy += &format!("witness w{number} {key} http://{}\n", witness.address);
        }
        policy += "group g 2 w1 w2 w3\nquorum g\n";
        std::fs::write(log.directory.path().join("policy"), policy).unwrap();
        Self { log, witnesses }
    }

    fn start(&mut self, more: &[&str]) {
        let policy = self.log.directory.path().join("policy");
        let mut options = vec!["--policy", policy.to_str().unwrap()];
        options.extend(more);
        let options: Vec<String> = options.into_iter().map(str::to_owned).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        self.log.start_with(&mut Command::new(PROGRAM), &options);
    }

    /// Tries to start it, and returns what it says.
    fn refused(&self, more: &[&str]) -> String {
        let tried = Command::new(PROGRAM)
            .args([
                "log",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admit",
                "any",
                "--policy",
            ])
            .arg(self.log.directory.path().join("policy"))
            .args(more)
            .arg(self.log.path())
            .output()
            .unwrap();
        assert_eq!(tried.status.code(), Some(2));
        String::from_utf8(tried.stderr).unwrap()
    }

    fn submit(&self, entry: &[u8], query: &str) -> Answer {
        let line = format!("POST /v1/entries{query} HTTP/1.1\r\n");
        request(&self.log.address, &line, entry).unwrap()
    }

    /// Who cosigned the checkpoint of a receipt.
    fn cosigners(&self, receipt: &[u8]) -> usize {
        let proof = Proof::parse(receipt).unwrap();
        let keys = self.witnesses.iter().map(|witness| witness.key.verifier());
        keys.filter(|key| Cosignature::open(&proof.note, key).unwrap().is_some())
            .count()
    }

    /// The time at which each witness says that it saw the checkpoint of a receipt.
    fn times(&self, receipt: &[u8]) -> Vec<Option<UnixSeconds>> {
        let proof = Proof::parse(receipt).unwrap();
        let keys = self.witnesses.iter().map(|witness| witness.key.verifier());
        keys.map(|key| Cosignature::open(&proof.note, &key).unwrap())
            .map(|cosignature| cosignature.map(|one| one.time()))
            .collect()
    }

    /// The sizes of the cosigned checkpoints that are kept.
    fn kept(&self) -> Vec<u64> {
        let files = Directory::new(self.log.path().join("log"));
        let reader = LogReader::new(&files);
        (0..reader.cosigned_count().unwrap())
            .map(|number| {
                let note = reader.cosigned(number).unwrap().unwrap();
                let signed = SignedCheckpoint::open(&note, &self.log.key).unwrap();
                signed.checkpoint().size
            })
            .collect()
    }
}

// spec: log-42 log-53
#[test]
fn a_receipt_has_the_quorums_cosignatures_and_every_cosigned_checkpoint_is_kept() {
    let mut watched = Watched::new();
    watched.start(&["--timeout", "3"]);
    for number in 0..20_u64 {
        let answer = watched.submit(format!("entry {number}").as_bytes(), "");
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(watched.cosigners(&answer.body) >= 2, "{answer:?}");
    }
    // One that is away, or busy, or mad, does not keep the others from being a quorum.
    for mood in [Mood::Silent, Mood::Busy(2), Mood::Mad, Mood::Well] {
        watched.witnesses[0].feels(mood);
        let began = Instant::now();
        let answer = watched.submit(b"one more", "?wait=cosigned");
        assert_eq!(answer.status, 200, "{mood:?}: {answer:?}");
        assert!(watched.cosigners(&answer.body) >= 2, "{mood:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{mood:?}");
    }
    // Two that are: then it is published, and said to be no more.
    watched.witnesses[0].feels(Mood::Busy(1000));
    watched.witnesses[1].feels(Mood::Silent);
    let answer = watched.submit(b"unseen", "?wait=published");
    assert_eq!(answer.status, 200);
    assert_eq!(watched.cosigners(&answer.body), 0);
    let answer = watched.submit(b"unseen too", "?wait=cosigned");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.contains("retry-after"), "{answer:?}");
    assert!(
        answer.text().contains("entry 25 is published"),
        "{answer:?}"
    );
    watched.witnesses[0].feels(Mood::Well);
    watched.witnesses[1].feels(Mood::Well);
    let until = Instant::now() + Duration::from_secs(40);
    while watched.cosigners(&watched.log.get("/v1/receipts/25?wait=published").body) < 2 {
        assert!(Instant::now() < until, "nobody cosigned");
        std::thread::sleep(Duration::from_millis(200));
    }
    for query in ["?wait=never", "?wait=published&x=1", "?weight=cosigned"] {
        assert_eq!(watched.submit(b"x", query).status, 400, "{query}");
    }
    let kept = watched.kept();
    assert!(kept.is_sorted(), "{kept:?}");
    assert!(kept.contains(&20) && kept.contains(&26), "{kept:?}");
    assert_eq!(watched.log.stop(), Some(0));
    // What it served last is cosigned.
    let served = std::fs::read(watched.log.path().join("log/checkpoint")).unwrap();
    let proof = standstill::note::Note::parse(&served).unwrap();
    assert!(proof.signatures().len() >= 3);
}

// spec: log-43
#[test]
fn an_older_copy_of_everything_is_refused_at_the_start() {
    let mut watched = Watched::new();
    watched.start(&[]);
    watched.submit(b"first", "");
    watched.log.stop();
    let (path, copy) = (
        watched.log.path(),
        watched.log.directory.path().join("copy"),
    );
    let copied = |from: &Path, to: &Path| {
        assert!(
            Command::new("cp")
                .arg("-a")
                .args([from, to])
                .status()
                .unwrap()
                .success()
        );
    };
    copied(&path, &copy);
    watched.start(&[]);
    assert_eq!(watched.submit(b"second", "").status, 200);
    watched.log.stop();
    let newest = watched.log.directory.path().join("newest");
    std::fs::rename(&path, &newest).unwrap();
    copied(&copy, &path);
    let told = watched.refused(&[]);
    assert!(told.contains("older copy of the log"), "{told}");
    assert!(told.contains("remembers 2 entries"), "{told}");
    // Nor where it may start without them: whoever remembers is believed.
    let told = watched.refused(&["--unguarded"]);
    assert!(told.contains("older copy of the log"), "{told}");
    // If too few can be asked it is not known.
    watched.witnesses[0].feels(Mood::Busy(1000));
    watched.witnesses[1].feels(Mood::Busy(1000));
    watched.witnesses[2].feels(Mood::Busy(1000));
    let told = watched.refused(&[]);
    assert!(told.contains("too few witnesses"), "{told}");
    for witness in &watched.witnesses {
        witness.feels(Mood::Well);
    }
    std::fs::remove_dir_all(&path).unwrap();
    std::fs::rename(&newest, &path).unwrap();
    watched.start(&[]);
    assert_eq!(watched.submit(b"third", "").status, 200);
    assert!(
        watched
            .witnesses
            .iter()
            .any(|one| one.remembers() == Some(3))
    );
}

// spec: log-43
#[test]
fn a_witness_that_saw_a_fork_stops_a_running_log() {
    let mut watched = Watched::new();
    watched.start(&["--timeout", "2"]);
    assert_eq!(watched.submit(b"first", "").status, 200);
    // It saw another tree of as many entries.
    watched.witnesses[2].state.lock().unwrap().1 = Some(Memory {
        size: 1,
        root: standstill::merkle::leaf_hash(b"another"),
        time: UnixSeconds::new(1_800_000_000).unwrap(),
    });
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = watched.submit(b"more", "?wait=published");
        if answer.status == 503 {
            assert!(answer.text().contains("fork"), "{answer:?}");
            break;
        }
        assert!(Instant::now() < until, "{answer:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let health = watched.log.get("/healthz");
    assert_eq!(health.status, 503);
    assert!(
        watched
            .log
            .get("/metrics")
            .text()
            .contains("\nstandstill_log_alarms_total 1\n")
    );
    // What was published is still served.
    assert_eq!(watched.log.get("/checkpoint").status, 200);
    assert_eq!(watched.log.get("/v1/receipts/0").status, 200);
    let told = {
        watched.log.stop();
        watched.refused(&[])
    };
    assert!(told.contains("fork"), "{told}");
}

// spec: log-54
#[test]
fn an_idle_log_is_kept_fresh() {
    let mut watched = Watched::new();
    watched.start(&["--refresh", "1"]);
    assert_eq!(watched.submit(b"only one", "").status, 200);
    let until = Instant::now() + Duration::from_secs(20);
    while watched.kept().iter().filter(|size| **size == 1).count() < 4 {
        assert!(Instant::now() < until, "{:?}", watched.kept());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Witnesses' clocks differ, by whole days where one is wrong. A log judges no times: it asks
/// for cosignatures, passes them on as they are, and leaves it to auditors what they show.
#[test]
fn clock_skew_of_witnesses_neither_stops_the_log_nor_is_mended_by_it() {
    const DAY: i64 = 86_400;
    let mut watched = Watched::new();
    watched.witnesses[0].ahead.store(DAY, Ordering::SeqCst);
    watched.witnesses[1].ahead.store(-7 * DAY, Ordering::SeqCst);
    watched.start(&["--refresh", "1"]);
    // The third is away: both wrong clocks are needed for a quorum.
    watched.witnesses[2].feels(Mood::Silent);
    let answer = watched.submit(b"between the clocks", "?wait=cosigned");
    assert_eq!(answer.status, 200, "{answer:?}");
    let times = watched.times(&answer.body);
    for (time, witness) in times.iter().zip(&watched.witnesses).take(2) {
        let apart = witness.now().since(time.unwrap());
        assert!(apart < 60, "{times:?}");
    }
    assert_eq!(times[2], None);
    // The first is set right, a day back: by its own rule it signs nothing until then, as a
    // witness that is away. The others are a quorum, entries and refreshes go on.
    watched.witnesses[0].ahead.store(0, Ordering::SeqCst);
    watched.witnesses[2].feels(Mood::Well);
    let answer = watched.submit(b"after it was set right", "?wait=cosigned");
    assert_eq!(answer.status, 200, "{answer:?}");
    let times = watched.times(&answer.body);
    assert!(times[0].is_none(), "{times:?}");
    assert!(times[1].is_some() && times[2].is_some(), "{times:?}");
    let until = Instant::now() + Duration::from_secs(20);
    while watched.kept().iter().filter(|size| **size == 2).count() < 3 {
        assert!(Instant::now() < until, "{:?}", watched.kept());
        std::thread::sleep(Duration::from_millis(100));
    }
    // No clock of a witness is held against the log's own when it starts again.
    assert_eq!(watched.log.stop(), Some(0));
    watched.start(&[]);
    assert_eq!(watched.submit(b"again", "?wait=cosigned").status, 200);
}

#[test]
fn a_policy_of_other_logs_or_without_addresses_is_refused() {
    let watched = Watched::new();
    let path = watched.log.directory.path().join("policy");
    let policy = std::fs::read_to_string(&path).unwrap();
    let without: String = policy
        .lines()
        .map(|line| line.split(" http").next().unwrap().to_owned() + "\n")
        .collect();
    let other = policy.replace(
        &watched.log.key.to_string(),
        &common::log_key().verifier().to_string(),
    );
    let cases = [
        (without.as_str(), "are no quorum"),
        (&other, "is of other logs"),
        ("quorum none\n", "needs no witness"),
        ("quorum x\n", "no earlier line defines"),
    ];
    for (text, expected) in cases {
        std::fs::write(&path, text).unwrap();
        let told = watched.refused(&[]);
        assert!(told.contains(expected), "{told}");
    }
}

// spec: log-57
#[test]
fn where_it_is_asked_for_nothing_is_published_that_a_quorum_did_not_cosign() {
    let mut watched = Watched::new();
    let publish = ["--publish", "cosigned", "--timeout", "3"];
    watched.start(&publish);
    // The plain answer says it too: what it acknowledges is cosigned.
    for number in 0..10_u64 {
        assert_eq!(
            watched
                .log
                .add(format!("entry {number}").as_bytes())
                .index(),
            number
        );
        let served = watched.log.get("/checkpoint");
        assert!(
            served
                .body
                .starts_with(format!("log.example/served\n{}\n", number + 1).as_bytes())
        );
        assert!(
            served.text().matches("witness.example").count() >= 2,
            "{served:?}"
        );
    }
    for witness in &watched.witnesses[1..] {
        witness.feels(Mood::Busy(10_000));
    }
    let answer = watched.log.add(b"unseen");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.text().contains("before a quorum"), "{answer:?}");
    assert_eq!(
        watched.log.get("/checkpoint").text().lines().nth(1),
        Some("10")
    );
    // Killed meanwhile, it does not publish it at the start either.
    watched.log.kill();
    let told = watched.refused(&publish);
    assert!(told.contains("before a quorum"), "{told}");
    let kept = std::fs::read_to_string(watched.log.path().join("log/checkpoint")).unwrap();
    assert_eq!(kept.lines().nth(1), Some("10"));
    for witness in &watched.witnesses {
        witness.feels(Mood::Well);
    }
    watched.start(&publish);
    // It was settled, and is published now.
    let served = watched.log.get("/checkpoint");
    assert_eq!(served.text().lines().nth(1), Some("11"));
    assert!(
        served.text().matches("witness.example").count() >= 2,
        "{served:?}"
    );
    assert_eq!(watched.log.add(b"one more").index(), 11);
    let kept = watched.kept();
    assert!((1..=12).all(|size| kept.contains(&size)), "{kept:?}");
    assert_eq!(watched.log.entries().len(), 12);
}

// spec: log-43 log-57
#[test]
fn what_witnesses_saw_before_it_is_published_is_no_alarm() {
    let mut watched = Watched::new();
    watched.start(&["--publish", "cosigned", "--timeout", "3", "--refresh", "1"]);
    assert_eq!(watched.log.add(b"first").index(), 0);
    for witness in &watched.witnesses[1..] {
        witness.feels(Mood::Busy(10_000));
    }
    // One remembers it from now on, and the others are no quorum.
    let answer = watched.log.add(b"unseen");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(watched.witnesses[0].remembers(), Some(2));
    // What is published meanwhile, which is smaller, is shown again.
    std::thread::sleep(Duration::from_secs(4));
    for witness in &watched.witnesses {
        witness.feels(Mood::Well);
    }
    let until = Instant::now() + Duration::from_secs(40);
    while watched.log.add(b"later").status != 200 {
        let metrics = watched.log.get("/metrics");
        assert!(
            metrics.text().contains("\nstandstill_log_alarms_total 0\n"),
            "{metrics:?}"
        );
        assert!(Instant::now() < until, "it takes nothing");
        std::thread::sleep(Duration::from_millis(200));
    }
}
