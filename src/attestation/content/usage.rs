//! `usage`: the account of one period of an area (formats: 8).
//!
//! Specified in `specs/statements.md`, sections "`usage`" and "Ledgers".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::attestation::content::about::read_text;
use crate::attestation::content::commitment::FigureCommitment;
use crate::attestation::content::commitment::FigureKey;
use crate::attestation::content::commitment::read_commitments;
use crate::attestation::envelope::StatementId;
use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::fields::or_none;
use crate::attestation::fields::read_all;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::attestation::figure::read_figures;
use crate::attestation::figure::read_value;
use crate::attestation::figure::write_value;
use crate::attestation::statement::read_count;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::hash::Hash;
use crate::ledger::Kind;
use crate::ledger::SUITE;
use crate::quantity::Interval;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The most commitments and sums of one statement; an entry of 64 KiB holds fewer.
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
    /// The ledgers behind them, each kind once.
    pub ledgers: Vec<LedgerReference>,
    /// Why there is no ledger of `devices`, so that no sampling bound is claimed; `None`
    /// where there is one.
    pub devices_absent: Option<String>,
}

impl Usage {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let figures = read_figures(fields)?;
        let usage = Self {
            period: read_period(fields)?,
            inventory: fields.parsed_or_none("inventory")?,
            catalogue: fields.parsed("catalogue")?,
            commitments: read_commitments(fields, &figures, MAX_ITEMS)?,
            figures,
            ledgers: fields.objects("ledgers", Kind::ALL.len(), LedgerReference::read)?,
            devices_absent: match fields.optional("devicesAbsent") {
                Some(_) => Some(read_text(fields, "devicesAbsent")?),
                None => None,
            },
        };
        usage.check_ledgers()?;
        Ok(usage)
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
            .with_some("devicesAbsent", self.devices_absent.clone())
    }

    fn check_ledgers(&self) -> Result<(), FieldError> {
        let kinds = self.ledgers.iter().map(|ledger| ledger.kind.as_str());
        if !kinds.is_sorted_by(|one, next| one < next) {
            return Err(FieldError::new("ledgers", "is not sorted, each kind once"));
        }
        let devices = |ledger: &&LedgerReference| ledger.kind.as_str() == Kind::Devices.as_str();
        let dense = self.ledgers.iter().find(devices);
        if dense.is_some() == self.devices_absent.is_some() {
            let why = "must say why, where no ledger of `devices` is given, and only there";
            return Err(FieldError::new("devicesAbsent", why));
        }
        if dense.is_some() && self.inventory.is_none() {
            let why = "is `none`, but record j of `devices` is of its device j";
            return Err(FieldError::new("inventory", why));
        }
        for (index, ledger) in self.ledgers.iter().enumerate() {
            self.check_ledger(ledger)
                .map_err(|error| error.within(&format!("ledgers[{index}]")))?;
        }
        Ok(())
    }

    fn check_ledger(&self, ledger: &LedgerReference) -> Result<(), FieldError> {
        if ledger.kind == Kind::Inventory {
            return Err(FieldError::new("order", "is that of an inventory's list"));
        }
        for sum in &ledger.sums {
            let (quantity, basis) = (sum.quantity, sum.basis);
            let hidden = |key: &FigureKey| {
                (key.quantity, key.basis, key.boundary) == (quantity, basis, sum.boundary)
            };
            if self.commitments.iter().any(|one| hidden(&one.key)) {
                let why = format!("give `{quantity}`, `{basis}` away, which is committed to");
                return Err(FieldError::new("sums", why));
            }
            if !self.agrees(sum) {
                let why =
                    format!("of `{quantity}`, `{basis}` is the total of no one source's figures");
                return Err(FieldError::new("sums", why));
            }
        }
        Ok(())
    }

    /// Whether every sum of a ledger is the total of some source's figures.
    pub fn totals(&self, ledger: &LedgerReference) -> bool {
        ledger.sums.iter().all(|sum| self.agrees(sum))
    }

    /// Whether the figures of some source come to what a ledger's records do, less what
    /// was clipped.
    fn agrees(&self, sum: &LedgerSum) -> bool {
        let mut totals: BTreeMap<_, Option<Interval>> = BTreeMap::new();
        let counted = self.figures.iter().filter(|figure| {
            (figure.quantity, figure.basis, figure.boundary)
                == (sum.quantity, sum.basis, sum.boundary)
        });
        for figure in counted {
            let total = totals.entry(&figure.source).or_insert(Some(sum.clipped));
            *total = total.and_then(|total| total.plus(figure.value));
        }
        totals.values().any(|total| *total == Some(sum.value))
    }
}

/// A ledger as a statement names it, of suite 1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LedgerReference {
    /// What its records are of; says their order too.
    pub kind: Kind,
    /// The RFC 6962 root over the records.
    pub root: Hash,
    /// The number of records.
    pub count: u64,
    /// The totals of the records, sorted; maxima have none.
    pub sums: Vec<LedgerSum>,
}

impl LedgerReference {
    /// Reads a ledger's reference.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let (name, order) = (fields.text("kind")?, fields.text("order")?);
        let named = |kind: &&Kind| kind.as_str() == name;
        if !Kind::ALL.iter().any(|kind| named(&kind)) {
            let why = format!("is `{name}`, which is no kind of ledger");
            return Err(FieldError::new("kind", why));
        }
        let kind = Kind::ALL
            .iter()
            .filter(named)
            .find(|kind| kind.order() == order)
            .ok_or_else(|| {
                let why = format!("is `{order}`, not that of `{name}`");
                FieldError::new("order", why)
            })?;
        let suite = fields.text("suite")?;
        if suite != SUITE {
            let why = format!("is `{suite}`, not `{SUITE}`");
            return Err(FieldError::new("suite", why));
        }
        let sums = fields.objects("sums", MAX_ITEMS, |fields| LedgerSum::read(fields, *kind))?;
        if !sums.is_sorted_by(|one, next| one.order() < next.order()) {
            let why = "is not sorted by quantity, basis and boundary, each once";
            return Err(FieldError::new("sums", why));
        }
        Ok(Self {
            kind: *kind,
            root: fields.parsed("root")?,
            count: read_count(fields, "count")?,
            sums,
        })
    }

    /// Reads the reference of a list of devices, as an inventory has it.
    pub fn read_devices(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let ledger = Self::read(fields)?;
        if ledger.kind != Kind::Inventory {
            let why = format!(
                "is of `{}` in the order `{}`",
                ledger.kind,
                ledger.kind.order()
            );
            return Err(FieldError::new("kind", why));
        }
        Ok(ledger)
    }

    /// Spells a ledger's reference.
    pub fn write(&self) -> Object<'static> {
        let sums: Vec<_> = self.sums.iter().map(LedgerSum::write).collect();
        Object::new()
            .with("kind", self.kind.as_str())
            .with("suite", SUITE)
            .with("root", self.root.to_string())
            .with("count", self.count.to_string())
            .with("order", self.kind.order())
            .with("sums", sums)
    }
}

/// The total of a ledger's records for one quantity, basis and boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LedgerSum {
    /// What is counted; no maximum.
    pub quantity: QuantityKind,
    /// How it was counted.
    pub basis: Basis,
    /// Where, for energy, which is never summed across; otherwise `None`.
    pub boundary: Option<Boundary>,
    /// The total.
    pub value: Interval,
    /// How much of it stands in no figure, because shares of one device were clipped to
    /// that device.
    pub clipped: Interval,
}

impl LedgerSum {
    fn read(fields: &mut Fields<'_>, kind: Kind) -> Result<Self, FieldError> {
        let quantity: QuantityKind = fields.parsed("quantity")?;
        if quantity.is_maximum() || kind == Kind::Inventory {
            let why = format!("is `{quantity}`, which these records do not total");
            return Err(FieldError::new("quantity", why));
        }
        let boundary: Option<Boundary> = fields.parsed_or_none("boundary")?;
        if boundary.is_some() != (quantity == QuantityKind::EnergyJoules) {
            let why = "a sum of energy, and no other, has a boundary";
            return Err(FieldError::new("boundary", why));
        }
        // Records of jobs and devices name none: their energy is the devices' own.
        if kind != Kind::Meters && boundary.is_some_and(|boundary| boundary != Boundary::Gpu) {
            let why = format!("is no boundary of `{}`", kind.as_str());
            return Err(FieldError::new("boundary", why));
        }
        let clipped = match fields.optional("clipped") {
            Some(value) => read_all(value, read_value).map_err(|error| error.within("clipped"))?,
            None => Interval::ZERO,
        };
        let shares = kind == Kind::Jobs && quantity == QuantityKind::AcceleratorSeconds;
        if fields.optional("clipped").is_some() && (!shares || clipped == Interval::ZERO) {
            let why = "stands only where accelerator-seconds of jobs were clipped";
            return Err(FieldError::new("clipped", why));
        }
        Ok(Self {
            quantity,
            basis: fields.parsed("basis")?,
            boundary,
            value: read_value(fields)?,
            clipped,
        })
    }

    fn write(&self) -> Object<'static> {
        let clipped = (self.clipped != Interval::ZERO).then(|| write_value(self.clipped));
        write_value(self.value)
            .with("quantity", self.quantity.as_str())
            .with("basis", self.basis.as_str())
            .with("boundary", or_none(self.boundary.as_ref()))
            .with_some("clipped", clipped)
    }

    /// The order in a reference: by the spellings, one after the other.
    fn order(&self) -> [&'static str; 3] {
        [
            self.quantity.as_str(),
            self.basis.as_str(),
            self.boundary.map_or("", Boundary::as_str),
        ]
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
    // No limit on their number: the size of an entry bounds it, and whatever came behind
    // a limit could be hidden behind as many items that say nothing.
    let figures = accounts()
        .filter_map(|account| account.get("figures").and_then(Value::as_list))
        .flatten()
        .filter_map(|value| read_all(value, Figure::read).ok())
        .collect();
    (period, figures)
}
