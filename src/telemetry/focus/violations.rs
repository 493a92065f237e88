//! What an export does against its specification.

use std::collections::BTreeMap;

/// What breaks the specification: how often, where first, and with which value.
#[derive(Clone, Debug, Default)]
pub(super) struct Violations(BTreeMap<(String, &'static str), (u64, u64, String)>);

impl Violations {
    pub(super) fn add(&mut self, column: &str, rule: &'static str, row: u64, value: &str) {
        // A map's key is made only once.
        let known = self.0.get_mut(&(column.to_owned(), rule));
        if let Some((count, ..)) = known {
            *count = count.saturating_add(1);
            return;
        }
        let value: String = value.chars().take(60).collect();
        self.0.insert((column.to_owned(), rule), (1, row, value));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each with its column, row and value, in words.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u64, String)> {
        self.0.iter().map(|((column, rule), (count, row, value))| {
            let times = if *count == 1 {
                String::new()
            } else {
                format!(", in {count} rows")
            };
            let found = if value.is_empty() {
                String::new()
            } else {
                format!(" (`{value}`)")
            };
            (*row, format!("`{column}` {rule}{found}{times}"))
        })
    }
}
