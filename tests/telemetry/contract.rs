//! What every source owes, whatever it reads: the contract of the trait `Source`.
//!
//! A source that is added gets a line in [`cases`]. Those that ask a server are held to the
//! same in `.ci/interop/metrics` and `.ci/interop/slurm`, against real ones.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::num::NonZeroU64;
use std::path::Path;
use std::path::PathBuf;

use standstill::attestation::figure::Boundary;
use standstill::collector::Job;
use standstill::collector::MeterId;
use standstill::collector::Metering;
use standstill::collector::billed::Charge;
use standstill::collector::reading::Lot;
use standstill::collector::reading::Measure;
use standstill::collector::reading::Meter;
use standstill::collector::reading::Millis;
use standstill::collector::reading::Sample;
use standstill::hash::Hash;
use standstill::hash::sha256;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Gathered;
use standstill::telemetry::Input;
use standstill::telemetry::Intake;
use standstill::telemetry::Options;
use standstill::telemetry::Sink;
use standstill::telemetry::Source;
use standstill::telemetry::SourceError;
use standstill::telemetry::bytes_read;
use standstill::telemetry::device_log::DeviceLogs;
use standstill::telemetry::focus::Focus;
use standstill::telemetry::focus::FocusOptions;
use standstill::telemetry::greenbutton::GreenButton;
use standstill::telemetry::ipmi::DcmiPower;
use standstill::telemetry::jobs::JobTable;
use standstill::telemetry::meter_table::MeterTable;
use standstill::telemetry::mlperf::PowerLogs;
use standstill::telemetry::nvidia_smi::NvidiaSmi;
use standstill::telemetry::redfish::Redfish;
use standstill::telemetry::redfish::RedfishReading;
use standstill::telemetry::slurm::Sacct;
use standstill::time::Cadence;
use standstill::time::Period;

/// All that a source gave, word for word and in order.
#[derive(Debug, Default)]
struct Given {
    events: Vec<String>,
    inputs: Vec<Hash>,
    /// Not asked: what is told is an event.
    intake: Intake,
    meters: Vec<Meter>,
    samples: BTreeMap<(MeterId, Measure), Vec<Millis>>,
    lots: BTreeMap<MeterId, Vec<Millis>>,
    /// Numbers the meters.
    gathered: Option<Gathered>,
}

/// A day that no input is of: only meters are numbered by it.
fn metering() -> Metering {
    let day: Period = {
        let [start, end] = ["2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"];
        Period::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    };
    Metering::new(
        Cadence::Seconds(NonZeroU64::new(86_400).unwrap()),
        day,
        None,
    )
    .unwrap()
}

impl Sink for Given {
    fn intake(&mut self) -> &mut Intake {
        &mut self.intake
    }

    fn job(&mut self, job: &Job) -> Result<(), SourceError> {
        self.events.push(format!("{job:?}"));
        Ok(())
    }

    fn meter(&mut self, meter: &Meter) -> Result<MeterId, SourceError> {
        self.events.push(format!("{meter:?}"));
        self.meters.push(meter.clone());
        let gathered = self
            .gathered
            .get_or_insert_with(|| Gathered::new(metering()));
        gathered.meter(meter)
    }

    fn sample(
        &mut self,
        meter: MeterId,
        measure: Measure,
        sample: Sample,
    ) -> Result<(), SourceError> {
        self.events.push(format!("{meter:?} {measure} {sample:?}"));
        let samples = self.samples.entry((meter, measure)).or_default();
        samples.push(sample.at);
        Ok(())
    }

    fn lot(&mut self, meter: MeterId, lot: Lot) -> Result<(), SourceError> {
        self.events.push(format!("{meter:?} {lot:?}"));
        assert!(lot.start < lot.end);
        self.lots.entry(meter).or_default().push(lot.start);
        Ok(())
    }

    fn charge(&mut self, charge: Charge) -> Result<(), SourceError> {
        self.events.push(format!("{charge:?}"));
        Ok(())
    }

    fn input(&mut self, digest: Hash) {
        self.inputs.push(digest);
    }

    fn skip(&mut self, reason: &'static str, row: u64) {
        self.events.push(format!("skip {reason} {row}"));
    }

    fn warn(&mut self, row: u64, text: &str) {
        self.events.push(format!("warn {row} {text}"));
    }
}

type Make = fn(PathBuf) -> Result<Box<dyn Source>, SourceError>;

/// A source, and what it reads.
struct Case {
    name: &'static str,
    input: Vec<u8>,
    /// What the file is called behind its point.
    kind: &'static str,
    make: Make,
    /// Whether a last line without an end may be left out: it is still being written.
    grows: bool,
    /// Whether the input is a document, which needs no line feed at its end.
    document: bool,
}

fn utc() -> Clock {
    Clock::new(Some("UTC"), Ambiguous::Refuse).unwrap()
}

fn options() -> Options {
    Options {
        clock: utc(),
        ..Options::default()
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    std::fs::read(fixtures.join(name)).unwrap()
}

/// Every source that reads a file.
fn cases() -> Vec<Case> {
    let case = |name, input, kind, make| Case {
        name,
        input,
        kind,
        make,
        grows: false,
        document: false,
    };
    let document = |name, input, kind, make| Case {
        document: true,
        ..case(name, input, kind, make)
    };
    let smi = "timestamp, uuid, name, power.draw.instant [W], utilization.gpu [%]\n\
        2026/03/01 00:00:00.000, GPU-1, H100, 100.50 W, 50 %\n\
        2026/03/01 00:00:00.000, GPU-2, H100, 110.50 W, 0 %\n\
        2026/03/01 00:00:10.000, GPU-1, H100, 101.50 W, 60 %\n\
        2026/03/01 00:00:10.000, GPU-2, H100, [N/A], 0 %\n";
    let log = "time,uuid,serial,name,power_mw,energy_mj,utilization_percent\n\
        2026-03-01T00:00:00.000Z,GPU-1,1,H100,100500,1000,50\n\
        2026-03-01T00:00:10.000Z,GPU-1,1,H100,101500,2000,\n";
    let table = "meter,time,power_w\n\
        a,2026-03-01T00:00:00Z,100\n\
        b,2026-03-01T00:00:00Z,100.5\n\
        a,2026-03-01T00:00:10Z,\n\
        b,2026-03-01T00:00:10Z,1e2\n";
    let mlperf = ":::MLLOG {\"time_ms\": 1772323200000, \"key\": \"power_reading\", \"value\": 2863.0, \"metadata\": {}}\n\
        noise\n\
        :::MLLOG {\"time_ms\": 1772323202000, \"key\": \"power_reading\", \"value\": 2864.0, \"metadata\": {}}\n";
    vec![
        case("nvidia-smi", smi.into(), "csv", |file| {
            Ok(Box::new(NvidiaSmi::new(Input::open(&file)?, utc())))
        }),
        Case {
            grows: true,
            ..case("standstill-sample", log.into(), "csv", |file| {
                Ok(Box::new(DeviceLogs::new(vec![file])))
            })
        },
        case("meter-csv", table.into(), "csv", |file| {
            let input = Input::open(&file)?;
            let (columns, boundary) = (BTreeMap::new(), Boundary::Node);
            Ok(Box::new(MeterTable::new(input, columns, boundary, utc())))
        }),
        case("mlperf-power", mlperf.into(), "txt", |file| {
            Ok(Box::new(PowerLogs::new(vec![file], Boundary::Node)))
        }),
        document(
            "green-button",
            fixture("telemetry/greenbutton/quality.xml"),
            "xml",
            |file| Ok(Box::new(GreenButton::new(vec![file], Boundary::Feed))),
        ),
        case(
            "redfish",
            fixture("telemetry/redfish/chassis.jsonl"),
            "jsonl",
            |file| {
                let reading = RedfishReading::Chassis;
                Ok(Box::new(Redfish::new(vec![file], reading)))
            },
        ),
        case(
            "ipmi-dcmi",
            fixture("telemetry/ipmi/ipmitool.txt"),
            "txt",
            |file| Ok(Box::new(DcmiPower::new(vec![file], None, utc()))),
        ),
        case("sacct", fixture("slurm/sacct-22.05.psv"), "psv", |file| {
            Ok(Box::new(Sacct::new(Input::open(&file)?, options())))
        }),
        document("sacct", fixture("slurm/sacct-22.05.json"), "json", |file| {
            Ok(Box::new(Sacct::new(Input::open(&file)?, options())))
        }),
        case("jobs-csv", fixture("jobs/plain.csv"), "csv", |file| {
            let input = Input::open(&file)?;
            let names = BTreeMap::new();
            Ok(Box::new(JobTable::new(input, names, options())))
        }),
        case(
            "focus",
            fixture("telemetry/focus/export.csv"),
            "csv",
            |file| {
                let options = FocusOptions::default();
                Ok(Box::new(Focus::new(vec![file], options)))
            },
        ),
    ]
}

impl Case {
    fn read(&self, bytes: &[u8]) -> Result<Given, SourceError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(format!("input.{}", self.kind));
        std::fs::write(&file, bytes).unwrap();
        let mut given = Given::default();
        let mut source = (self.make)(file)?;
        assert_eq!(source.tool(), self.name);
        assert_eq!(source.query(), None, "{}: nothing was asked", self.name);
        source.read(&mut given).map(|()| given)
    }

    fn good(&self) -> Given {
        let read = self.read(&self.input);
        read.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn what_is_given_depends_on_the_input_alone() {
    for case in cases() {
        let (one, other) = (case.good(), case.good());
        assert!(!one.events.is_empty(), "{}", case.name);
        assert_eq!(one.events, other.events, "{}", case.name);
        // Packed, it says the same.
        let packed = gzip(&case.input);
        let read = case.read(&packed);
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(one.events, read.events, "{}", case.name);
        assert_eq!(read.inputs, [sha256(&packed)], "{}", case.name);
    }
}

#[test]
fn the_raw_input_is_digested() {
    for case in cases() {
        assert_eq!(case.good().inputs, [sha256(&case.input)], "{}", case.name);
    }
}

#[test]
fn how_much_is_read_is_known_before_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    for case in cases() {
        let file = directory.path().join(format!("input.{}", case.kind));
        std::fs::write(&file, &case.input).unwrap();
        let size = u64::try_from(case.input.len()).unwrap();
        let before = bytes_read();
        let mut source = (case.make)(file).unwrap();
        assert_eq!(source.size(), Some(size), "{}", case.name);
        source.read(&mut Given::default()).unwrap();
        // Other tests may read at the same time: never less.
        assert!(bytes_read() - before >= size, "{}", case.name);
    }
}

/// What takes nothing.
#[derive(Default)]
struct Nobody(Intake);

impl Sink for Nobody {
    fn intake(&mut self) -> &mut Intake {
        &mut self.0
    }
}

#[test]
fn what_is_not_taken_is_an_error_and_not_lost() {
    let directory = tempfile::tempdir().unwrap();
    for case in cases() {
        let file = directory.path().join(format!("input.{}", case.kind));
        std::fs::write(&file, &case.input).unwrap();
        let mut source = (case.make)(file).unwrap();
        let error = source.read(&mut Nobody::default()).unwrap_err();
        let why = error.to_string();
        assert!(why.contains("has no place here"), "{}: {why}", case.name);
    }
}

#[test]
fn readings_of_one_measure_of_a_meter_come_in_order() {
    for case in cases() {
        let given = case.good();
        for times in given.samples.values() {
            assert!(times.is_sorted_by(|one, next| one < next), "{}", case.name);
        }
        for times in given.lots.values() {
            assert!(times.is_sorted(), "{}", case.name);
        }
        for meter in &given.meters {
            assert!(!meter.name.is_empty(), "{}", case.name);
        }
    }
}

#[test]
fn an_input_that_was_cut_off_is_refused() {
    for case in cases() {
        let end = if case.document {
            case.input.trim_ascii_end().len()
        } else {
            case.input.len()
        };
        let whole = case.good().events.len();
        for cut in (1..end).step_by(1 + end / 400) {
            let before = &case.input[..cut];
            if before.ends_with(b"\n") && !case.document {
                // What ends with a line may be a whole input.
                continue;
            }
            match case.read(before) {
                Err(_) => {}
                Ok(given) if case.grows => assert!(given.events.len() <= whole + 1),
                Ok(_) => panic!("{}: cut at {cut} of {end} bytes", case.name),
            }
            if !case.grows {
                let mut packed = gzip(&case.input);
                packed.truncate(packed.len() * cut / (end + 1));
                assert!(case.read(&packed).is_err(), "{}: packed", case.name);
            }
        }
    }
}

#[test]
fn nothing_is_no_input() {
    for case in cases() {
        for bytes in [&b""[..], b"\n", b" \n\n"] {
            if let Ok(given) = case.read(bytes) {
                assert!(case.grows && given.events.is_empty(), "{}", case.name);
            }
        }
        for bytes in [
            &b"\x7fELF\0\0\0\n"[..],
            b"\xff\xfe\n",
            b"{}\n",
            b"<a/>\n",
            b"a,b\n1,2\n",
        ] {
            assert!(case.read(bytes).is_err(), "{}: {bytes:?}", case.name);
        }
    }
}

#[test]
fn no_change_of_a_byte_makes_a_source_panic() {
    for case in cases() {
        let step = 1 + case.input.len() / 150;
        for at in (0..case.input.len()).step_by(step) {
            for byte in [b'9', b'-', b'"', b'\n', 0, 0xff] {
                let mut bytes = case.input.clone();
                bytes[at] = byte;
                let _ = case.read(&bytes);
            }
        }
    }
}

#[test]
fn of_several_files_the_one_at_fault_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for case in cases() {
        let [good, bad] =
            ["good", "wrong"].map(|name| directory.path().join(format!("{name}.{}", case.kind)));
        std::fs::write(&good, &case.input).unwrap();
        let mut broken = case.input.clone();
        let middle = broken.len() / 2;
        broken.truncate(middle);
        broken.extend_from_slice(b"\0\xff\n");
        std::fs::write(&bad, &broken).unwrap();
        let files = vec![good, bad];
        let mut source: Box<dyn Source> = match case.name {
            "standstill-sample" => Box::new(DeviceLogs::new(files)),
            "mlperf-power" => Box::new(PowerLogs::new(files, Boundary::Node)),
            "green-button" => Box::new(GreenButton::new(files, Boundary::Feed)),
            "redfish" => Box::new(Redfish::new(files, RedfishReading::Chassis)),
            "ipmi-dcmi" => Box::new(DcmiPower::new(files, None, utc())),
            "focus" => Box::new(Focus::new(files, FocusOptions::default())),
            _ => continue,
        };
        if let Err(error) = source.read(&mut Given::default()) {
            assert!(
                error.to_string().contains("wrong."),
                "{}: {error}",
                case.name
            );
        } else {
            // What is no reading is left out.
            assert!(
                matches!(case.name, "ipmi-dcmi" | "mlperf-power"),
                "{}",
                case.name
            );
        }
    }
}
