//! Showing some fields of one record, and nothing else.
//!
//! Specified in `specs/ledger.md`, section "Openings".

use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::ledger::Kind;
use crate::ledger::book::Ledger;
use crate::ledger::record::Amount;
use crate::ledger::record::RecordError;
use crate::ledger::record::check;
use crate::ledger::suite::Salt;
use crate::ledger::suite::field_digest;
use crate::ledger::suite::leaf_data;
use crate::merkle;
use crate::merkle::ProofError;

/// The most hashes of a path: a tree of 2^64 leaves has no longer one.
const MAX_PATH: usize = 64;

/// One record of a ledger, some fields shown and the others as digests, with its path to
/// the root.
///
/// Anybody can make one that does not verify: [`Self::verify`] is the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    kind: Kind,
    index: u64,
    fields: Vec<FieldOpening>,
    path: Vec<Hash>,
}

/// One field of an opened record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldOpening {
    /// Not shown.
    Closed(Hash),
    /// Shown, with the salt that binds it.
    Shown {
        /// The field's text.
        value: String,
        /// The field's salt.
        salt: Salt,
    },
}

impl Ledger {
    /// Opens the fields called `names` of the record of that index; `None` if there is
    /// no such record or field.
    pub fn open(&self, index: u64, names: &[&str]) -> Option<Opening> {
        let record = self.record(index)?;
        if !names.iter().all(|name| self.kind().fields().contains(name)) {
            return None;
        }
        let salts = self.secret().salts();
        let fields = self
            .kind()
            .fields()
            .iter()
            .zip(record.values())
            .map(|(name, value)| {
                let salt = salts.salt(index, name);
                if names.contains(name) {
                    let value = value.to_owned();
                    FieldOpening::Shown { value, salt }
                } else {
                    FieldOpening::Closed(field_digest(&salt, name, value))
                }
            })
            .collect();
        let proof = self.tree().proof(&[usize::try_from(index).ok()?]);
        let path = proof.proof_hashes().iter().copied();
        Some(Opening {
            kind: self.kind(),
            index,
            fields,
            path: path.map(Hash::from_bytes).collect(),
        })
    }
}

impl Opening {
    /// Returns the kind of the record.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the record's index, from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the fields that are shown, by name. That they are the record's, [`Self::verify`]
    /// says.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = self.kind.fields().iter().copied().zip(&self.fields);
        named.filter_map(|(name, field)| match field {
            FieldOpening::Shown { value, .. } => Some((name, value.as_str())),
            FieldOpening::Closed(_) => None,
        })
    }

    /// Checks that this is the record of its index in the ledger of `count` records with
    /// that root, and returns the shown fields by name.
    pub fn verify(
        &self,
        root: &Hash,
        count: u64,
    ) -> Result<Vec<(&'static str, &str)>, OpeningError> {
        let names = self.kind.fields();
        let mut digests = Vec::with_capacity(names.len());
        for (name, field) in names.iter().copied().zip(&self.fields) {
            digests.push(match field {
                FieldOpening::Closed(digest) => *digest,
                FieldOpening::Shown { value, salt } => field_digest(salt, name, value),
            });
        }
        if digests.len() != names.len() || self.fields.len() != names.len() {
            return Err(OpeningError::Fields {
                expected: names.len(),
                found: self.fields.len(),
            });
        }
        let leaf = merkle::leaf_hash(&leaf_data(digests));
        merkle::verify_inclusion(&leaf, self.index, count, &self.path, root)?;
        Ok(self.shown().collect())
    }

    /// Checks that what is shown is a record of its kind, of which no more fields than those
    /// called `closed` are not shown; returns its figures.
    pub fn record(&self, closed: &[&str]) -> Result<Vec<Amount>, OpeningError> {
        let named = self.kind.fields().iter().copied().zip(&self.fields);
        let values: Result<Vec<&str>, OpeningError> = named
            .map(|(name, field)| match field {
                FieldOpening::Shown { value, .. } => Ok(value.as_str()),
                // Any text will do for a name.
                FieldOpening::Closed(_) if closed.contains(&name) => Ok(NONE),
                FieldOpening::Closed(_) => Err(OpeningError::Closed { name }),
            })
            .collect();
        Ok(check(self.kind, &values?)?.figures)
    }

    /// Spells the opening.
    pub fn write(&self) -> Object<'static> {
        let names = self.kind.fields().iter();
        let fields: Vec<Object<'static>> = names
            .zip(&self.fields)
            .map(|(name, field)| match field {
                FieldOpening::Closed(digest) => Object::new()
                    .with("digest", digest.to_string())
                    .with("name", *name),
                FieldOpening::Shown { value, salt } => Object::new()
                    .with("name", *name)
                    .with("salt", salt.to_string())
                    .with("value", value.clone()),
            })
            .collect();
        let path: Vec<String> = self.path.iter().map(Hash::to_string).collect();
        Object::new()
            .with("fields", fields)
            .with("index", self.index.to_string())
            .with("kind", self.kind.as_str())
            .with("path", path)
    }

    /// Reads what [`Self::write`] spelled.
    pub fn read(value: &Value<'_>) -> Result<Self, FieldError> {
        let mut members = Fields::of(value)?;
        let mut names = Vec::new();
        let fields = members.list("fields", 16, |item| {
            let (name, field) = read_field(item)?;
            names.push(name);
            Ok(field)
        })?;
        let name = members.text("kind")?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name && names == kind.fields())
            .ok_or_else(|| {
                FieldError::new("kind", format!("`{name}` has no ledger with these fields"))
            })?;
        let opening = Self {
            kind,
            index: read_count(&mut members, "index")?,
            fields,
            path: members.parsed_list("path", MAX_PATH)?,
        };
        members.finish_exactly()?;
        Ok(opening)
    }
}

fn read_field(item: &Value<'_>) -> Result<(String, FieldOpening), FieldError> {
    let mut fields = Fields::of(item)?;
    let name = fields.text("name")?.to_owned();
    let field = if let Some(digest) = fields.parsed_optional("digest")? {
        FieldOpening::Closed(digest)
    } else {
        let salt = fields.parsed("salt")?;
        let value = fields.text("value")?.to_owned();
        FieldOpening::Shown { value, salt }
    };
    fields.finish_exactly()?;
    Ok((name, field))
}

/// Why an opening does not show a record of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// Too few or too many fields.
    #[error("the record has {found} fields, not {expected}")]
    Fields {
        /// How many the kind has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A field that must be shown is not.
    #[error("the field `{name}` is not shown")]
    Closed {
        /// The field.
        name: &'static str,
    },
    /// What is shown is no record of its kind.
    #[error("what is shown is no record: {0}")]
    Record(#[from] RecordError),
    /// The record is not in the ledger at that index.
    #[error("the record is not in the ledger: {0}")]
    Path(#[from] ProofError),
}
