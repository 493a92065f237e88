//! A published log, or a witness's view of one, read over http(s).

mod submit;
mod witness;

use std::time::Duration;

use crate::hash::sha256;
use crate::store::LogFiles;
use crate::store::StoreError;

pub use submit::Problem;
pub use submit::SubmitError;
pub use submit::Submitter;
pub use witness::Outcome;
pub use witness::Prove;
pub use witness::Until;
pub use witness::Witnesses;

/// How long a file may take to come.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest file that is read: a bundle of 256 entries of 64 KiB.
const MAX_FILE: u64 = 256 * 65_537;

/// Static files under an address.
#[derive(Debug)]
pub struct Remote {
    prefix: String,
    agent: ureq::Agent,
}

impl Remote {
    /// Whether a text is an address that is read here.
    pub fn is_address(text: &str) -> bool {
        text.starts_with("https://") || text.starts_with("http://")
    }

    /// Reads files under `prefix`.
    pub fn new(prefix: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .build();
        Self {
            prefix: prefix.trim_end_matches('/').to_owned(),
            agent: config.into(),
        }
    }

    /// Returns a file, `None` if the server says that there is none, or why it cannot be
    /// told.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let address = format!("{}/{path}", self.prefix);
        match self.agent.get(&address).call() {
            Ok(mut response) => {
                let body = response
                    .body_mut()
                    .with_config()
                    .limit(MAX_FILE)
                    .read_to_vec();
                body.map(Some)
                    .map_err(|error| format!("{address}: {error}"))
            }
            Err(ureq::Error::StatusCode(404)) => Ok(None),
            Err(error) => Err(format!("{address}: {error}")),
        }
    }

    /// Returns what a witness under this address last cosigned of a log.
    pub fn last_cosigned(&self, origin: &str) -> Result<Option<Vec<u8>>, String> {
        self.read(&format!("{}/checkpoint", sha256(origin.as_bytes())))
    }
}

impl LogFiles for Remote {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Self::read(self, path).map_err(|why| StoreError::Io {
            doing: "read",
            path: path.to_owned(),
            source: std::io::Error::other(why),
        })
    }
}
