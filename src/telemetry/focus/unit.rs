//! Units in which time is consumed.

use crate::collector::billed::Consumed;

/// Digits that a quantity has at most: those of decimal128 and some of noise.
const MAX_DIGITS: usize = 27;

/// What no exponent exceeds.
const MAX_EXPONENT: i32 = 30;

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
        let why = "is not a decimal number";
        let (mantissa, exponent) = match quantity.split_once(['E', 'e']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| why)?),
            None => (quantity, 0),
        };
        if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
            return Err("has an exponent beyond all use");
        }
        let (unsigned, sign) = match mantissa.strip_prefix('-') {
            Some(unsigned) => (unsigned, -1),
            None => (mantissa, 1),
        };
        let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (integer.is_empty() && fraction.is_empty()) || !digits(integer) || !digits(fraction) {
            return Err(why);
        }
        let all = format!("{integer}{fraction}");
        let all = all.trim_start_matches('0');
        if all.is_empty() {
            return Ok(None);
        }
        if all.len() > MAX_DIGITS {
            return Err("has more digits than can be counted");
        }
        let beyond = "is beyond all use";
        let mantissa: i128 = all.parse().map_err(|_| beyond)?;
        let decimals = i32::try_from(fraction.len())
            .map_err(|_| beyond)?
            .saturating_sub(exponent);
        let (mantissa, decimals) = if let Ok(decimals) = u32::try_from(decimals) {
            (mantissa, decimals)
        } else {
            let scale = 10_i128.checked_pow(decimals.unsigned_abs()).ok_or(beyond)?;
            (mantissa.checked_mul(scale).ok_or(beyond)?, 0)
        };
        Consumed::new(mantissa.saturating_mul(sign), decimals, self.seconds)
            .map(Some)
            .ok_or(beyond)
    }
}
