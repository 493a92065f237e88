//! The served log as its clients meet it: the program itself, over real connections.
//!
//! - `incidents`: what befell other logs;
//! - `operator`: what whoever runs a log does with it;
//! - `plain`: a log that takes whatever comes;
//! - `statements`: a log that understands what it admits;
//! - `witnesses`: a log that asks witnesses.

#![cfg(feature = "server")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::print_stderr,
    reason = "a test may stop"
)]

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use standstill::key::VerifierKey;
use standstill::merkle::verify_consistency;
use standstill::store::fs::Directory;
use standstill::store::reader::LogReader;
use standstill::tlog::SignedCheckpoint;

#[path = "../common/mod.rs"]
mod common;
mod incidents;
mod operator;
mod plain;
mod statements;
mod witnesses;

const PROGRAM: &str = env!("CARGO_BIN_EXE_standstill");

/// A log, and the server on it while there is one.
struct Served {
    directory: tempfile::TempDir,
    key: VerifierKey,
    server: Option<Child>,
    address: String,
    admit: &'static str,
}

impl Served {
    /// Makes a plain log and serves it.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = Command::new(PROGRAM)
            .args(["log", "init", "--plain", "--origin", "log.example/served"])
            .arg(directory.path().join("log"))
            .output()
            .unwrap();
        let text = String::from_utf8(made.stdout).unwrap();
        let mut log = Self {
            directory,
            key: text.trim().parse().unwrap(),
            server: None,
            address: String::new(),
            admit: "any",
        };
        log.start(&mut Command::new(PROGRAM));
        log
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("log")
    }

    /// Starts a server, which `program` is given the arguments of.
    fn start(&mut self, program: &mut Command) {
        self.start_with(program, &[]);
    }

    fn start_with(&mut self, program: &mut Command, options: &[&str]) {
        let mut server = program
            .args([
                "log",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admit",
                self.admit,
            ])
            .args(options)
            .arg(self.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        self.server = Some(server);
        // It may speak of a witness that is away first.
        let mut told = lines.by_ref().map(Result::unwrap);
        let line = told.find(|line| line.contains("://")).unwrap();
        let (_, address) = line.split_once("://").unwrap();
        address.clone_into(&mut self.address);
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
    }

    fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Asks it to stop, and returns its exit code.
    fn stop(&mut self) -> Option<i32> {
        let mut server = self.server.take().unwrap();
        let id = server.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        server.wait().unwrap().code()
    }

    fn add(&self, entry: &[u8]) -> Answer {
        post(&self.address, entry).unwrap()
    }

    fn get(&self, path: &str) -> Answer {
        request(&self.address, &format!("GET {path} HTTP/1.1\r\n"), b"").unwrap()
    }

    /// Checks every tile and bundle, and returns the entries.
    fn entries(&self) -> Vec<Vec<u8>> {
        let files = Directory::new(self.path().join("log"));
        let reader = LogReader::new(&files);
        let checkpoint = reader.check(&self.key).unwrap();
        let bundles = 0..checkpoint.size.div_ceil(256);
        bundles
            .flat_map(|bundle| reader.entries(bundle, checkpoint.size).unwrap())
            .collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// An answer: status, head and body.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The index that an entry was acknowledged with.
    fn index(&self) -> u64 {
        assert_eq!(self.status, 200, "{self:?}");
        self.text().lines().next().unwrap().parse().unwrap()
    }
}

/// Sends a request, begun with its first line, on a connection of its own.
fn request(address: &str, line: &str, body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let length = body.len();
    let head = format!("{line}host: log\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    // What is refused early may be answered before all of it was sent.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    Ok(Answer {
        status: head[9..12].parse().unwrap(),
        head,
        body: bytes[end + 4..].to_vec(),
    })
}

fn post(address: &str, entry: &[u8]) -> std::io::Result<Answer> {
    request(address, "POST /add HTTP/1.1\r\n", entry)
}
