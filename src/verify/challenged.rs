//! Was what an auditor asked to see shown, in time, and drawn so that nobody could steer it?
//!
//! Specified in `specs/verdicts.md`, section "Challenges", and in `specs/challenge.md`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::content::About;
use crate::attestation::content::Bytes;
use crate::attestation::content::ChallengeKind;
use crate::attestation::content::Outcome;
use crate::challenge::Answer;
use crate::challenge::LEAD;
use crate::challenge::Share;
use crate::challenge::Shown;
use crate::challenge::undetected;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::ledger::commitment;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::checks::Check;
use crate::verify::claim::Court;
use crate::verify::claim::Covered;
use crate::verify::corroborated::Hearing;
use crate::verify::hardware::Attached;
use crate::verify::hardware::FIELD;
use crate::verify::history::Area;
use crate::verify::history::ChallengeRecord;
use crate::verify::history::History;
use crate::verify::history::ResponseRecord;
use crate::verify::reading::Read;
use crate::verify::trust::Corroborator;
use crate::verify::trust::Trust;
use crate::verify::verdict::Finding;
use crate::verify::witnessed::Times;

/// The least time in seconds that a lab must be given to answer in, once it is seen what is
/// asked for and drawn: it may have to fetch the records.
pub(in crate::verify) const NOTICE: u64 = 3600;

/// The chance that is left to what a draw does not find, in parts per million (IAEA: detection
/// with 95 %).
const CHANCE_PPM: u32 = 50_000;

/// Answers that were given, by the digest or the commitment that a response names.
pub(in crate::verify) type Answers = BTreeMap<Hash, Result<Shown, String>>;

/// Opens every answer that a response names, of the files that were given.
pub(in crate::verify) fn open_all<'r>(
    logs: impl Iterator<Item = &'r Read>,
    trust: &Trust,
    attached: &[Attached],
) -> Answers {
    if attached.is_empty() {
        return Answers::new();
    }
    let histories = logs.flat_map(|read| &read.histories);
    let responses = histories.flat_map(|history| history.responses.values());
    let named: BTreeSet<Hash> = responses.filter_map(ResponseRecord::names).collect();
    let mut answers = Answers::new();
    for Attached { bytes, salt } in attached {
        let salted = salt.map(|salt| commitment(FIELD, &salt, bytes));
        for name in [Some(sha256(bytes)), salted].into_iter().flatten() {
            if named.contains(&name) {
                let shown = Answer::parse(bytes).and_then(|answer| answer.check(&trust.beacons));
                answers.insert(name, shown.map_err(|error| error.to_string()));
            }
        }
    }
    answers
}

/// Returns the devices that answers opened of inventories and transfers, by the root of their
/// list.
pub(in crate::verify) fn devices(answers: &Answers) -> BTreeMap<Hash, BTreeSet<Hash>> {
    let mut devices: BTreeMap<Hash, BTreeSet<Hash>> = BTreeMap::new();
    for shown in answers.values().flatten() {
        if let Some(target) = shown.asked.target {
            let known = devices.entry(target.root).or_default();
            known.extend(&shown.devices);
        }
    }
    devices
}

/// A challenge that was met: drawn so that nobody could foresee it, answered in time, and
/// opened here.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Met {
    /// Who had asked.
    pub(in crate::verify) auditor: IssuerId,
    /// Of which areas and period.
    pub(in crate::verify) about: About,
}

/// Says what became of each challenge of a claim's areas in its window, by those whom the trust
/// file names; returns those that were met.
pub(in crate::verify) fn check(
    court: &Court<'_>,
    hearing: &Hearing<'_>,
    covered: &[Covered<'_>],
    window: Period,
) -> (Vec<Finding>, Vec<Met>) {
    let (mut findings, mut met) = (Vec::new(), Vec::new());
    for who in &court.trust.corroborators {
        let Some(speaker) = hearing.find(who) else {
            continue;
        };
        for record in &speaker.history.challenges {
            let about = &record.challenge.about;
            let mut own = covered.iter();
            let own = own
                .find(|one| one.history.id == about.issuer && about.streams.contains(&one.stream));
            let Some(own) = own.filter(|_| about.issuer == who.measures) else {
                continue;
            };
            if about.period.intersection(window).is_none() {
                continue;
            }
            let docket = Docket {
                court,
                who,
                record,
                seen: speaker.times.not_after(record.index),
                lab: own.history,
            };
            if docket.seen.is_some_and(|seen| !who.is_believed_at(seen)) {
                continue;
            }
            let is_met = docket.judge(&mut findings);
            met.extend(is_met.then(|| Met {
                auditor: who.id,
                about: about.clone(),
            }));
        }
    }
    (findings, met)
}

/// One challenge, and what it is judged with.
struct Docket<'d> {
    court: &'d Court<'d>,
    who: &'d Corroborator,
    record: &'d ChallengeRecord,
    /// When a quorum had seen it.
    seen: Option<UnixSeconds>,
    /// The history of whom it challenges.
    lab: &'d History,
}

impl Docket<'_> {
    /// Says what became of it, and whether it was met.
    fn judge(&self, findings: &mut Vec<Finding>) -> bool {
        let mut tell = |check, why: String| {
            let text = format!("{}: {why}", self.name());
            findings.push(Finding::new(check, text));
        };
        let challenge = &self.record.challenge;
        if let Some(why) = self.void() {
            tell(Check::ChallengeVoid, why);
            return false;
        }
        let response = self.lab.responses.get(&(self.who.id, self.record.id));
        let Some(response) = response else {
            let (check, why) = self.unanswered();
            tell(check, why);
            return false;
        };
        let mut met = true;
        let answered = self.times().not_after(response.index);
        if let Some(answered) = answered.filter(|time| *time > challenge.due) {
            let why = format!(
                "was due at {}, and answered only at {answered}",
                challenge.due
            );
            tell(Check::ChallengeLate, why);
            met = false;
        }
        if response.outcome != Outcome::Answered {
            let why = format!("is answered with `{}`", response.outcome);
            tell(Check::ChallengeRefused, why);
            return false;
        }
        if !matches!(
            challenge.kind,
            ChallengeKind::Records | ChallengeKind::Serials
        ) {
            let why = "was answered; what came of it is for the auditor to say".to_owned();
            tell(Check::Challenged, why);
            return false;
        }
        let answer = response
            .names()
            .and_then(|name| self.court.answers.get(&name));
        let shown = match answer {
            None => {
                let why = "was answered, and the answer was not given (`--attached`)".to_owned();
                tell(Check::ChallengeUnopened, why);
                return false;
            }
            Some(Err(why)) => {
                tell(
                    Check::ChallengeFailed,
                    format!("the answer does not show it: {why}"),
                );
                return false;
            }
            Some(Ok(shown)) if shown.challenge != self.record.id => {
                let why = "the answer is one to another challenge".to_owned();
                tell(Check::ChallengeFailed, why);
                return false;
            }
            Some(Ok(shown)) => shown,
        };
        if let Err(why) = self.unforeseeable(shown) {
            tell(Check::ChallengeForeseeable, why);
            met = false;
        }
        tell(Check::Challenged, opened(shown));
        met
    }

    fn name(&self) -> String {
        let challenge = &self.record.challenge;
        let streams: Vec<String> = challenge
            .about
            .streams
            .iter()
            .map(ToString::to_string)
            .collect();
        format!(
            "the challenge of {} by {} (entry {}; {} of the areas {} in {})",
            self.lab.id,
            self.who.name,
            self.record.index,
            challenge.kind,
            streams.join(", "),
            challenge.about.period
        )
    }

    /// When entries of the lab's log were seen.
    fn times(&self) -> &Times {
        self.court.clock.times
    }

    /// Returns when the round comes out by which is drawn, if the auditor knows the beacon.
    fn round(&self) -> Option<UnixSeconds> {
        let round = self.record.challenge.draw.beacon?;
        let mut beacons = self.court.trust.beacons.iter();
        let beacon = beacons.find(|beacon| *beacon.chain() == round.chain)?;
        beacon.time_of(round.round)
    }

    /// Says why nobody need answer it, if so.
    fn void(&self) -> Option<String> {
        let due = self.record.challenge.due;
        let Some(seen) = self.seen else {
            return Some("no quorum saw it".to_owned());
        };
        let known = self.round().map_or(seen, |round| round.max(seen));
        let least = known.plus(NOTICE);
        least.is_none_or(|least| due < least).then(|| {
            format!("is due at {due}, less than {NOTICE} seconds after {known}, when what is asked for was known")
        })
    }

    /// Says what it means that nobody answered.
    fn unanswered(&self) -> (Check, String) {
        let (clock, due) = (&self.court.clock, self.record.challenge.due);
        let newest = clock.times.newest();
        let silent = due.plus(self.court.trust.grace);
        let silent = clock.asked_now && silent.is_some_and(|limit| clock.at > limit);
        match newest {
            Some(newest) if newest > due && clock.bundle => (
                Check::ChallengeUnanswered,
                format!("was due at {due}, and no answer is in the bundle"),
            ),
            Some(newest) if newest > due => (
                Check::ChallengeOverdue,
                format!("was due at {due}; a quorum saw the log at {newest} without an answer"),
            ),
            _ if silent && !clock.bundle => (
                Check::ChallengeOverdue,
                format!("was due at {due}, and the log is silent"),
            ),
            _ if clock.at > due => (
                Check::ChallengeUnanswered,
                format!("was due at {due}, and nobody saw the log since"),
            ),
            _ => (Check::ChallengeOpen, format!("is due at {due}")),
        }
    }

    /// Says why somebody could have foreseen what was drawn, if so.
    fn unforeseeable(&self, shown: &Shown) -> Result<(), String> {
        let Some(round) = shown.round else {
            let why = "what it draws waits for no beacon that the trust file knows: it rests on the auditor alone";
            return Err(why.to_owned());
        };
        let target = self
            .target(shown)
            .and_then(|index| self.times().not_after(index));
        for (what, seen) in [("it", self.seen), ("what it draws from", target)] {
            let before = seen.and_then(|seen| seen.plus(LEAD));
            if before.is_none_or(|before| before > round) {
                let seen =
                    seen.map_or_else(|| "by no quorum".to_owned(), |seen| format!("at {seen}"));
                return Err(format!(
                    "{what} was seen {seen}, and not {LEAD} seconds before its round came out at {round}"
                ));
            }
        }
        Ok(())
    }

    /// Finds where the statement stands that names the ledger.
    fn target(&self, shown: &Shown) -> Option<u64> {
        let (subject, target) = (shown.target, shown.asked.target?);
        let lab = self.lab;
        let ids = &lab.streams.get(&subject.stream)?.ids;
        if ids.get(subject.sequence) != Some(target.statement) {
            return None;
        }
        let area = lab.areas.get(&subject.stream)?;
        match shown.period {
            Some(period) => reported(area, period, subject.sequence),
            None => listed(area, target.statement, target.root),
        }
    }
}

/// Returns where the report of a period and sequence stands.
fn reported(area: &Area, period: Period, sequence: u64) -> Option<u64> {
    let mut reports = area.reports.within(period.start(), period.end());
    let report = reports.find(|report| report.sequence == sequence)?;
    report.versions.first().map(|version| version.index)
}

/// Returns where an inventory or a transfer stands.
fn listed(area: &Area, id: StatementId, root: Hash) -> Option<u64> {
    let inventory = area.inventory_of(id).map(|one| one.index);
    let transfers = || {
        let mut transfers = area.transfers.iter();
        transfers
            .find(|one| one.ledger == root)
            .map(|one| one.index)
    };
    inventory.or_else(transfers)
}

/// Says what was opened, and what the draw leaves open.
fn opened(shown: &Shown) -> String {
    let (drawn, target) = (shown.indices.len(), shown.asked.target);
    let of = target.map_or(0, |target| target.count);
    let drawn = u64::try_from(drawn).unwrap_or(u64::MAX);
    let open = undetected(of, drawn, Share::of_ppm(CHANCE_PPM));
    format!(
        "{drawn} of {of} records of `{}` were drawn, and all open; with a chance above 5 %, up to {open} that do not would have been missed. That they are true is not shown by that",
        shown.kind
    )
}

impl ResponseRecord {
    /// Returns the digest or the commitment of what was shown.
    fn names(&self) -> Option<Hash> {
        self.shown
            .map(|(Bytes::Plain(name) | Bytes::Salted(name))| name)
    }
}
