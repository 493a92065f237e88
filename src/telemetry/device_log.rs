//! The log that `standstill sample` keeps of the devices of a machine, and its reader.
//!
//! Specified in `specs/readings.md`, section "Device logs". One CSV file a UTC day, only
//! ever appended to, a line a device and reading; an empty cell is what the device did not
//! tell. A machine that was off, or a driver that was reloaded, leaves no lines, and that
//! is a gap.

use std::collections::BTreeMap;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Measure;
use crate::collector::reading::Meter;
use crate::collector::reading::Millis;
use crate::collector::reading::Sample;
use crate::telemetry::Clock;
use crate::telemetry::Input;
use crate::telemetry::Sink;
use crate::telemetry::Source;
use crate::telemetry::SourceError;
use crate::telemetry::decimal::Unit;
use crate::telemetry::decimal::billionths;
use crate::telemetry::each_file;
use crate::telemetry::field_error;
use crate::telemetry::nvidia_smi::millis;
use crate::telemetry::sizes;

/// The first line of every file.
const HEADER: &str = "time,uuid,serial,name,power_mw,energy_mj,utilization_percent";

/// Bytes at the end of a file among which its last line feed is looked for.
const TAIL: u64 = 1 << 16;

/// What a device shows at an instant; `None` for what it does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceReading {
    /// Its UUID.
    pub uuid: String,
    /// Its maker's serial number.
    pub serial: Option<String>,
    /// Its product name.
    pub name: String,
    /// Milliwatts.
    pub power: Option<u64>,
    /// Millijoules since its driver was loaded.
    pub energy: Option<u64>,
    /// The share of the last sample period in which something ran, in percent.
    pub active: Option<u64>,
}

/// Appends to the log of a machine.
#[derive(Debug)]
pub struct DeviceLog {
    directory: PathBuf,
    /// Held as long as this is: a second sampler would double every reading.
    _lock: File,
    /// The day that `file` is of, as in its name.
    day: String,
    file: Option<File>,
    last: Option<Millis>,
}

impl DeviceLog {
    /// Opens the log in `directory`, which is made if need be.
    ///
    /// Fails if another sampler has it open.
    pub fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join("lock"))?;
        lock.try_lock().map_err(io::Error::other)?;
        let mut log = Self {
            directory: directory.to_owned(),
            _lock: lock,
            day: String::new(),
            file: None,
            last: None,
        };
        log.last = log.newest()?;
        Ok(log)
    }

    /// Appends what devices show at `at`; `false` if the clock has not moved on since the
    /// last readings: a log goes forward only.
    pub fn append(&mut self, at: Millis, devices: &[DeviceReading]) -> io::Result<bool> {
        if self.last.is_some_and(|last| at <= last) {
            return Ok(false);
        }
        let time = at.to_string();
        let day = time.get(..10).unwrap_or_default().to_owned();
        if day != self.day || self.file.is_none() {
            self.sync()?;
            self.file = Some(reopen(&self.directory.join(format!("{day}.csv")))?);
            self.day = day;
        }
        let mut text = String::new();
        for device in devices {
            let number =
                |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
            // A comma in a name would be another column.
            let word = |text: &str| text.replace([',', '\n', '\r', '"'], " ");
            let cells = [
                time.clone(),
                word(&device.uuid),
                word(device.serial.as_deref().unwrap_or_default()),
                word(&device.name),
                number(device.power),
                number(device.energy),
                number(device.active),
            ];
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        if let Some(file) = &mut self.file {
            file.write_all(text.as_bytes())?;
        }
        self.last = Some(at);
        Ok(true)
    }

    /// Makes what was appended durable.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// Returns the time of the last readings that are there.
    fn newest(&self) -> io::Result<Option<Millis>> {
        let Some(path) = files(&self.directory)?.pop() else {
            return Ok(None);
        };
        let mut file = reopen(&path)?;
        let end = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(end.saturating_sub(TAIL)))?;
        let mut tail = String::new();
        file.read_to_string(&mut tail)?;
        let last = tail
            .lines()
            .next_back()
            .and_then(|line| line.split(',').next());
        Ok(last.and_then(|time| Clock::default().millis(time).ok()))
    }
}

/// Opens a file to append to it. What a power failure left of a line is taken off.
fn reopen(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    let start = file.seek(SeekFrom::Start(end.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let kept = tail
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at.saturating_add(1));
    let kept = start.saturating_add(u64::try_from(kept).unwrap_or(0));
    if kept < end {
        file.set_len(kept)?;
    }
    file.seek(SeekFrom::End(0))?;
    if kept == 0 {
        writeln!(file, "{HEADER}")?;
    }
    Ok(file)
}

/// Returns the files of a log, in order of their days.
pub fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(directory)? {
        let path = file?.path();
        if path.extension().is_some_and(|one| one == "csv") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads device logs, of one machine or of several.
#[derive(Debug)]
pub struct DeviceLogs {
    files: Vec<PathBuf>,
}

impl DeviceLogs {
    /// Reads these files, those of one machine in order of their days.
    pub const fn new(files: Vec<PathBuf>) -> Self {
        Self { files }
    }
}

impl Source for DeviceLogs {
    fn tool(&self) -> &'static str {
        "standstill-sample"
    }

    fn size(&self) -> Option<u64> {
        sizes(&self.files)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let clock = Clock::default();
        let mut meters: BTreeMap<String, MeterId> = BTreeMap::new();
        each_file(&self.files, |file| {
            let mut input = Input::open(file)?;
            let mut line = Vec::new();
            let mut first = true;
            loop {
                match input.line(&mut line) {
                    Ok(true) => {}
                    Ok(false) => break,
                    // It is being written, or was when the power failed.
                    Err(SourceError::Cut) => {
                        sink.skip("lines not yet written to their end", input.row());
                        break;
                    }
                    Err(error) => return Err(error),
                }
                let text = String::from_utf8_lossy(&line);
                if first {
                    first = false;
                    if text != HEADER {
                        return Err(SourceError::Shape {
                            expected: "a log of `standstill sample`",
                            why: format!("{} does not begin with `{HEADER}`", input.name()),
                        });
                    }
                    continue;
                }
                take(&text, input.row(), &clock, &mut meters, sink)?;
            }
            sink.input(input.digest());
            Ok(())
        })
    }
}

/// Takes one line.
fn take(
    line: &str,
    row: u64,
    clock: &Clock,
    meters: &mut BTreeMap<String, MeterId>,
    sink: &mut dyn Sink,
) -> Result<(), SourceError> {
    let cells: Vec<&str> = line.split(',').collect();
    let [time, uuid, _, name, power, energy, active] = cells.as_slice() else {
        return Err(SourceError::Row {
            row,
            found: cells.len(),
            expected: HEADER.split(',').count(),
        });
    };
    let at = millis(clock, row, time)?;
    if uuid.is_empty() {
        return Err(field_error(row, "uuid", uuid, "names no device"));
    }
    let meter = if let Some(meter) = meters.get(*uuid) {
        *meter
    } else {
        let meter = sink.meter(&Meter {
            name: (*uuid).to_owned(),
            boundary: Boundary::Gpu,
            model: Some((*name).to_owned()),
        })?;
        meters.insert((*uuid).to_owned(), meter);
        meter
    };
    for (measure, text, unit) in [
        (Measure::Power, power, Unit::MILLI),
        (Measure::Energy, energy, Unit::MILLI),
        (Measure::Active, active, Unit::PERCENT),
    ] {
        if text.is_empty() {
            sink.skip("readings that the device does not give", row);
            continue;
        }
        let value =
            billionths(text, unit).map_err(|why| field_error(row, measure.as_str(), text, why))?;
        sink.sample(meter, measure, Sample { at, value, row })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(energy: u64) -> DeviceReading {
        DeviceReading {
            uuid: "GPU-a".to_owned(),
            name: "H100, SXM".to_owned(),
            energy: Some(energy),
            ..DeviceReading::default()
        }
    }

    fn at(seconds: u64) -> Millis {
        Millis::new((1_767_225_600 + seconds) * 1000).unwrap()
    }

    #[test]
    fn a_log_goes_on_after_a_power_failure_and_only_forward() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = DeviceLog::open(directory.path()).unwrap();
        assert!(log.append(at(0), &[reading(1)]).unwrap());
        assert!(
            DeviceLog::open(directory.path()).is_err(),
            "a second sampler"
        );
        drop(log);
        let path = directory.path().join("2026-01-01.csv");
        let whole = std::fs::read_to_string(&path).unwrap();
        // Cut at every byte, it holds what was written to the end of a line.
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut log = DeviceLog::open(directory.path()).unwrap();
            assert!(log.append(at(10), &[reading(2)]).unwrap());
            // A clock that was put back writes nothing.
            assert!(!log.append(at(5), &[reading(3)]).unwrap());
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let kept = if cut == whole.len() { 3 } else { 2 };
            assert_eq!(lines.len(), kept, "{text}");
            assert_eq!(lines[0], HEADER);
            assert_eq!(lines[kept - 1], "2026-01-01T00:00:10Z,GPU-a,,H100  SXM,,2,");
        }
    }

    #[test]
    fn each_day_has_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = DeviceLog::open(directory.path()).unwrap();
        for day in 0..3 {
            log.append(at(day * 86_400), &[reading(day)]).unwrap();
        }
        let names: Vec<String> = files(directory.path())
            .unwrap()
            .iter()
            .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            ["2026-01-01.csv", "2026-01-02.csv", "2026-01-03.csv"]
        );
    }
}
