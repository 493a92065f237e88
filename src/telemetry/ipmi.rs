//! DCMI power readings of a machine's management controller, as `ipmitool` and `FreeIPMI`
//! print them.
//!
//! Specified in `specs/energy.md`, section "IPMI". A file holds the output of
//! `ipmitool dcmi power reading` or `ipmi-dcmi --get-system-power-statistics`, one
//! capture after the other. Each has its own time, which is local without a zone.

use std::path::PathBuf;

use crate::attestation::figure::Boundary;
use crate::collector::MeterId;
use crate::collector::reading::Billionths;
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
use crate::telemetry::sizes;

/// What begins a capture: `ipmitool`'s label, and `FreeIPMI`'s.
const READINGS: [&str; 2] = ["Instantaneous power reading", "Current Power"];

/// The labels of the time of a capture.
const TIMES: [&str; 2] = ["IPMI timestamp", "Time Stamp"];

/// The labels of whether power is measured at all.
const STATES: [&str; 2] = ["Power reading state is", "Power Measurement"];

/// Times before this day count from when the controller started: its clock was never set
/// (IPMI 2.0, section 37: up to 0x20000000 seconds).
const UNSET_UNTIL: &str = "1987-01-05";

/// Why a capture is skipped.
const UNMEASURED: &str = "captures of a controller that does not measure";

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Files of captures.
#[derive(Debug)]
pub struct DcmiPower {
    files: Vec<PathBuf>,
    name: Option<String>,
    clock: Clock,
}

/// A capture whose end was not seen.
struct Draft {
    row: u64,
    watts: Result<Billionths, SourceError>,
    time: Option<(u64, String)>,
    /// Whether the controller measures, where it says so.
    on: Option<bool>,
}

impl DcmiPower {
    /// Reads these files, each of one machine, with its times understood by `clock`. With
    /// a name all are of the machine called so; without one each is called as its file is,
    /// without the ending.
    pub fn new(mut files: Vec<PathBuf>, name: Option<String>, clock: Clock) -> Self {
        files.sort();
        Self { files, name, clock }
    }

    /// Gives the reading of a capture.
    fn give(&self, draft: Draft, meter: MeterId, sink: &mut dyn Sink) -> Result<(), SourceError> {
        if draft.on == Some(false) {
            sink.skip(UNMEASURED, draft.row);
            return Ok(());
        }
        let value = draft.watts?;
        let Some((row, text)) = draft.time else {
            let why = "comes without a timestamp: keep the whole output of the tool, \
                       its `IPMI timestamp` or `Time Stamp` line too";
            let text = value.to_string();
            return Err(field_error(draft.row, "power reading", &text, why));
        };
        sink.sample(
            meter,
            Measure::Power,
            Sample {
                at: self.instant(row, &text)?,
                value,
                row: draft.row,
            },
        )
    }

    fn instant(&self, row: u64, text: &str) -> Result<Millis, SourceError> {
        let field = "timestamp";
        let spelled = spelled(text)
            .ok_or_else(|| field_error(row, field, text, "is not a time that the tools print"))?;
        if spelled.as_str() < UNSET_UNTIL {
            let why = "counts from the controller's start: its clock is not set";
            return Err(field_error(row, field, text, why));
        }
        let at = self.clock.millis(&spelled);
        at.map_err(|fault| fault.at(row, field, text))
    }
}

impl Source for DcmiPower {
    fn tool(&self) -> &'static str {
        "ipmi-dcmi"
    }

    fn size(&self) -> Option<u64> {
        sizes(&self.files)
    }

    fn read(&mut self, sink: &mut dyn Sink) -> Result<(), SourceError> {
        each_file(&self.files, |file| {
            let stem = file.file_stem().unwrap_or(file.as_os_str());
            let name = self.name.clone();
            let meter = sink.meter(&Meter {
                name: name.unwrap_or_else(|| stem.to_string_lossy().into_owned()),
                boundary: Boundary::Node,
                model: None,
            })?;
            let mut input = Input::open(file)?;
            let mut line = Vec::new();
            let mut draft: Option<Draft> = None;
            let mut captures = false;
            while input.line(&mut line)? {
                let row = input.row();
                let text = String::from_utf8_lossy(&line);
                let Some((label, value)) = text.split_once(':') else {
                    continue;
                };
                let (label, value) = (label.trim(), value.trim());
                if READINGS.contains(&label) {
                    captures = true;
                    if let Some(draft) = draft.take() {
                        self.give(draft, meter, sink)?;
                    }
                    draft = Some(Draft {
                        row,
                        watts: watts(row, label, value),
                        time: None,
                        on: None,
                    });
                } else if TIMES.contains(&label) {
                    let Some(draft) = &mut draft else {
                        let why = "is no part of a capture: a power reading comes before it";
                        return Err(field_error(row, label, value, why));
                    };
                    if draft.time.replace((row, value.to_owned())).is_some() {
                        let why = "is the second of one capture";
                        return Err(field_error(row, label, value, why));
                    }
                } else if STATES.contains(&label) {
                    captures = true;
                    let on = ["activated", "Active"].contains(&value);
                    if let Some(draft) = draft.as_mut().filter(|draft| draft.on.is_none()) {
                        draft.on = Some(on);
                        continue;
                    }
                    // A controller that measures nothing may say only that.
                    if let Some(draft) = draft.take() {
                        self.give(draft, meter, sink)?;
                    }
                    if !on {
                        sink.skip(UNMEASURED, row);
                    }
                }
            }
            if let Some(draft) = draft.take() {
                self.give(draft, meter, sink)?;
            }
            if !captures {
                return Err(SourceError::Shape {
                    expected: "a DCMI power reading",
                    why: format!(
                        "{} has no line `{}:`",
                        input.name(),
                        READINGS.join(":` or `")
                    ),
                });
            }
            sink.input(input.digest());
            Ok(())
        })
    }
}

/// Parses `332 Watts`.
fn watts(row: u64, label: &str, text: &str) -> Result<Billionths, SourceError> {
    let number = text
        .strip_suffix("Watts")
        .ok_or_else(|| field_error(row, label, text, "is not in watts"))?;
    billionths(number.trim_end(), Unit::ONE).map_err(|why| field_error(row, label, text, why))
}

/// Spells `Thu Feb 15 14:00:00 2024`, `02/15/2024 - 14:00:00` and `02/15/2024 14:00:00`,
/// with `UTC` behind or nothing, as `2024-02-15T14:00:00`.
fn spelled(text: &str) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let zone = if words.last() == Some(&"UTC") {
        words.pop();
        "Z"
    } else {
        ""
    };
    let (year, month, day, time) = match words.as_slice() {
        [_, month, day, time, year] => {
            let at = MONTHS.iter().position(|one| one == month)?;
            (*year, at.checked_add(1)?.to_string(), *day, *time)
        }
        [date, "-", time] | [date, time] => {
            let (month, rest) = date.split_once('/')?;
            let (day, year) = rest.split_once('/')?;
            (year, month.to_owned(), day, *time)
        }
        _ => return None,
    };
    (year.len() == 4).then(|| format!("{year}-{month:0>2}-{day:0>2}T{time}{zone}"))
}
