//! What the server counts, in the text format of Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The counters of one server.
#[derive(Debug, Default)]
pub struct Metrics {
    size: AtomicU64,
    batches: AtomicU64,
    failed_batches: AtomicU64,
    entries: AtomicU64,
    microseconds: AtomicU64,
    refused: AtomicU64,
    reads: AtomicU64,
    cosigned: AtomicU64,
    uncosigned: AtomicU64,
    alarms: AtomicU64,
    damaged: AtomicU64,
    scrubbed: AtomicU64,
}

impl Metrics {
    /// A log of so many entries was opened.
    pub(super) fn opened(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    /// Returns how many entries the log has.
    pub(super) fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// A batch of so many entries became part of the log, which then has `size`.
    pub(super) fn committed(&self, entries: u64, size: u64, took: Duration) {
        self.size.store(size, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(took, Ordering::Relaxed);
    }

    /// A batch did not become part of the log.
    pub(super) fn failed(&self) {
        self.failed_batches.fetch_add(1, Ordering::Relaxed);
    }

    /// An entry was not taken.
    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A quorum cosigned the tree of so many entries.
    pub(super) fn cosigned(&self, size: u64) {
        self.cosigned.store(size, Ordering::Relaxed);
    }

    /// Witnesses were asked, and were no quorum.
    pub(super) fn uncosigned(&self) {
        self.uncosigned.fetch_add(1, Ordering::Relaxed);
    }

    /// A witness remembers what the log does not have.
    pub(super) fn alarm(&self) {
        self.alarms.fetch_add(1, Ordering::Relaxed);
    }

    /// What is stored was found to be damaged, or not.
    pub(super) fn scrubbed(&self, is_damaged: bool) {
        self.damaged.store(is_damaged.into(), Ordering::Relaxed);
        self.scrubbed.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the last pass over what is stored found it damaged.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed) != 0
    }

    /// A file was asked for.
    pub(super) fn read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// Spells them.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, kind, help, value) in [
            (
                "standstill_log_size",
                "gauge",
                "Entries in the log.",
                &self.size,
            ),
            (
                "standstill_log_entries_total",
                "counter",
                "Entries made part of the log by this process.",
                &self.entries,
            ),
            (
                "standstill_log_batches_total",
                "counter",
                "Batches made part of the log by this process.",
                &self.batches,
            ),
            (
                "standstill_log_failed_batches_total",
                "counter",
                "Batches that the store did not take.",
                &self.failed_batches,
            ),
            (
                "standstill_log_commit_microseconds_total",
                "counter",
                "Time that the batches took to be durable and published.",
                &self.microseconds,
            ),
            (
                "standstill_log_refused_total",
                "counter",
                "Entries that were not taken: too long, or too many waiting.",
                &self.refused,
            ),
            (
                "standstill_log_cosigned_size",
                "gauge",
                "Entries in the newest tree that a quorum cosigned since this process began.",
                &self.cosigned,
            ),
            (
                "standstill_log_uncosigned_total",
                "counter",
                "How often the witnesses that cosigned were no quorum.",
                &self.uncosigned,
            ),
            (
                "standstill_log_alarms_total",
                "counter",
                "How often a witness remembered what the log does not have.",
                &self.alarms,
            ),
            (
                "standstill_log_damaged",
                "gauge",
                "Whether the last pass over what is stored found it damaged.",
                &self.damaged,
            ),
            (
                "standstill_log_scrubs_total",
                "counter",
                "Passes over what is stored.",
                &self.scrubbed,
            ),
            (
                "standstill_log_reads_total",
                "counter",
                "Files that were asked for.",
                &self.reads,
            ),
        ] {
            let value = value.load(Ordering::Relaxed);
            let _ = write!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
            );
        }
        text
    }
}
