//! `standstill inventory`: declare the devices of an area.

use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::StreamId;
use crate::attestation::content::Capacity;
use crate::attestation::content::Inventory;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::next_start;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::keystore;
use crate::ledger::InventoryRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::Secret;
use crate::quantity::Quantity;
use crate::time::UnixSeconds;

/// Declare the devices of an area: serials as salted commitments, capacity by model
///
/// The file is CSV with the columns `serial,model` and, if wanted, `vendor`.
#[derive(Debug, clap::Args)]
pub(super) struct InventoryArgs {
    /// Devices
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Period's edge from which it is in force (default: the next period to be attested)
    #[arg(long, value_name = "TIME")]
    from: Option<UnixSeconds>,

    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,

    /// Area
    #[arg(long, default_value = "1")]
    area: StreamId,
}

impl InventoryArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.workspace)?;
        let area = workspace.area(self.area)?;
        let from = self
            .from
            .unwrap_or_else(|| next_start(&workspace, self.area, &area));
        let bytes = failure::read(&self.file)?;
        let fail = |why: String| Failure::file(&self.file, why);
        let mut table = csv::Reader::from_reader(bytes.as_slice());
        let header = table
            .headers()
            .map_err(|error| fail(error.to_string()))?
            .clone();
        let column = |name: &str| header.iter().position(|one| one == name);
        let (Some(serial), Some(model)) = (column("serial"), column("model")) else {
            return Err(fail("has no columns `serial` and `model`".to_owned()));
        };
        let vendor = column("vendor");
        let secret = Secret::from_bytes(*keystore::random()?);
        let lasting = device_secret(&workspace)?;
        let mut ledger = Ledger::new(Kind::Inventory, secret);
        let mut devices: std::collections::BTreeMap<String, String> =
            std::collections::BTreeMap::new();
        let mut vendors = std::collections::BTreeMap::new();
        for (row, record) in (2_u64..).zip(table.records()) {
            let record = record.map_err(|error| fail(error.to_string()))?;
            let get = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let name = get(serial);
            if name.is_empty() || devices.insert(name.clone(), get(model)).is_some() {
                return Err(fail(format!(
                    "row {row}: the serial `{name}` is empty or appears twice"
                )));
            }
            vendors.insert(name, vendor.map_or_else(String::new, get));
        }
        if devices.is_empty() {
            return Err(fail("has no devices".to_owned()));
        }
        let mut capacity: Vec<Capacity> = Vec::new();
        for (serial, model) in &devices {
            let vendor = vendors.get(serial).map(String::as_str);
            let vendor = vendor.filter(|vendor| !vendor.is_empty());
            push(&mut ledger, &lasting, serial, model, vendor).map_err(&fail)?;
            match capacity.iter_mut().find(|one| one.model == *model) {
                Some(known) => {
                    known.count = known.count.plus(Quantity::from(1)).unwrap_or(known.count);
                }
                None => capacity.push(Capacity {
                    model: model.clone(),
                    count: Quantity::from(1),
                }),
            }
        }
        capacity.sort_by(|one, next| one.model.cmp(&next.model));
        let inventory = Inventory {
            from,
            ledger: ledger.reference()?,
            capacity,
            watts: Vec::new(),
            transfers: Vec::new(),
        };
        let sequence = workspace.stream(self.area).count();
        let name = format!("ledgers/{}/inventory-{sequence:010}.ledger", self.area);
        let path = workspace.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Failure::file(parent, error))?;
        }
        keystore::create_private(&path, &ledger.print())?;
        let entry = workspace
            .append(self.area, Content::Inventory(inventory))?
            .id;
        workspace.sync()?;
        world.say(format!(
            "inventory {entry} of {} devices, in force from {from}",
            devices.len()
        ))
    }
}

fn push(
    ledger: &mut Ledger,
    devices: &Secret,
    serial: &str,
    model: &str,
    vendor: Option<&str>,
) -> Result<(), String> {
    let salt = devices.commitment_salt("serial", serial.as_bytes());
    let commitment = crate::ledger::commitment("serial", &salt, serial.as_bytes());
    let record = InventoryRecord {
        serial: commitment,
        model,
        vendor,
    };
    ledger
        .push_inventory(&record)
        .map_err(|error| error.to_string())
}

/// The secret from which devices' commitments follow: a device keeps its commitment in
/// every inventory and transfer.
fn device_secret(workspace: &Workspace) -> Result<Secret, Failure> {
    let path = workspace.join("keys/devices.secret");
    if !path.exists() {
        let secret = Secret::from_bytes(*keystore::random()?);
        keystore::create_private(&path, &secret.to_hex())?;
    }
    let text = keystore::read_private(&path)?;
    Secret::from_hex(text.trim_end())
        .ok_or_else(|| Failure::file(&path, "is no secret of 32 bytes"))
}
