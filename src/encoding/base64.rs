//! Standard base64 with padding, canonical (RFC 4648, sections 3.5 and 4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Spells `bytes` in base64.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Returns the bytes that `text` spells, or `None` if it is not their one spelling:
/// another alphabet, missing padding, white space, or bits set beyond the last byte.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// As [`decode`], into exactly `N` bytes.
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(decode("AQ=="), Some(vec![1]));
        for text in ["AQ", "AQ=", "AR==", "AQ==\n", "A Q==", "_w==", "AQ==="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
