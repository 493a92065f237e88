//! Exact decimals of other programs: `66`, `66.0` and `6.6e1`, never a float.

use crate::collector::reading::Billionths;

/// A unit that readings come in, as a multiple of the base unit (W, J, a share): `times`
/// times ten to the `ten`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    times: u128,
    ten: i32,
}

impl Unit {
    /// The base unit.
    pub(super) const ONE: Self = Self::ten(0);
    /// Thousandths of it.
    pub(super) const MILLI: Self = Self::ten(-3);
    /// Millionths of it.
    pub(super) const MICRO: Self = Self::ten(-6);
    /// A thousand of it.
    pub(super) const KILO: Self = Self::ten(3);
    /// A million of it.
    pub(super) const MEGA: Self = Self::ten(6);
    /// Hundredths of it.
    pub(super) const PERCENT: Self = Self::ten(-2);
    /// A watt-hour, in joules.
    pub(super) const WATT_HOUR: Self = Self {
        times: 3600,
        ten: 0,
    };
    /// A kilowatt-hour, in joules.
    pub(super) const KILOWATT_HOUR: Self = Self {
        times: 3600,
        ten: 3,
    };
    /// A megawatt-hour, in joules.
    pub(super) const MEGAWATT_HOUR: Self = Self {
        times: 3600,
        ten: 6,
    };

    /// A power of ten of the base unit.
    pub(super) const fn ten(ten: i32) -> Self {
        Self { times: 1, ten }
    }

    /// Returns the unit times ten to the `ten`.
    pub(super) const fn shifted(self, ten: i32) -> Self {
        Self {
            times: self.times,
            ten: self.ten.saturating_add(ten),
        }
    }
}

/// A decimal as it is spelled: `digits` times ten to the `ten`, or that below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) negative: bool,
    pub(super) digits: u128,
    pub(super) ten: i32,
}

/// Decimals that are read behind a point: beyond them nothing is left of any unit.
const MAX_PLACES: usize = 30;

impl Decimal {
    /// Parses a decimal, with a sign, a point and an exponent if need be.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        Self::plain(text).map_or_else(|| Self::any(text), Ok)
    }

    fn any(text: &str) -> Result<Self, &'static str> {
        const WHY: &str = "is not a decimal number";
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        let (negative, unsigned) = match unsigned.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, unsigned),
        };
        let no_number = ["nan", "inf", "infinity"];
        if no_number
            .iter()
            .any(|one| unsigned.eq_ignore_ascii_case(one))
        {
            return Err("is no number: nothing was measured");
        }
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| WHY)?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (integer.is_empty() && fraction.is_empty())
            || !are_digits(integer)
            || !are_digits(fraction)
        {
            return Err(WHY);
        }
        let places = fraction.len().min(MAX_PLACES);
        let mut digits: u128 = 0;
        for digit in integer.bytes().chain(fraction.bytes().take(places)) {
            let digit = u128::from(digit.wrapping_sub(b'0'));
            let next = digits
                .checked_mul(10)
                .and_then(|value| value.checked_add(digit));
            digits = next.ok_or(TOO_LARGE)?;
        }
        let places = i32::try_from(places).map_err(|_| TOO_LARGE)?;
        Ok(Self {
            negative,
            digits,
            ten: exponent.checked_sub(places).ok_or(TOO_LARGE)?,
        })
    }

    /// Parses a short decimal of digits and a point, as nearly all are; `None` leaves it to
    /// [`Self::any`].
    fn plain(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let point = text.iter().position(|byte| *byte == b'.');
        let (integer, fraction) = text.split_at_checked(point.unwrap_or(text.len()))?;
        let (part, places) = match fraction {
            [] => (0, 0),
            [_, fraction @ ..] => (short(fraction)?, fraction.len()),
        };
        let integer = u128::from(short(integer)?).checked_mul(*POWERS.get(places)?)?;
        Some(Self {
            negative: false,
            digits: integer.checked_add(u128::from(part))?,
            ten: i32::try_from(places).ok()?.checked_neg()?,
        })
    }
}

/// The powers of ten that 128 bits can hold.
const POWERS: [u128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    #[expect(clippy::indexing_slicing, reason = "the compiler would say so")]
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// What is said of a number that is beyond counting.
const TOO_LARGE: &str = "is too large";

/// Parses a decimal in `unit`, with a point and an exponent if need be. What lies below a
/// billionth of the base unit is cut off.
pub(super) fn billionths(text: &str, unit: Unit) -> Result<Billionths, &'static str> {
    let decimal = Decimal::parse(text)?;
    if decimal.negative && decimal.digits != 0 {
        return Err("is negative");
    }
    let value = decimal.digits.checked_mul(unit.times).ok_or(TOO_LARGE)?;
    let ten = decimal
        .ten
        .checked_add(unit.ten)
        .and_then(|ten| ten.checked_add(9))
        .ok_or(TOO_LARGE)?;
    let power = usize::try_from(ten.unsigned_abs()).ok();
    let power = power.and_then(|ten| POWERS.get(ten)).copied();
    let scaled = match power {
        _ if value == 0 => Some(0),
        Some(power) if ten >= 0 => value.checked_mul(power),
        Some(power) => value.checked_div(power),
        None if ten < 0 => Some(0),
        None => None,
    };
    scaled.and_then(Billionths::new).ok_or(TOO_LARGE)
}

/// Parses a decimal that is a whole number, whatever zeros follow its point.
pub(super) fn whole(text: &str) -> Result<u64, &'static str> {
    if let Some(known) = short(text.as_bytes()) {
        return Ok(known);
    }
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    if integer.starts_with('-') {
        return Err("is negative");
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits(integer) || !digits(fraction) {
        return Err("is not a decimal number");
    }
    if fraction.bytes().any(|digit| digit != b'0') {
        return Err("is not a whole number");
    }
    integer.parse().map_err(|_| "is too large")
}

/// Reads digits alone, too few to be out of range: what nearly all numbers are.
fn short(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_decimal_is_read_as_any_is(
            text in "[-+]?[0-9]{0,20}[.]{0,2}[0-9]{0,20}(e[0-9]{1,2})?",
        ) {
            if let Some(plain) = Decimal::plain(&text) {
                prop_assert_eq!(Ok(plain), Decimal::any(&text));
            }
        }
    }

    #[test]
    fn most_decimals_are_plain() {
        for text in [
            "0",
            "627.4",
            "00.10",
            "999999999999999999.999999999999999999",
        ] {
            assert_eq!(Decimal::plain(text), Decimal::any(text).ok(), "{text}");
        }
        for text in ["", ".", "1.", ".5", "+1", "1e3", "1.2.3", "\u{663}"] {
            assert_eq!(Decimal::plain(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_read_to_the_billionth() {
        let watts = |text| billionths(text, Unit::ONE).map(|value| value.to_string());
        for (text, value) in [
            ("627.40", "627.4"),
            ("-0", "0"),
            ("0.0000000019", "0.000000001"),
            ("1.2e+06", "1200000"),
            ("2.5E-3", "0.0025"),
            (".5", "0.5"),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(watts(text).as_deref(), Ok(value), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "e5",
            "NaN",
            "+Inf",
            "-inf",
            "-1",
            "1,5",
            "0x1",
            "1e99",
            "1e-99999999999",
            " 1",
        ] {
            assert!(watts(text).is_err(), "{text}");
        }
        assert_eq!(watts("1e-40").as_deref(), Ok("0"));
        let kilowatt_hours = billionths("1.5", Unit::KILOWATT_HOUR).unwrap();
        assert_eq!(kilowatt_hours.to_string(), "5400000");
        let percent = billionths("12.5", Unit::PERCENT).unwrap();
        assert_eq!(percent.to_string(), "0.125");
    }

    #[test]
    fn whole_numbers_are_read_exactly() {
        assert_eq!(whole("66.0"), Ok(66));
        assert_eq!(whole("0"), Ok(0));
        assert_eq!(whole("9007199254740993"), Ok(9_007_199_254_740_993));
        for text in [
            "66.5",
            "-1",
            "",
            ".",
            "1e3",
            "NaN",
            "99999999999999999999",
            " 1",
        ] {
            assert!(whole(text).is_err(), "{text}");
        }
    }
}
