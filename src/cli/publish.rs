//! `standstill publish`: from the journal into the log.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::Statement;
use crate::attestation::StreamId;
use crate::attestation::content::RunEvent;
use crate::attestation::content::StatementType;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::cli::journal::Entry;
use crate::cli::receipts;
use crate::cli::signing;
use crate::cli::submit;
use crate::cli::witnesses::Asked;
use crate::cli::workspace::Workspace;
use crate::keystore;
use crate::sequencer::Refusal;
use crate::store::StoreError;
use crate::store::log::LogError;
use crate::store::site::SitedLog;

/// Put what was attested and pledged into the log, and keep a receipt for each
///
/// Publishing cannot be undone: `--preview` shows exactly what would become public.
/// Running it again publishes nothing twice, and lets the witnesses refresh their time.
#[derive(Debug, clap::Args)]
pub(super) struct PublishArgs {
    /// Workspace that `standstill init` made
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) workspace: PathBuf,

    /// Show what would become public, and publish nothing: the entries, byte for byte,
    /// one a line; with `--json` also what they say
    #[arg(long)]
    pub(super) preview: bool,

    /// Address of the log, where a server has it (default: `submit` in `standstill.toml`;
    /// without either, the log in the workspace is written)
    #[arg(long, value_name = "URL", conflicts_with = "preview")]
    pub(super) to: Option<String>,

    /// Seconds for which a log that cannot be reached, or is busy, is tried again
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(super) patience: u64,

    /// Entries of others that are put into one's own log as well, one a line, as their
    /// `publish --preview` prints them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preview", "to"])]
    pub(super) also: Option<PathBuf>,

    /// Publish although too few witnesses can be asked whether this is an older copy of the
    /// log
    #[arg(long, conflicts_with_all = ["preview", "to"])]
    pub(super) unguarded: bool,
}

impl PublishArgs {
    /// What is queued in a workspace, in its own log.
    pub(super) const fn of(workspace: PathBuf) -> Self {
        Self {
            workspace,
            preview: false,
            to: None,
            patience: 60,
            also: None,
            unguarded: false,
        }
    }

    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let workspace = Workspace::open(&self.workspace)?;
        let (queue, waiting) = queue(&workspace, world);
        if !self.preview {
            workspace.sync()?;
        }
        let entries = signing::sign(&workspace, &queue, world)?;
        if self.preview {
            return preview(&workspace, &queue, &entries, world);
        }
        let address = self.to.as_deref().or(workspace.config.submit.as_deref());
        if let Some(address) = address {
            let patience = Duration::from_secs(self.patience);
            submit::submit(&workspace, &queue, &entries, address, patience, world)?;
            return waiting_note(&workspace, waiting, world);
        }
        let others = self.also.as_deref().map_or(Ok(Vec::new()), others)?;
        let own = publish_own(
            &workspace,
            (&queue, &entries),
            &others,
            self.unguarded,
            world,
        )?;
        let asked = workspace.config.witness.len();
        let Own {
            published,
            size,
            cosigned,
        } = own;
        world.answer(
            &json!({
                "published": published,
                "size": size,
                "cosigned": cosigned,
                "witnesses": asked,
                "waiting": waiting,
            }),
            &format!("{published} statements published, the log has {size}; {cosigned} of {asked} witnesses cosigned"),
        )?;
        warn(&workspace, cosigned, world)?;
        waiting_note(&workspace, waiting, world)
    }
}

/// Reads the entries of others: each must be a statement, in its one spelling.
fn others(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = failure::read(path)?;
    let hint = "`standstill publish --preview` prints entries, one a line";
    let mut entries = Vec::new();
    for (line, entry) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        if entry.is_empty() {
            continue;
        }
        let wrong = |why: String| Failure::file(path, format!("line {line}: {why}")).hint(hint);
        let envelope = Envelope::parse(entry).map_err(|error| wrong(error.to_string()))?;
        Statement::parse(envelope.payload()).map_err(|error| wrong(error.to_string()))?;
        entries.push(entry.to_vec());
    }
    Ok(entries)
}

/// What came of publishing in the log of the workspace.
struct Own {
    published: usize,
    size: u64,
    cosigned: usize,
}

/// Publishes whatever is queued in the log of the workspace, and says nothing of it.
pub(super) fn publish(workspace: &Workspace, world: &mut World<'_>) -> Result<(), Failure> {
    let (queue, _) = queue(workspace, world);
    workspace.sync()?;
    let entries = signing::sign(workspace, &queue, world)?;
    publish_own(workspace, (&queue, &entries), &[], false, world).map(|_| ())
}

fn publish_own(
    workspace: &Workspace,
    (queue, entries): (&[&Entry], &[Vec<u8>]),
    others: &[Vec<u8>],
    unguarded: bool,
    world: &mut World<'_>,
) -> Result<Own, Failure> {
    let asked = Asked::of(workspace)?;
    let mut log = open(workspace, &asked, world)?;
    let all = || entries.iter().chain(others);
    let known: Vec<&[u8]> = all().map(Vec::as_slice).collect();
    let found = log.reader().find(&known, log.size())?;
    let fresh: Vec<Vec<u8>> = all()
        .zip(&found)
        .filter(|(_, place)| place.is_none())
        .map(|(entry, _)| entry.clone())
        .collect();
    if !fresh.is_empty() {
        asked.guard(&log, unguarded, world)?;
        log.append(&fresh, world.now).map_err(unpublished)?;
    }
    let cosigned = asked.cosign(&mut log, world)?;
    receipts::keep(workspace, &log, queue, entries)?;
    Ok(Own {
        published: fresh.len(),
        size: log.size(),
        cosigned,
    })
}

fn warn(workspace: &Workspace, cosigned: usize, world: &mut World<'_>) -> Result<(), Failure> {
    let witnesses = workspace.identity()?.witnesses.as_ref();
    if let Some(quorum) = witnesses
        .map(|one| one.quorum)
        .filter(|one| *one > cosigned)
    {
        world.note(format!(
            "warning: {quorum} witnesses are a quorum: until so many cosign, nobody can tell by when this was said; `standstill publish` asks them again"
        ));
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the end of a command")]
fn waiting_note(
    workspace: &Workspace,
    waiting: usize,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    if waiting > 0 {
        world.note(format!(
            "{waiting} wait until {} seconds after their period's end",
            workspace.config.publish_wait
        ));
    }
    Ok(())
}

/// Shows the entries that would become public.
fn preview(
    workspace: &Workspace,
    queue: &[&Entry],
    entries: &[Vec<u8>],
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let mut shown = Vec::new();
    let mut kinds: BTreeMap<(StreamId, &str), u64> = BTreeMap::new();
    for (entry, bytes) in queue.iter().zip(entries) {
        let subject = &entry.statement.subject;
        if workspace.published().logged(subject).is_some() {
            continue;
        }
        let kind = entry.statement.content.statement_type();
        let kind = kind.map_or("unknown", StatementType::name);
        let count = kinds.entry((subject.stream, kind)).or_default();
        *count = count.saturating_add(1);
        let text = String::from_utf8_lossy(bytes);
        if world.json {
            let payload: Value = serde_json::from_slice(&entry.payload)?;
            shown.push(json!({
                "statement": entry.id.to_string(),
                "payload": payload,
                "entry": text,
            }));
        } else {
            world.say(&text)?;
        }
    }
    if world.json {
        world.say(serde_json::to_string_pretty(&shown)?)?;
    }
    for ((stream, kind), count) in kinds {
        world.note(format!(
            "would become public: {count} {kind} of stream {stream}"
        ));
    }
    if !world.json {
        world.note(
            "above are the entries as the log would hold them; `--json` shows what each says",
        );
    }
    Ok(())
}

/// Returns what is to be published, stream 0 first, and how many must wait.
fn queue<'w>(workspace: &'w Workspace, world: &World<'_>) -> (Vec<&'w Entry>, usize) {
    let unpublished = |entry: &&Entry| !workspace.is_published(entry);
    let governance = workspace.stream(StreamId::GOVERNANCE).filter(unpublished);
    let mut queue: Vec<&Entry> = governance.collect();
    let areas = workspace
        .journal()
        .iter()
        .filter(|entry| !entry.statement.subject.stream.is_governance())
        .filter(unpublished);
    let mut held: Vec<StreamId> = Vec::new();
    let mut waiting = 0_usize;
    for entry in areas {
        let stream = entry.statement.subject.stream;
        let early = match &entry.statement.content {
            // Seen before its period ended, it would cover nothing.
            Content::Usage(usage) => {
                let end = usage.period.end().plus(workspace.config.publish_wait);
                end.is_none_or(|end| world.now < end)
            }
            Content::Corroboration(said) => {
                let end = said.about.period.end().plus(workspace.config.publish_wait);
                end.is_none_or(|end| world.now < end)
            }
            Content::Run(run) => match run.event {
                RunEvent::Start { .. } => false,
                RunEvent::Progress { period, .. } | RunEvent::End { period, .. } => {
                    let end = period.end().plus(workspace.config.publish_wait);
                    end.is_none_or(|end| world.now < end)
                }
            },
            _ => false,
        };
        if early || held.contains(&stream) {
            held.push(stream);
            waiting = waiting.saturating_add(1);
        } else {
            queue.push(entry);
        }
    }
    (queue, waiting)
}

/// Opens the log, knowing what its witnesses remember.
fn open(workspace: &Workspace, asked: &Asked<'_>, world: &World<'_>) -> Result<SitedLog, Failure> {
    let path = workspace.join("keys/log.key");
    if !path.exists() && !workspace.join("log").exists() {
        return Err(Failure::new("the log of record is somebody else's").hint(
            "say its address with `--to URL`; or `--preview` prints the entries for whoever has it, and `publish --also FILE` puts them in there",
        ));
    }
    let key = keystore::read_note_key(&path)?;
    workspace
        .site()
        .open(key, &asked.remembered()?, None, world.now)
        .map_err(unpublished)
}

/// What may help where the log does not take what was to be published.
fn unpublished(error: LogError) -> Failure {
    if let LogError::Store(StoreError::Locked { .. }) = &error {
        return Failure::new(error.to_string())
            .hint("if a server has the log, publish through that: `--to URL`");
    }
    let hint = match &error {
        LogError::Refused(Refusal::Clock { .. }) => {
            "set the clock: the log was written to at a later time"
        }
        LogError::Store(_) | LogError::Failed => {
            "run it again once that is mended: what was queued stays queued"
        }
        _ => "nothing was published; an older copy must not go on: bring the newest back",
    };
    Failure::from(error).hint(hint)
}
