//! What the sources of readings are told on the command line.

use std::path::PathBuf;

use crate::attestation::figure::Boundary;
use crate::catalogue::Format;
use crate::cli::collect::PeriodArgs;
use crate::cli::models::Models;
use crate::cli::models::pair;
use crate::telemetry::redfish::RedfishReading;

#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli::collect) struct ReadingArgs {
    #[command(flatten)]
    pub(in crate::cli::collect) periods: PeriodArgs,

    /// Devices of the inventory: CSV with `serial,model` and, where the source names
    /// devices so, `uuid`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli::collect) devices: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli::collect) models: Models,

    /// What the devices were used for
    #[arg(long, value_name = "CLASS", default_value = "unclassified")]
    pub(in crate::cli::collect) class: String,

    /// Seconds from one reading to the next (default: the median found)
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli::collect) every: Option<u32>,

    /// Number format that the devices compute in: operations are then figured from the
    /// activity of their tensor units, where a source tells it
    #[arg(long, value_name = "bf16|fp8|fp4|int8")]
    pub(in crate::cli::collect) dtype: Option<Format>,

    /// Meters that there are within a boundary, e.g. `node=64`: those that are silent are
    /// a gap (can be repeated)
    #[arg(long, value_name = "BOUNDARY=COUNT", value_parser = meters)]
    pub(in crate::cli::collect) meters: Vec<(Boundary, u64)>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct MetersArgs {
    /// Table, plain or gzip
    #[arg(value_name = "FILE")]
    pub(in crate::cli::collect) file: PathBuf,

    /// Where the meters measure, unless a column says
    #[arg(long, value_name = "node|rack|facility|feed", default_value = "node")]
    pub(in crate::cli::collect) boundary: Boundary,

    /// Name of a column in the table, e.g. `time=Timestamp` (can be repeated)
    #[arg(long, value_name = "COLUMN=NAME", value_delimiter = ',', value_parser = pair)]
    pub(in crate::cli::collect) columns: Vec<(String, String)>,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct GreenButtonArgs {
    /// Feeds, XML, plain or gzip
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli::collect) files: Vec<PathBuf>,

    /// Where the meters measure
    #[arg(long, value_name = "node|rack|facility|feed", default_value = "feed")]
    pub(in crate::cli::collect) boundary: Boundary,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct RedfishArgs {
    /// Captures, a JSON object a line: `{"time": "…", "resource": {…}}`
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli::collect) files: Vec<PathBuf>,

    /// What is read of a machine: one of them measures the same as the others
    #[arg(long, value_enum, default_value_t = RedfishPart::Chassis)]
    pub(in crate::cli::collect) reading: RedfishPart,

    /// Chassis that is read, where a file has several
    #[arg(long, value_name = "ID")]
    pub(in crate::cli::collect) chassis: Option<String>,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

/// What is read of a machine through Redfish.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(in crate::cli::collect) enum RedfishPart {
    /// The power of the chassis
    Chassis,
    /// The averages of the chassis
    Averages,
    /// What its power supplies take in
    Supplies,
}

impl RedfishPart {
    pub(in crate::cli::collect) const fn of(self) -> RedfishReading {
        match self {
            Self::Chassis => RedfishReading::Chassis,
            Self::Averages => RedfishReading::ChassisAverages,
            Self::Supplies => RedfishReading::PowerSupplies,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct IpmiArgs {
    /// Output of `ipmitool dcmi power reading` or `ipmi-dcmi`, one capture after another
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli::collect) files: Vec<PathBuf>,

    /// What the meter is called (default: as its file is)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli::collect) meter: Option<String>,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct OutageArgs {
    #[command(flatten)]
    pub(in crate::cli::collect) periods: PeriodArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct DevicesArgs {
    /// Logs of `standstill sample`, or their directories, one a machine
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli::collect) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct NvidiaSmiArgs {
    /// Output of `nvidia-smi`, plain or gzip
    #[arg(value_name = "FILE")]
    pub(in crate::cli::collect) file: PathBuf,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli::collect) struct MlperfArgs {
    /// Power logs, one a meter, plain or gzip
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli::collect) files: Vec<PathBuf>,

    /// Where the meters measure
    #[arg(long, value_name = "node|rack|facility|feed", default_value = "node")]
    pub(in crate::cli::collect) boundary: Boundary,

    #[command(flatten)]
    pub(in crate::cli::collect) readings: ReadingArgs,
}

fn meters(text: &str) -> Result<(Boundary, u64), String> {
    let (boundary, count) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not `<boundary>=<count>`"))?;
    let boundary: Boundary = boundary.parse()?;
    if boundary == Boundary::Gpu {
        return Err("devices are counted by the inventory".to_owned());
    }
    let count = count
        .parse()
        .map_err(|_| format!("`{count}` is no number of meters"))?;
    Ok((boundary, count))
}
