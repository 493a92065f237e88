//! What is told to people when a command cannot be done.

use std::error::Error;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::path::Path;

use crate::durable;
use crate::keystore::KeyFileError;
use crate::store::StoreError;
use crate::verify::verdict::plain;

/// The exit code of every failure: arguments or files that cannot be used.
pub(crate) const EXIT: u8 = 2;

/// Why a command was not done, and what may help. Nothing was changed.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    broken_pipe: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: shortened(&message.into()),
            hint: None,
            broken_pipe: false,
        }
    }

    /// A file that cannot be used.
    pub(crate) fn file(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(format!("`{}`: {why}", path.display()))
    }

    /// A file that the operating system refuses.
    #[expect(clippy::needless_pass_by_value, reason = "handed over by `map_err`")]
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self {
            hint: hint_for(&error),
            ..Self::file(path, &error)
        }
    }

    /// Standard output that cannot be written.
    #[expect(clippy::needless_pass_by_value, reason = "handed over by `map_err`")]
    pub(crate) fn output(error: io::Error) -> Self {
        Self {
            hint: hint_for(&error),
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::new(format!("cannot write the output: {error}"))
        }
    }

    /// The same failure, with what may help. What the cause itself suggests goes first.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Whether nobody reads the output any more.
    pub(crate) const fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            hint: hint_for(&error),
            ..Self::new(error.to_string())
        }
    }
}

/// How many characters of a line, and how many lines, are told: more than any text of a
/// statement has, and what a message quotes may have any length.
const LINE: usize = 2500;
const LINES: usize = 100;

/// Cuts long lines, and spells out what would move the cursor: the bytes that a message quotes
/// are whoever's who wrote the file.
fn shortened(message: &str) -> String {
    let line = |line: &str| cut(&plain(cut(line)));
    let mut lines: Vec<String> = message.split('\n').take(LINES).map(line).collect();
    if message.split('\n').nth(LINES).is_some() {
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

const KEY_HINT: &str = "bring the file back from a copy; nothing was signed";

/// What may help against an error, told by it or by one that it came from.
fn hint_for(error: &(dyn Error + 'static)) -> Option<String> {
    let own = if let Some(error) = error.downcast_ref::<io::Error>() {
        io_hint(error.kind()).map(str::to_owned)
    } else if let Some(error) = error.downcast_ref::<KeyFileError>() {
        match error {
            KeyFileError::Readable { path, .. } => Some(format!(
                "`chmod 600 {path}`; if others may have read it, `standstill key rotate`"
            )),
            KeyFileError::Io { source, .. } => {
                let hint = io_hint(source.kind()).unwrap_or(KEY_HINT);
                Some(hint.to_owned())
            }
            KeyFileError::Malformed { .. } | KeyFileError::Note { .. } => Some(KEY_HINT.to_owned()),
            KeyFileError::Randomness => None,
        }
    } else if let Some(StoreError::Locked { .. }) = error.downcast_ref::<StoreError>() {
        Some("wait until the other command has ended".to_owned())
    } else {
        None
    };
    own.or_else(|| hint_for(error.source()?))
}

const fn io_hint(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::NotFound => Some("check the path"),
        io::ErrorKind::NotADirectory => Some("a file stands where a directory should"),
        io::ErrorKind::IsADirectory => Some("name a file, not a directory"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("let this user read and write there, and run the command again")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Some("make room, and run the command again")
        }
        _ => None,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::io(path, error))
}

/// Reads a file of text.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?)
        .map_err(|_| Failure::file(path, "is not UTF-8").hint("a file of text is expected here"))
}

/// Writes a file that must not be there yet, whole or not at all.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = new.map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        let failure = Failure::io(path, error);
        if exists {
            failure.hint("nothing is overwritten: name another file, or move this one away")
        } else {
            failure
        }
    })?;
    let written = file.write_all(bytes).and_then(|()| durable::file(&file));
    written.map_err(|error| {
        let _ = std::fs::remove_file(path);
        Failure::io(path, error)
    })
}

/// Makes a directory and those above it.
pub(crate) fn make_directory(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| Failure::io(path, error))
}

/// Makes a directory's entries durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), Failure> {
    durable::path(path).map_err(|error| Failure::io(path, error))
}
