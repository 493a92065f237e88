//! `standstill correct`: say what should have been said, beside what was.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::Head;
use crate::attestation::content::Correction;
use crate::attestation::content::Inventory;
use crate::attestation::content::Usage;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::devices;
use crate::cli::drafts;
use crate::cli::journal::Entry;
use crate::cli::models::Models;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::durable;
use crate::time::UnixSeconds;

/// Correct a usage or an inventory: the correction stands beside it for ever
///
/// A breach that was admitted stays one, whatever a correction says. Usage is corrected
/// by a draft of `standstill collect --again TIME`, an inventory by a table of devices as
/// `standstill inventory` takes it.
#[derive(Debug, clap::Args)]
pub(super) struct CorrectArgs {
    /// Sequence of the statement in its area's stream, or the start of a usage's period
    #[arg(value_name = "SEQUENCE|TIME")]
    which: Which,

    /// What stands in its place: a usage, or a table of devices
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Why
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    models: Models,

    #[command(flatten)]
    place: AreaArgs,
}

/// Names a statement of an area.
#[derive(Clone, Copy, Debug)]
enum Which {
    Sequence(u64),
    Start(UnixSeconds),
}

impl std::str::FromStr for Which {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start = text.parse().map(Self::Start);
        start
            .or_else(|_| text.parse().map(Self::Sequence))
            .map_err(|_| "is neither a sequence number nor a time such as `2026-03-01T02:00:00Z`")
    }
}

impl CorrectArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        workspace.area(self.place.area)?;
        let original = self.original(&workspace)?;
        let corrects = Head {
            sequence: original.statement.subject.sequence,
            statement: original.id,
        };
        let sequence = workspace.stream(self.place.area).count();
        let (replacement, ledgers) = match original.statement.content.clone() {
            Content::Usage(known) => self.usage(&workspace, &known, sequence)?,
            Content::Inventory(known) => self.inventory(&workspace, &known, sequence, world)?,
            _ => {
                return Err(Failure::new(format!(
                    "statement {} of area {} can not be corrected",
                    corrects.sequence, self.place.area
                ))
                .hint("name the usage or inventory itself, not a correction of it"));
            }
        };
        let correction = Correction {
            corrects,
            replacement: Box::new(replacement),
            reason: self.reason.clone(),
        };
        let id = workspace
            .append(self.place.area, Content::Correction(correction))
            .inspect_err(|_| {
                for ledger in &ledgers {
                    let _ = std::fs::remove_file(ledger);
                }
            })?;
        world.answer(
            &json!({
                "correction": id.to_string(),
                "sequence": sequence,
                "corrects": corrects.statement.to_string(),
                "ledgers": ledgers,
            }),
            &format!("{id} corrects {}", corrects.statement),
        )
    }

    fn original<'w>(&self, workspace: &'w Workspace) -> Result<&'w Entry, Failure> {
        let named = |entry: &&Entry| match (self.which, &entry.statement.content) {
            (Which::Sequence(sequence), _) => entry.statement.subject.sequence == sequence,
            (Which::Start(start), Content::Usage(usage)) => usage.period.start() == start,
            _ => false,
        };
        workspace
            .stream(self.place.area)
            .find(named)
            .ok_or_else(|| {
                let last = workspace.stream(self.place.area).count();
                let why = match self.which {
                    Which::Sequence(sequence) => {
                        format!("area {} has no statement {sequence}", self.place.area)
                    }
                    Which::Start(start) => {
                        format!("area {} attested no period from {start}", self.place.area)
                    }
                };
                Failure::new(why).hint(format!("it has {last} statements, counted from 0"))
            })
    }

    fn usage(
        &self,
        workspace: &Workspace,
        known: &Usage,
        sequence: usize,
    ) -> Result<(Content, Vec<PathBuf>), Failure> {
        let mut usage = drafts::read_usage(&self.file)?;
        if known.period != usage.period {
            let why = format!(
                "is of {}, but the statement of {}",
                usage.period, known.period
            );
            return Err(
                Failure::file(&self.file, why).hint("a correction is of the same area and period")
            );
        }
        usage.inventory = known.inventory;
        let name = format!("{}.correction-{sequence}", usage.period.start());
        let kept = drafts::keep_ledgers(workspace, &self.file, self.place.area, &name, &usage)?;
        for ledger in &kept {
            durable::path(ledger)
                .and_then(|()| durable::name(ledger))
                .map_err(|error| Failure::io(ledger, error))?;
        }
        Ok((Content::Usage(usage), kept))
    }

    fn inventory(
        &self,
        workspace: &Workspace,
        known: &Inventory,
        sequence: usize,
        world: &mut World<'_>,
    ) -> Result<(Content, Vec<PathBuf>), Failure> {
        self.models.check()?;
        let secret = devices::device_secret(workspace)?;
        let devices = devices::Devices::read(&self.file, &self.models, &secret, world)?;
        let ledger = devices.ledger()?;
        let name = format!(
            "ledgers/{}/inventory-{sequence:010}.ledger",
            self.place.area
        );
        let inventory = Inventory {
            ledger: ledger.reference()?,
            capacity: devices.capacity(),
            ..known.clone()
        };
        let kept = devices::keep_ledger(workspace, &name, &ledger)?;
        Ok((Content::Inventory(inventory), vec![kept]))
    }
}
