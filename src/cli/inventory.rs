//! `standstill inventory`: declare the devices of an area.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StreamId;
use crate::attestation::content::Inventory;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::next_start;
use crate::cli::devices::Devices;
use crate::cli::devices::device_secret;
use crate::cli::devices::keep_ledger;
use crate::cli::models::Models;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::time::UnixSeconds;

/// Declare the devices of an area: serials as salted commitments, capacity by model
///
/// The file is CSV with the columns `serial,model` and, if wanted, `vendor`. It lists
/// every device present for any part of a period. Usage of later periods names the
/// inventory in force; one that was wrong is corrected by `standstill correct`.
#[derive(Debug, clap::Args)]
pub(super) struct InventoryArgs {
    /// Devices
    #[arg(value_name = "FILE", required_unless_present = "none")]
    file: Option<PathBuf>,

    /// Declare that no device is left
    #[arg(long, conflicts_with = "file")]
    none: bool,

    /// Period's edge from which it is in force (default: the next period to be attested)
    #[arg(long, value_name = "TIME")]
    from: Option<UnixSeconds>,

    #[command(flatten)]
    models: Models,

    #[command(flatten)]
    place: AreaArgs,
}

impl InventoryArgs {
    /// The devices of a table, which hold the first area's from its next period on.
    pub(super) fn of_table(file: PathBuf, workspace: PathBuf) -> Self {
        Self {
            file: Some(file),
            none: false,
            from: None,
            models: Models::default(),
            place: AreaArgs {
                workspace,
                area: StreamId::FIRST_AREA,
            },
        }
    }

    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        self.models.check()?;
        let from = self.edge(&workspace)?;
        let secret = device_secret(&workspace)?;
        let devices = match &self.file {
            Some(file) => Devices::read(file, &self.models, &secret, world)?,
            None => Devices::none(),
        };
        let ledger = devices.ledger()?;
        let inventory = Inventory {
            from,
            ledger: ledger.reference()?,
            capacity: devices.capacity(),
            watts: Vec::new(),
            transfers: Vec::new(),
        };
        let sequence = workspace.stream(self.place.area).count();
        let name = format!(
            "ledgers/{}/inventory-{sequence:010}.ledger",
            self.place.area
        );
        let path = keep_ledger(&workspace, &name, &ledger)?;
        let id = workspace
            .append(self.place.area, Content::Inventory(inventory))
            .inspect_err(|_| {
                let _ = std::fs::remove_file(&path);
            })?;
        let count = devices.count();
        world.answer(
            &json!({
                "inventory": id.to_string(),
                "sequence": sequence,
                "from": from.to_string(),
                "devices": count,
                "ledger": path,
            }),
            &format!("inventory {id} of {count} devices, in force from {from}"),
        )
    }

    /// Returns the edge from which it is in force: of a period not yet attested, and
    /// after that of the inventory before it.
    fn edge(&self, workspace: &Workspace) -> Result<UnixSeconds, Failure> {
        let area = workspace.area(self.place.area)?;
        let next = next_start(workspace, self.place.area, &area);
        let from = self.from.unwrap_or(next);
        if from < next {
            return Err(
                Failure::new(format!("the usage up to {next} is attested already")).hint(
                    "say `--from` that time or a later edge; `standstill correct` corrects an inventory",
                ),
            );
        }
        // The next instant after it is enough to see whether a period begins there.
        let until = from.plus(1).unwrap_or(from);
        let at_edge = from == next
            || area
                .schedule
                .periods(from, until)
                .any(|period| period.start() == from);
        if !at_edge {
            return Err(Failure::new(format!(
                "no period of area {} begins at {from}",
                self.place.area
            ))
            .hint("an inventory is in force from a period's edge"));
        }
        let before = workspace.stream(self.place.area).rev().find_map(|entry| {
            match &entry.statement.content {
                Content::Inventory(inventory) => Some((entry, inventory.from)),
                _ => None,
            }
        });
        match before {
            Some((entry, edge)) if edge >= from => Err(Failure::new(format!(
                "an inventory is in force from {edge} already"
            ))
            .hint(format!(
                "`standstill correct {} FILE` corrects it; another must begin later",
                entry.statement.subject.sequence
            ))),
            _ => Ok(from),
        }
    }
}
