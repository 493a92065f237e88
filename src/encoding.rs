//! Spellings: base64, hexadecimal, canonical JSON.
