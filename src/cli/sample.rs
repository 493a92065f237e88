//! `standstill sample`: keep a log of what the devices of this machine show.

use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use crate::cli::Failure;
use crate::cli::World;
use crate::collector::reading::Millis;
use crate::collector::reading::SECOND;
use crate::telemetry::device_log::DeviceLog;
use crate::telemetry::nvml::Devices;

/// Milliseconds after which readings are made durable at the latest.
const SYNC: u64 = 60 * SECOND;

/// Keep a log of what the NVIDIA devices of this machine show, through NVML
///
/// A line a device, every so many seconds of the clock, in one CSV file a UTC day, for
/// `collect devices`. It goes on after a restart, and finds the driver again when that was
/// reloaded; what was not read meanwhile is a gap. Serial numbers are in it: keep it as
/// you keep your inventory.
#[derive(Debug, clap::Args)]
pub(super) struct SampleArgs {
    /// Directory of the log
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    into: Option<PathBuf>,

    /// Seconds from one reading to the next
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,

    /// Stop after so many readings (default: go on)
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,

    /// Print the devices as the CSV that `inventory` and `--devices` take, and stop
    #[arg(long, conflicts_with_all = ["into", "count"])]
    list: bool,
}

impl SampleArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut devices = Devices::default();
        if self.list {
            return list(&mut devices, world);
        }
        let directory = self.into.clone().unwrap_or_default();
        let fail = |error| Failure::io(&directory, error);
        let mut log = DeviceLog::open(&directory).map_err(fail)?;
        let every = self.every.saturating_mul(SECOND);
        let (mut read, mut synced) = (0_u64, now());
        let mut trouble = String::new();
        while self.count.is_none_or(|count| read < count) {
            wait(every);
            let at = now();
            let told = match devices.read() {
                Ok((readings, failed)) => {
                    if log.append(at, &readings).map_err(fail)? {
                        failed.join("; ")
                    } else {
                        format!(
                            "the clock went back to {at}: nothing is written until it is past the last reading"
                        )
                    }
                }
                Err(error) => error.to_string(),
            };
            // Once, not every ten seconds.
            if told != trouble {
                world.note(if told.is_empty() {
                    format!("{at}: all devices are read again")
                } else {
                    format!("{at}: {told}")
                });
                trouble = told;
            }
            read = read.saturating_add(1);
            if at.since(synced) >= SYNC {
                log.sync().map_err(fail)?;
                synced = at;
            }
        }
        log.sync().map_err(fail)
    }
}

/// Prints the devices as an inventory takes them.
fn list(devices: &mut Devices, world: &mut World<'_>) -> Result<(), Failure> {
    let (readings, failed) = devices.read().map_err(|error| {
        Failure::new(format!("NVML: {error}"))
            .hint("it needs a loaded NVIDIA driver, and its library `libnvidia-ml.so.1`")
    })?;
    for one in &failed {
        world.note(format!("warning: {one}"));
    }
    let mut table = "serial,model,uuid".to_owned();
    for one in readings {
        // Not every device tells its serial number; its UUID names it too.
        let serial = one.serial.filter(|serial| !serial.is_empty());
        let serial = serial.unwrap_or_else(|| one.uuid.clone());
        let name = one.name.replace(',', " ");
        table = format!("{table}\n{serial},{name},{}", one.uuid);
    }
    world.answer(&serde_json::json!({ "table": table }), &table)
}

/// Sleeps until the clock shows a multiple of `every`: so readings lie on the edges of
/// periods.
fn wait(every: u64) {
    let past = now().get().checked_rem(every).unwrap_or(0);
    std::thread::sleep(Duration::from_millis(every.saturating_sub(past)));
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let milliseconds = since.map_or(0, |since| since.as_millis());
    u64::try_from(milliseconds)
        .ok()
        .and_then(Millis::new)
        .unwrap_or(Millis::MAX)
}
