//! Devices from a table: serials as salted commitments, capacity by model.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::content::Capacity;
use crate::catalogue::Catalogue;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::cli::models::Models;
use crate::cli::workspace::Workspace;
use crate::hash::Hash;
use crate::keystore;
use crate::ledger::InventoryRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::Secret;
use crate::ledger::commitment;
use crate::quantity::Quantity;

/// The devices of an area.
#[derive(Debug)]
pub(super) struct Devices {
    /// The records, in the order of their commitments: any other order, such as that of
    /// the serials or of the file, would tell something about what was not opened.
    records: BTreeMap<Hash, Device>,
}

#[derive(Debug)]
struct Device {
    model: String,
    vendor: Option<String>,
    /// What sources may call it, its serial number first.
    names: Vec<String>,
}

impl Devices {
    /// No devices.
    pub(super) const fn none() -> Self {
        Self {
            records: BTreeMap::new(),
        }
    }

    /// Reads a CSV table with the columns `serial`, `model` and, if wanted,
    /// `vendor` and `uuid`, by which telemetry may call it.
    pub(super) fn read(
        path: &Path,
        models: &Models,
        secret: &Secret,
        world: &mut World<'_>,
    ) -> Result<Self, Failure> {
        let fail = |why: String| {
            Failure::file(path, why).hint(
                "the first line is `serial,model` or `serial,model,vendor`, each other one a device",
            )
        };
        let bytes = failure::read(path)?;
        if bytes.last().is_some_and(|last| *last != b'\n') {
            return Err(fail("is cut off: its last line does not end".to_owned()));
        }
        let mut table = csv::Reader::from_reader(bytes.as_slice());
        let header = table.headers().map_err(|error| fail(error.to_string()))?;
        let column = |name: &str| header.iter().position(|one| one == name);
        let (Some(serial), Some(model)) = (column("serial"), column("model")) else {
            return Err(fail("has no columns `serial` and `model`".to_owned()));
        };
        let (vendor, uuid) = (column("vendor"), column("uuid"));
        let catalogue = Catalogue::embedded();
        let mut lines: BTreeMap<String, u64> = BTreeMap::new();
        let mut records = BTreeMap::new();
        let mut unknown: BTreeMap<String, u64> = BTreeMap::new();
        for (line, record) in (2_u64..).zip(table.records()) {
            let record = record.map_err(|error| fail(error.to_string()))?;
            let get = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let serial = get(serial);
            if serial.is_empty() || get(model).is_empty() {
                return Err(fail(format!("line {line}: no serial or no model")));
            }
            if record.iter().any(|field| field.contains(char::is_control)) {
                return Err(fail(format!(
                    "line {line}: a field over several lines, as where a quotation mark is not closed"
                )));
            }
            if let Some(before) = lines.insert(serial.clone(), line) {
                return Err(fail(format!(
                    "line {line} repeats the serial of line {before}"
                )));
            }
            let model = models.resolve(&get(model), &catalogue);
            if catalogue.get(&model).is_none() {
                let count = unknown.entry(model.clone()).or_default();
                *count = count.saturating_add(1);
            }
            let salt = secret.commitment_salt("serial", serial.as_bytes());
            let vendor = vendor.map(get).filter(|vendor| !vendor.is_empty());
            let commitment = commitment("serial", &salt, serial.as_bytes());
            let uuid = uuid.map(get).filter(|uuid| !uuid.is_empty());
            let device = Device {
                model,
                vendor,
                names: [serial].into_iter().chain(uuid).collect(),
            };
            records.insert(commitment, device);
        }
        if records.is_empty() {
            return Err(
                fail("has no devices".to_owned()).hint("`--none` declares that no device is left")
            );
        }
        for (model, count) in unknown {
            world.note(format!(
                "warning: {count} devices are `{model}`, which the catalogue does not know: no peak bounds their use (`--model TYPE=ID` maps a name)"
            ));
        }
        Ok(Self { records })
    }

    /// Returns what sources may call each of them.
    pub(super) fn names(&self) -> BTreeMap<Hash, Vec<String>> {
        let names = |(serial, device): (&Hash, &Device)| (*serial, device.names.clone());
        self.records.iter().map(names).collect()
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    /// Returns how many there are of each model.
    pub(super) fn capacity(&self) -> Vec<Capacity> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for device in self.records.values() {
            let count = counts.entry(&device.model).or_default();
            *count = count.saturating_add(1);
        }
        let capacity = |(model, count): (&str, u64)| Capacity {
            model: model.to_owned(),
            count: Quantity::from(count),
        };
        counts.into_iter().map(capacity).collect()
    }

    /// Returns the ledger of them.
    pub(super) fn ledger(&self) -> Result<Ledger, Failure> {
        let mut ledger = Ledger::new(Kind::Inventory, Secret::from_bytes(*keystore::random()?));
        for (serial, device) in &self.records {
            ledger.push_inventory(&InventoryRecord {
                serial: *serial,
                model: &device.model,
                vendor: device.vendor.as_deref(),
            })?;
        }
        Ok(ledger)
    }
}

const HINT: &str = "bring it back from a copy: every device's commitment follows from it";

/// The secret from which devices' commitments follow: a device keeps its commitment in
/// every inventory and transfer.
pub(super) fn device_secret(workspace: &Workspace) -> Result<Secret, Failure> {
    let path = workspace.join("keys/devices.secret");
    let text = keystore::read_private(&path).map_err(|error| Failure::from(error).hint(HINT))?;
    Secret::from_hex(text.trim_end())
        .ok_or_else(|| Failure::file(&path, "is no secret of 32 bytes").hint(HINT))
}

/// Keeps a ledger, which has its secret in it, beside those of the area. What a failed
/// attempt left there is replaced.
pub(super) fn keep_ledger(
    workspace: &Workspace,
    name: &str,
    ledger: &Ledger,
) -> Result<PathBuf, Failure> {
    let path = workspace.join(name);
    if let Some(parent) = path.parent() {
        failure::make_directory(parent)?;
    }
    if path.exists() {
        std::fs::remove_file(&path).map_err(|error| Failure::io(&path, error))?;
    }
    keystore::create_private(&path, &ledger.print())?;
    Ok(path)
}
