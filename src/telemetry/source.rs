//! The open trait that every source of telemetry implements, and what it gives to.
//!
//! A contract suite, `tests/telemetry/contract.rs`, is run over every implementation that
//! reads files: what it gives depends on its input alone, lies in order, is digested, and is
//! given whole or not at all. One that asks a server is held to it against real ones.

use crate::collector::Job;
use crate::collector::MeterId;
use crate::collector::billed::Charge;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Sample;
use crate::hash::Hash;
use crate::telemetry::Intake;
use crate::telemetry::SourceError;

/// Something that shows what accelerators or meters did.
pub trait Source {
    /// Returns the tool whose output it is, such as `nvidia-smi`, without a version.
    fn tool(&self) -> &str;

    /// Returns what was asked, word for word, where something was asked: a lab commits to
    /// it.
    fn query(&self) -> Option<String> {
        None
    }

    /// Returns how many bytes it will read, where that is known before.
    fn size(&self) -> Option<u64> {
        None
    }

    /// Gives all that it holds to `sink`: the readings of one measure of one meter in
    /// order of time, those of the time around a period with it, and nothing that is not
    /// there. On an error what was given is not to be used.
    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError>;
}

/// What takes the output of a source; on one thread, while another may read on.
///
/// It takes jobs, readings or charges, and refuses what it has no method for.
pub trait Sink: Send {
    /// Returns where it is kept what was left out, what looks wrong and what was read raw.
    fn intake(&mut self) -> &mut Intake;

    /// Takes a job.
    fn job(&mut self, _: &Job) -> Result<(), SourceError> {
        Err(SourceError::Unwanted { what: "a job" })
    }

    /// Returns the number of a meter, known by its boundary and name.
    fn meter(&mut self, _: &Meter) -> Result<MeterId, SourceError> {
        Err(SourceError::Unwanted { what: "a meter" })
    }

    /// Takes a reading.
    fn sample(&mut self, _: MeterId, _: Measure, _: Sample) -> Result<(), SourceError> {
        Err(SourceError::Unwanted { what: "a reading" })
    }

    /// Takes the energy of a stretch of time.
    fn lot(&mut self, _: MeterId, _: Lot) -> Result<(), SourceError> {
        Err(SourceError::Unwanted { what: "a reading" })
    }

    /// Takes a charge of a provider.
    fn charge(&mut self, _: Charge) -> Result<(), SourceError> {
        Err(SourceError::Unwanted { what: "a charge" })
    }

    /// Takes the SHA-256 of a raw input, one after the other.
    fn input(&mut self, digest: Hash) {
        self.intake().input(digest);
    }

    /// Hears that a row is no use of accelerators, or no reading, and why.
    fn skip(&mut self, reason: &'static str, row: u64) {
        self.intake().skip(reason, row);
    }

    /// Hears of something that looks wrong and was read all the same.
    fn warn(&mut self, row: u64, text: &str) {
        self.intake().warn(format!("row {row}: {text}"));
    }
}
