//! `standstill attest`: put usage into the journal.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::collect::next_start;
use crate::cli::drafts;
use crate::cli::failure;
use crate::cli::progress;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::durable;
use crate::time::UnixSeconds;

/// Chain one usage statement for each period collected
///
/// A statement takes its place in the stream for ever; it is signed when it is published.
#[derive(Debug, clap::Args)]
pub(super) struct AttestArgs {
    #[command(flatten)]
    pub(super) place: AreaArgs,
}

impl AttestArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        let mut kept = Vec::new();
        let attested = self.attest(&mut workspace, &mut kept);
        if attested.is_err() {
            // They are of no statement.
            for ledger in kept {
                let _ = std::fs::remove_file(ledger);
            }
        }
        let (drafts, next) = attested?;
        for draft in &drafts {
            drafts::discard(draft)?;
        }
        world.answer(
            &json!({ "periods": drafts.len(), "next": next.to_string() }),
            &format!("{} periods attested, up to {next}", drafts.len()),
        )
    }

    /// Attests what was collected, all or nothing; returns the drafts and the start of
    /// the next period.
    fn attest(
        &self,
        workspace: &mut Workspace,
        kept: &mut Vec<PathBuf>,
    ) -> Result<(Vec<PathBuf>, UnixSeconds), Failure> {
        let area = workspace.area(self.place.area)?;
        let mut next = next_start(workspace, self.place.area, &area);
        let mut found = Vec::new();
        while let Some(period) = area.schedule.period_from(next) {
            let draft = drafts::draft_path(workspace, self.place.area, period.start());
            if !draft.exists() {
                break;
            }
            found.push((draft, period));
            next = period.end();
        }
        if found.is_empty() {
            return Err(
                Failure::new(format!("nothing was collected for the period from {next}"))
                    .hint("`standstill collect` comes first"),
            );
        }
        let ledgers = workspace.join(format!("ledgers/{}", self.place.area));
        failure::make_directory(&ledgers)?;
        let bar = progress::bar("attesting", found.len());
        let (mut drafts, mut contents) = (Vec::new(), Vec::new());
        for (draft, period) in found {
            let mut usage = drafts::read_usage(&draft)?;
            if usage.period != period {
                return Err(
                    Failure::file(&draft, format!("is of {}, not {period}", usage.period))
                        .hint("collect again: the area's periods have changed"),
                );
            }
            let inventory = inventory(workspace, self.place.area, period.start());
            // A list of devices is of the inventory that it was collected under.
            if usage.inventory.is_some() && usage.inventory != inventory {
                return Err(Failure::file(
                    &draft,
                    "is of devices that the inventory in force does not list",
                )
                .hint("collect again: the inventory has changed"));
            }
            usage.inventory = inventory;
            let name = period.start().to_string();
            kept.extend(drafts::keep_ledgers(
                workspace,
                &draft,
                self.place.area,
                &name,
                &usage,
            )?);
            contents.push(Content::Usage(usage));
            drafts.push(draft);
            bar.inc(1);
        }
        durable::files(kept).map_err(|(path, error)| Failure::io(path, error))?;
        failure::sync_directory(&ledgers)?;
        workspace.append_all(self.place.area, contents)?;
        bar.finish_and_clear();
        Ok((drafts, next))
    }
}

/// Returns the inventory in force for the period that begins at `start`, or its
/// correction: that which began last and no later.
pub(super) fn inventory(
    workspace: &Workspace,
    stream: StreamId,
    start: UnixSeconds,
) -> Option<StatementId> {
    let mut last = None;
    for entry in workspace.stream(stream) {
        match &entry.statement.content {
            Content::Inventory(inventory) if inventory.from <= start => {
                last = Some((entry.id, entry.id));
            }
            Content::Correction(correction) => {
                if let Some((original, in_force)) = &mut last
                    && *original == correction.corrects.statement
                {
                    *in_force = entry.id;
                }
            }
            _ => {}
        }
    }
    last.map(|(_, in_force)| in_force)
}
