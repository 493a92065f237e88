//! What do others say of the same areas? Corroborations, weighed for one claim.
//!
//! Specified in `specs/verdicts.md`, section "Corroboration". Roots of trust are counted,
//! not documents; disagreement is told, not averaged.

mod stated;
mod stretch;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::attestation::content::Corroboration;
use crate::attestation::content::CorroborationSource;
use crate::claim::Pledge;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::abroad::Abroad;
use crate::verify::accounting::Parameters;
use crate::verify::accounting::Rating;
use crate::verify::challenged::Met;
use crate::verify::checks::Check;
use crate::verify::claim::Covered;
use crate::verify::claim::Peaks;
use crate::verify::findings::Findings;
use crate::verify::history::History;
use crate::verify::history::Testimony;
use crate::verify::trust::Corroborator;
use crate::verify::trust::Trust;
use crate::verify::verdict::Finding;
use crate::verify::witnessed::Times;

use stated::Stated;
use stretch::Fold;

/// What weighing takes.
pub(in crate::verify) struct Hearing<'c> {
    /// Every history in the log.
    pub(in crate::verify) histories: &'c [History],
    /// Those who measure, and publish in another log.
    pub(in crate::verify) abroad: &'c [Abroad<'c>],
    /// Whom the auditor believes.
    pub(in crate::verify) trust: &'c Trust,
    /// When entries were seen.
    pub(in crate::verify) times: &'c Times,
    /// The auditor's catalogue.
    pub(in crate::verify) peaks: &'c Peaks<'c>,
    /// How efficient any device of it can be at most.
    pub(in crate::verify) efficiency: Option<Rating>,
}

/// Somebody who measures, and the log in which it says so.
pub(in crate::verify) struct Speaker<'c> {
    pub(in crate::verify) history: &'c History,
    /// When its statements were seen.
    pub(in crate::verify) times: &'c Times,
    /// What is wrong with the log, where that is another than the issuer's.
    log_findings: &'c [Finding],
    /// How old its newest checkpoint is, if that is too old.
    stale: Option<&'c str>,
    /// Whether that is another log than the issuer's.
    pub(in crate::verify) is_abroad: bool,
}

impl Speaker<'_> {
    /// Returns what keeps it from being heard: what rests on a broken history is not known.
    pub(in crate::verify) fn fault(&self) -> Option<Finding> {
        let of_history = self.history.findings.told();
        let of_history = of_history.filter(|one| one.calls_for.is_some());
        self.log_findings.iter().cloned().chain(of_history).next()
    }
}

impl<'c> Hearing<'c> {
    /// Finds what somebody who measures says, in its log of record.
    pub(in crate::verify) fn find(&self, who: &Corroborator) -> Option<Speaker<'c>> {
        let abroad = self.abroad.iter().find(|one| one.history.id == who.id);
        if let Some(abroad) = abroad {
            return Some(Speaker {
                history: abroad.history,
                times: &abroad.times,
                log_findings: &abroad.findings,
                stale: abroad.stale.as_deref(),
                is_abroad: true,
            });
        }
        let history = self.histories.iter().find(|one| one.id == who.id)?;
        Some(Speaker {
            history,
            times: self.times,
            log_findings: &[],
            stale: None,
            is_abroad: false,
        })
    }
}

/// All who speak of the areas that a pledge covers.
pub(in crate::verify) struct Others<'c> {
    voices: Vec<Voice<'c>>,
    /// The areas, by whose they are.
    areas: BTreeMap<IssuerId, BTreeSet<StreamId>>,
    /// How many roots HOLDS needs beside the lab's own.
    needed: usize,
}

/// One corroborator.
struct Voice<'c> {
    /// How what it says of several periods comes together.
    fold: Fold,
    who: &'c Corroborator,
    /// Its root of trust and all that belong with it; `None` if the lab's is among them.
    party: Option<BTreeSet<&'c str>>,
    heard: Vec<Heard<'c>>,
    /// Which of them, in the order in which their periods begin.
    by_start: Vec<usize>,
    /// The longest of their periods, in seconds.
    longest: u64,
}

/// One statement.
struct Heard<'c> {
    /// Where its first version stands.
    index: u64,
    /// Its last version.
    said: &'c Corroboration,
    period: Period,
    issuer: IssuerId,
    streams: BTreeSet<StreamId>,
    stated: Stated,
}

impl Heard<'_> {
    /// Whether its root vouches for it: what the lab showed it adds no root.
    fn is_own(&self) -> bool {
        self.said.source != CorroborationSource::ShownByLab
    }
}

/// Which end of an interval.
#[derive(Clone, Copy)]
enum Bound {
    Lower,
    Upper,
}

/// A bound that enough roots support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Supported {
    /// The bound.
    pub(in crate::verify) amount: BigUint,
    /// The roots that support it.
    pub(in crate::verify) roots: BTreeSet<String>,
}

impl<'c> Others<'c> {
    /// Gathers what the trust file's corroborators say of the areas of a claim in its
    /// window, and says what they leave out.
    pub(in crate::verify) fn hear(
        hearing: &Hearing<'c>,
        pledge: &Pledge,
        covered: &[Covered<'c>],
        window: Period,
        findings: &mut Findings,
    ) -> Self {
        let mut areas: BTreeMap<IssuerId, BTreeSet<StreamId>> = BTreeMap::new();
        for one in covered {
            areas.entry(one.history.id).or_default().insert(one.stream);
        }
        let trust = hearing.trust;
        let labs: Vec<&str> = trust
            .issuers
            .iter()
            .filter(|issuer| areas.contains_key(&issuer.id))
            .map(|issuer| issuer.trust_root.as_str())
            .collect();
        let mut voices = Vec::new();
        for who in &trust.corroborators {
            let Some(own) = areas.get(&who.measures) else {
                continue;
            };
            let party = trust.party_of(&who.trust_root);
            let apart = !who.trust_root.is_empty() && !labs.iter().any(|lab| party.contains(lab));
            let speaker = hearing.find(who);
            let heard = match speaker.filter(|one| one.history.identity.is_some()) {
                Some(speaker) => hear(hearing, &speaker, who, pledge, covered, findings),
                None => Vec::new(),
            };
            missing(who, own, &heard, window, findings);
            let heard: Vec<Heard<'_>> = heard.into_iter().map(|(one, _)| one).collect();
            let mut by_start: Vec<usize> = (0..heard.len()).collect();
            by_start.sort_by_key(|at| heard.get(*at).map(|one| one.period.start()));
            voices.push(Voice {
                fold: if pledge.counted.quantity.is_maximum() {
                    Fold::Largest
                } else {
                    Fold::Sum
                },
                who,
                party: apart.then_some(party),
                longest: heard
                    .iter()
                    .map(|one| one.period.seconds())
                    .max()
                    .unwrap_or(0),
                heard,
                by_start,
            });
        }
        Self {
            voices,
            areas,
            needed: trust.required_roots.saturating_sub(1),
        }
    }

    /// Returns what the areas used at most in `time`, by what `count` roots each say.
    pub(in crate::verify) fn most(&self, time: Period, count: usize) -> Option<Supported> {
        self.most_by(time, count, |_, said| said.is_own())
    }

    /// Returns what the areas used at most in `time`, by the verifier's own meters.
    pub(in crate::verify) fn most_by_verifier(&self, time: Period) -> Option<Supported> {
        self.most_by(time, 1, |who, said| {
            who.own && said.said.source == CorroborationSource::OwnMeter
        })
    }

    /// Returns what the areas used at most in `time`, by what the verifier's own inspectors saw
    /// or computed upon challenges that were met.
    pub(in crate::verify) fn most_by_inspection(
        &self,
        time: Period,
        met: &[Met],
    ) -> Option<Supported> {
        self.most_by(time, 1, |who, said| {
            let drawn = |area: &StreamId| {
                let mut of_area = met.iter().filter(|one| {
                    (one.auditor, one.issuer, one.area) == (who.id, said.issuer, *area)
                });
                of_area.any(|one| one.period.covers(said.period) && said.index >= one.after)
            };
            let looked = matches!(
                said.said.source,
                CorroborationSource::Inspection | CorroborationSource::Recomputation
            );
            who.own && looked && said.streams.iter().all(drawn)
        })
    }

    /// As [`Self::most`], by those statements that count.
    fn most_by(
        &self,
        time: Period,
        count: usize,
        counts: impl Fn(&Corroborator, &Heard<'_>) -> bool,
    ) -> Option<Supported> {
        let most = |voice: &Voice<'_>, issuer, areas: &_| {
            voice.most(issuer, areas, time, |said| counts(voice.who, said))
        };
        let mut sum = Supported {
            amount: BigUint::ZERO,
            roots: BTreeSet::new(),
        };
        for (issuer, areas) in &self.areas {
            let together = self.supported(count, |voice| most(voice, *issuer, areas));
            let each = areas.iter().map(|area| {
                let area = BTreeSet::from([*area]);
                self.supported(count, |voice| most(voice, *issuer, &area))
            });
            let apart: Option<Vec<Supported>> = each.collect();
            let apart = apart.map(|all| Supported {
                amount: all.iter().map(|one| &one.amount).sum(),
                roots: all.into_iter().flat_map(|one| one.roots).collect(),
            });
            let least = [together, apart].into_iter().flatten();
            let least = least.min_by(|one, other| one.amount.cmp(&other.amount))?;
            sum.amount += least.amount;
            sum.roots.extend(least.roots);
        }
        Some(sum)
    }

    /// Returns the stretches of a length within `time` at which what others say of them can
    /// be most: those that begin or end where a statement's period does, and those that do so
    /// a second before and after. In between nothing changes. All of `time` if it is shorter.
    pub(in crate::verify) fn stretches(&self, time: Period, length: u64) -> Vec<Period> {
        let Some(last) = time.end().get().checked_sub(length) else {
            return vec![time];
        };
        let first = time.start().get();
        let periods = self.voices.iter().flat_map(|voice| &voice.heard);
        let edges = periods.flat_map(|one| [one.period.start().get(), one.period.end().get()]);
        let edges: BTreeSet<u64> = edges.collect();
        let turns = edges
            .into_iter()
            .flat_map(|edge| [Some(edge), edge.checked_sub(length)])
            .flatten()
            .flat_map(|turn| [turn.saturating_sub(1), turn, turn.saturating_add(1)]);
        let starts: BTreeSet<u64> = turns
            .filter(|start| (first..=last).contains(start))
            .chain([first, last])
            .collect();
        let stretch = |start: u64| {
            let start = UnixSeconds::new(start)?;
            Period::new(start, start.plus(length)?)
        };
        starts.into_iter().filter_map(stretch).collect()
    }

    /// Returns the largest error that is assumed of those who bound anything, in parts per
    /// million: what is random is added to what is systematic, for nobody counts how often
    /// it averages out.
    pub(in crate::verify) fn error(&self, parameters: &Parameters) -> u64 {
        let apart = self.voices.iter().filter(|voice| voice.party.is_some());
        let bounds = apart.flat_map(|voice| &voice.heard);
        let errors = bounds
            .filter(|one| one.is_own() && one.stated.most.is_some())
            .map(|one| {
                let error = parameters.error(one.said.source.into());
                u64::from(error.random.get()).saturating_add(error.systematic.get().into())
            });
        errors.max().unwrap_or_default()
    }

    /// Returns what the areas used at least in `time`, by what `count` roots each say.
    pub(in crate::verify) fn least(&self, time: Period, count: usize) -> Option<Supported> {
        let mut all = self.by_party(|voice| Some(voice.packed(&self.areas, time, Bound::Lower)));
        all.reverse();
        nth(&all, count)
    }

    /// Returns the least that anybody says who measured all of the areas in all of `time`.
    pub(in crate::verify) fn lowest(&self, time: Period) -> Option<BigUint> {
        let of_all = self.voices.iter().filter(|voice| {
            self.areas.iter().all(|(issuer, areas)| {
                areas.iter().all(|area| {
                    let whole = voice.heard.iter().filter(|one| {
                        one.stated.whole && one.issuer == *issuer && one.streams.contains(area)
                    });
                    stretch::first_hole(time, whole.map(|one| one.period)).is_none()
                })
            })
        });
        let lowest = of_all.map(|voice| voice.packed(&self.areas, time, Bound::Lower));
        lowest.min()
    }

    /// Returns who says something, each with all that it says, in the order of its streams.
    pub(in crate::verify) fn statements(
        &self,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = &Corroboration>)> {
        self.voices.iter().map(|voice| {
            let said = voice.heard.iter().map(|one| one.said);
            (voice.who.name.as_str(), said)
        })
    }

    /// Returns how many roots HOLDS needs beside the lab's own.
    pub(in crate::verify) const fn needed(&self) -> usize {
        self.needed
    }

    /// Returns the most that anybody measured within the areas in `time`, and who.
    pub(in crate::verify) fn measured(&self, time: Period) -> Option<(BigUint, &str)> {
        self.voices
            .iter()
            .map(|voice| {
                (
                    voice.packed(&self.areas, time, Bound::Upper),
                    voice.who.name.as_str(),
                )
            })
            .max_by(|one, other| one.0.cmp(&other.0))
    }

    /// Returns what `count` parties support at most.
    fn supported(
        &self,
        count: usize,
        most: impl Fn(&Voice<'_>) -> Option<BigUint>,
    ) -> Option<Supported> {
        nth(&self.by_party(most), count)
    }

    /// Returns one amount for each party, with its root, rising: of the voices of one party
    /// the largest counts.
    fn by_party(&self, amount: impl Fn(&Voice<'_>) -> Option<BigUint>) -> Vec<(BigUint, String)> {
        let mut parties: BTreeMap<&BTreeSet<&str>, (BigUint, String)> = BTreeMap::new();
        for voice in &self.voices {
            let (Some(party), Some(amount)) = (&voice.party, amount(voice)) else {
                continue;
            };
            let root = voice.who.trust_root.clone();
            let known = parties
                .entry(party)
                .or_insert_with(|| (amount.clone(), root));
            known.0 = amount.max(std::mem::take(&mut known.0));
        }
        let mut amounts: Vec<_> = parties.into_values().collect();
        amounts.sort();
        amounts
    }
}

/// Returns the `count`-th of some amounts, with the roots of those up to it.
fn nth(amounts: &[(BigUint, String)], count: usize) -> Option<Supported> {
    let chosen = amounts.get(..count)?;
    let (amount, _) = chosen.last()?;
    Some(Supported {
        amount: amount.clone(),
        roots: chosen.iter().map(|(_, root)| root.clone()).collect(),
    })
}

impl Voice<'_> {
    /// Returns the statements of periods that touch `time`, in the order of their periods.
    fn near(&self, time: Period) -> impl Iterator<Item = &Heard<'_>> {
        let starts = |at: &usize| self.heard.get(*at).map(|one| one.period.start());
        let earliest = time.start().get().saturating_sub(self.longest);
        let first = self
            .by_start
            .partition_point(|at| starts(at).is_some_and(|start| start.get() < earliest));
        let from = self.by_start.get(first..).unwrap_or_default().iter();
        from.filter_map(|at| self.heard.get(*at))
            .take_while(move |one| one.period.start() < time.end())
            .filter(move |one| one.period.intersection(time).is_some())
    }

    /// Returns what some areas used at most, by statements that speak of all of them.
    fn most(
        &self,
        issuer: IssuerId,
        areas: &BTreeSet<StreamId>,
        time: Period,
        counts: impl Fn(&Heard<'_>) -> bool,
    ) -> Option<BigUint> {
        let of_all = self.near(time).filter_map(|one| {
            let all = counts(one) && one.issuer == issuer && areas.is_subset(&one.streams);
            let most = one.stated.most.as_ref().filter(|_| all)?;
            Some((one.period, most.clone()))
        });
        stretch::least_cover(self.fold, time, of_all.collect())
    }

    /// Returns what was measured within the areas, in periods within `time`.
    ///
    /// Nothing is counted twice: either statements of single areas, each area's by itself,
    /// or statements of any areas, of which no two are of one time.
    fn packed(
        &self,
        areas: &BTreeMap<IssuerId, BTreeSet<StreamId>>,
        time: Period,
        bound: Bound,
    ) -> BigUint {
        let mut single: BTreeMap<_, Vec<(Period, BigUint)>> = BTreeMap::new();
        let mut any = Vec::new();
        for one in self.near(time) {
            let own = areas.get(&one.issuer);
            let within = own.is_some_and(|own| one.streams.is_subset(own));
            // What the lab showed it counts against the lab and for nobody.
            let counts = within && (one.is_own() || matches!(bound, Bound::Upper));
            let Some([lower, upper]) = one.stated.measured.as_ref().filter(|_| counts) else {
                continue;
            };
            let amount = match bound {
                Bound::Lower => lower,
                Bound::Upper => upper,
            };
            if one.streams.len() == 1 {
                let of_area = single.entry((one.issuer, &one.streams)).or_default();
                of_area.push((one.period, amount.clone()));
            }
            any.push((one.period, amount.clone()));
        }
        let apart: BigUint = single
            .into_values()
            .map(|amounts| stretch::most_packed(self.fold, time, amounts))
            .sum();
        apart.max(stretch::most_packed(self.fold, time, any))
    }
}

/// Weighs what one corroborator says, each with whether it speaks of its period: what was
/// seen before the end of it does not.
fn hear<'c>(
    hearing: &Hearing<'c>,
    speaker: &Speaker<'c>,
    who: &Corroborator,
    pledge: &Pledge,
    covered: &[Covered<'_>],
    findings: &mut Findings,
) -> Vec<(Heard<'c>, bool)> {
    let history = speaker.history;
    if let Some(first) = speaker.fault() {
        findings.push(Finding::new(
            Check::CorroborationMissing,
            format!("{}: {}", who.name, first.text),
        ));
        return Vec::new();
    }
    // The time of judgement hides nothing that was measured (ver-15).
    findings.extend(
        speaker
            .stale
            .map(|why| Finding::new(Check::CorroborationMissing, format!("{}: {why}", who.name))),
    );
    let of_issuer = history.testimonies.values().filter(|one| {
        let mut versions = one.versions.iter();
        versions.all(|(_, version)| version.about.issuer == who.measures)
    });
    let of_issuer: Vec<&Testimony> = of_issuer.collect();
    of_issuer
        .into_par_iter()
        .filter_map(|one| {
            let (index, _) = one.versions.first()?;
            let (_, said) = one.versions.last()?;
            let about = &said.about;
            let models = held(covered, about.issuer, &about.streams, about.period);
            let seen = |index: u64| {
                let seen = speaker.times.not_after(index)?;
                who.is_believed_at(seen).then_some(seen)
            };
            let stated = one.versions.iter().map(|(index, version)| {
                let stands = seen(*index).is_some_and(|seen| seen >= about.period.end());
                let stated = stated::of(
                    version,
                    pledge,
                    &models,
                    (hearing.peaks, hearing.efficiency),
                );
                (stated, stands)
            });
            let (stated, stands) = hull(stated);
            Some((
                Heard {
                    index: *index,
                    said,
                    period: about.period,
                    issuer: about.issuer,
                    streams: about.streams.iter().copied().collect(),
                    stated,
                },
                stands,
            ))
        })
        .collect()
}

/// Returns the hull of all versions, and whether any of them stands for its period.
fn hull(versions: impl Iterator<Item = (Stated, bool)>) -> (Stated, bool) {
    let (mut hull, mut standing): (Option<Stated>, Option<Option<BigUint>>) = (None, None);
    for (mut stated, stands) in versions {
        if stands {
            let most = stated.most.take();
            standing = Some(match standing {
                None => most,
                // One that bounds nothing unbounds the hull.
                Some(known) => known.zip(most).map(|(one, other)| one.max(other)),
            });
        }
        hull = Some(match hull {
            None => stated,
            Some(known) => Stated {
                most: None,
                measured: match (known.measured, stated.measured) {
                    (Some([low, high]), Some([new_low, new_high])) => {
                        Some([low.min(new_low), high.max(new_high)])
                    }
                    (one, other) => one.or(other),
                },
                whole: known.whole && stated.whole,
            },
        });
    }
    let hull = hull.unwrap_or_default();
    let stands = standing.is_some();
    let most = standing.flatten();
    (Stated { most, ..hull }, stands)
}

/// Returns the models that areas held at any time of a period.
fn held<'h>(
    covered: &'h [Covered<'_>],
    issuer: IssuerId,
    streams: &[StreamId],
    period: Period,
) -> BTreeSet<&'h str> {
    let spoken = covered
        .iter()
        .filter(|one| streams.contains(&one.stream) && one.history.id == issuer);
    spoken
        .flat_map(|one| one.area.inventories_within(period))
        .flat_map(|inventory| &inventory.capacity)
        .map(|capacity| capacity.model.as_str())
        .collect()
}

/// Says of which time a corroborator says nothing: it is expected to speak of every area of
/// the claim, or of those that the trust file names.
fn missing(
    who: &Corroborator,
    own: &BTreeSet<StreamId>,
    heard: &[(Heard<'_>, bool)],
    window: Period,
    findings: &mut Findings,
) {
    let Some(expected) = who.expected_within(window) else {
        return;
    };
    let areas = own
        .iter()
        .filter(|area| who.areas.is_empty() || who.areas.contains(area));
    let mut spoken: BTreeMap<StreamId, Vec<Period>> = BTreeMap::new();
    let standing = heard.iter().filter(|(_, stands)| *stands);
    for (one, _) in standing.filter(|(one, _)| one.issuer == who.measures) {
        for area in &one.streams {
            spoken.entry(*area).or_default().push(one.period);
        }
    }
    for area in areas {
        let of_area = spoken.remove(area).unwrap_or_default();
        if let Some(from) = stretch::first_hole(expected, of_area.into_iter()) {
            findings.push(Finding::new(
                Check::CorroborationMissing,
                format!(
                    "{} is expected to measure area {area}, and what it said of {from} and after was not seen",
                    who.name
                ),
            ));
        }
    }
}
