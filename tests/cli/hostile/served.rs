//! Hostile answers of a server that an auditor asks for a log, or for what a witness saw.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::*;

/// What a server answers behind `HTTP/1.1 200 OK`: the rest of its head, and its body.
struct Answer {
    head: String,
    body: Vec<u8>,
    /// Whether the body is sent again and again.
    endless: bool,
}

impl Answer {
    fn whole(body: Vec<u8>) -> Self {
        Self {
            head: format!("Content-Length: {}\r\n", body.len()),
            body,
            endless: false,
        }
    }

    fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{}\r\n", self.head);
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        if self.endless {
            loop {
                stream.write_all(&self.body)?;
            }
        }
        Ok(())
    }
}

/// Serves this answer under every path, but for those of `good` whose names begin so.
fn serve(answer: Answer, good: Option<(PathBuf, &'static str)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new((answer, good));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let path = asked(&stream)?;
                let (answer, good) = &*answer;
                let file = good.as_ref().filter(|(_, kind)| path.starts_with(kind));
                let file = file.and_then(|(directory, _)| fs::read(directory.join(&path)).ok());
                let file = file.map(Answer::whole);
                file.as_ref().unwrap_or(answer).send(&mut stream).ok()
            });
        }
    });
    address
}

/// The path of a request, once all of its head was read.
fn asked(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream.take(1 << 16)).lines();
    let first = lines.next()?.ok()?;
    let more = |line: std::io::Result<String>| line.is_ok_and(|line| !line.is_empty());
    while lines.next().is_some_and(more) {}
    let path = first.split(' ').nth(1)?;
    Some(path.trim_start_matches('/').to_owned())
}

/// Zeros that are few bytes on their way and many when they are there.
fn packed() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..256 {
        packer.write_all(&zeros).unwrap();
    }
    packer.finish().unwrap()
}

/// What a server can do to who asks it.
fn answers() -> Vec<(&'static str, Answer)> {
    let endless = Answer {
        head: String::new(),
        body: vec![b'a'; 1 << 16],
        endless: true,
    };
    let body = packed();
    let packed = Answer {
        head: format!(
            "Content-Encoding: gzip\r\nContent-Length: {}\r\n",
            body.len()
        ),
        body,
        endless: false,
    };
    let boastful = Answer {
        head: format!("Content-Length: {}\r\n", u64::MAX),
        body: b"a".to_vec(),
        endless: false,
    };
    let headers = Answer {
        head: "X: y\r\n".repeat(DEPTH),
        body: Vec::new(),
        endless: false,
    };
    let mut answers = vec![
        ("endless", endless),
        ("packed", packed),
        ("boastful", boastful),
        ("headers", headers),
    ];
    let nonsense = nonsense().into_iter();
    answers.extend(nonsense.map(|(what, body)| (what, Answer::whole(body))));
    answers
}

#[test]
fn a_log_that_a_hostile_server_has_is_not_judged_and_takes_no_longer() {
    let lab = audited();
    for (what, answer) in answers() {
        let address = serve(answer, None);
        let done = bounded(&lab, &format!("verify {address} --trust trust.toml"));
        assert_ne!(done.code, 0, "{what}: {done:?}");
        assert_eq!(rank(&done), 0, "{what}: {done:?}");
        let told = [&*done.out, &*done.err].concat();
        let named = told.contains(&address) || told.contains("checkpoint");
        assert!(named, "{what}: {done:?}");
    }
}

/// The checkpoint is the log's own, and all that it requires is not what is answered.
#[test]
fn tiles_that_a_hostile_server_has_show_nothing() {
    let lab = audited();
    let good = bounded(&lab, VERIFY);
    for (what, answer) in answers() {
        let address = serve(answer, Some((lab.path("lab/log"), "checkpoint")));
        let done = bounded(&lab, &format!("verify {address} --trust trust.toml"));
        assert_ne!(done.code, 0, "{what}: {done:?}");
        assert!(rank(&done) <= rank(&good), "{what}: {done:?}");
        assert!(done.out.contains("tile/"), "{what}: {done:?}");
    }
}

/// Nobody is kept from telling by a witness that answers with nonsense.
#[test]
fn a_hostile_witness_is_told_by_its_address() {
    let lab = audited();
    let good = bounded(&lab, VERIFY);
    for (what, answer) in answers() {
        let address = serve(answer, None);
        let typed = format!("{VERIFY} --witness {address} --witness w2");
        let done = bounded(&lab, &typed);
        assert_eq!(rank(&done), rank(&good), "{what}: {done:?}");
        assert!(done.out.contains(&address), "{what}: {done:?}");
        assert!(!done.out.contains("`w2` tells"), "{what}: {done:?}");
    }
}
