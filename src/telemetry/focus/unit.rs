//! Units in which time is consumed.

use crate::collector::billed::Consumed;
use crate::telemetry::decimal::Decimal;

/// A unit of time: of an instance, or of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    seconds: u64,
    devices: bool,
}

impl Unit {
    /// Understands a unit as "Unit Format" spells it (`Hours`, `GPU-Hours`, `100 Hours`),
    /// and, `lenient`, as others do (`Hrs`, `OCPU Per Hour`). `None` if it is no time.
    pub(super) fn parse(text: &str, lenient: bool) -> Option<Self> {
        let mut words: Vec<&str> = text.split([' ', '-', '/']).collect();
        let per = |word: &str| lenient && word.eq_ignore_ascii_case("per");
        words.retain(|word| !(word.is_empty() || per(word)));
        let times: u64 = match words.first()?.parse() {
            Ok(times) => {
                words.remove(0);
                times
            }
            Err(_) => 1,
        };
        let time = words.pop()?;
        let spelled = if lenient {
            time.to_ascii_lowercase()
        } else {
            time.to_owned()
        };
        let seconds: u64 = match spelled.as_str() {
            "Days" | "Day" | "days" | "day" => 86_400,
            "Hours" | "Hour" => 3600,
            "hours" | "hour" | "hrs" | "hr" | "h" if lenient => 3600,
            "Minutes" | "Minute" => 60,
            "minutes" | "minute" | "min" if lenient => 60,
            "Seconds" | "Second" => 1,
            "seconds" | "second" | "s" if lenient => 1,
            _ => return None,
        };
        let devices = match words.as_slice() {
            [] => false,
            [of] => match of.to_ascii_lowercase().as_str() {
                "gpu" | "gpus" | "accelerator" | "accelerators" | "chip" | "chips" => true,
                "instance" | "instances" | "node" | "nodes" | "vm" | "vms" => false,
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            seconds: seconds.checked_mul(times)?,
            devices,
        })
    }

    /// Whether it is the time of devices, and not of instances that have some.
    pub(super) const fn is_of_devices(self) -> bool {
        self.devices
    }

    /// Returns how long `quantity` of it is; `None` if it is zero.
    pub(super) fn consumed(self, quantity: &str) -> Result<Option<Consumed>, &'static str> {
        let decimal = Decimal::parse(quantity)?;
        if decimal.digits == 0 {
            return Ok(None);
        }
        Consumed::new(decimal.negative, decimal.digits, decimal.ten, self.seconds)
            .map(Some)
            .ok_or("is beyond all use")
    }
}
