//! A directory of its own, a clock, and the program.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use standstill::hash::sha256;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_standstill");

/// A month after the window of the fixtures.
pub const LATER: &str = "2026-04-10T00:00:00Z";

/// A directory to run commands in.
pub struct Sandbox {
    directory: tempfile::TempDir,
    now: String,
}

/// What a command did.
#[derive(Debug)]
#[expect(dead_code, reason = "`typed` is read where a test stops, by `Debug`")]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// What was typed; shown where a test stops.
    pub typed: String,
}

/// What lies on disk: paths with their mode and the digest of what they hold.
pub type Listing = BTreeMap<PathBuf, (u32, String)>;

impl Sandbox {
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            now: LATER.to_owned(),
        }
    }

    /// Sets the clock of the commands that follow.
    pub fn at(&mut self, time: &str) -> &mut Self {
        time.clone_into(&mut self.now);
        self
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Returns a command that is ready to run, with the arguments of a typed line.
    pub fn command(&self, typed: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--simulated-time", &self.now])
            .args(words(typed))
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a line such as `publish --workspace lab`.
    pub fn run(&self, typed: &str) -> Done {
        Done::of(typed, self.command(typed).output().unwrap())
    }

    /// Runs a line that must succeed, and returns what it printed.
    #[track_caller]
    pub fn ok(&self, typed: &str) -> String {
        let done = self.run(typed);
        assert_eq!(done.code, 0, "{done:?}");
        done.out
    }

    /// Runs a line that must be refused: exit code 2, one error, one hint, nothing on
    /// standard output and nothing changed on disk. Returns what it said.
    #[track_caller]
    pub fn refused(&self, typed: &str) -> String {
        let before = self.listing(".");
        let done = self.run(typed);
        let changed = difference(&before, &self.listing("."));
        assert!(changed.is_empty(), "{typed} changed {changed:?}");
        done.refusal()
    }

    /// Runs a line of the shell in the directory, with the program on its path.
    pub fn shell(&self, script: &str) -> Done {
        let bin = self.path(".bin");
        if !bin.exists() {
            let wrapper = format!(
                "#!/bin/sh\nexec \"{PROGRAM}\" --simulated-time {} \"$@\"\n",
                self.now
            );
            self.write(".bin/standstill", wrapper);
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(bin.join("standstill"), mode).unwrap();
        }
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-ec", script])
            .env("PATH", path)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Done::of(script, output)
    }

    /// Lists everything below a directory.
    pub fn listing(&self, path: &str) -> Listing {
        let mut listing = Listing::new();
        list(&self.path(path), &mut listing);
        listing
    }

    /// Copies a directory, as a backup does.
    pub fn copy(&self, from: &str, to: &str) {
        let to = self.path(to);
        let _ = fs::remove_dir_all(&to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let copied = Command::new("cp")
            .arg("-a")
            .args([self.path(from), to])
            .status()
            .unwrap();
        assert!(copied.success());
    }
}

impl Done {
    pub fn of(typed: &str, output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            typed: typed.to_owned(),
        }
    }

    /// Checks that this is how a command is refused; returns what it said.
    #[track_caller]
    pub fn refusal(self) -> String {
        let lines = |prefix: &str| {
            let starts = |line: &&str| line.starts_with(prefix);
            self.err.lines().filter(starts).count()
        };
        assert_eq!(self.code, 2, "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        assert_eq!(lines("error: "), 1, "{self:?}");
        assert_eq!(lines("hint: "), 1, "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        self.err
    }
}

/// The differences of two listings.
pub fn difference(before: &Listing, after: &Listing) -> Vec<String> {
    let mut changed: Vec<String> = before
        .iter()
        .filter(|(path, what)| after.get(*path) != Some(what))
        .map(|(path, _)| path.display().to_string())
        .collect();
    let new = after.keys().filter(|path| !before.contains_key(*path));
    changed.extend(new.map(|path| path.display().to_string()));
    changed
}

fn list(path: &Path, listing: &mut Listing) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let mode = metadata.permissions().mode();
    if metadata.is_dir() {
        listing.insert(path.to_owned(), (mode, String::new()));
        for entry in fs::read_dir(path).unwrap() {
            list(&entry.unwrap().path(), listing);
        }
    } else if metadata.is_file() {
        let digest = sha256(&fs::read(path).unwrap()).to_string();
        listing.insert(path.to_owned(), (mode, digest));
    }
}

/// Splits a typed line at blanks; quotation marks keep words together.
fn words(typed: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in typed.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
