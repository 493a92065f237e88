//! Standard base64 with padding, canonical (RFC 4648, sections 3.5 and 4).

use base64_simd::STANDARD;
use base64_simd::URL_SAFE_NO_PAD;

/// Spells `bytes` in base64.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// Spells `bytes` in the base64 of JSON Web Tokens: the alphabet of addresses, no padding
/// (RFC 7515, section 2).
pub fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Returns the bytes that `text` spells as [`encode_url`] does, and in no other way.
pub fn decode_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

/// Returns the bytes that `text` spells, or `None` if it is not their one spelling:
/// another alphabet, missing padding, white space, or bits set beyond the last byte.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(text).ok()
}

/// Returns how many bytes `text` spells, if it spells any.
pub fn decoded_length(text: &str) -> usize {
    let padding = text.bytes().rev().take(2).filter(|byte| *byte == b'=');
    let groups = text.len().checked_div(4).unwrap_or_default();
    groups.saturating_mul(3).saturating_sub(padding.count())
}

/// As [`decode`], behind what is in `bytes` already; exactly [`decoded_length`] of them.
pub fn decode_into(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let before = bytes.len();
    STANDARD.decode_append(text, bytes).ok()?;
    let after = before.saturating_add(decoded_length(text));
    (bytes.len() == after).then_some(())
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

    #[test]
    fn only_the_canonical_spelling_of_a_token_is_read() {
        assert_eq!(decode_url("_w"), Some(vec![255]));
        for text in ["_w==", "_x", "/w", "_w\n", "_"] {
            assert_eq!(decode_url(text), None, "{text}");
        }
    }

    #[test]
    fn the_length_is_known_before() {
        for length in 0..100 {
            let bytes = vec![7; length];
            let text = encode(&bytes);
            assert_eq!(decoded_length(&text), length);
            let mut behind = vec![1, 2];
            decode_into(&text, &mut behind).unwrap();
            assert_eq!(behind, [vec![1, 2], bytes].concat());
        }
    }
}
