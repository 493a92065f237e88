//! The ledgers of a simulated lab, true or not.

use std::ops::Range;

use crate::attestation::content::Direction;
use crate::attestation::content::LedgerReference;
use crate::attestation::content::Transfer;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Coverage;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::ledger::InventoryRecord;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::ledger::MeterRecord;
use crate::ledger::Secret;
use crate::quantity::Quantity;
use crate::simulate::Impossible;
use crate::simulate::act::Act;
use crate::simulate::act::Flaw;
use crate::simulate::noise::Noise;
use crate::simulate::story::Site;
use crate::simulate::story::Story;
use crate::simulate::words;
use crate::time::UnixSeconds;

/// Meters of an area.
const METERS: usize = 8;

/// Keeps the ledgers.
#[derive(Debug)]
pub(super) struct Books {
    noise: Noise,
    flaw: Option<Flaw>,
    areas: usize,
}

impl Books {
    pub(super) fn new(noise: &mut Noise, story: &Story) -> Self {
        let seed = noise.below(u64::MAX);
        Self {
            noise: Noise::new(seed, "ledgers"),
            flaw: match story.act {
                Act::Ledgers { flaw, .. } => Some(flaw),
                _ => None,
            },
            areas: story.sites.len(),
        }
    }

    /// Whether devices leave and come back.
    pub(super) fn returns(&self) -> bool {
        self.flaw == Some(Flaw::Returned)
    }

    fn ledger(&mut self, kind: Kind) -> Ledger {
        Ledger::new(kind, Secret::from_bytes(self.noise.bytes()))
    }

    /// Returns the list of an area's devices.
    pub(super) fn inventory(&mut self, area: usize, site: &Site) -> Result<Ledger, Impossible> {
        let phantoms =
            self.flaw == Some(Flaw::Phantoms) && area > 0 && area.saturating_add(1) == self.areas;
        let devices = (0..site.declared).map(|number| match number % 2 {
            0 if phantoms => device(0, number),
            _ => device(area, number),
        });
        let devices = devices.collect();
        self.list(devices, site)
    }

    /// Returns the devices of the first area that leave, and all that the next inventory
    /// has: the same.
    pub(super) fn swapped(&mut self, site: &Site) -> Result<(Ledger, Ledger), Impossible> {
        let left = (0..site.declared / 4).map(|number| device(0, number));
        let all = (0..site.declared).map(|number| device(0, number));
        let left = self.list(left.collect(), site)?;
        Ok((left, self.list(all.collect(), site)?))
    }

    /// Returns what is said of devices that leave.
    pub(super) fn transfer(edge: UnixSeconds, ledger: LedgerReference, site: &Site) -> Transfer {
        let capacity = words::capacity(site, ledger.count);
        Transfer {
            direction: Direction::Out,
            counterpart: None,
            edge,
            ledger,
            capacity,
        }
    }

    fn list(&mut self, mut devices: Vec<Hash>, site: &Site) -> Result<Ledger, Impossible> {
        let mut ledger = self.ledger(Kind::Inventory);
        devices.sort();
        for serial in devices {
            let record = InventoryRecord {
                serial,
                model: &site.model,
                vendor: None,
            };
            ledger.push_inventory(&record).map_err(Impossible::of)?;
        }
        Ok(ledger)
    }

    /// Returns the meters of every area in some periods; nothing where none are kept.
    pub(super) fn sheets(
        &mut self,
        story: &Story,
        periods: Range<usize>,
    ) -> Result<Vec<Vec<Ledger>>, Impossible> {
        let Some(flaw) = self.flaw else {
            return Ok(Vec::new());
        };
        let mut sheets = Vec::new();
        for site in &story.sites {
            let of_area = periods.clone().map(|period| {
                let seconds = site.days.get(period).map(|day| day.real.total());
                self.meters(flaw, seconds.unwrap_or_default())
            });
            sheets.push(of_area.collect::<Result<_, _>>()?);
        }
        Ok(sheets)
    }

    fn meters(&mut self, flaw: Flaw, seconds: u64) -> Result<Ledger, Impossible> {
        let mut ledger = self.ledger(Kind::Meters);
        let mut series = sha256(&self.noise.bytes());
        for number in 0..METERS {
            if flaw != Flaw::CopiedSeries || number < METERS / 2 {
                series = sha256(&self.noise.bytes());
            }
            let record = MeterRecord {
                meter: &format!("pdu-{number}"),
                boundary: Boundary::Rack,
                figures: &[],
                coverage: Coverage::Known {
                    observed: Quantity::from(seconds),
                    gap: Quantity::ZERO,
                    resets: Quantity::ZERO,
                },
                series,
            };
            ledger.push_meter(&record).map_err(Impossible::of)?;
        }
        Ok(ledger)
    }
}

/// What stands for a device of an area in every list.
fn device(area: usize, number: u64) -> Hash {
    sha256(format!("device {number} of area {area}").as_bytes())
}
