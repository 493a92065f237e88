//! What is told of every source alike.

use std::collections::BTreeMap;

use crate::collector::Noticed;
use crate::hash::Hash;
use crate::hash::Hasher;

/// The most warnings that are told one by one.
const MAX_WARNINGS: usize = 50;

/// What was left out, what looks wrong, and what was read raw.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// Rows that are no use of accelerators, by reason: how many, and the first.
    pub skipped: BTreeMap<&'static str, (u64, u64)>,
    /// What looks wrong and was read all the same, each with its row.
    pub warnings: Vec<String>,
    /// How many warnings there were beyond those.
    pub more_warnings: u64,
    inputs: Vec<Hash>,
}

impl Intake {
    /// Says what was noticed of rows that belong together.
    pub fn notice(&mut self, noticed: &Noticed) {
        if let Some(repeated) = noticed.repeated {
            self.skipped.insert("rows that repeat another", repeated);
        }
        for (id, count) in &noticed.overlapping {
            self.warn(format!("job {id} runs twice at once, {count} times over"));
        }
    }

    /// Returns the SHA-256 of the raw input; of several, that of theirs one after the
    /// other.
    pub fn digest(&self) -> Option<Hash> {
        match self.inputs.as_slice() {
            [] => None,
            [one] => Some(*one),
            several => {
                let mut hasher = Hasher::new();
                for input in several {
                    hasher.update(input.as_bytes());
                }
                Some(hasher.finish())
            }
        }
    }

    pub(super) fn input(&mut self, digest: Hash) {
        self.inputs.push(digest);
    }

    pub(super) fn skip(&mut self, reason: &'static str, row: u64) {
        let (count, _) = self.skipped.entry(reason).or_insert((0, row));
        *count = count.saturating_add(1);
    }

    pub(super) fn warn(&mut self, text: String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(text);
        } else {
            self.more_warnings = self.more_warnings.saturating_add(1);
        }
    }
}
