//! `usage`: the account of one period of an area (formats: 8).

use crate::attestation::content::commitment::FigureCommitment;
use crate::attestation::content::commitment::read_commitments;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::or_none;
use crate::attestation::fields::read_all;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::read_name;
use crate::attestation::figure::read_value;
use crate::attestation::figure::write_value;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::quantity::Interval;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most figures and ledgers of one statement; an entry of 64 KiB holds fewer.
const MAX_ITEMS: usize = 1024;

/// What was used in one period of an area.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// The period that it accounts for.
    pub period: Period,
    /// The `inventory` in force, or its correction; `None` where none was declared.
    pub inventory: Option<StatementId>,
    /// The digest of the catalogue that the models' ids are of.
    pub catalogue: Hash,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Commitments in place of figures.
    pub commitments: Vec<FigureCommitment>,
    /// The ledgers behind them.
    pub ledgers: Vec<LedgerReference>,
}

impl Usage {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let figures = fields.objects("figures", MAX_ITEMS, Figure::read)?;
        Ok(Self {
            period: read_period(fields)?,
            inventory: fields.parsed_or_none("inventory")?,
            catalogue: fields.parsed("catalogue")?,
            commitments: read_commitments(fields, &figures, MAX_ITEMS)?,
            figures,
            ledgers: fields.objects("ledgers", MAX_ITEMS, LedgerReference::read)?,
        })
    }

    pub(super) fn write(&self) -> Object<'static> {
        let figures: Vec<_> = self.figures.iter().map(Figure::write).collect();
        let commitments = (!self.commitments.is_empty()).then(|| -> Vec<_> {
            self.commitments
                .iter()
                .map(FigureCommitment::write)
                .collect()
        });
        let ledgers: Vec<_> = self.ledgers.iter().map(LedgerReference::write).collect();
        Object::new()
            .with("period", write_period(self.period))
            .with("inventory", or_none(self.inventory.as_ref()))
            .with("catalogue", self.catalogue.to_string())
            .with("figures", figures)
            .with_some("commitments", commitments)
            .with("ledgers", ledgers)
    }
}

/// A ledger as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerReference {
    /// `jobs`, `devices` or `meters`.
    pub kind: String,
    /// The suite, `1`.
    pub suite: String,
    /// The RFC 6962 root over the records.
    pub root: Hash,
    /// The number of records.
    pub count: u64,
    /// How the records are ordered.
    pub order: String,
    /// The totals of the records.
    pub sums: Vec<LedgerSum>,
}

impl LedgerReference {
    /// Reads a ledger's reference.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            kind: read_name(fields, "kind")?,
            suite: read_name(fields, "suite")?,
            root: fields.parsed("root")?,
            count: read_count(fields, "count")?,
            order: read_name(fields, "order")?,
            sums: fields.objects("sums", MAX_ITEMS, LedgerSum::read)?,
        })
    }

    /// Spells a ledger's reference.
    pub fn write(&self) -> Object<'static> {
        let sums: Vec<_> = self.sums.iter().map(LedgerSum::write).collect();
        Object::new()
            .with("kind", self.kind.clone())
            .with("suite", self.suite.clone())
            .with("root", self.root.to_string())
            .with("count", self.count.to_string())
            .with("order", self.order.clone())
            .with("sums", sums)
    }
}

/// The total of a ledger's records for one quantity and basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerSum {
    /// What is counted.
    pub quantity: QuantityKind,
    /// How it was counted.
    pub basis: Basis,
    /// The total.
    pub value: Interval,
    /// How much of it stands in no figure, because shares of one device were clipped to
    /// that device.
    pub clipped: Interval,
}

impl LedgerSum {
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let clipped = fields.optional("clipped");
        Ok(Self {
            quantity: fields.parsed("quantity")?,
            basis: fields.parsed("basis")?,
            value: read_value(fields)?,
            clipped: match clipped {
                Some(value) => {
                    read_all(value, read_value).map_err(|error| error.within("clipped"))?
                }
                None => Interval::ZERO,
            },
        })
    }

    fn write(&self) -> Object<'static> {
        let clipped = (self.clipped != Interval::ZERO).then(|| write_value(self.clipped));
        write_value(self.value)
            .with("quantity", self.quantity.as_str())
            .with("basis", self.basis.as_str())
            .with_some("clipped", clipped)
    }
}

/// Takes `period`, `{start, end}`, start before end.
pub fn read_period(fields: &mut Fields<'_>) -> Result<Period, FieldError> {
    fields.nested("period", |fields| {
        let (start, end): (UnixSeconds, UnixSeconds) =
            (fields.parsed("start")?, fields.parsed("end")?);
        Period::new(start, end)
            .ok_or_else(|| FieldError::new("end", format!("is `{end}`, not after `{start}`")))
    })
}

/// Spells `{start, end}`.
pub fn write_period(period: Period) -> Object<'static> {
    Object::new()
        .with("start", period.start().to_string())
        .with("end", period.end().to_string())
}

/// Reads what can be read on its own of a predicate that as a whole cannot, and of the
/// replacement in it: neither may hide the other.
pub(super) fn salvage(predicate: &Object<'_>) -> (Option<Period>, Vec<Figure>) {
    let replacement = predicate.get("replacement").and_then(Value::as_object);
    let accounts = || std::iter::once(predicate).chain(replacement);
    let period = accounts().find_map(|account| read_period(&mut Fields::new(account)).ok());
    let figures = accounts()
        .filter_map(|account| account.get("figures").and_then(Value::as_list))
        .flatten()
        .take(MAX_ITEMS)
        .filter_map(|value| read_all(value, Figure::read).ok())
        .collect();
    (period, figures)
}
