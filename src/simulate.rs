//! Made-up worlds: labs that are honest and labs that cheat, with all that a verifier gets
//! of them, and what is true beside it.
//!
//! Specified in `specs/cheats.md`. A [`Scenario`] with a seed gives one world: what really
//! ran ([`Story`]), and the log, trust file and ledgers that an auditor has in hand. The
//! same scenario gives the same bytes. What chance does is as in real fleets: load that
//! differs, scrapes that are lost, reports that come late, meters that are wrong within
//! what they state.
//!
//! ```
//! use standstill::simulate::Scenario;
//!
//! let world = Scenario::new(7).simulate()?;
//! assert!(world.files.contains_key("checkpoint"));
//! assert!(!world.story.is_broken());
//! # Ok::<(), standstill::simulate::Impossible>(())
//! ```

#![expect(
    clippy::arithmetic_side_effects,
    reason = "what a scenario may hold is bounded (`Scenario::check`), and so are its sums"
)]

mod act;
mod auditor;
mod books;
mod cheat;
mod draws;
mod mangle;
mod narrator;
mod noise;
mod party;
mod story;
mod telling;
mod words;
mod world;

use crate::attestation::figure::spelled;
use crate::ledger::Ledger;
use crate::note::Note;
use crate::time::DAY;
use crate::time::Period;
use crate::time::UnixSeconds;

use story::Course;
use telling::Witnessing;

pub use act::Act;
pub use act::Flaw;
pub use act::From as Lineage;
pub use act::Mangled;
pub use cheat::Cheat;
pub use draws::Draws;
pub use story::Claim;
pub use story::Day;
pub use story::MeterError;
pub use story::Other;
pub use story::Site;
pub use story::Story;
pub use story::Told;
pub use story::Use;
pub use world::Files;

/// The start of the first period: 2026-03-02T00:00:00Z, a Monday.
const START: u64 = 1_772_409_600;

/// The most areas, devices of an area, and periods of a world: beyond the largest fleet and
/// eleven years of hours.
const MOST: [u64; 3] = [1_000, 10_000_000, 100_000];

/// What world there is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What all chance comes from.
    pub seed: u64,
    /// The lab's areas.
    pub areas: usize,
    /// Devices of each area.
    pub devices: u64,
    /// Periods that are reported.
    pub periods: usize,
    /// Seconds of each.
    pub seconds: u64,
    /// Who else measures.
    pub others: Others,
    /// Whether the lab sails just below its limit, though honest.
    pub close: bool,
    /// What is done beside reporting; an honest lab may keep ledgers and tell of runs.
    pub act: Act,
    /// What the honest lab claims.
    pub claim: Claim,
    /// How somebody cheats.
    pub cheat: Option<Cheat>,
}

spelled! {
    /// Who measures the lab's areas, beside the lab.
    Others, "`nobody`, `meter` or `cloud-and-meter`" {
        /// A cloud that bills by reservation, and the meter.
        CloudAndMeter = "cloud-and-meter",
        /// An auditor's meter that infers use from power.
        Meter = "meter",
        /// Nobody: the lab's own records alone.
        Nobody = "nobody",
    }
}

/// A world as an auditor finds it, and what is true of it.
#[derive(Debug)]
pub struct World {
    /// The log's files.
    pub files: Files,
    /// The auditor's trust file; its policy is the file `policy`.
    pub trust: String,
    /// The policy.
    pub policy: String,
    /// When the auditor judges.
    pub at: UnixSeconds,
    /// Checkpoints that the auditor kept.
    pub seen: Vec<Note>,
    /// What witnesses answered when the auditor asked.
    pub witnesses: Vec<Note>,
    /// The ledgers that the lab opened.
    pub ledgers: Vec<Ledger>,
    /// Answers to challenges, as the lab handed them over.
    pub answers: Vec<String>,
    /// What really ran, and what was told of it.
    pub story: Story,
}

/// A scenario that no world can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this world cannot be made: {0}")]
pub struct Impossible(String);

impl Impossible {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    fn payload() -> Self {
        Self("its numbers do not fit the formats".to_owned())
    }
}

impl Scenario {
    /// Returns two weeks of one honest lab with 64 devices, which two others measure.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            areas: 1,
            devices: 64,
            periods: 14,
            seconds: DAY,
            others: Others::CloudAndMeter,
            close: false,
            act: Act::Nothing,
            claim: Claim::Cap,
            cheat: None,
        }
    }

    /// Returns the same with a cheat, and as many areas as that takes.
    #[must_use]
    pub fn with(self, cheat: Cheat) -> Self {
        Self {
            areas: self.areas.max(cheat.areas()),
            cheat: Some(cheat),
            ..self
        }
    }

    /// Makes the world.
    pub fn simulate(&self) -> Result<World, Impossible> {
        self.check()?;
        let course = match self.cheat {
            Some(cheat) => cheat.course(),
            None if self.close => Course::Close,
            None => Course::Clear,
        };
        let mut story = Story::honest(self, course);
        story.claim = self.claim;
        story.act = self.act.clone();
        let mut before = None;
        if let Some(cheat) = self.cheat {
            cheat.bend(&mut story);
            before = Some(story.frank());
        }
        let witnessing = match story.act {
            Act::Rewrite { .. } => Witnessing::Founding,
            _ => Witnessing::Whole,
        };
        let told = telling::tell(self, &story, witnessing)?;
        let (mut seen, mut witnesses) = (Vec::new(), Vec::new());
        if let (Act::Rewrite { kept: true } | Act::Split { asked: true }, Some(before)) =
            (&story.act, before)
        {
            let other = telling::tell(self, &before, Witnessing::Whole)?;
            let note = other.world.latest().cloned();
            match story.act {
                Act::Split { .. } => witnesses.extend(note),
                _ => seen.extend(note),
            }
        }
        let (trust, policy) = (auditor::trust(&told, &story), auditor::policy(&told));
        let opened = matches!(story.act, Act::Ledgers { opened: true, .. });
        let answers = told.answers;
        let mut files = told.world.into_files();
        story.act.touch(&mut files);
        let end = self.period(0, self.periods)?.end();
        Ok(World {
            files,
            trust,
            policy,
            at: end.plus(2 * DAY).ok_or_else(Impossible::payload)?,
            seen,
            witnesses,
            ledgers: if opened { told.ledgers } else { Vec::new() },
            answers,
            story,
        })
    }

    /// Refuses what is beyond all measure, or nothing.
    fn check(&self) -> Result<(), Impossible> {
        let sizes = [
            ("areas", u64::try_from(self.areas).unwrap_or(u64::MAX)),
            ("devices", self.devices),
            ("periods", u64::try_from(self.periods).unwrap_or(u64::MAX)),
        ];
        for ((name, size), most) in sizes.into_iter().zip(MOST) {
            if !(1..=most).contains(&size) {
                let why = format!("{size} {name} are not between 1 and {most}");
                return Err(Impossible(why));
            }
        }
        if !(60..=DAY).contains(&self.seconds) || !DAY.is_multiple_of(self.seconds) {
            let why = format!("{} seconds do not divide a day", self.seconds);
            return Err(Impossible(why));
        }
        Ok(())
    }

    fn start() -> Result<UnixSeconds, Impossible> {
        UnixSeconds::new(START).ok_or_else(Impossible::payload)
    }

    /// Returns how many periods are reported at once: those of a day.
    fn batch(&self) -> usize {
        usize::try_from(DAY / self.seconds).unwrap_or(1)
    }

    /// Returns the time from the start of one period to that of another.
    fn period(&self, first: usize, next: usize) -> Result<Period, Impossible> {
        let edge = |number: usize| {
            let number = u64::try_from(number).ok()?;
            Self::start().ok()?.plus(number.checked_mul(self.seconds)?)
        };
        let edges = edge(first).zip(edge(next));
        let period = edges.and_then(|(start, end)| Period::new(start, end));
        period.ok_or_else(Impossible::payload)
    }
}
