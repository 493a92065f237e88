//! Parts of addresses (RFC 3986, section 2).

use std::fmt::Write as _;

/// Spells `text` with all but unreserved characters and those of `kept` escaped.
pub fn escape(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let char = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(char) || kept.contains(char) {
            out.push(char);
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_escaped_unless_it_is_kept() {
        assert_eq!(escape("log.example/a b", ""), "log.example%2Fa%20b");
        assert_eq!(escape("log.example/a:1", "/:"), "log.example/a:1");
        assert_eq!(escape("é%", "é"), "%C3%A9%25");
    }
}
