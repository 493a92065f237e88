//! The cheats: what a lab, or whoever it has in hand, can do, from subtle to crude.
//!
//! The names X1 to X24 are those of the literature's list (`specs/cheats.md`). Each bends
//! an honest story; what it comes to is for `verify` to find.

use crate::attestation::figure::Basis;
use crate::simulate::act::Act;
use crate::simulate::act::Flaw;
use crate::simulate::act::From;
use crate::simulate::act::Mangled;
use crate::simulate::draws::Draws;
use crate::simulate::story::Claim;
use crate::simulate::story::Course;
use crate::simulate::story::Day;
use crate::simulate::story::Other;
use crate::simulate::story::Story;
use crate::simulate::story::Told;
use crate::simulate::story::Use;
use crate::simulate::story::WHOLE;
use crate::simulate::story::share;

/// Declares the cheats, each with its variants from subtle to crude.
macro_rules! cheats {
    ($($variant:ident = $name:literal, $what:literal;)*) => {
        /// One way to cheat.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cheat {
            $(#[doc = $what] $variant,)*
        }

        impl Cheat {
            /// Every cheat, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns its name: the number in the list, and a letter.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns what is done, in a few words.
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$variant => $what,)*
                }
            }
        }
    };
}

cheats! {
    RewrittenUnseen = "X1a", "The lab, which keeps the log, tells its whole history anew; no auditor kept anything";
    RewrittenSeen = "X1b", "The same; an auditor kept a checkpoint";
    FileRemoved = "X1c", "A file of the log's entries is removed";
    ByteEdited = "X1d", "A byte of an entry is changed in the log's files";
    SplitUnasked = "X2a", "Two logs with one key, both signed by all witnesses; nobody compares";
    SplitAsked = "X2b", "The same; the auditor asks a witness who signed the other";
    SecondIdentity = "X3a", "A second identity with the same root key";
    Equivocation = "X3b", "Two reports for one place in the log";
    HiddenRunSmall = "X4a", "A hidden run on 2.5 % of all devices is told as idle";
    HiddenRun = "X4b", "A hidden run on 4 % of all devices is told as idle";
    HiddenRunLarge = "X4c", "A hidden run on 10 % of all devices is told as idle";
    LeftOut = "X4d", "A run on 10 % of all devices is left out, and nothing put in its place";
    GapSpread = "X5a", "Training on 8 % of all devices is told as lost scrapes";
    GapDays = "X5b", "Two days of training are told as lost scrapes";
    SilentDay = "X5c", "A day is not reported";
    SlicedUnlinked = "X6a", "One run is told as many, each from nothing";
    SlicedVague = "X6b", "One run is told as many; the first from something unbounded";
    SlicedLinked = "X6c", "One run is told as many, each from the one before";
    Renamed = "X7a", "Training on 10 % of all devices is told as inference";
    RenamedAll = "X7b", "All training is told as inference";
    OffBooks = "X8", "A site that nobody declared trains";
    AffiliateUnknown = "X9a", "A subsidiary trains; the pledge leaves it out, and no auditor knows of it";
    AffiliateKnown = "X9b", "The same; the auditor knows of it";
    BaselineInflated = "X10a", "In the baseline, idle devices are told as training";
    BaselineBeyond = "X10b", "In the baseline, more is told than the devices could do";
    EdgeBurst = "X11a", "A burst over the edge of two weeks; the pledge counts any seven days";
    PrecisionHidden = "X12a", "Operations are told by the peak of a format slower than what ran";
    UtilisationLie = "X13a", "Utilisation is told 4 % of all device time too low";
    UtilisationLieLarge = "X13b", "Utilisation is told 10 % of all device time too low";
    Superchips = "X14a", "Two devices are counted as one, in the inventory and in reports";
    Thousandths = "X14b", "Seconds are told as thousands of seconds";
    PhantomsUnopened = "X15a", "The same devices stand in two areas, so that more can be idle; ledgers stay closed";
    PhantomsOpened = "X15b", "The same; the ledgers are opened";
    ReturnedUnopened = "X16a", "Devices leave by a transfer and are back; ledgers stay closed";
    ReturnedOpened = "X16b", "The same; the ledgers are opened";
    DrawAborted = "X17a", "Of two draws of devices that are to be shown, only the one that suits is answered";
    DrawForeseen = "X17b", "Who draws is in the lab's hand, and asks once the round is out, until the draw suits";
    RepeatedFigures = "X18a", "The figures of the first day are told every day, while more runs";
    CopiedSeriesClosed = "X18b", "Meters of different devices have one series; ledgers stay closed";
    CopiedSeriesOpened = "X18c", "The same; the ledgers are opened";
    TeacherOffBooks = "X19a", "A teacher is left out of a run's lineage";
    TeacherVague = "X19b", "A teacher is named, and its size is not bounded";
    StockpileUnsaid = "X20a", "A run goes on from a checkpoint of before, and says that it began from nothing";
    StockpileImported = "X20b", "The same; the checkpoint is told as imported, with its size";
    BoughtUnknown = "X21a", "Who measures belongs to the lab and says what it says; no auditor knows";
    BoughtKnown = "X21b", "The same; the auditor's trust file says whom it belongs to";
    MeterTampered = "X22a", "The meter reads 25 % low, and the lab says the same; the cloud does not";
    AllTampered = "X22b", "All that measures reads 25 % low, and the lab says the same";
    SpacedCopy = "X23a", "A copy of a report with a space more stands before it";
    TwiceMember = "X23b", "A report has a member twice";
    DeepNesting = "X23c", "A report is nested deeper than a reader goes";
    Algorithms = "X24", "The same compute does twice as much";
}

impl std::fmt::Display for Cheat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Cheat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|cheat| cheat.name() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|cheat| cheat.name()).collect();
            format!("`{text}` is no cheat: {}", names.join(", "))
        })
    }
}

impl Cheat {
    /// Returns how many areas it takes.
    pub(super) const fn areas(self) -> usize {
        match self {
            Self::PhantomsUnopened | Self::PhantomsOpened => 2,
            _ => 1,
        }
    }

    /// How near its limit the honest part of the story sails: most cheats hide what would
    /// break the pledge.
    pub(super) const fn course(self) -> Course {
        match self {
            // Where nothing is used beyond what is told, or what is told is far off.
            Self::RenamedAll
            | Self::OffBooks
            | Self::AffiliateUnknown
            | Self::AffiliateKnown
            | Self::DrawAborted
            | Self::DrawForeseen
            | Self::BoughtKnown
            | Self::BoughtUnknown
            | Self::AllTampered
            | Self::MeterTampered
            | Self::SpacedCopy
            | Self::Algorithms => Course::Clear,
            _ => Course::Close,
        }
    }

    /// Bends a story.
    pub(super) fn bend(self, story: &mut Story) {
        let middle = story.sites.first().map_or(0, |site| site.days.len() / 2);
        if let Some(act) = self.act(middle) {
            story.act = act;
        }
        let hidden = self.hidden();
        for day in story.days_mut() {
            day.hide(hidden);
        }
        if matches!(story.act, Act::Runs { .. }) {
            story.claim = Claim::RunCap;
            story.broken = Some(true);
        }
        self.misreport(story, middle);
    }

    /// Returns what is done beside what is reported; `middle` is the period in which it is.
    fn act(self, middle: usize) -> Option<Act> {
        let runs = |from| Act::Runs { each: 2, from };
        let ledgers = |flaw, opened| Act::Ledgers { flaw, opened };
        let mangle = |how| Act::Mangle { day: middle, how };
        Some(match self {
            Self::RewrittenUnseen => Act::Rewrite { kept: false },
            Self::RewrittenSeen => Act::Rewrite { kept: true },
            Self::FileRemoved => Act::Remove,
            Self::ByteEdited => Act::Edit,
            Self::SplitUnasked => Act::Split { asked: false },
            Self::SplitAsked => Act::Split { asked: true },
            Self::SecondIdentity => Act::SharedRoot,
            Self::Equivocation => Act::Equivocate { day: middle },
            Self::SlicedUnlinked | Self::TeacherOffBooks | Self::StockpileUnsaid => {
                runs(From::Nothing)
            }
            Self::SlicedVague | Self::TeacherVague => runs(From::Undeclared),
            Self::SlicedLinked => runs(From::Each),
            Self::StockpileImported => runs(From::Imported),
            Self::AffiliateUnknown => Act::Affiliate { known: false },
            Self::AffiliateKnown => Act::Affiliate { known: true },
            Self::PhantomsUnopened => ledgers(Flaw::Phantoms, false),
            Self::PhantomsOpened => ledgers(Flaw::Phantoms, true),
            Self::ReturnedUnopened => ledgers(Flaw::Returned, false),
            Self::ReturnedOpened => ledgers(Flaw::Returned, true),
            Self::CopiedSeriesClosed => ledgers(Flaw::CopiedSeries, false),
            Self::CopiedSeriesOpened => ledgers(Flaw::CopiedSeries, true),
            Self::DrawAborted => Act::Draws(Draws::Aborted),
            Self::DrawForeseen => Act::Draws(Draws::Foreseen),
            Self::BoughtKnown => Act::Owned,
            Self::SpacedCopy => mangle(Mangled::Spaced),
            Self::TwiceMember => mangle(Mangled::Twice),
            Self::DeepNesting => mangle(Mangled::Deep),
            _ => return None,
        })
    }

    /// Returns on how much of all devices, in parts per million, a run is told as idle.
    const fn hidden(self) -> u64 {
        match self {
            Self::HiddenRunSmall => 25_000,
            Self::HiddenRun | Self::UtilisationLie => 40_000,
            Self::RepeatedFigures => 60_000,
            Self::RewrittenUnseen
            | Self::RewrittenSeen
            | Self::SplitUnasked
            | Self::SplitAsked
            | Self::Equivocation
            | Self::HiddenRunLarge
            | Self::UtilisationLieLarge
            | Self::PhantomsUnopened
            | Self::PhantomsOpened
            | Self::ReturnedUnopened
            | Self::ReturnedOpened
            | Self::CopiedSeriesClosed
            | Self::CopiedSeriesOpened
            | Self::TwiceMember
            | Self::DeepNesting => 100_000,
            Self::MeterTampered | Self::AllTampered => 170_000,
            Self::BoughtUnknown | Self::BoughtKnown => 200_000,
            _ => 0,
        }
    }

    /// Tells of a story otherwise than by leaving a run out.
    fn misreport(self, story: &mut Story, middle: usize) {
        match self {
            Self::LeftOut => leave_out(story, 100_000),
            Self::GapSpread => story.days_mut().for_each(|day| lose(day, 80_000)),
            Self::GapDays => blank(story, middle..middle.saturating_add(2), true),
            Self::SilentDay => blank(story, middle..middle.saturating_add(1), false),
            Self::Renamed => rename(story, 100_000),
            Self::RenamedAll => rename(story, WHOLE),
            Self::OffBooks | Self::AffiliateUnknown | Self::AffiliateKnown | Self::Algorithms => {
                story.broken = Some(true);
            }
            Self::BaselineInflated => {
                reduction(story);
                inflate(story, |said| said.idle);
            }
            Self::BaselineBeyond => {
                reduction(story);
                inflate(story, |said| said.total());
            }
            Self::EdgeBurst => burst(story),
            Self::PrecisionHidden => {
                story.claim = Claim::FlopCap;
                story.broken = Some(true);
            }
            Self::UtilisationLie | Self::UtilisationLieLarge => {
                story.basis = Basis::Active;
                // Nobody bills for utilisation.
                story.others.retain(|other| *other == Other::meter());
            }
            Self::Superchips => superchips(story),
            Self::Thousandths => {
                scale_told(story.days_mut(), 1000);
                story.broken = Some(true);
            }
            Self::RepeatedFigures => repeat(story),
            Self::BoughtUnknown | Self::BoughtKnown => {
                for other in &mut story.others {
                    other.bought = true;
                }
            }
            Self::MeterTampered => tamper(story, false),
            Self::AllTampered => tamper(story, true),
            _ => {}
        }
    }
}

/// Runs more training, and tells of neither that nor anything in its place.
fn leave_out(story: &mut Story, ppm: u64) {
    for day in story.days_mut() {
        let hidden = share(day.real.total(), ppm);
        day.hide(ppm);
        if let Some(said) = &mut day.said {
            said.seen.idle = said.seen.idle.saturating_sub(hidden);
        }
    }
}

/// Trains on all devices in some periods, tells that nothing was seen in them, or nothing
/// at all, and hides a little more in the others.
fn blank(story: &mut Story, periods: std::ops::Range<usize>, reported: bool) {
    for site in &mut story.sites {
        for (number, day) in site.days.iter_mut().enumerate() {
            if !periods.contains(&number) {
                day.hide(20_000);
                continue;
            }
            day.hide(WHOLE);
            day.tell(day.real.total());
            day.said = day.said.filter(|_| reported);
        }
    }
}

fn superchips(story: &mut Story) {
    for day in story.days_mut() {
        day.hide(100_000);
        day.tell(day.told().gap);
    }
    for site in &mut story.sites {
        site.declared /= 2;
        "gb200".clone_into(&mut site.model);
        scale_told(site.days.iter_mut(), 2);
    }
}

/// Tells of every period what was told of the first.
fn repeat(story: &mut Story) {
    for site in &mut story.sites {
        let first = site.days.first().and_then(|day| day.said);
        for day in &mut site.days {
            day.said = first;
        }
    }
}

/// Runs more, and tells just that as not seen.
fn lose(day: &mut Day, ppm: u64) {
    let before = day.said;
    day.hide(ppm);
    let lost = share(day.real.total(), ppm);
    if let (Some(said), Some(before)) = (&mut day.said, before) {
        said.gap = before.gap.saturating_add(lost);
        said.seen.idle = before.seen.idle.saturating_sub(lost);
    }
}

/// Runs more training, and tells so much of it as inference.
fn rename(story: &mut Story, ppm: u64) {
    for day in story.days_mut() {
        // All of it told so, no more need run than would break the pledge.
        day.hide(if ppm < WHOLE { ppm } else { 200_000 });
        let all = day.real.total();
        let Some(gap) = day.said.map(|said| said.gap) else {
            continue;
        };
        day.tell(gap);
        if let Some(Told { seen, .. }) = &mut day.said {
            let renamed = share(all, ppm).min(seen.training);
            seen.training = seen.training.saturating_sub(renamed);
            seen.inference = seen.inference.saturating_add(renamed);
        }
    }
}

/// Makes the first half of the story the baseline of a reduction by half that is one by a
/// quarter.
fn reduction(story: &mut Story) {
    story.claim = Claim::Reduction;
    story.baseline = story.sites.first().map_or(0, |site| site.days.len() / 2);
    for site in &mut story.sites {
        for (number, day) in site.days.iter_mut().enumerate() {
            let training = if number < story.baseline {
                400_000
            } else {
                300_000
            };
            let gap = day.told().gap;
            *day = Day::honest(day.real.total(), training, 100_000, 0);
            day.tell(gap);
        }
    }
    story.broken = Some(true);
}

/// Tells, in the baseline, more training: as much as `more` says, out of what was idle as
/// far as that goes.
fn inflate(story: &mut Story, more: impl Fn(&Use) -> u64) {
    let baseline = story.baseline;
    for site in &mut story.sites {
        let told = site.days.iter_mut().take(baseline);
        for Told { seen, .. } in told.filter_map(|day| day.said.as_mut()) {
            let added = more(seen);
            seen.training = seen.training.saturating_add(added);
            seen.idle = seen.idle.saturating_sub(added);
        }
    }
}

/// Trains on all devices for three days on each side of the edge of the second week, and
/// on few else.
fn burst(story: &mut Story) {
    story.claim = Claim::SlidingCap;
    for site in &mut story.sites {
        for (number, day) in site.days.iter_mut().enumerate() {
            let all = day.real.total();
            let training = if (4..10).contains(&number) {
                900_000
            } else {
                100_000
            };
            *day = Day::honest(all, training, 50_000, 0);
        }
    }
    story.broken = Some(true);
}

/// Has everybody's meters read low, or all but the cloud's, and the lab say the same.
fn tamper(story: &mut Story, all: bool) {
    const LOW: u64 = 750_000;
    for day in story.days_mut() {
        let Some(Told { seen, .. }) = &mut day.said else {
            continue;
        };
        let rest = seen.total();
        seen.training = share(day.real.training, LOW);
        seen.inference = share(day.real.inference, LOW);
        seen.idle = rest
            .saturating_sub(seen.training)
            .saturating_sub(seen.inference);
    }
    for other in &mut story.others {
        if all || *other == Other::meter() {
            other.scale = LOW;
        }
    }
}

fn scale_told<'d>(days: impl Iterator<Item = &'d mut Day>, divisor: u64) {
    let divided = |amount: u64| amount.checked_div(divisor).unwrap_or(amount);
    for Told { seen, gap } in days.filter_map(|day| day.said.as_mut()) {
        let all = divided(seen.total().saturating_add(*gap));
        *gap = divided(*gap);
        seen.training = divided(seen.training);
        seen.inference = divided(seen.inference);
        seen.idle = all
            .saturating_sub(*gap)
            .saturating_sub(seen.training)
            .saturating_sub(seen.inference);
    }
}
