//! `standstill attest` and `correct`: put usage into the journal.

use std::path::Path;
use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::Head;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Correction;
use crate::attestation::content::StatementType;
use crate::attestation::content::Usage;
use crate::attestation::fields::Fields;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::next_start;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::encoding::json;

/// Chain one usage statement for each period collected
///
/// A statement takes its place in the stream for ever; it is signed when it is published.
#[derive(Debug, clap::Args)]
pub(super) struct AttestArgs {
    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,

    /// Area
    #[arg(long, default_value = "1")]
    pub(super) area: StreamId,
}

impl AttestArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.workspace)?;
        let area = workspace.area(self.area)?;
        let mut next = next_start(&workspace, self.area, &area);
        let mut count = 0_u64;
        while let Some(period) = area.period_from(next) {
            let name = format!("collected/{}/{}", self.area, period.start());
            let draft = workspace.join(format!("{name}.usage"));
            if !draft.exists() {
                break;
            }
            let mut usage = read_usage(&draft)?;
            if usage.period != period {
                return Err(
                    Failure::file(&draft, format!("is of {}, not {period}", usage.period))
                        .hint("collect again: the area's periods have changed"),
                );
            }
            usage.inventory = inventory(&workspace, self.area);
            workspace.append(self.area, Content::Usage(usage))?;
            keep(&workspace, &name, self.area, &period.start().to_string())?;
            next = period.end();
            count = count.saturating_add(1);
        }
        if count == 0 {
            return Err(
                Failure::new(format!("nothing was collected for the period from {next}"))
                    .hint("`standstill collect` comes first"),
            );
        }
        workspace.sync()?;
        world.say(format!("{count} periods attested, up to {next}"))
    }
}

/// Correct a usage statement: the correction stands beside it for ever
#[derive(Debug, clap::Args)]
pub(super) struct CorrectArgs {
    /// Sequence of the usage statement in its area's stream
    #[arg(value_name = "SEQUENCE")]
    pub(super) sequence: u64,

    /// Usage to stand in its place, as `collect` writes it
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Why
    #[arg(long)]
    pub(super) reason: String,

    /// Workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,

    /// Area
    #[arg(long, default_value = "1")]
    pub(super) area: StreamId,
}

impl CorrectArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.workspace)?;
        let mut usage = read_usage(&self.file)?;
        let original = workspace
            .stream(self.area)
            .find(|entry| entry.statement.subject.sequence == self.sequence);
        let Some((id, Content::Usage(known))) =
            original.map(|entry| (entry.id, &entry.statement.content))
        else {
            return Err(Failure::new(format!(
                "statement {} of area {} is no usage",
                self.sequence, self.area
            )));
        };
        if known.period != usage.period {
            return Err(Failure::file(
                &self.file,
                format!(
                    "is of {}, but the statement of {}",
                    usage.period, known.period
                ),
            ));
        }
        usage.inventory = known.inventory;
        let correction = Correction {
            corrects: Head {
                sequence: self.sequence,
                statement: id,
            },
            replacement: Box::new(Content::Usage(usage)),
            reason: self.reason.clone(),
        };
        let entry = workspace
            .append(self.area, Content::Correction(correction))?
            .id;
        workspace.sync()?;
        world.say(format!("{entry} corrects {id}"))
    }
}

/// The inventory that was declared last.
fn inventory(workspace: &Workspace, stream: StreamId) -> Option<StatementId> {
    let declared = |content: &Content| matches!(content, Content::Inventory(_));
    workspace
        .stream(stream)
        .rev()
        .find(|entry| declared(&entry.statement.content))
        .map(|entry| entry.id)
}

fn read_usage(path: &Path) -> Result<Usage, Failure> {
    let bytes = failure::read(path)?;
    let value = json::parse_draft(&bytes).map_err(|error| Failure::file(path, error))?;
    let mut fields = Fields::of(&value).map_err(|error| Failure::file(path, error))?;
    let content = Content::read(StatementType::Usage, &mut fields)
        .and_then(|content| fields.finish().map(|()| content))
        .map_err(|error| Failure::file(path, error))?;
    match content {
        Content::Usage(usage) => Ok(usage),
        _ => Err(Failure::file(path, "is no usage")),
    }
}

/// Moves what was attested out of the way; its ledger is kept to be opened when asked.
fn keep(workspace: &Workspace, name: &str, area: StreamId, start: &str) -> Result<(), Failure> {
    let ledgers = workspace.join(format!("ledgers/{area}"));
    std::fs::create_dir_all(&ledgers).map_err(|error| Failure::file(&ledgers, error))?;
    let from = workspace.join(format!("{name}.ledger"));
    // A challenge may come later: the ledger must outlive the loss of power.
    let synced = std::fs::File::open(&from).and_then(|file| file.sync_all());
    synced.map_err(|error| Failure::file(&from, error))?;
    std::fs::rename(&from, ledgers.join(format!("{start}.ledger")))
        .map_err(|error| Failure::file(&from, error))?;
    let draft = workspace.join(format!("{name}.usage"));
    std::fs::remove_file(&draft).map_err(|error| Failure::file(&draft, error))
}
