//! Usage that was collected and not yet attested, each with its ledger.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::LedgerReference;
use crate::attestation::content::StatementType;
use crate::attestation::content::Usage;
use crate::attestation::fields::Fields;
use crate::attestation::figure::Basis;
use crate::attestation::figure::Boundary;
use crate::attestation::figure::Figure;
use crate::attestation::figure::QuantityKind;
use crate::cli::Failure;
use crate::cli::amounts;
use crate::cli::amounts::spell;
use crate::cli::failure;
use crate::cli::workspace::Workspace;
use crate::encoding::json;
use crate::hash::Hash;
use crate::keystore;
use crate::ledger::Kind;
use crate::ledger::Ledger;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::time::UnixSeconds;

/// What one source says of one period.
#[derive(Debug)]
pub(super) struct Part {
    /// The period.
    pub(super) period: Period,
    /// Its figures, all of the one source.
    pub(super) figures: Vec<Figure>,
    /// Its ledgers, each with its text.
    pub(super) ledgers: Vec<(LedgerReference, String)>,
}

/// Drafts being collected, apart from those that they will replace.
#[derive(Debug)]
pub(super) struct Drafts {
    /// The tool whose part is collected, without its version.
    tool: String,
    catalogue: Hash,
    staged: PathBuf,
    place: PathBuf,
    /// The other tools whose parts were carried on.
    others: BTreeSet<String>,
    /// Whether a ledger of another tool stays in the place of this one's.
    yields: bool,
    /// What was attested, where it is collected again: what other tools said stays.
    attested: BTreeMap<UnixSeconds, (Usage, PathBuf)>,
}

impl Drafts {
    /// Begins: what a dead process left is removed, and what other tools collected is
    /// carried on.
    pub(super) fn stage(
        workspace: &Workspace,
        area: StreamId,
        again: bool,
        tool: &str,
        catalogue: Hash,
    ) -> Result<Self, Failure> {
        let name = if again {
            format!("{area}-again")
        } else {
            area.to_string()
        };
        let collected = workspace.join("collected");
        let mut drafts = Self {
            tool: tool.to_owned(),
            catalogue,
            staged: collected.join(format!(".{name}")),
            place: collected.join(name),
            others: BTreeSet::new(),
            yields: false,
            attested: BTreeMap::new(),
        };
        remove(&drafts.staged)?;
        failure::make_directory(&drafts.staged)?;
        if again {
            drafts.attested = attested(workspace, area);
        } else {
            drafts.carry()?;
        }
        Ok(drafts)
    }

    /// Lets a ledger that another tool keeps of the same kind stand: a statement has one
    /// of each.
    pub(super) const fn yielding(mut self) -> Self {
        self.yields = true;
        self
    }

    /// Carries on what other tools collected before.
    fn carry(&mut self) -> Result<(), Failure> {
        let Ok(listing) = std::fs::read_dir(&self.place) else {
            return Ok(());
        };
        for file in listing {
            let path = file
                .map_err(|error| Failure::io(&self.place, error))?
                .path();
            if path.extension().is_none_or(|one| one != "usage") {
                continue;
            }
            let mut usage = read_usage(&path)?;
            self.strip(&mut usage);
            if !usage.figures.is_empty() {
                let tools = usage.figures.iter();
                let tools = tools.filter_map(|figure| figure.source.tool.split(", ").next());
                self.others.extend(tools.map(str::to_owned));
                self.write(&usage, &[], Some(&path))?;
            }
        }
        Ok(())
    }

    /// Whether another tool told of the period that begins at `start`.
    pub(super) fn has(&self, start: UnixSeconds) -> bool {
        draft_in(&self.staged, start).exists()
    }

    /// Returns the other tools whose parts were carried on.
    pub(super) fn others(&self) -> Vec<&str> {
        self.others.iter().map(String::as_str).collect()
    }

    /// Takes out what this tool said, and the ledgers that then total nobody's figures.
    fn strip(&self, usage: &mut Usage) {
        let own = |tool: &str| tool.split(", ").next() == Some(self.tool.as_str());
        usage.figures.retain(|figure| !own(&figure.source.tool));
        let ledgers = std::mem::take(&mut usage.ledgers);
        usage.ledgers = ledgers
            .into_iter()
            .filter(|ledger| {
                // One without records totals nothing: it is of who allocated nothing.
                let empty = ledger.sums.is_empty();
                let mut allocated = usage.figures.iter().map(|one| one.basis);
                usage.totals(ledger) && (!empty || allocated.any(|basis| basis == Basis::Allocated))
            })
            .collect();
        settle(usage);
    }

    /// Adds what the source says of a period. `inventory` is that in force, which a list
    /// of devices is of.
    pub(super) fn add(&self, part: Part, inventory: Option<StatementId>) -> Result<(), Failure> {
        let start = part.period.start();
        let carried = draft_in(&self.staged, start);
        let (mut usage, from) = if let Some((usage, ledgers)) = self.attested.get(&start) {
            let mut usage = usage.clone();
            self.strip(&mut usage);
            (usage, Some(ledgers.clone()))
        } else if carried.exists() {
            (read_usage(&carried)?, Some(carried))
        } else {
            let usage = Usage {
                period: part.period,
                inventory: None,
                catalogue: self.catalogue,
                figures: Vec::new(),
                commitments: Vec::new(),
                ledgers: Vec::new(),
                devices_absent: None,
            };
            (usage, None)
        };
        usage.catalogue = self.catalogue;
        usage.figures.extend(part.figures);
        for (reference, _) in &part.ledgers {
            let kept = usage.ledgers.iter().any(|one| one.kind == reference.kind);
            if kept && self.yields {
                continue;
            }
            usage.ledgers.retain(|one| one.kind != reference.kind);
            usage.ledgers.push(reference.clone());
        }
        usage.ledgers.sort_by_key(|one| one.kind.as_str());
        usage.inventory = inventory.or(usage.inventory);
        settle(&mut usage);
        self.write(&usage, &part.ledgers, from.as_deref())
    }

    /// Writes a draft with its ledgers; those that are not among `texts` lie beside
    /// `from`.
    fn write(
        &self,
        usage: &Usage,
        texts: &[(LedgerReference, String)],
        from: Option<&Path>,
    ) -> Result<(), Failure> {
        let path = draft_in(&self.staged, usage.period.start());
        for ledger in &usage.ledgers {
            let place = ledger_of(&path, ledger.kind);
            if let Some((_, text)) = texts.iter().find(|(one, _)| one.root == ledger.root) {
                // Not durable: until it is attested it can be collected again. What was
                // carried on may be linked from elsewhere, and is not written to.
                remove(&place)?;
                keystore::write_private(&place, text)?;
            } else if let Some(from) = from.map(|from| ledger_of(from, ledger.kind))
                && from != place
            {
                let linked = std::fs::hard_link(&from, &place);
                linked.map_err(|error| Failure::io(&from, error))?;
            }
        }
        let draft = Content::Usage(usage.clone()).write().unwrap_or_default();
        std::fs::write(&path, draft.to_canonical()).map_err(|error| Failure::io(&path, error))
    }

    /// Says how far apart sources are that tell of one quantity, over the periods that all of
    /// them tell of: the totals of all models and classes, by source and basis.
    pub(super) fn differences(&self) -> Result<Vec<String>, Failure> {
        if self.others.is_empty() {
            return Ok(Vec::new());
        }
        let mut totals: BTreeMap<(QuantityKind, Option<Boundary>), Telling> = BTreeMap::new();
        let listing = std::fs::read_dir(&self.staged);
        for file in listing.map_err(|error| Failure::io(&self.staged, error))? {
            let path = file
                .map_err(|error| Failure::io(&self.staged, error))?
                .path();
            if path.extension().is_none_or(|one| one != "usage") {
                continue;
            }
            let usage = read_usage(&path)?;
            let mut here: BTreeMap<(QuantityKind, Option<Boundary>), Telling> = BTreeMap::new();
            for figure in usage
                .figures
                .iter()
                .filter(|one| !one.quantity.is_maximum())
            {
                let tool = figure.source.tool.split(", ").next().unwrap_or_default();
                let by = (tool.to_owned(), figure.basis);
                let key = (figure.quantity, figure.boundary);
                let sum = here.entry(key).or_default().entry(by);
                let sum = sum.or_insert(Interval::ZERO);
                amounts::add(sum, figure.value)?;
            }
            for (key, telling) in here {
                let tools: BTreeSet<&String> = telling.keys().map(|(tool, _)| tool).collect();
                if tools.len() < 2 {
                    continue;
                }
                let total = totals.entry(key).or_default();
                for (by, value) in telling {
                    let sum = total.entry(by).or_insert(Interval::ZERO);
                    amounts::add(sum, value)?;
                }
            }
        }
        let lines = totals.iter();
        Ok(lines
            .map(|((quantity, boundary), telling)| difference(*quantity, *boundary, telling))
            .collect())
    }

    /// Puts them in the place of what was collected before.
    pub(super) fn keep(self) -> Result<PathBuf, Failure> {
        remove(&self.place)?;
        let moved = std::fs::rename(&self.staged, &self.place);
        moved.map_err(|error| Failure::io(&self.place, error))?;
        Ok(self.place.clone())
    }
}

/// What sources tell of a quantity, by tool and basis.
type Telling = BTreeMap<(String, Basis), Interval>;

/// Sets the totals of one quantity beside each other.
fn difference(quantity: QuantityKind, boundary: Option<Boundary>, telling: &Telling) -> String {
    let each: Vec<String> = telling
        .iter()
        .map(|((tool, basis), value)| format!("`{tool}` ({basis}) {}", spell(*value)))
        .collect();
    let place = boundary.map_or(String::new(), |boundary| format!(" at {boundary}"));
    let mut pairs = Vec::new();
    let rest = (1_usize..).zip(telling);
    for (next, ((tool, basis), one)) in rest {
        let others = telling.iter().skip(next).filter(|((of, _), _)| of != tool);
        for ((other, of), value) in others {
            let below = value.lower().minus(one.upper());
            let above = one.lower().minus(value.upper());
            let nothing = Some(Quantity::ZERO);
            let apart = match (below, above) {
                (Some(below), _) if Some(below) != nothing => format!("at least {below} below"),
                (_, Some(above)) if Some(above) != nothing => format!("at least {above} above"),
                _ => "within the bounds of".to_owned(),
            };
            pairs.push(format!("`{tool}` ({basis}) is {apart} `{other}` ({of})"));
        }
    }
    let apart = pairs.join("; ");
    format!("`{quantity}`{place}: {}: {apart}", each.join(", "))
}

/// Names the inventory where there is a list of its devices, and else why there is none.
fn settle(usage: &mut Usage) {
    let dense = usage.ledgers.iter().any(|one| one.kind == Kind::Devices);
    usage.inventory = usage.inventory.filter(|_| dense);
    usage.devices_absent = (!dense).then(|| "no source named every device".to_owned());
}

/// Returns the usage that was attested, the last correction where there is one, by its
/// start, with where its ledgers are kept.
pub(super) fn attested(
    workspace: &Workspace,
    area: StreamId,
) -> BTreeMap<UnixSeconds, (Usage, PathBuf)> {
    let mut known = BTreeMap::new();
    for entry in workspace.stream(area) {
        let (usage, name) = match &entry.statement.content {
            Content::Usage(usage) => (usage.clone(), usage.period.start().to_string()),
            Content::Correction(correction) => match correction.replacement.as_ref() {
                Content::Usage(usage) => {
                    let sequence = entry.statement.subject.sequence;
                    let start = usage.period.start();
                    (usage.clone(), format!("{start}.correction-{sequence}"))
                }
                _ => continue,
            },
            _ => continue,
        };
        let kept = workspace.join(format!("ledgers/{area}/{name}.usage"));
        known.insert(usage.period.start(), (usage, kept));
    }
    known
}

impl Drop for Drafts {
    fn drop(&mut self) {
        // Nothing is there once they were kept; of a failed attempt nothing stays.
        let _ = std::fs::remove_dir_all(&self.staged);
    }
}

/// Returns the draft of the period that begins at `start`.
pub(super) fn draft_path(workspace: &Workspace, area: StreamId, start: UnixSeconds) -> PathBuf {
    draft_in(&workspace.join(format!("collected/{area}")), start)
}

fn draft_in(directory: &Path, start: UnixSeconds) -> PathBuf {
    directory.join(format!("{start}.usage"))
}

/// Returns the ledger of a kind that was collected with a draft.
pub(super) fn ledger_of(draft: &Path, kind: Kind) -> PathBuf {
    draft.with_extension(match kind {
        Kind::Jobs | Kind::Inventory => "ledger",
        Kind::Devices => "devices.ledger",
        Kind::Meters => "meters.ledger",
    })
}

/// Reads a draft.
pub(super) fn read_usage(path: &Path) -> Result<Usage, Failure> {
    let fail = |why: String| {
        Failure::file(path, why)
            .hint("nothing was attested; `standstill collect` writes such files")
    };
    let bytes = failure::read(path)?;
    let value = json::parse_draft(&bytes).map_err(|error| fail(error.to_string()))?;
    let mut fields = Fields::of(&value).map_err(|error| fail(error.to_string()))?;
    let content = Content::read(StatementType::Usage, &mut fields)
        .and_then(|content| fields.finish().map(|()| content))
        .map_err(|error| fail(error.to_string()))?;
    match content {
        Content::Usage(usage) => Ok(usage),
        _ => Err(fail("is no usage".to_owned())),
    }
}

/// Keeps the ledgers of a draft among those of its area: a challenge may come later, and
/// what is attested names their roots. The draft stays as it is.
///
/// Returns the ledgers, which must be made durable before anything is attested, and be
/// removed if it is not attested after all.
pub(super) fn keep_ledgers(
    workspace: &Workspace,
    draft: &Path,
    area: StreamId,
    name: &str,
    usage: &Usage,
) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for reference in &usage.ledgers {
        let from = ledger_of(draft, reference.kind);
        let ledger =
            Ledger::parse(&failure::read(&from)?).map_err(|error| Failure::file(&from, error));
        let ledger = ledger.map_err(|failure| failure.hint("collect again"))?;
        if reference.root != ledger.root() {
            return Err(
                Failure::file(&from, "is not the ledger whose root the usage names")
                    .hint("collect again"),
            );
        }
        let place = workspace.join(format!("ledgers/{area}/{name}.usage"));
        let kept = ledger_of(&place, reference.kind);
        // What a failed attempt left there belongs to no statement.
        remove(&kept)?;
        let linked = match std::fs::hard_link(&from, &kept) {
            // A draft that lies on another disk.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                keystore::create_private(&kept, &ledger.print())?;
                Ok(())
            }
            linked => linked,
        };
        linked.map_err(|error| Failure::io(&kept, error))?;
        all.push(kept);
    }
    Ok(all)
}

/// Removes a draft and its ledgers from where they were collected.
pub(super) fn discard(draft: &Path) -> Result<(), Failure> {
    remove(draft)?;
    for kind in [Kind::Jobs, Kind::Devices, Kind::Meters] {
        remove(&ledger_of(draft, kind))?;
    }
    Ok(())
}

/// Removes a file or directory, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::io(path, error)),
        _ => Ok(()),
    }
}
