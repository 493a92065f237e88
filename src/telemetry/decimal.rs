//! Exact decimals of other programs: `66` and `66.0`, never a float.

/// Parses a decimal that is a whole number, whatever zeros follow its point.
pub(super) fn whole(text: &str) -> Result<u64, &'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
