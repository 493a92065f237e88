//! A log that takes whatever comes (`--admit any`).

use super::*;

// spec: log-35 log-36
#[test]
fn what_is_acknowledged_is_in_the_files_that_it_serves() {
    let mut log = Served::new();
    for number in 0..300_u64 {
        assert_eq!(
            log.add(format!("entry {number}").as_bytes()).index(),
            number
        );
    }
    let checkpoint = log.get("/checkpoint");
    assert!(
        checkpoint.head.contains("cache-control: no-cache"),
        "{checkpoint:?}"
    );
    assert_eq!(checkpoint.text().lines().nth(1), Some("300"));
    for path in [
        "tile/entries/000",
        "tile/0/000",
        "tile/entries/001.p/44",
        "tile/1/000.p/1",
    ] {
        let served = log.get(&format!("/{path}"));
        let kept = std::fs::read(log.path().join("log").join(path)).unwrap();
        assert_eq!((served.status, &served.body), (200, &kept), "{path}");
        assert!(
            served
                .head
                .contains("content-type: application/octet-stream"),
            "{served:?}"
        );
        assert!(served.head.contains("immutable"), "{served:?}");
    }
    // A bundle as it is, or compressed for who asks: the same bytes.
    let line = "GET /tile/entries/000 HTTP/1.1\r\naccept-encoding: gzip, identity\r\n";
    let packed = request(&log.address, line, b"").unwrap();
    assert!(packed.head.contains("content-encoding: gzip"), "{packed:?}");
    assert!(packed.head.contains("vary: accept-encoding"), "{packed:?}");
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(&packed.body[..]);
    reader.read_to_end(&mut plain).unwrap();
    assert_eq!(plain, log.get("/tile/entries/000").body);
    assert!(packed.body.len() < plain.len());
    let line = "GET /tile/0/000 HTTP/1.1\r\naccept-encoding: gzip\r\n";
    let hashes = request(&log.address, line, b"").unwrap();
    assert!(!hashes.head.contains("content-encoding"), "{hashes:?}");
    // A partial tile of every size that was published.
    for width in 1..44 {
        assert_eq!(
            log.get(&format!("/tile/0/001.p/{width}")).status,
            200,
            "{width}"
        );
    }
    assert_eq!(log.get("/tile/0/001").status, 404);
    // As a witness's answer would lie there.
    let cosigned = log.path().join("log/cosigned");
    std::fs::create_dir(&cosigned).unwrap();
    std::fs::write(cosigned.join("000"), "a note").unwrap();
    assert_eq!(log.get("/cosigned/000").text(), "a note");
    assert_eq!(log.get("/cosigned/001").status, 404);
    std::fs::remove_dir_all(cosigned).unwrap();
    assert_eq!(log.get("/healthz").text(), "ok\n");
    let metrics = log.get("/metrics");
    for line in [
        "standstill_log_size 300",
        "standstill_log_batches_total 300",
    ] {
        assert!(
            metrics.text().contains(&format!("\n{line}\n")),
            "{metrics:?}"
        );
    }

    assert_eq!(log.stop(), Some(0));
    log.start(&mut Command::new(PROGRAM));
    assert_eq!(log.add(b"after the restart").index(), 300);
    let entries = log.entries();
    assert_eq!(entries.len(), 301);
    assert_eq!(entries[7], b"entry 7");
    assert_eq!(entries[300], b"after the restart");
}

// spec: log-36
#[test]
fn no_path_leads_out_of_the_public_files() {
    let log = Served::new();
    log.add(b"an entry");
    let secret = std::fs::read(log.path().join("keys/log.key")).unwrap();
    for path in [
        "/keys/log.key",
        "/../keys/log.key",
        "/tile/../keys/log.key",
        "/tile/../../keys/log.key",
        "/tile/%2e%2e/%2e%2e/keys/log.key",
        "/tile/..%2f..%2fkeys%2flog.key",
        "/tile//etc/passwd",
        "/tile/0/x000/000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/01",
        "/tile/0/000.p/256",
        "/tile/64/000.p/1",
        "/tile/entries/000.p/1/",
        "/cosigned/../checkpoint",
        "/cosigned/%2e%2e/%2e%2e/state/log/lock",
        "/state/log/lock",
        "/checkpoint/",
        "/",
    ] {
        let answer = log.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert!(answer.body.len() < 200, "{path}: {answer:?}");
        assert!(!answer.body.windows(20).any(|part| part == &secret[..20]));
    }
    assert_eq!(log.get("/tile/entries/000.p/1").status, 200);
    assert_eq!(log.get("/add").status, 405);
}

// spec: log-35
#[test]
fn what_is_too_long_or_breaks_off_is_refused_and_stops_nobody() {
    let log = Served::new();
    assert_eq!(log.add(&vec![b'a'; 65_535]).index(), 0);
    assert_eq!(log.add(&vec![b'a'; 65_536]).status, 413);
    assert_eq!(log.add(&vec![b'a'; 10_000_000]).status, 413);
    assert_eq!(log.add(b"").index(), 1);
    // A body that breaks off.
    let mut stream = TcpStream::connect(&log.address).unwrap();
    let head = b"POST /add HTTP/1.1\r\nhost: log\r\ncontent-length: 10\r\n\r\nhalf";
    stream.write_all(head).unwrap();
    drop(stream);
    // A head without end.
    let flood = format!("GET /checkpoint HTTP/1.1\r\nx: {}\r\n", "y".repeat(100_000));
    let refused = request(&log.address, &flood, b"");
    assert!(refused.map_or(true, |answer| answer.status == 431));
    // Clients that say nothing, or half of what they want, and stay.
    let mut idle = Vec::new();
    for number in 0..500 {
        let mut stream = TcpStream::connect(&log.address).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"POST /add HTTP/1.1\r\nhost:").unwrap();
        }
        idle.push(stream);
    }
    assert_eq!(log.add(b"others are still served").index(), 2);
    drop(idle);
    assert_eq!(log.entries().len(), 3);
}

// spec: log-38
#[test]
fn slow_clients_are_given_up() {
    let mut log = Served::new();
    for number in 0..=u8::MAX {
        log.add(&vec![number; 65_000]);
    }
    log.stop();
    log.start_with(&mut Command::new(PROGRAM), &["--timeout", "2"]);
    let began = Instant::now();
    let send = |text: &str| {
        let mut stream = TcpStream::connect(&log.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let silent = send("");
    let half_a_head = send("GET /checkpoint HTTP/1.1\r\nhost:");
    let half_a_body = send("POST /add HTTP/1.1\r\nhost: log\r\ncontent-length: 9\r\n\r\nhalf");
    let mut read = Vec::new();
    for mut stream in [silent, half_a_head, half_a_body] {
        let mut bytes = Vec::new();
        // It may be told why, or cut off.
        let _ = stream.read_to_end(&mut bytes);
        read.push(String::from_utf8(bytes).unwrap());
    }
    assert!(read[2].starts_with("HTTP/1.1 408 "), "{read:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{read:?}");
    // Those that ask for 16 MB and read nothing: what they make the server hold has an end,
    // and is given back.
    let bundle = "GET /tile/entries/000 HTTP/1.1\r\nhost: log\r\n\r\n";
    let status = || {
        let mut line = [0; 12];
        send(bundle).read_exact(&mut line).unwrap();
        String::from_utf8(line.to_vec()).unwrap()
    };
    let mut unread: Vec<TcpStream> = (0..16).map(|_| send(bundle)).collect();
    while !status().ends_with("503") {
        unread.push(send(bundle));
        assert!(unread.len() < 100, "no end of it");
    }
    let began = Instant::now();
    while !status().ends_with("200") {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "never given back"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(unread);
    assert_eq!(log.entries().len(), 256);
}

/// Adds entries from several threads until the server is gone, which `stop` sees to once
/// some were acknowledged; returns the indices that were, and the checkpoints that were seen.
fn load(address: &str, round: u64, stop: impl FnOnce()) -> (BTreeMap<u64, Vec<u8>>, Vec<Vec<u8>>) {
    let acknowledged = Mutex::new(BTreeMap::new());
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (acknowledged, seen) = (&acknowledged, &seen);
            scope.spawn(move || {
                for number in 0_u64.. {
                    let entry = format!("round {round}, thread {thread}, entry {number}");
                    let Ok(answer) = post(address, entry.as_bytes()) else {
                        return;
                    };
                    let old = acknowledged
                        .lock()
                        .unwrap()
                        .insert(answer.index(), entry.into_bytes());
                    assert_eq!(old, None, "an index given twice");
                    if thread == 0
                        && let Ok(note) = request(address, "GET /checkpoint HTTP/1.1\r\n", b"")
                    {
                        seen.lock().unwrap().push(note.body);
                    }
                }
            });
        }
        let began = Instant::now();
        while acknowledged.lock().unwrap().len() < 8 {
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "nothing is acknowledged"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        stop();
    });
    (
        acknowledged.into_inner().unwrap(),
        seen.into_inner().unwrap(),
    )
}

// spec: log-37
#[test]
fn killed_under_load_it_keeps_what_it_acknowledged_and_every_checkpoint() {
    let mut log = Served::new();
    let (mut acknowledged, mut seen) = (BTreeMap::new(), Vec::new());
    for round in 0..8 {
        let address = log.address.clone();
        let (more, notes) = load(&address, round, || {
            std::thread::sleep(Duration::from_millis(23 * round));
            log.kill();
        });
        acknowledged.extend(more);
        seen.extend(notes);
        log.start(&mut Command::new(PROGRAM));
    }
    assert!(acknowledged.len() >= 64);
    let entries = log.entries();
    for (index, entry) in &acknowledged {
        assert_eq!(&entries[usize::try_from(*index).unwrap()], entry, "{index}");
    }
    let files = Directory::new(log.path().join("log"));
    let reader = LogReader::new(&files);
    let last = reader.check(&log.key).unwrap();
    seen.dedup();
    for note in seen {
        let seen = SignedCheckpoint::open(&note, &log.key).unwrap();
        let seen = seen.checkpoint();
        let proof = reader.prove_consistency(seen.size, last.size).unwrap();
        verify_consistency(seen.size, &seen.root, last.size, &last.root, &proof).unwrap();
    }
}

// spec: log-37
#[test]
fn asked_to_stop_it_answers_what_it_began() {
    let mut log = Served::new();
    let address = log.address.clone();
    let mut code = None;
    let (acknowledged, _) = load(&address, 0, || {
        std::thread::sleep(Duration::from_millis(200));
        code = log.stop();
    });
    assert_eq!(code, Some(0));
    let entries = log.entries();
    // Nobody who was heard was left without an answer.
    assert_eq!(entries.len(), acknowledged.len());
}

// spec: log-35
/// A limit on the length of a file fails a write half way, as a full disk does.
#[test]
fn a_full_disk_is_told_and_ends_when_there_is_room_again() {
    let mut log = Served::new();
    assert_eq!(log.add(b"while there was room").index(), 0);
    log.stop();
    let mut limited = Command::new("sh");
    limited.args([
        "-c",
        "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"",
        PROGRAM,
    ]);
    log.start(&mut limited);
    let large = vec![b'a'; 60_000];
    for _ in 0..2 {
        let answer = log.add(&large);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.head.contains("retry-after: "), "{answer:?}");
        assert!(answer.text().contains("cannot write"), "{answer:?}");
    }
    assert_eq!(log.get("/healthz").status, 503);
    assert_eq!(log.get("/checkpoint").status, 200);
    // After a pause it tries again, and takes what there is room for.
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(log.add(b"short enough").index(), 1);
    assert_eq!(log.get("/healthz").status, 200);
    assert_eq!(log.entries().len(), 2);
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let log = Served::new();
    let second = Command::new(PROGRAM)
        .args(["log", "serve", "--admit", "any", "--listen", "127.0.0.1:0"])
        .arg(log.path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        told.starts_with("error: ") && told.contains("another process"),
        "{told}"
    );
}

fn fsck(log: &Path, key: &VerifierKey) -> std::process::Output {
    Command::new(PROGRAM)
        .args(["log", "fsck", "--log-key", &key.to_string()])
        .arg(log)
        .output()
        .unwrap()
}

#[test]
fn fsck_names_the_file_and_the_hash_in_which_a_byte_was_changed() {
    let mut log = Served::new();
    for number in 0..260 {
        log.add(format!("entry {number}").as_bytes());
    }
    log.stop();
    let public = log.path().join("log");
    assert_eq!(fsck(&public, &log.key).status.code(), Some(0));
    for (path, told) in [
        ("tile/entries/000", "tile/0/000"),
        ("tile/0/000", "`tile/0/000`: hash 128 is "),
        ("tile/0/001.p/4", "`tile/0/001.p/4`: hash 258 is "),
        ("tile/1/000.p/1", "`tile/1/000.p/1`: hash 0 is "),
        ("checkpoint", "`checkpoint`: "),
    ] {
        let file = public.join(path);
        let kept = std::fs::read(&file).unwrap();
        let mut changed = kept.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let found = fsck(&public, &log.key);
        assert_eq!(found.status.code(), Some(1), "{path}: {found:?}");
        let text = String::from_utf8(found.stderr).unwrap();
        // An entry that is still one differs from the hash in its tile.
        assert!(
            text.contains(told) || text.contains(&format!("`{path}` is")),
            "{text}"
        );
        std::fs::write(&file, kept).unwrap();
    }
    assert_eq!(fsck(&public, &log.key).status.code(), Some(0));
    // Where there is no log, none was found damaged.
    let none = fsck(&public.join("tile"), &log.key);
    assert_eq!(none.status.code(), Some(2), "{none:?}");
    let told = String::from_utf8(none.stderr).unwrap();
    assert!(
        told.contains("there is no `checkpoint`") && told.contains("hint: "),
        "{told}"
    );
}

/// Has openssl make a certificate; says so on stderr where there is no openssl.
fn certificate(directory: &Path) -> Option<(String, String)> {
    let (chain, key) = (directory.join("chain.pem"), directory.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&chain)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("there is no openssl: TLS was not tried");
        return None;
    }
    let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    Some((text(chain), text(key)))
}

#[test]
fn over_tls_it_answers_who_trusts_its_certificate_and_waits_for_nobody_else() {
    let mut log = Served::new();
    log.stop();
    let Some((chain, key)) = certificate(log.directory.path()) else {
        return;
    };
    let tls = [
        "--tls-certificate",
        &chain,
        "--tls-key",
        &key,
        "--timeout",
        "2",
    ];
    log.start_with(&mut Command::new(PROGRAM), &tls);
    let address = log.address.clone();
    // Somebody who says nothing, or speaks no TLS.
    let silent = TcpStream::connect(&address).unwrap();
    let plain = request(&address, "GET /checkpoint HTTP/1.1\r\n", b"");
    assert!(plain.is_err(), "{plain:?}");
    let curl = |more: &[&str]| {
        Command::new("curl")
            .args(["--silent", "--show-error", "--cacert", &chain])
            .args(more)
            .output()
            .unwrap()
    };
    let url = format!("https://{address}");
    let added = curl(&["--data-binary", "an entry", &format!("{url}/add")]);
    assert_eq!(added.stdout, b"0\n", "{added:?}");
    let read = curl(&[&format!("{url}/checkpoint")]);
    assert!(
        read.stdout.starts_with(b"log.example/served\n1\n"),
        "{read:?}"
    );
    let stranger = Command::new("curl")
        .args(["--silent", &format!("{url}/checkpoint")])
        .output()
        .unwrap();
    assert!(!stranger.status.success());
    assert_eq!(log.stop(), Some(0));
    drop(silent);
    let tried = Command::new(PROGRAM)
        .args([
            "log",
            "serve",
            "--admit",
            "any",
            "--tls-certificate",
            &key,
            "--tls-key",
            &chain,
        ])
        .arg(log.path())
        .output()
        .unwrap();
    assert_eq!(tried.status.code(), Some(2), "{tried:?}");
}
