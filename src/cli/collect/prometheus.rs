//! `standstill collect prometheus` and `kubernetes`: ask a server that keeps metrics.

use std::path::Path;
use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::JobLogArgs;
use crate::cli::collect::jobs::collect;
use crate::cli::collect::readings::ReadingArgs;
use crate::cli::collect::readings::collect_due;
use crate::cli::failure;
use crate::telemetry::SourceError;
use crate::telemetry::kubernetes;
use crate::telemetry::kubernetes::PodRequests;
use crate::telemetry::prometheus::Client;
use crate::telemetry::prometheus::Login;
use crate::telemetry::prometheus::MetricMap;
use crate::telemetry::prometheus::Prometheus;

#[derive(Debug, clap::Args)]
pub(super) struct PrometheusArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// Which metrics are what: `dcgm`, `amd`, or a TOML file of one's own
    #[arg(long, value_name = "dcgm|amd|FILE", default_value = "dcgm")]
    map: String,

    #[command(flatten)]
    readings: ReadingArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct KubernetesArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// Resources that are accelerators, as a regular expression of Prometheus
    #[arg(long, value_name = "REGEX", default_value = kubernetes::RESOURCES)]
    resources: String,

    /// Seconds from one scrape to the next (default: the median found)
    #[arg(long, value_name = "SECONDS")]
    every: Option<u32>,

    #[command(flatten)]
    log: JobLogArgs,
}

/// A server that keeps metrics, and how one logs in.
#[derive(Debug, clap::Args)]
struct ServerArgs {
    /// Address of the server, up to before `/api/v1`
    #[arg(value_name = "URL")]
    url: String,

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

    /// Take an answer of which the server warns that it may lack a part: what it lacks is a gap
    #[arg(long)]
    partial: bool,
}

/// Collects what a server has.
pub(super) fn prometheus(args: &PrometheusArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let map = args.map()?;
    let client = args.server.client()?;
    let due = args.readings.periods.due(world)?;
    let matchers = args.server.matchers.clone();
    let mut source = Prometheus::new(client, map, matchers, due.range);
    collect_due(&args.readings, &due, &mut source, world)
}

/// Collects what pods asked for.
pub(super) fn kubernetes(args: &KubernetesArgs, world: &mut World<'_>) -> Result<(), Failure> {
    let options = args.log.options()?;
    let client = args.server.client()?;
    let due = args.log.periods.due(world)?;
    let narrowed = (args.server.matchers.clone(), args.resources.clone());
    let every = args.every.map(u64::from);
    let mut source = PodRequests::new(client, narrowed, due.range, every, options);
    let explained = |error: SourceError| {
        Failure::from(error).hint(
            "`--match` narrows the labels, `--resources` says what is an accelerator; kube-state-metrics must be among what the server scrapes",
        )
    };
    collect(&args.log, &due, &mut source, &explained, world)
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
}

impl ServerArgs {
    fn client(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.url, self.login()?)?.with_partial(self.partial))
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
