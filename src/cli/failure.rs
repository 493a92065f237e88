//! What is told to people when a command cannot be done.

use std::fmt;
use std::io;
use std::path::Path;

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
            message: message.into(),
            hint: None,
            broken_pipe: false,
        }
    }

    /// A file that cannot be used.
    pub(crate) fn file(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(format!("`{}`: {why}", path.display()))
    }

    /// Standard output that cannot be written.
    #[expect(clippy::needless_pass_by_value, reason = "handed over by `map_err`")]
    pub(crate) fn output(error: io::Error) -> Self {
        Self {
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::new(format!("cannot write the output: {error}"))
        }
    }

    /// The same failure, with what may help.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether nobody reads the output any more.
    pub(crate) const fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
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
    std::fs::read(path).map_err(|error| Failure::file(path, error))
}

/// Reads a file of text.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| Failure::file(path, "is not UTF-8"))
}

/// Writes a file that must not be there yet.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    })
    .map_err(|error| Failure::file(path, error))
}

/// Writes a file whole, in place of one that may be there. It can be made again, so that
/// nothing waits for the disk.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| Failure::file(parent, error))?;
    }
    let staged = path.with_extension("tmp");
    std::fs::write(&staged, bytes)
        .and_then(|()| std::fs::rename(&staged, path))
        .map_err(|error| Failure::file(path, error))
}
