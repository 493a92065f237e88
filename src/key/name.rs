//! Names of keys.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// A key's name: not empty, without white space and `+` (C2SP signed-note, "Format").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

impl KeyName {
    /// The longest name. A subtree cosignature gives its length in 8 bits (C2SP
    /// tlog-cosignature), so that a longer one could not be cosigned.
    pub const MAX: usize = 255;

    /// Returns `name` if it can be a key's.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let fits = !name.is_empty() && name.len() <= Self::MAX;
        let clean =
            !name.contains(|char: char| char.is_whitespace() || char.is_control() || char == '+');
        if fits && clean {
            Ok(Self(name))
        } else {
            Err(NameError { found: name })
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

impl TryFrom<String> for KeyName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

/// A text cannot be a key's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` cannot name a key: 1 to 255 bytes without white space and `+`")]
pub struct NameError {
    found: String,
}
