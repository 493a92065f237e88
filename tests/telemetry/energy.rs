//! What the tests of energy share: a sink that remembers, and fixtures.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::path::PathBuf;

use standstill::attestation::figure::Boundary;
use standstill::collector::MeterId;
use standstill::collector::Metering;
use standstill::collector::reading::Lot;
use standstill::collector::reading::Measure;
use standstill::collector::reading::Meter;
use standstill::collector::reading::Sample;
use standstill::hash::Hash;
use standstill::telemetry::Gathered;
use standstill::telemetry::Intake;
use standstill::telemetry::Sink;
use standstill::telemetry::Source;
use standstill::telemetry::SourceError;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

/// A fixture of a source of telemetry.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/telemetry")
        .join(name)
}

/// A file of that name and text, in a directory that goes with it.
pub(crate) fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

/// Remembers what a source gives, and refuses what the collector refuses.
pub(crate) struct Seen {
    pub(crate) gathered: Gathered,
    meters: BTreeMap<MeterId, Meter>,
    lots: Vec<(MeterId, Lot)>,
    samples: Vec<(MeterId, Measure, Sample)>,
    pub(crate) inputs: Vec<Hash>,
}

impl Seen {
    fn new() -> Self {
        // 2000 to 2030, in one period, with a reading a minute.
        let [start, end] =
            [946_684_800, 1_893_456_000].map(|second| UnixSeconds::new(second).unwrap());
        let range = Period::new(start, end).unwrap();
        let cadence = Cadence::Seconds(NonZeroU64::new(range.seconds()).unwrap());
        Self {
            gathered: Gathered::new(Metering::new(cadence, range, Some(60_000)).unwrap()),
            meters: BTreeMap::new(),
            lots: Vec::new(),
            samples: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// The meters, each as `boundary name`.
    pub(crate) fn meters(&self) -> Vec<String> {
        let mut meters: Vec<String> = self.meters.values().map(spell).collect();
        meters.sort();
        meters
    }

    /// The lots of a meter: from and to in milliseconds, and joules.
    pub(crate) fn lots(&self, meter: &str) -> Vec<(u64, u64, String)> {
        let of = |id| spell(&self.meters[id]) == meter;
        let lots = self.lots.iter().filter(|(id, _)| of(id));
        lots.map(|(_, lot)| (lot.start.get(), lot.end.get(), lot.joules.to_string()))
            .collect()
    }

    /// The readings of a meter: when, in milliseconds, and how much.
    pub(crate) fn samples(&self, meter: &str, measure: Measure) -> Vec<(u64, String)> {
        let of = |id| spell(&self.meters[id]) == meter;
        let samples = self.samples.iter();
        samples
            .filter(|(id, one, _)| of(id) && *one == measure)
            .map(|(_, _, sample)| (sample.at.get(), sample.value.to_string()))
            .collect()
    }

    /// The joules and the milliseconds that were seen, by meter and measure.
    pub(crate) fn totals(self) -> BTreeMap<(String, Measure), (u128, u64)> {
        let metered = self.gathered.metering.finish().unwrap();
        let mut totals = BTreeMap::new();
        for meter in metered.period(0) {
            for (measure, cell) in meter.cells {
                let key = (spell(meter.meter), measure);
                totals.insert(key, (cell.twice_middle / 2, cell.observed));
            }
        }
        totals
    }

    /// How many rows were skipped for each reason.
    pub(crate) fn skipped(&self) -> Vec<(&'static str, u64)> {
        let skipped = self.gathered.intake.skipped.iter();
        skipped
            .map(|(reason, (count, _))| (*reason, *count))
            .collect()
    }
}

fn spell(meter: &Meter) -> String {
    format!("{} {}", meter.boundary.as_str(), meter.name)
}

impl Sink for Seen {
    fn intake(&mut self) -> &mut Intake {
        &mut self.gathered.intake
    }

    fn meter(&mut self, meter: &Meter) -> Result<MeterId, SourceError> {
        let id = self.gathered.meter(meter)?;
        self.meters.insert(id, meter.clone());
        Ok(id)
    }

    fn sample(
        &mut self,
        meter: MeterId,
        measure: Measure,
        sample: Sample,
    ) -> Result<(), SourceError> {
        self.gathered.sample(meter, measure, sample)?;
        self.samples.push((meter, measure, sample));
        Ok(())
    }

    fn lot(&mut self, meter: MeterId, lot: Lot) -> Result<(), SourceError> {
        assert!(lot.start < lot.end);
        self.gathered.lot(meter, lot)?;
        self.lots.push((meter, lot));
        Ok(())
    }

    fn input(&mut self, digest: Hash) {
        self.inputs.push(digest);
    }

    fn skip(&mut self, reason: &'static str, row: u64) {
        self.gathered.skip(reason, row);
    }

    fn warn(&mut self, row: u64, text: &str) {
        self.gathered.warn(row, text);
    }
}

/// What a source gives.
pub(crate) fn read(mut source: impl Source) -> Result<Seen, SourceError> {
    let mut seen = Seen::new();
    source.read(&mut seen)?;
    Ok(seen)
}

/// Why a source cannot be read; it holds each of the words.
pub(crate) fn refused(source: impl Source, words: &[&str]) {
    let error = match read(source) {
        Ok(_) => panic!("it was read: {words:?}"),
        Err(error) => error.to_string(),
    };
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
}

/// Where nothing says otherwise.
pub(crate) const FEED: Boundary = Boundary::Feed;
