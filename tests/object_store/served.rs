//! Two servers of one log in a bucket: the program itself, over real connections.

use standstill::http::Remote;
use standstill::key::VerifierKey;

use super::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_standstill");

/// Runs the program, in an environment that says where the bucket is.
fn program(port: u16) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "access")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    command
}

fn run(port: u16, args: &[&str]) -> String {
    let output = program(port).args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A server of a log.
struct Served {
    child: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(port: u16, directory: &str, admit: &str) -> Self {
        let mut child = program(port)
            .args(["log", "serve", "--listen", "127.0.0.1:0", "--admit", admit])
            .arg(directory)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let address = line.split_once(" on ").unwrap().1.to_owned();
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Adds an entry, also where others write all the time; returns its index, if it was told.
    fn add(&self, entry: &[u8]) -> Option<u64> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            match ureq::post(format!("{}/add", self.address)).send(entry) {
                Ok(mut answer) => {
                    let text = answer.body_mut().read_to_string().ok()?;
                    return text.trim().parse().ok();
                }
                Err(ureq::Error::StatusCode(503)) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(200));
                }
                Err(_) => return None,
            }
        }
    }

    fn reader(&self) -> Remote {
        Remote::new(&self.address)
    }
}

/// What a second machine needs: the log's key, and where the log is.
fn second_machine(first: &str, second: &str) {
    std::fs::create_dir_all(format!("{second}/keys")).unwrap();
    for file in ["keys/log.key", "store"] {
        std::fs::copy(format!("{first}/{file}"), format!("{second}/{file}")).unwrap();
    }
}

/// Makes a log in the bucket, and the directory of a second machine.
fn make(port: u16, directory: &std::path::Path, more: &[&str]) -> (String, String, VerifierKey) {
    let first = directory.join("first").to_str().unwrap().to_owned();
    let second = directory.join("second").to_str().unwrap().to_owned();
    let store = format!("s3://{BUCKET}/a/log");
    let common = ["log", "init", &first, "--origin", "log.example/bucket"];
    let args = [&common, more, &["--store", &store]].concat();
    run(port, &args);
    second_machine(&first, &second);
    let public = ObjectFiles::new(&connect(port), "a/log");
    let key = public.read("vkey").unwrap().unwrap();
    let key = str::from_utf8(&key).unwrap().trim().parse().unwrap();
    (first, second, key)
}

// spec: log-41
#[test]
fn two_servers_of_one_bucket_one_of_them_killed_lose_nothing() {
    let Some(server) = serve(Mode::Attributes) else {
        return;
    };
    let port = server.port;
    let directory = tempfile::tempdir().unwrap();
    let (first, second, key) = make(port, directory.path(), &["--plain"]);
    let one = Served::start(port, &first, "any");
    let other = Served::start(port, &second, "any");
    let told = Mutex::new(BTreeMap::new());
    let killed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (name, server) in [("one", &one), ("other", &other)] {
            for client in 0..4 {
                let (told, killed) = (&told, &killed);
                scope.spawn(move || {
                    let mut after = 0;
                    for n in 0.. {
                        after += u32::from(killed.load(Ordering::Relaxed));
                        if after > 10 {
                            return;
                        }
                        let entry = format!("{name} {client} {n}");
                        match server.add(entry.as_bytes()) {
                            Some(index) => {
                                told.lock().unwrap().insert(index, entry);
                            }
                            None => assert!(killed.load(Ordering::Relaxed), "{entry}"),
                        }
                    }
                });
            }
        }
        let of = |name| {
            let told = told.lock().unwrap();
            told.values().filter(|it| it.starts_with(name)).count()
        };
        let until = Instant::now() + Duration::from_mins(2);
        // Who has just written is the first to write again.
        while of("one") < 5 || of("other") < 5 {
            assert!(Instant::now() < until, "{} {}", of("one"), of("other"));
            std::thread::sleep(Duration::from_millis(5));
        }
        eprintln!(
            "{} and {} were added before one was killed",
            of("one"),
            of("other")
        );
        killed.store(true, Ordering::Relaxed);
        let id = one.child.id().to_string();
        Command::new("kill").args(["-9", &id]).status().unwrap();
    });
    // Whoever is left has all of it, and so has whoever takes the place of the dead one.
    let again = Served::start(port, &first, "any");
    let last = again.add(b"the last").unwrap();
    let told = told.into_inner().unwrap();
    let others = told.values().filter(|it| it.starts_with("other"));
    assert!(others.count() >= 40);
    for server in [&other, &again] {
        let files = server.reader();
        let reader = LogReader::new(&files);
        let checkpoint = reader.scrub(&key, || std::ops::ControlFlow::Continue(()));
        assert_eq!(checkpoint.unwrap().unwrap().size, last + 1);
        for (index, entry) in &told {
            let found = reader.entry(*index, last + 1).unwrap();
            assert_eq!(found, entry.as_bytes(), "entry {index}");
        }
    }
}

// spec: log-41
#[test]
fn whichever_server_is_asked_it_knows_what_the_other_one_admitted() {
    let Some(server) = serve(Mode::Attributes) else {
        return;
    };
    let port = server.port;
    let directory = tempfile::tempdir().unwrap();
    let (first, second, key) = make(port, directory.path(), &[]);
    let one = Served::start(port, &first, "statements");
    let other = Served::start(port, &second, "statements");
    let lab = directory.path().join("lab").to_str().unwrap().to_owned();
    let vkey = key.to_string();
    let init = ["init", &lab, "--area", "cluster", "--log", &vkey];
    let founded = run(port, &[&init[..], &["--submit", &one.address]].concat());
    let id = founded.split_whitespace().nth(1).unwrap().to_owned();
    // Each of the operator's statements is the next of its stream.
    run(
        port,
        &[
            "log",
            "register",
            &first,
            "--admit",
            &id,
            "--to",
            &one.address,
        ],
    );
    let another = "ab".repeat(32);
    run(
        port,
        &[
            "log",
            "register",
            &first,
            "--admit",
            &another,
            "--to",
            &other.address,
        ],
    );
    run(
        port,
        &[
            "log",
            "register",
            &first,
            "--remove",
            &another,
            "--to",
            &one.address,
        ],
    );
    run(
        port,
        &["publish", "--workspace", &lab, "--to", &other.address],
    );
    let files = one.reader();
    let reader = LogReader::new(&files);
    let checkpoint = reader.scrub(&key, || std::ops::ControlFlow::Continue(()));
    // Four of the operator, and the lab's identity and area.
    assert_eq!(checkpoint.unwrap().unwrap().size, 6);
}

#[test]
fn what_cannot_be_a_place_in_a_bucket_is_told_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    for (store, private, why) in [
        ("http://logs/a", None, "is not `s3://BUCKET/PREFIX`"),
        ("s3:///a", None, "is not `s3://BUCKET/PREFIX`"),
        ("s3://logs", None, "is a whole bucket"),
        (
            "s3://logs/a",
            Some("s3://logs/a/b"),
            "must not lie one in the other",
        ),
        (
            "s3://logs/a/b",
            Some("s3://logs/a"),
            "must not lie one in the other",
        ),
    ] {
        let mut command = program(free_port());
        command.args(["log", "init", "--plain", "--origin", "log.example/x"]);
        command.arg(&path).args(["--store", store]);
        if let Some(private) = private {
            command.args(["--private-store", private]);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(why), "{text}");
        assert!(text.contains("hint: "), "{text}");
        assert!(!path.exists(), "{store}");
    }
}
