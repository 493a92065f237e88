//! Many seeds of one cheat: how often it was found, how often it should have been, and the
//! best that it came to.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;
use standstill::catalogue::Catalogue;
use standstill::claim::Level;
use standstill::note::Note;
use standstill::simulate::{
    Act, Cheat, Claim, Day, Draws, Files, Flaw, Lineage, Other, Others, Scenario, Story, World,
};
use standstill::verify::evidence::{OpenedLedger, Subject};
use standstill::verify::hardware::Attached;
use standstill::verify::{Evidence, Judgement, LogFiles, Trust, Verdict, Word, judge};

/// What is expected of a cheat: one file each in `fixtures/cheats`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The cheat.
    pub cheat: String,
    /// The checks that tell of it.
    pub found_by: BTreeSet<String>,
    /// How often they do with the lab's own records alone.
    pub alone: Chance,
    /// How often they do where a meter measures that infers use from power.
    pub metered: Chance,
    /// How often they do where a cloud and that meter measure.
    pub measured: Chance,
    /// The best that it may come to with the lab's own records alone.
    pub best_alone: Best,
    /// The best that it may come to where the meter measures.
    pub best_metered: Best,
    /// The best that it may come to where the cloud does too.
    pub best_measured: Best,
    /// What the verdict then says that it does not show.
    pub does_not_show: Option<String>,
    /// Why it cannot be found even where others measure.
    pub beyond: Option<String>,
}

/// How often something is found.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Chance {
    Always,
    /// As often as the errors of those who measure let them: see [`expected`].
    Meters,
    Never,
}

/// The best of several verdicts: `none` where none is HOLDS or CONSISTENT.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
pub struct Best(Option<(bool, Level)>);

impl Expectation {
    /// Who measures, how often it is found then, and the best that it may come to.
    pub fn settings(&self) -> [(Others, Chance, &Best); 3] {
        [
            (Others::Nobody, self.alone, &self.best_alone),
            (Others::Meter, self.metered, &self.best_metered),
            (Others::CloudAndMeter, self.measured, &self.best_measured),
        ]
    }
}

impl TryFrom<String> for Best {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let (word, level) = text
            .split_once('@')
            .ok_or("neither `none` nor WORD@LEVEL")?;
        let level = level.parse::<Level>().map_err(|error| error.clone())?;
        Ok(Self(Some((word == "HOLDS", level))))
    }
}

impl Best {
    pub const NONE: Self = Self(None);
    pub const HOLDS: Self = Self(Some((true, Level::E3)));

    fn of(verdict: &Verdict) -> Self {
        let good = matches!(verdict.word, Word::Holds | Word::Consistent);
        Self(good.then_some((verdict.word == Word::Holds, verdict.level)))
    }

    pub fn spell(&self) -> String {
        match self.0 {
            None => "–".to_owned(),
            Some((true, level)) => format!("HOLDS@{level}"),
            Some((false, level)) => format!("CONSISTENT@{level}"),
        }
    }
}

/// Reads what is expected of every cheat, in the order of the list.
pub fn expectations() -> Vec<(Cheat, Expectation)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cheats");
    let read = |cheat: &Cheat| {
        let path = directory.join(format!("{cheat}.toml"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{cheat}: {error}"));
        let found: Expectation =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{cheat}: {error}"));
        assert_eq!(found.cheat, cheat.name());
        (*cheat, found)
    };
    Cheat::ALL.iter().map(read).collect()
}

struct InHand<'f>(&'f Files);

impl LogFiles for InHand<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(path).cloned())
    }
}

/// Judges a world as its auditor does.
pub fn judged(world: &World) -> Judgement {
    let trust = Trust::parse(&world.trust, world.policy.as_bytes()).unwrap();
    let files = InHand(&world.files);
    let named = |notes: &[Note], from: &str| {
        let notes = notes.iter().map(|note| (from.to_owned(), note.clone()));
        notes.collect()
    };
    let ledgers = world.ledgers.iter();
    let evidence = Evidence {
        seen: named(&world.seen, "kept"),
        witnesses: named(&world.witnesses, "asked"),
        ledgers: ledgers
            .map(|one| OpenedLedger::of("opened", one).unwrap())
            .collect(),
        attached: world
            .answers
            .iter()
            .map(|answer| Attached {
                bytes: answer.clone().into_bytes(),
                salt: None,
            })
            .collect(),
        ..Evidence::of(Subject::Log(&files))
    };
    judge(&evidence, &trust, &Catalogue::embedded(), world.at).unwrap()
}

/// What one world came to.
pub struct Outcome {
    pub checks: BTreeSet<&'static str>,
    pub words: Vec<Word>,
    pub best: Best,
    pub does_not_show: Vec<String>,
    /// Whether what was claimed is not so.
    pub broken: bool,
    /// How likely the errors of those who measure made a disagreement.
    pub chance: f64,
}

impl Outcome {
    /// Whether what is not so came out as what holds, or as consistent though nobody saw it.
    pub fn is_fooled(&self) -> bool {
        let unseen = Best(Some((false, Level::E0)));
        self.broken && (self.best >= Best::HOLDS || self.best == unseen)
    }
}

/// Makes a world and judges it.
pub fn outcome(scenario: &Scenario, chance: Chance) -> Outcome {
    let world = scenario.simulate().unwrap();
    let found = judged(&world);
    let of_claims = found.verdicts.iter().flat_map(|one| &one.findings);
    let checks = of_claims.chain(&found.findings).map(|one| one.check);
    let shown = found
        .verdicts
        .iter()
        .flat_map(|one| one.does_not_show.clone());
    Outcome {
        checks: checks.collect(),
        words: found.verdicts.iter().map(|one| one.word).collect(),
        best: found
            .verdicts
            .iter()
            .map(Best::of)
            .max()
            .unwrap_or(Best::NONE),
        does_not_show: shown.collect(),
        broken: world.story.is_broken(),
        chance: match chance {
            Chance::Always => 1.0,
            Chance::Never => 0.0,
            Chance::Meters => expected(&world.story),
        },
    }
}

/// What many worlds of one kind came to.
pub struct Tally {
    pub seeds: u64,
    /// In how many a check told of it.
    pub found: u64,
    /// In how many one should have, by the formula.
    pub expected: f64,
    /// The variance of that number.
    pub variance: f64,
    pub best: Best,
    pub outcomes: Vec<Outcome>,
}

impl Tally {
    /// Whether what was found is within three standard deviations of what was expected, and
    /// one more for where a world cannot be found by halves.
    pub fn fits(&self) -> bool {
        let difference = (self.found as f64 - self.expected).abs();
        difference <= 3.0 * self.variance.sqrt() + if self.variance > 0.0 { 1.0 } else { 1e-6 }
    }
}

/// Runs a scenario with many seeds.
pub fn tally(
    base: &Scenario,
    seeds: std::ops::Range<u64>,
    chance: Chance,
    found_by: &BTreeSet<String>,
) -> Tally {
    let outcomes: Vec<Outcome> = seeds
        .into_par_iter()
        .map(|seed| {
            let scenario = Scenario {
                seed,
                ..base.clone()
            };
            outcome(&scenario, chance)
        })
        .collect();
    let found = outcomes
        .iter()
        .filter(|one| one.checks.iter().any(|check| found_by.contains(*check)));
    let chances = outcomes.iter().map(|one| one.chance);
    Tally {
        seeds: outcomes.len() as u64,
        found: found.count() as u64,
        expected: chances.clone().sum(),
        variance: chances.map(|p| p * (1.0 - p)).sum(),
        best: outcomes
            .iter()
            .map(|one| one.best.clone())
            .max()
            .unwrap_or(Best::NONE),
        outcomes,
    }
}

/// Honest labs of all sorts, by what they are called.
pub fn honest() -> Vec<(&'static str, Scenario)> {
    let clear = Scenario::new(0);
    vec![
        ("well below its limit", clear.clone()),
        (
            "just below its limit",
            Scenario {
                close: true,
                ..clear.clone()
            },
        ),
        (
            "two areas, ledgers opened",
            Scenario {
                areas: 2,
                act: Act::Ledgers {
                    flaw: Flaw::Nothing,
                    opened: true,
                },
                ..clear.clone()
            },
        ),
        (
            "challenged, and shows what is drawn",
            Scenario {
                act: Act::Draws(Draws::Answered),
                ..clear.clone()
            },
        ),
        (
            "runs declared, no run too large",
            Scenario {
                claim: Claim::RunCap,
                act: Act::Runs {
                    each: 2,
                    from: Lineage::Nothing,
                },
                ..clear
            },
        ),
    ]
}

/// Points of the integrals below, each way.
const POINTS: i32 = 100;

/// How likely it is that somebody who measures disagrees with the lab in some statement.
///
/// A meter reads `r = x (1 + b + e)` of what ran, `x`, with `b` the same in all its
/// readings and `e` in none, both uniform, and states `[r / (1 + m), r / (1 - m)]`. The lab
/// says `d` and did not see `g` at most. They disagree if these intervals are apart, for
/// training, for inference or for both together, on any day: one less the mean over `b` of
/// the product over all days of the chance that they are not.
pub fn expected(story: &Story) -> f64 {
    let quiet: f64 = story
        .others
        .iter()
        .map(|other| agreeing(story, other))
        .product();
    1.0 - quiet
}

fn agreeing(story: &Story, other: &Other) -> f64 {
    if other.bought {
        return 1.0;
    }
    let days: Vec<&Day> = story.sites.iter().flat_map(|site| &site.days).collect();
    let biases = (0..POINTS).map(|point| f64::from(2 * point + 1 - POINTS) / f64::from(POINTS));
    let of_bias = |bias: f64| -> f64 {
        let bias = bias * f64::from(other.error.systematic) / 1e6;
        days.iter().map(|day| quiet(day, other, bias)).product()
    };
    biases.map(of_bias).sum::<f64>() / f64::from(POINTS)
}

/// The chance that a day's statement and the lab's report can both be right.
fn quiet(day: &Day, other: &Other, bias: f64) -> f64 {
    let Some(told) = day.said else { return 1.0 };
    let (random, stated) = (
        f64::from(other.error.random) / 1e6,
        f64::from(other.error.stated) / 1e6,
    );
    let scale = other.scale as f64 / 1e6;
    let gap = told.gap as f64;
    // The readings that agree with `d`: no lower, no higher.
    let bounds = |declared: f64| [declared * (1.0 - stated), (declared + gap) * (1.0 + stated)];
    // As errors of a reading of `x`.
    let errors = |real: f64, [low, high]: [f64; 2]| {
        let error = |reading: f64| (reading / (real * scale) - 1.0 - bias).clamp(-random, random);
        [error(low), error(high)]
    };
    let (training, inference) = (day.real.training as f64, day.real.inference as f64);
    let [first, second] = [told.seen.training as f64, told.seen.inference as f64];
    let (of_first, of_second) = (
        errors(training, bounds(first)),
        errors(inference, bounds(second)),
    );
    let both = bounds(first + second);
    let mut sum = 0.0;
    for point in 0..POINTS {
        let error = random * f64::from(2 * point + 1 - POINTS) / f64::from(POINTS);
        if error < of_first[0] || error > of_first[1] {
            continue;
        }
        let reading = training * scale * (1.0 + bias + error);
        let [low, high] = errors(inference, both.map(|bound| bound - reading));
        let width = high.min(of_second[1]) - low.max(of_second[0]);
        sum += width.max(0.0) / (2.0 * random);
    }
    sum / f64::from(POINTS)
}
