//! NVIDIA's management library: what the devices of this machine show now.
//!
//! Its library is looked for when it is first needed. Where the driver was unloaded or
//! loaded anew, every handle is stale: then all is let go, and found again.

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use crate::telemetry::device_log::DeviceReading;

/// Names under which the library is found: development packages link the first, drivers
/// bring the second.
const LIBRARIES: [&str; 2] = ["libnvidia-ml.so", "libnvidia-ml.so.1"];

/// The devices of this machine.
#[derive(Debug, Default)]
pub struct Devices {
    nvml: Option<Nvml>,
}

impl Devices {
    /// Reads every device. On an error the library is let go, and loaded again by the next
    /// call; devices that fail alone are left out, and named.
    pub fn read(&mut self) -> Result<(Vec<DeviceReading>, Vec<String>), NvmlError> {
        let read = self.try_read();
        if read.is_err() {
            self.nvml = None;
        }
        read
    }

    fn try_read(&mut self) -> Result<(Vec<DeviceReading>, Vec<String>), NvmlError> {
        let nvml = match self.nvml.take() {
            Some(nvml) => nvml,
            None => load()?,
        };
        let nvml = self.nvml.insert(nvml);
        let (mut readings, mut failed) = (Vec::new(), Vec::new());
        for index in 0..nvml.device_count()? {
            match read(nvml, index) {
                Ok(reading) => readings.push(reading),
                Err(NvmlError::Uninitialized | NvmlError::DriverNotLoaded) => {
                    return Err(NvmlError::Uninitialized);
                }
                Err(error) => failed.push(format!("device {index}: {error}")),
            }
        }
        Ok((readings, failed))
    }
}

fn load() -> Result<Nvml, NvmlError> {
    let mut last = NvmlError::Uninitialized;
    for library in LIBRARIES {
        match Nvml::builder().lib_path(library.as_ref()).init() {
            Ok(nvml) => return Ok(nvml),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn read(nvml: &Nvml, index: u32) -> Result<DeviceReading, NvmlError> {
    let device = nvml.device_by_index(index)?;
    // What a device does not support it does not tell; other errors are errors.
    Ok(DeviceReading {
        uuid: device.uuid()?,
        serial: told(device.serial())?,
        name: device.name()?,
        power: told(device.power_usage())?.map(u64::from),
        energy: told(device.total_energy_consumption())?,
        active: told(device.utilization_rates())?.map(|rates| u64::from(rates.gpu)),
    })
}

fn told<T>(value: Result<T, NvmlError>) -> Result<Option<T>, NvmlError> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(NvmlError::NotSupported | NvmlError::NoPermission | NvmlError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
