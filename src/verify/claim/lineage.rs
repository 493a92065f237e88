//! No run above a limit, with all that it was made from: runs summed over their lineage.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Origin;
use crate::attestation::content::Run;
use crate::attestation::content::RunEvent;
use crate::attestation::figure::Class;
use crate::quantity::Quantity;
use crate::time::Period;
use crate::verify::checks::Check;
use crate::verify::claim::Case;
use crate::verify::claim::amount;
use crate::verify::claim::limits::Evidence;
use crate::verify::claim::limits::straddles;
use crate::verify::claim::limits::violated;
use crate::verify::claim::sum::Breach;
use crate::verify::claim::sum::Fold;
use crate::verify::claim::sum::Sum;
use crate::verify::findings::Findings;
use crate::verify::history::RunRecord;
use crate::verify::verdict::Finding;
use crate::verify::verdict::Numbers;

/// The most steps from run to ancestor that are walked for one claim. A chain of 100,000 runs
/// takes as many; where more were needed, all runs count from above as one lineage, and from
/// below what one line of ancestors comes to.
const MAX_STEPS: usize = 20_000_000;

/// Limits every run of the window, its whole past counted.
pub(super) fn run_cap(evidence: &Evidence<'_>, limit: Quantity, case: &mut Case) {
    let pledge = &evidence.record.pledge;
    let allowance = pledge.allowance().map_or(u128::MAX, Quantity::get);
    let limit = BigUint::from(limit.get()) + BigUint::from(allowance);
    let graph = Graph::of(evidence, case);
    let unexplained = unexplained(evidence, &graph, case);
    let found = graph.largest(&limit);
    let breach = found.breach.map(|(lower, index, restated)| Breach {
        index: index.max(evidence.record.index),
        lower,
        restated,
    });
    let upper = found.upper.zip(unexplained).map(|(one, more)| one + more);
    violated(breach.as_ref(), &limit, pledge.window, pledge, case);
    if breach.is_none() {
        let within = upper.as_ref().map(|upper| *upper <= limit);
        straddles(within, pledge.window, case);
    }
    // What is one run, the lab says alone (ver-99).
    case.support.add(None);
    case.last_index = case.last_index.max(found.index);
    case.numbers = Some(Numbers {
        lower: found.lower.to_string(),
        upper: upper.map(|upper| upper.to_string()),
        limit: limit.to_string(),
        unit: pledge.unit().to_owned(),
    });
}

/// What the areas recorded in limited classes and no run explains: any lineage may have used
/// it. Of all time up to the window's end, for a lineage's whole past counts.
fn unexplained(evidence: &Evidence<'_>, graph: &Graph, case: &mut Case) -> Option<BigUint> {
    let of_areas = evidence.covered.par_iter().filter_map(|covered| {
        let first = covered.area.schedule.open.first;
        let time = Period::new(first, evidence.window.end())?;
        let mut findings = Findings::new();
        let sum = Sum::over(
            evidence.court,
            std::slice::from_ref(covered),
            evidence.record,
            (time, time),
            None,
            Fold::Sum,
            &mut findings,
        );
        let explained = graph.explained.get(&(covered.history.id, covered.stream));
        let explained = explained.cloned().unwrap_or_default();
        let left = sum.upper().map(|upper| upper - (&explained).min(upper));
        if let Some(left) = left.as_ref().filter(|left| **left != BigUint::ZERO) {
            findings.push(Finding::new(
                Check::Unexplained,
                format!(
                    "area {}: at most {left} {} of {time} belong to no declared run: every lineage may have used them",
                    covered.name,
                    evidence.record.pledge.unit()
                ),
            ));
        }
        Some((findings, sum.last_index(), left))
    });
    let of_areas: Vec<(Findings, Option<u64>, Option<BigUint>)> = of_areas.collect();
    let mut total = Some(BigUint::ZERO);
    for (findings, last_index, left) in of_areas {
        case.findings.merge(findings);
        case.last_index = case.last_index.max(last_index);
        total = total.zip(left).map(|(total, left)| total + left);
    }
    total
}

/// One run.
#[derive(Default)]
struct Node {
    /// The least that it used by the versions in force at the end.
    lower: BigUint,
    /// The least by any versions.
    ever: BigUint,
    /// The most; `None` where nothing bounds it.
    upper: Option<BigUint>,
    /// What it was made from.
    ancestors: Vec<usize>,
    /// Whether it is one of those that the claim limits.
    limited: bool,
    /// The last index of what was said of it.
    index: u64,
}

impl Node {
    /// Adds what came from outside all declared runs.
    fn inherit(&mut self, origin: &Origin) {
        let (Origin::Imported { flop, .. } | Origin::Undeclared { flop, .. }) = origin else {
            return;
        };
        let least = BigUint::from(flop.lower().get());
        self.lower += &least;
        self.ever += least;
        let most = flop.upper().map(|upper| BigUint::from(upper.get()));
        self.upper = self.upper.take().zip(most).map(|(one, more)| one + more);
    }
}

/// Runs and what they were made from.
struct Graph {
    nodes: Vec<Node>,
    /// What runs explain of each area, in operations, from below.
    explained: BTreeMap<(IssuerId, StreamId), BigUint>,
    /// The runs, whatever each was made from before it; not those of which one is its own
    /// ancestor, nor what was made from them.
    order: Vec<usize>,
    /// Whether some run is its own ancestor.
    cyclic: bool,
}

/// The least that a run and its ancestors come to.
#[derive(Clone, Default)]
struct Least {
    /// By the versions in force at the end.
    lower: BigUint,
    /// By any versions.
    ever: BigUint,
    /// The last index of what was said of them.
    index: u64,
}

impl Least {
    fn add(&mut self, node: &Node) {
        self.lower += &node.lower;
        self.ever += &node.ever;
        self.index = self.index.max(node.index);
    }
}

/// The largest lineage.
struct Largest {
    lower: BigUint,
    upper: Option<BigUint>,
    /// The least that one comes to that is beyond the limit, the index that completes it,
    /// and whether it was restated.
    breach: Option<(BigUint, u64, bool)>,
    index: Option<u64>,
}

impl Graph {
    /// Gathers the runs of the perimeter's issuers, and whatever they were made from.
    fn of(evidence: &Evidence<'_>, case: &mut Case) -> Self {
        let mut graph = Self {
            nodes: Vec::new(),
            explained: BTreeMap::new(),
            order: Vec::new(),
            cyclic: false,
        };
        let histories: BTreeMap<_, _> = evidence
            .court
            .histories
            .iter()
            .map(|history| (history.id, history))
            .collect();
        let own: BTreeSet<IssuerId> = evidence.covered.iter().map(|one| one.history.id).collect();
        let mut known: BTreeMap<(IssuerId, StatementId), usize> = BTreeMap::new();
        let mut queue: Vec<(IssuerId, StatementId)> = Vec::new();
        for id in &own {
            let runs = histories
                .get(id)
                .into_iter()
                .flat_map(|one| one.runs.keys());
            queue.extend(runs.map(|run| (*id, *run)));
        }
        for (number, key) in queue.iter().enumerate() {
            known.insert(*key, number);
            graph.nodes.push(Node::default());
        }
        let mut at = 0;
        while let Some(key) = queue.get(at).copied() {
            let (issuer, run) = key;
            let record = histories.get(&issuer).and_then(|one| one.runs.get(&run));
            let mut node = Node::default();
            if let Some(record) = record {
                node = graph.weigh(evidence, record, own.contains(&issuer));
                for origin in lineage(record) {
                    if let Origin::Run { issuer, run } = origin {
                        let key = (*issuer, *run);
                        let number = *known.entry(key).or_insert_with(|| {
                            queue.push(key);
                            graph.nodes.push(Node::default());
                            queue.len().saturating_sub(1)
                        });
                        node.ancestors.push(number);
                    } else {
                        node.inherit(origin);
                    }
                }
            } else {
                case.findings.push(Finding::new(
                    Check::LineageMissing,
                    format!(
                        "the run {run} of {issuer}, of which others were made, is not in this log"
                    ),
                ));
            }
            if let Some(place) = graph.nodes.get_mut(at) {
                *place = node;
            }
            at = at.saturating_add(1);
        }
        graph.order = graph.ordered();
        graph.cyclic = graph.order.len() < graph.nodes.len();
        if graph.cyclic {
            case.findings.push(Finding::new(
                Check::LineageCycle,
                "some run is its own ancestor",
            ));
        }
        graph
    }

    /// Weighs one run by itself.
    fn weigh(&mut self, evidence: &Evidence<'_>, record: &RunRecord, own: bool) -> Node {
        let pledge = &evidence.record.pledge;
        let window = pledge.window;
        let mut node = Node {
            upper: Some(BigUint::ZERO),
            ..Node::default()
        };
        // Operations computed from what it trains are told so far, not by period.
        let (mut told, mut ever, mut told_most) = (BigUint::ZERO, BigUint::ZERO, BigUint::ZERO);
        let mut starts = false;
        for versions in record.statements.values() {
            let mut most: Option<BigUint> = Some(BigUint::ZERO);
            for (number, (index, run)) in versions.iter().enumerate() {
                node.index = node.index.max(*index);
                let counts = amount::counts(run.class, pledge) && own;
                let period = match run.event {
                    RunEvent::Start { .. } => {
                        starts = true;
                        continue;
                    }
                    RunEvent::Progress { period, .. } | RunEvent::End { period, .. } => period,
                };
                if period.start() >= window.end() {
                    continue;
                }
                node.limited |= counts && period.intersection(window).is_some();
                let used = used(evidence, run);
                most = most.zip(used).map(|(one, other)| one.max(other));
                let within = period.end() <= window.end();
                let last = number.saturating_add(1) == versions.len();
                if let Some(architecture) = &run.architecture {
                    let flop = architecture.flop;
                    told_most = told_most.max(BigUint::from(flop.upper().get()));
                    let stated = BigUint::from(flop.lower().get());
                    if within {
                        ever = ever.max(stated.clone());
                    }
                    if within && last {
                        told = told.max(stated);
                    }
                }
                if last && counts && run.class != Class::Unclassified {
                    self.explain(evidence, run);
                }
            }
            node.upper = node.upper.zip(most).map(|(one, more)| one + more);
        }
        node.upper = node
            .upper
            .filter(|_| starts)
            .map(|upper| upper.max(told_most));
        node.lower = told;
        node.ever = ever;
        node
    }

    /// Adds what a statement of a run explains of its areas.
    fn explain(&mut self, evidence: &Evidence<'_>, run: &Run) {
        for area in &run.areas {
            let place = (area.area.issuer, area.area.stream);
            let seconds = area.figures.iter().filter_map(|figure| {
                let peak = (evidence.court.peaks)(&figure.model)?;
                Some(BigUint::from(figure.value.lower().get()) * peak)
            });
            *self.explained.entry(place).or_default() += seconds.sum::<BigUint>();
        }
    }

    /// Takes away, again and again, what has no ancestor left (Kahn): what stays is its own
    /// ancestor, or was made from what is.
    fn ordered(&self) -> Vec<usize> {
        let mut left: Vec<usize> = self.nodes.iter().map(|one| one.ancestors.len()).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (child, node) in self.nodes.iter().enumerate() {
            for ancestor in &node.ancestors {
                if let Some(children) = children.get_mut(*ancestor) {
                    children.push(child);
                }
            }
        }
        let free = left.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut free: Vec<usize> = free.map(|(at, _)| at).collect();
        let mut taken = Vec::new();
        while let Some(at) = free.pop() {
            taken.push(at);
            for child in children.get(at).into_iter().flatten() {
                if let Some(count) = left.get_mut(*child) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        free.push(*child);
                    }
                }
            }
        }
        taken
    }

    /// Returns the least that each run comes to with one line of its ancestors, that of the
    /// most: a sum that takes one step for each of them.
    fn lines(&self) -> Vec<Least> {
        let mut lines = vec![Least::default(); self.nodes.len()];
        for (node, line) in self.nodes.iter().zip(&mut lines) {
            line.add(node);
        }
        for at in &self.order {
            let Some(node) = self.nodes.get(*at) else {
                continue;
            };
            let above = node.ancestors.iter().filter_map(|above| lines.get(*above));
            let Some(mut line) = above
                .max_by(|one, other| one.ever.cmp(&other.ever))
                .cloned()
            else {
                continue;
            };
            line.add(node);
            if let Some(place) = lines.get_mut(*at) {
                *place = line;
            }
        }
        lines
    }

    /// Sums every lineage that is limited, each ancestor once, and returns the largest.
    fn largest(&self, limit: &BigUint) -> Largest {
        let inherited: BTreeSet<usize> = self
            .nodes
            .iter()
            .filter(|node| node.limited)
            .flat_map(|node| node.ancestors.iter().copied())
            .collect();
        // What a run was made from, its own lineage holds: only the last of each are summed.
        let ends = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(at, node)| node.limited && (self.cyclic || !inherited.contains(at)));
        let mut largest = Largest {
            lower: BigUint::ZERO,
            upper: Some(BigUint::ZERO),
            breach: None,
            index: None,
        };
        let mut stamps = vec![0_usize; self.nodes.len()];
        let mut steps = 0_usize;
        let mut rest = None;
        for (stamp, (end, _)) in (1_usize..).zip(ends) {
            if steps <= MAX_STEPS {
                let (least, upper) = self.walk(end, (&mut stamps, stamp), &mut steps);
                largest.take(least, upper, limit);
                continue;
            }
            let (lines, all): &(Vec<Least>, Option<BigUint>) = rest.get_or_insert_with(|| {
                let all = self.nodes.iter().map(|node| node.upper.clone());
                (self.lines(), all.sum())
            });
            let least = lines.get(end).cloned().unwrap_or_default();
            largest.take(least, all.clone(), limit);
        }
        largest
    }

    /// Sums the lineage of one run; `steps` counts what it takes.
    fn walk(
        &self,
        end: usize,
        (stamps, stamp): (&mut [usize], usize),
        steps: &mut usize,
    ) -> (Least, Option<BigUint>) {
        let (mut least, mut upper) = (Least::default(), Some(BigUint::ZERO));
        let mut open = vec![end];
        while let Some(at) = open.pop() {
            *steps = steps.saturating_add(1);
            let (Some(node), Some(seen)) = (self.nodes.get(at), stamps.get_mut(at)) else {
                continue;
            };
            if *seen == stamp {
                continue;
            }
            *seen = stamp;
            least.add(node);
            upper = upper.zip(node.upper.as_ref()).map(|(one, more)| one + more);
            *steps = steps.saturating_add(node.ancestors.len());
            open.extend(&node.ancestors);
        }
        (least, upper)
    }
}

impl Largest {
    /// Takes what another lineage comes to.
    fn take(&mut self, least: Least, upper: Option<BigUint>, limit: &BigUint) {
        self.index = self.index.max(Some(least.index));
        let known = self.upper.take();
        self.upper = known.zip(upper).map(|(one, other)| one.max(other));
        if least.ever > *limit {
            let restated = least.lower <= *limit;
            let lower = if restated {
                least.ever
            } else {
                least.lower.clone()
            };
            let known = self.breach.as_ref();
            if known.is_none_or(|known| (restated, least.index) < (known.2, known.1)) {
                self.breach = Some((lower, least.index, restated));
            }
        }
        self.lower = least.lower.max(std::mem::take(&mut self.lower));
    }
}

/// Returns everything that a run was made from, by any statement of it.
fn lineage(record: &RunRecord) -> Vec<&Origin> {
    let runs = record.statements.values().flatten();
    let origins = runs.flat_map(|(_, run)| &run.lineage);
    let origins = origins.map(|ancestor| &ancestor.origin);
    // What a correction repeats is one ancestor.
    let mut known = BTreeSet::new();
    origins.filter(|origin| known.insert(*origin)).collect()
}

/// Returns what a statement of a run used at most, at the highest dense peaks.
fn used(evidence: &Evidence<'_>, run: &Run) -> Option<BigUint> {
    let figures = run.areas.iter().flat_map(|area| &area.figures);
    figures
        .map(|figure| {
            let seconds = figure.value.upper().get();
            match seconds {
                0 => Some(BigUint::ZERO),
                _ => Some(BigUint::from(seconds) * (evidence.court.peaks)(&figure.model)?),
            }
        })
        .sum()
}
