//! Reports that some readers take for another.

use crate::simulate::act::Mangled;

/// How deep a payload is nested by way of a cheat (formats: 2 allows 16).
const DEEP: usize = 40;

/// Returns a copy of an entry with a space more: the same statement to a lenient reader.
pub(super) fn spaced(entry: &[u8]) -> Vec<u8> {
    let mut copy = entry.to_vec();
    copy.insert(1.min(copy.len()), b' ');
    copy
}

/// Returns a payload that must not be read.
pub(super) fn payload(payload: &[u8], how: Mangled) -> Vec<u8> {
    let text = String::from_utf8_lossy(payload);
    let member = match how {
        Mangled::Spaced => return payload.to_vec(),
        // Which of the two counts depends on the reader.
        Mangled::Twice => "\"predicate\":{},\"predicate\":{".to_owned(),
        Mangled::Deep => format!(
            "\"predicate\":{{\"example.deep\":{}{},",
            "[".repeat(DEEP),
            "]".repeat(DEEP)
        ),
    };
    text.replacen("\"predicate\":{", &member, 1).into_bytes()
}
