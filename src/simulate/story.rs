//! What really ran, and what everybody means to say of it.

use crate::attestation::content::CorroborationSource;
use crate::attestation::figure::Basis;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::simulate::Others;
use crate::simulate::Scenario;
use crate::simulate::act::Act;
use crate::simulate::noise::Noise;

/// One million parts per million.
pub(super) const WHOLE: u64 = 1_000_000;

/// What all labs of these worlds have.
pub(super) const MODEL: &str = "h100-sxm";

/// A simulated world before anybody speaks.
#[derive(Clone, Debug)]
pub struct Story {
    /// What the lab pledges.
    pub claim: Claim,
    /// On which basis everybody counts.
    pub basis: Basis,
    /// The lab's areas.
    pub sites: Vec<Site>,
    /// Who else measures them.
    pub others: Vec<Other>,
    /// How many of the first periods are the baseline; none but for a reduction.
    pub baseline: usize,
    /// What is done beside what is reported.
    pub act: Act,
    /// What is true of the claim where the sums of [`Use::training`] do not tell.
    pub broken: Option<bool>,
}

/// What the lab pledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// At most so much training in the window.
    Cap,
    /// At most so much training in any seven days.
    SlidingCap,
    /// At most so many operations of training in the window.
    FlopCap,
    /// At most so much of what training was before.
    Reduction,
    /// No run above so many operations.
    RunCap,
}

/// An area of the lab.
#[derive(Clone, Debug)]
pub struct Site {
    /// How many devices it has.
    pub devices: u64,
    /// How many it says that it has.
    pub declared: u64,
    /// Their model, as the lab calls it.
    pub model: String,
    /// What happened, by period.
    pub days: Vec<Day>,
}

/// One period of an area.
#[derive(Clone, Debug)]
pub struct Day {
    /// What ran.
    pub real: Use,
    /// What the lab will say of it; `None` if nothing.
    pub said: Option<Told>,
    /// Whether it will say so half a day later than it could.
    pub late: bool,
}

/// Device-seconds of a period, by what they were used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Training.
    pub training: u64,
    /// Inference.
    pub inference: u64,
    /// Nothing.
    pub idle: u64,
}

/// What is reported of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What was seen.
    pub seen: Use,
    /// What was not seen, in device-seconds: scrapes that failed.
    pub gap: u64,
}

/// Who else measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Other {
    /// What to call it; its root of trust too.
    pub name: &'static str,
    /// How it knows.
    pub source: CorroborationSource,
    /// How wrong it is.
    pub error: MeterError,
    /// What it is made to read, in parts per million of what it would: a million, unless
    /// somebody tampered with it.
    pub scale: u64,
    /// Whether it says what the lab says, whatever it reads.
    pub bought: bool,
}

/// How wrong a meter may be, in parts per million of what it measures.
///
/// Both parts are uniform: an error that could be any size could not be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeterError {
    /// The most that all its readings have in common.
    pub systematic: u32,
    /// The most by which one reading differs from another.
    pub random: u32,
    /// What it states: no less than both together.
    pub stated: u32,
}

impl MeterError {
    /// A provider that bills by reservation.
    pub const BILLING: Self = Self {
        systematic: 10_000,
        random: 5_000,
        stated: 20_000,
    };

    /// A meter that infers use from power: a calibrated model is wrong by 11.4 % on
    /// average (facts: 1.1); here that is the most.
    pub const POWER: Self = Self {
        systematic: 60_000,
        random: 50_000,
        stated: 120_000,
    };

    /// Returns what a reading of `real` is stated as: bounds that hold it whatever the
    /// error was.
    pub fn state(self, reading: u64) -> Interval {
        let reading = u128::from(reading);
        let (whole, stated) = (u128::from(WHOLE), u128::from(self.stated));
        let scaled = reading.saturating_mul(whole);
        let least = scaled.checked_div(whole.saturating_add(stated));
        let most = scaled
            .saturating_add(whole)
            .checked_div(whole.saturating_sub(stated));
        let bound = |amount: Option<u128>| Quantity::new(amount?);
        let bounds = bound(least).zip(bound(most.map(|most| most.saturating_add(1))));
        let interval = bounds.and_then(|(least, most)| Interval::new(least, most));
        interval.unwrap_or(Interval::ZERO)
    }
}

impl Use {
    /// Returns all of it.
    pub const fn total(self) -> u64 {
        self.training
            .saturating_add(self.inference)
            .saturating_add(self.idle)
    }
}

impl Day {
    /// A period in which so many parts per million trained and inferred, told as seen but
    /// for a gap.
    pub fn honest(all: u64, training: u64, inference: u64, gap: u64) -> Self {
        let real = Use {
            training: share(all, training),
            inference: share(all, inference),
            idle: 0,
        };
        let real = Use {
            idle: all.saturating_sub(real.total()),
            ..real
        };
        let mut day = Self {
            real,
            said: None,
            late: false,
        };
        day.tell(share(all, gap));
        day
    }

    /// Has the lab say what was, all but `gap` device-seconds of it, which are spread over
    /// all classes.
    pub fn tell(&mut self, gap: u64) {
        let all = self.real.total();
        let seen = |part: u64| {
            let seen = u128::from(part).saturating_mul(u128::from(all.saturating_sub(gap)));
            let seen = seen.checked_div(u128::from(all)).unwrap_or_default();
            u64::try_from(seen).unwrap_or(part)
        };
        let (training, inference) = (seen(self.real.training), seen(self.real.inference));
        self.said = Some(Told {
            seen: Use {
                training,
                inference,
                idle: all
                    .saturating_sub(gap)
                    .saturating_sub(training)
                    .saturating_sub(inference),
            },
            gap,
        });
    }

    /// Returns what is reported, nothing where nothing is.
    pub fn told(&self) -> Told {
        self.said.unwrap_or_default()
    }

    /// Runs so many parts per million of all devices more for training, which were idle,
    /// and says that they were idle all the same.
    pub fn hide(&mut self, ppm: u64) {
        let hidden = share(self.real.total(), ppm).min(self.real.idle);
        self.real.training = self.real.training.saturating_add(hidden);
        self.real.idle = self.real.idle.saturating_sub(hidden);
    }
}

/// Returns so many parts per million, rounded down.
pub(super) fn share(of: u64, ppm: u64) -> u64 {
    let share = u128::from(of).saturating_mul(u128::from(ppm)) / u128::from(WHOLE);
    u64::try_from(share).unwrap_or(of)
}

/// How near the limit a lab sails, in parts per million of all its devices.
#[derive(Clone, Copy, Debug)]
pub(super) enum Course {
    /// Well below.
    Clear,
    /// Just below.
    Close,
}

/// The limit, in parts per million of what all devices can do.
pub(super) const LIMIT: u64 = 600_000;

impl Story {
    /// Returns a world in which everybody says what is so, as well as they know it.
    pub(super) fn honest(scenario: &Scenario, course: Course) -> Self {
        let mut noise = Noise::new(scenario.seed, "what ran");
        let centre = match course {
            Course::Clear => 450_000,
            Course::Close => 585_000,
        };
        let all = scenario.devices.saturating_mul(scenario.seconds);
        let mut site = || Site {
            devices: scenario.devices,
            declared: scenario.devices,
            model: MODEL.to_owned(),
            days: (0..scenario.periods)
                .map(|_| day(&mut noise, all, centre))
                .collect(),
        };
        Self {
            claim: Claim::Cap,
            basis: Basis::Allocated,
            sites: (0..scenario.areas).map(|_| site()).collect(),
            others: match scenario.others {
                Others::CloudAndMeter => vec![Other::cloud(), Other::meter()],
                Others::Meter => vec![Other::meter()],
                Others::Nobody => Vec::new(),
            },
            baseline: 0,
            act: Act::Nothing,
            broken: None,
        }
    }

    /// Returns the same with everything told as it was.
    pub(super) fn frank(&self) -> Self {
        let mut frank = self.clone();
        for day in frank.days_mut() {
            day.tell(day.told().gap);
        }
        frank.act = Act::Nothing;
        frank
    }

    /// Returns every period of every area.
    pub(super) fn days_mut(&mut self) -> impl Iterator<Item = &mut Day> {
        self.sites.iter_mut().flat_map(|site| &mut site.days)
    }

    /// Returns the first period of the window: where there is a baseline, one lies between,
    /// in which the lab pledges.
    pub(super) const fn window(&self) -> usize {
        match self.baseline {
            0 => 0,
            baseline => baseline.saturating_add(1),
        }
    }

    /// Returns the device-seconds of all areas in the window.
    pub fn capacity(&self) -> u64 {
        let sites = self.sites.iter();
        let days = sites.flat_map(|site| site.days.iter().skip(self.window()));
        days.map(|day| day.real.total()).sum()
    }

    /// Whether what ran broke what was pledged.
    pub fn is_broken(&self) -> bool {
        let trained = self
            .sites
            .iter()
            .flat_map(|site| site.days.iter().skip(self.window()))
            .map(|day| day.real.training);
        self.broken
            .unwrap_or_else(|| trained.sum::<u64>() > share(self.capacity(), LIMIT))
    }
}

/// A period as honest labs have them: their load differs from one to the next, up to one
/// in a hundred scrapes is lost, and one report in fifty is half a day late.
fn day(noise: &mut Noise, all: u64, centre: u64) -> Day {
    let mut near = |centre: u64, most| centre.saturating_add_signed(noise.around(most));
    let (training, inference) = (near(centre, 10_000), near(250_000, 20_000));
    let mut day = Day::honest(all, training, inference, noise.below(10_000));
    day.late = noise.happens(20_000);
    day
}

impl Other {
    /// Who rents out the devices.
    pub const fn cloud() -> Self {
        Self {
            name: "cloud",
            source: CorroborationSource::OwnBilling,
            error: MeterError::BILLING,
            scale: WHOLE,
            bought: false,
        }
    }

    /// An auditor's meter.
    pub const fn meter() -> Self {
        Self {
            name: "meter",
            source: CorroborationSource::OwnMeter,
            error: MeterError::POWER,
            scale: WHOLE,
            bought: false,
        }
    }
}
