//! What an agent is told: one TOML file.

use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use crate::attestation::StreamId;
use crate::cli::Failure;
use crate::cli::failure;

/// The least term for which ledgers are kept: a quarter and its pledges' expiry.
const LEAST_TERM: u32 = 180;

/// Seconds after a period's end before it is collected: scrapes and job logs of its last
/// seconds are there by then.
const WAIT: u64 = 120;

/// The configuration of an agent. Paths are relative to its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Workspace that `standstill init` made.
    pub(super) workspace: PathBuf,
    /// Seconds after a period's end before it is collected.
    #[serde(default = "wait")]
    pub(super) wait: u64,
    /// Seconds after a period's end for which a source that fails is waited for; half the
    /// area's grace if not said.
    pub(super) patience: Option<u64>,
    /// Days for which ledgers are kept, with the salts by which they can be opened; for
    /// ever if not said.
    pub(super) retain_days: Option<u32>,
    /// The areas.
    pub(super) area: Vec<AreaConfig>,
}

/// One area.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AreaConfig {
    /// Its stream.
    pub(super) area: String,
    /// What to collect, each as the words of `standstill collect`.
    pub(super) collect: Vec<Vec<String>>,
}

const fn wait() -> u64 {
    WAIT
}

impl Config {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(&failure::read(path)?).into_owned();
        let fail = |why: String| {
            Failure::file(path, why).hint(
                "`workspace = \"lab\"`, then for each area `[[area]]`, `area = \"1\"` and `collect = [[\"prometheus\", \"http://…\"]]`",
            )
        };
        let config: Self = toml::from_str(&text).map_err(|error| fail(error.to_string()))?;
        if config.area.is_empty() {
            return Err(fail("names no area".to_owned()));
        }
        if config.area.iter().any(|area| area.collect.is_empty()) {
            return Err(fail(
                "has an area from which nothing is collected".to_owned(),
            ));
        }
        if let Some(days) = config.retain_days.filter(|days| *days < LEAST_TERM) {
            return Err(fail(format!(
                "keeps ledgers for {days} days: a challenge may come later, so that {LEAST_TERM} are the least"
            )));
        }
        Ok(config)
    }

    /// Says what it means, in words.
    pub(super) fn describe(&self) -> String {
        let term = self.retain_days.map_or_else(
            || "for ever".to_owned(),
            |days| format!("for {days} days; after that nothing of them can be opened"),
        );
        let sources: usize = self.area.iter().map(|area| area.collect.len()).sum();
        format!(
            "{} areas of `{}`, {sources} sources; each period is collected {} seconds after its end; ledgers are kept {term}",
            self.area.len(),
            self.workspace.display(),
            self.wait
        )
    }
}

impl AreaConfig {
    pub(super) fn stream(&self) -> Result<StreamId, Failure> {
        self.area
            .parse()
            .map_err(|_| Failure::new(format!("`area = {:?}` is no area's stream", self.area)))
    }
}
