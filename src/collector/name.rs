//! Names of jobs: short, and there are millions of them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes of a name that is held in place: beside what else is known of it, in three words.
const MAX_SHORT: usize = 22;

/// A name, held in place where it is short: to make, copy and drop it costs no memory that
/// threads would have to agree on.
#[derive(Clone)]
pub struct Name(Spelled);

#[derive(Clone)]
enum Spelled {
    Short { length: u8, bytes: [u8; MAX_SHORT] },
    Long(Arc<str>),
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        let mut bytes = [0; MAX_SHORT];
        let place = bytes.get_mut(..name.len());
        Self(match (place, u8::try_from(name.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(name.as_bytes());
                Spelled::Short { length, bytes }
            }
            _ => Spelled::Long(name.into()),
        })
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Spelled::Short { length, bytes } => {
                let name = bytes.get(..usize::from(*length)).unwrap_or_default();
                // It was a text when it was put there.
                str::from_utf8(name).unwrap_or_default()
            }
            Spelled::Long(name) => name,
        }
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_given_back() {
        for length in [0, 1, MAX_SHORT - 1, MAX_SHORT, MAX_SHORT + 1, 300] {
            let name = "é".repeat(length / 2) + &"7".repeat(length % 2);
            assert_eq!(&*Name::from(name.as_str()), name);
        }
    }
}
