//! What was accepted is not, cut anywhere, longer, or with a bit changed.

use proptest::prelude::*;
use standstill::verify::hardware::{HardwareKey, quote, token};

use crate::fixture::{Fixture, fixtures};
use crate::read::open;

/// Fixtures that are accepted and show something, but for the longest.
fn accepted() -> Vec<Fixture> {
    let mut all = fixtures("hardware");
    all.retain(|one| {
        let shows = one.header.get("devices").is_none_or(|count| count != "0");
        let signed = one.header.contains_key("keys");
        one.get("expect") == "ok" && signed && shows && one.body.len() < 4096
    });
    assert!(all.len() > 10);
    all
}

// spec: hw-3 hw-10
#[test]
fn nothing_is_accepted_that_was_cut() {
    for one in accepted() {
        for length in 0..one.body.len() {
            let found = open(&one, &one.body[..length]);
            assert!(found.is_err(), "{} cut to {length}", one.path.display());
        }
    }
}

// spec: hw-2 hw-10
#[test]
fn nothing_is_accepted_that_was_changed() {
    for one in accepted() {
        for at in 0..one.body.len() {
            let mut changed = one.body.clone();
            changed[at] ^= 1 << (at % 8);
            let found = open(&one, &changed);
            assert!(found.is_err(), "{} changed at {at}", one.path.display());
        }
    }
}

// spec: hw-3 hw-10
#[test]
fn nothing_is_accepted_with_a_byte_more() {
    for one in accepted() {
        for byte in [0, b'.', b'A', b'}', 0xff] {
            let found = open(&one, &[one.body.as_slice(), &[byte]].concat());
            assert!(found.is_err(), "{} and {byte}", one.path.display());
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_read_nothing_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        text in ".{0,200}",
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        let all = accepted();
        let one = &all[which.index(all.len())];
        prop_assert!(open(one, &bytes).is_err());
        prop_assert!(open(one, text.as_bytes()).is_err());
        let _ = HardwareKey::from_pem(&text);
        let _ = token::claims_to_answer(&bytes, &bytes);
        let _ = quote::claimed_extra(&bytes);
        // Something else from some byte on.
        let (head, _) = one.body.split_at(at.index(one.body.len()));
        prop_assert!(open(one, &[head, &bytes].concat()).is_err());
    }
}

// spec: hw-1
#[test]
fn no_key_opens_what_another_signed() {
    let all = accepted();
    for one in &all {
        for other in all.iter().filter(|other| {
            other.get("kind") == one.get("kind")
                && !other
                    .get("keys")
                    .split(' ')
                    .any(|key| one.get("keys").contains(key))
        }) {
            let mut swapped = Fixture {
                path: one.path.clone(),
                header: one.header.clone(),
                body: one.body.clone(),
            };
            swapped
                .header
                .insert("keys".to_owned(), other.get("keys").to_owned());
            let found = open(&swapped, &one.body);
            assert!(found.is_err(), "{} with another key", one.path.display());
        }
    }
}
