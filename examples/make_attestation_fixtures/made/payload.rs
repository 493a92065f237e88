//! Payloads: canonical JSON, the statement's members, what ties it to others.

mod claims;
mod extensions;
mod json;
mod links;
mod members;
mod values;

use super::author::{AREA, Author, day, usage};
use super::{Made, seal};
use claims::claims;
use extensions::extensions;
use json::json;
use links::links;
use members::members;
use values::values;

fn made(fixture: (&str, &str, &str, &str), body: impl Into<Vec<u8>>) -> Made {
    Made::new("payload", fixture, body)
}

pub fn fixtures() -> Vec<Made> {
    let mut all = json();
    all.extend(values());
    all.extend(members());
    all.extend(links());
    all.extend(extensions());
    all.extend(claims());
    all
}

/// The first usage of an area.
fn good() -> String {
    Author::new().next_text(AREA, usage(day(0), 3600))
}

/// Puts a member last in the predicate: names of extensions there begin with `x`.
fn extended(member: &str) -> String {
    let text = good();
    let at = text.rfind("},\"predicateType\"").unwrap();
    seal(&format!("{},{member}{}", &text[..at], &text[at..]))
}
