//! What sources are read into: readings and charges cut into periods as they come, and jobs as
//! they are.

use crate::collector::CollectError;
use crate::collector::Job;
use crate::collector::MeterId;
use crate::collector::Metering;
use crate::collector::billed::Billing;
use crate::collector::billed::Charge;
use crate::collector::put_together;
use crate::collector::reading::Lot;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Sample;
use crate::telemetry::Intake;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::time::Cadence;
use crate::time::Period;

/// Readings.
#[derive(Debug)]
pub struct Gathered {
    /// What is told of them.
    pub intake: Intake,
    /// The readings.
    pub metering: Metering,
}

impl Gathered {
    /// Nothing yet.
    pub fn new(metering: Metering) -> Self {
        Self {
            intake: Intake::default(),
            metering,
        }
    }
}

impl Sink for Gathered {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
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
}

/// What providers billed.
#[derive(Debug)]
pub struct Billed {
    /// What is told of it.
    pub intake: Intake,
    /// The charges.
    pub billing: Billing,
}

impl Billed {
    /// Nothing yet, for the periods of `range`: whole ones of `cadence` counted from its start.
    pub fn new(cadence: Cadence, range: Period) -> Result<Self, CollectError> {
        Ok(Self {
            intake: Intake::default(),
            billing: Billing::new(cadence, range)?,
        })
    }
}

impl Sink for Billed {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn charge(&mut self, charge: Charge) -> Result<(), SourceError> {
        Ok(self.billing.take(&charge)?)
    }
}

/// The jobs of a log that is small enough to be held.
#[derive(Clone, Debug, Default)]
pub struct JobLog {
    /// What is told of them.
    pub intake: Intake,
    /// The jobs, what several rows say of one put together.
    pub jobs: Vec<Job>,
}

impl JobLog {
    /// Reads a source whole.
    pub fn read(source: &mut dyn Source) -> Result<Self, SourceError> {
        let mut log = Self::default();
        source.read(&mut log)?;
        let noticed = put_together(&mut log.jobs)?;
        log.intake.notice(&noticed);
        Ok(log)
    }
}

impl Sink for JobLog {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn job(&mut self, job: &Job) -> Result<(), SourceError> {
        self.jobs.push(job.clone());
        Ok(())
    }
}
