//! The sink that every command reads sources into.

use crate::collector::Job;
use crate::collector::MeterId;
use crate::collector::Metering;
use crate::collector::billed::Billing;
use crate::collector::billed::Charge;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Sample;
use crate::hash::Hash;
use crate::hash::Hasher;
use crate::telemetry::Intake;
use crate::telemetry::Sink;
use crate::telemetry::SourceError;

/// What a source gave: jobs as they are, readings cut into periods as they came.
#[derive(Debug)]
pub struct Gathered {
    /// The jobs, and what was left out or looks wrong.
    pub intake: Intake,
    /// The readings.
    pub metering: Metering,
    /// What providers billed.
    pub billing: Billing,
    inputs: Vec<Hash>,
}

impl Gathered {
    /// Nothing yet.
    pub fn new(metering: Metering) -> Self {
        Self {
            intake: Intake::default(),
            billing: Billing::new(metering.periods()),
            metering,
            inputs: Vec::new(),
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
}

impl Sink for Gathered {
    fn job(&mut self, job: Job) -> Result<(), SourceError> {
        self.intake.jobs.push(job);
        Ok(())
    }

    fn meter(&mut self, meter: &Meter) -> Result<MeterId, SourceError> {
        Ok(self.metering.meter(meter)?)
    }

    fn sample(
        &mut self,
        meter: MeterId,
        measure: Measure,
        sample: Sample,
    ) -> Result<(), SourceError> {
        Ok(self.metering.sample(meter, measure, sample)?)
    }

    fn lot(&mut self, meter: MeterId, lot: Lot) -> Result<(), SourceError> {
        Ok(self.metering.lot(meter, lot)?)
    }

    fn charge(&mut self, charge: Charge) -> Result<(), SourceError> {
        Ok(self.billing.take(&charge)?)
    }

    fn input(&mut self, digest: Hash) {
        self.inputs.push(digest);
    }

    fn skip(&mut self, reason: &'static str, row: u64) {
        self.intake.skip(reason, row);
    }

    fn warn(&mut self, row: u64, text: &str) {
        self.intake.warn(row, text);
    }
}
