//! `standstill collect prometheus`: ask a server that keeps metrics.

use std::path::Path;
use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::readings::ReadingArgs;
use crate::cli::collect::readings::collect_due;
use crate::cli::failure;
use crate::telemetry::prometheus::Client;
use crate::telemetry::prometheus::Login;
use crate::telemetry::prometheus::MetricMap;
use crate::telemetry::prometheus::Prometheus;

#[derive(Debug, clap::Args)]
pub(super) struct PrometheusArgs {
    /// Address of the server, up to before `/api/v1`
    #[arg(value_name = "URL")]
    url: String,

    /// Which metrics are what: `dcgm`, `amd`, or a TOML file of one's own
    #[arg(long, value_name = "dcgm|amd|FILE", default_value = "dcgm")]
    map: String,

    /// Matchers of labels, e.g. `cluster="north",job="dcgm"`
    #[arg(long = "match", value_name = "MATCHERS", default_value = "")]
    matchers: String,

    /// File with a bearer token
    #[arg(long, value_name = "FILE", conflicts_with = "basic")]
    bearer: Option<PathBuf>,

    /// File with `user:password`
    #[arg(long, value_name = "FILE")]
    basic: Option<PathBuf>,

    /// Certificates to trust instead of the public ones, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Client's certificate, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// Client's private key, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    #[command(flatten)]
    readings: ReadingArgs,
}

/// Collects what a server has.
pub(super) fn prometheus(args: &PrometheusArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let map = args.map()?;
    let client = Client::new(&args.url, args.login()?)?;
    let due = args.readings.periods.due(world)?;
    let mut source = Prometheus::new(client, map, args.matchers.clone(), due.range);
    collect_due(&args.readings, &due, &mut source, world)
}

impl PrometheusArgs {
    fn map(&self) -> Result<MetricMap, Failure> {
        let path = Path::new(&self.map);
        if !path.exists() {
            return MetricMap::embedded(&self.map)
                .map_err(|why| Failure::new(why).hint("or the path of a TOML file"));
        }
        let text = String::from_utf8_lossy(&failure::read(path)?).into_owned();
        MetricMap::parse(&text).map_err(|why| {
            Failure::file(path, why).hint(
                "`device = [\"UUID\"]`, then for each metric `[[metric]]` with `name`, `measure` and `unit`",
            )
        })
    }

    fn login(&self) -> Result<Login, Failure> {
        let word = |path: &Path| -> Result<String, Failure> {
            let text = String::from_utf8_lossy(&failure::read(path)?)
                .trim()
                .to_owned();
            if text.is_empty() || text.contains(char::is_control) {
                return Err(Failure::file(path, "is not one line of text"));
            }
            Ok(text)
        };
        let pem = |path: &Option<PathBuf>| path.as_deref().map(failure::read).transpose();
        let authorization = match (&self.bearer, &self.basic) {
            (Some(path), _) => Some(format!("Bearer {}", word(path)?)),
            (None, Some(path)) => {
                let text = base64_simd::STANDARD.encode_to_string(word(path)?);
                Some(format!("Basic {text}"))
            }
            (None, None) => None,
        };
        Ok(Login {
            authorization,
            roots: pem(&self.ca)?,
            client: pem(&self.cert)?.zip(pem(&self.key)?),
        })
    }
}
