//! Ed25519 keys and their C2SP and DSSE names.
