//! `registration` and `recovery`: what a log's operator says of its log.
//!
//! Specified in `specs/attestation.md`, section "Registration and recovery".
//! Both stand in stream 0 of the operator, an issuer whose first statement is entry 0.
//! They govern admission and inform; no verdict on another issuer rests on them.

use crate::attestation::content::about::read_text;
use crate::attestation::content::about::sorted;
use crate::attestation::content::issuer::LogOfRecord;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::NONE;
use crate::attestation::fields::or_none;
use crate::attestation::figure::spelled;
use crate::attestation::statement::IssuerId;
use crate::attestation::statement::MAX_NOT_BEFORE;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;

/// The most issuers that one registration admits or removes: at 67 bytes each they fit
/// into one entry.
const MAX_ISSUERS: usize = 512;

/// Which issuers a log admits from this entry on, and which no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The log. Named, so that a copy in another log says nothing there.
    pub log: LogOfRecord,
    /// Issuers admitted from here on, sorted.
    pub admits: Vec<IssuerId>,
    /// Issuers admitted no longer, sorted. What they logged stays.
    pub removes: Vec<IssuerId>,
}

spelled! {
    /// What made a log's operator recover it.
    RecoveryCause, "a cause of a recovery" {
        /// The clock went back.
        ClockWentBack = "clock-went-back",
        /// None of the others.
        Other = "other",
        /// The same size had another root.
        RootDiffers = "root-differs",
        /// The tiles were ahead of the latest signed checkpoint.
        StorageAhead = "storage-ahead",
        /// The tiles lacked what a signed checkpoint holds.
        StorageBehind = "storage-behind",
        /// A witness remembered a larger tree.
        WitnessAhead = "witness-ahead",
    }
}

/// What was lost of a log, and what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The log.
    pub log: LogOfRecord,
    /// Why.
    pub cause: RecoveryCause,
    /// The text of the latest checkpoint that anybody was known to hold.
    pub latest: Option<String>,
    /// The tree from which the log went on: its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The entries that were acknowledged and are lost.
    pub lost: Option<Lost>,
    /// What was done, in words.
    pub report: String,
}

/// Consecutive entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The index of the first.
    pub first: u64,
    /// How many; at least one.
    pub count: u64,
}

impl Registration {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let admits: Vec<IssuerId> = fields.parsed_list("admits", MAX_ISSUERS)?;
        let removes: Vec<IssuerId> = fields.parsed_list("removes", MAX_ISSUERS)?;
        sorted(&admits, "admits")?;
        sorted(&removes, "removes")?;
        if admits.is_empty() && removes.is_empty() {
            return Err(FieldError::new("admits", "and `removes` name no issuer"));
        }
        if let Some(both) = admits.iter().find(|one| removes.contains(one)) {
            let why = format!("and `removes` both name `{both}`");
            return Err(FieldError::new("admits", why));
        }
        Ok(Self {
            log: fields.nested("log", LogOfRecord::read)?,
            admits,
            removes,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let list = |ids: &[IssuerId]| -> Vec<_> { ids.iter().map(ToString::to_string).collect() };
        Object::new()
            .with("log", self.log.write())
            .with("admits", list(&self.admits))
            .with("removes", list(&self.removes))
    }
}

impl Recovery {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let latest = fields.text("latest")?;
        if latest.len() > MAX_NOT_BEFORE {
            let why = format!("has {} bytes; at most {MAX_NOT_BEFORE}", latest.len());
            return Err(FieldError::new("latest", why));
        }
        Ok(Self {
            log: fields.nested("log", LogOfRecord::read)?,
            cause: fields.parsed("cause")?,
            latest: (latest != NONE).then(|| latest.to_owned()),
            size: read_count(fields, "size")?,
            root: fields.parsed("root")?,
            lost: fields.nested_or_none("lost", Lost::read)?,
            report: read_text(fields, "report")?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let lost = self
            .lost
            .as_ref()
            .map_or_else(|| Value::from(NONE), |lost| lost.write().into());
        Object::new()
            .with("log", self.log.write())
            .with("cause", self.cause.as_str())
            .with("latest", or_none(self.latest.as_ref()))
            .with("size", self.size.to_string())
            .with("root", self.root.to_string())
            .with("lost", lost)
            .with("report", self.report.clone())
    }
}

impl Lost {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (first, count) = (read_count(fields, "first")?, read_count(fields, "count")?);
        if count == 0 || first.checked_add(count).is_none() {
            let why = format!("is {count}, from entry {first} on");
            return Err(FieldError::new("count", why));
        }
        Ok(Self { first, count })
    }

    fn write(self) -> Object<'static> {
        Object::new()
            .with("first", self.first.to_string())
            .with("count", self.count.to_string())
    }
}
