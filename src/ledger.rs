//! Ledgers: the records behind a period's figures, committed to by one root
//! (formats: 8, suite 1).
//!
//! Specified in `specs/ledger.md`. A [`Ledger`] holds the records of one [`Kind`], in the
//! order that the kind prescribes, and one [`Secret`] from which every field's salt is
//! derived. Its root goes into a statement; an [`Opening`] shows some fields of one
//! record and nothing else; the whole file ([`Ledger::print`]) shows everything.
//!
//! `rs_merkle` builds roots and paths here; what others hand over is judged by
//! [`merkle`](crate::merkle) alone. A root binds records, not their sums: that the
//! figures of a statement are those of its ledger is shown by opening all of it.

mod book;
mod file;
mod opening;
mod record;
mod suite;

pub use book::{Ledger, Record, Records, Total};
pub use file::MAX_RECORDS;
pub use opening::{FieldOpening, Opening, OpeningError};
pub use record::{
    Amount, DeviceRecord, InventoryRecord, JobRecord, LedgerError, MeterRecord, RecordError,
};
pub use suite::{SALT_SIZE, SUITE, Salt, Secret, commitment, field_digest, leaf_data};

/// What a ledger's records are of. Another set of fields is another kind.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize,
)]
pub enum Kind {
    /// The devices of an inventory, and what each did in the period.
    Devices,
    /// The devices that an inventory, a transfer or a seal lists.
    Inventory,
    /// The jobs that ran in the period, each clipped to it.
    Jobs,
    /// The meters read in the period.
    Meters,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Devices, Self::Inventory, Self::Jobs, Self::Meters];

    /// Returns its name in statements. Two kinds are called `devices`: where a ledger
    /// stands, and its fields, tell them apart.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Devices | Self::Inventory => "devices",
            Self::Jobs => "jobs",
            Self::Meters => "meters",
        }
    }

    /// Returns the names of a record's fields, in order.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Devices => &["device", "model", "figures", "coverage"],
            Self::Inventory => &["serial", "model", "vendor"],
            Self::Jobs => &[
                "job",
                "start",
                "end",
                "accelerators",
                "model",
                "class",
                "run",
                "figures",
            ],
            Self::Meters => &["meter", "boundary", "figures", "coverage", "series"],
        }
    }

    /// Returns how its records are ordered: the fields by which they ascend, compared as
    /// bytes, or `inventory` where they follow the devices of the inventory in force.
    pub const fn order(self) -> &'static str {
        match self {
            Self::Devices => "inventory",
            Self::Inventory => "serial",
            Self::Jobs => "start,job,model",
            Self::Meters => "meter",
        }
    }

    /// The positions of the fields that [`Self::order`] names.
    const fn key(self) -> &'static [usize] {
        match self {
            Self::Devices => &[],
            Self::Inventory | Self::Meters => &[0],
            Self::Jobs => &[1, 0, 4],
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
