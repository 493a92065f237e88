//! Was what an auditor asked to see shown, in time, and drawn so that nobody could steer it?
//!
//! Specified in `specs/verdicts.md`, section "Challenges", and in `specs/challenge.md`.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::BeaconRound;
use crate::attestation::content::Bytes;
use crate::attestation::content::Challenge;
use crate::attestation::content::Outcome;
use crate::challenge::Answer;
use crate::challenge::AnswerError;
use crate::challenge::LEAD;
use crate::challenge::MAX_DRAWN;
use crate::challenge::NOTICE;
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
use crate::verify::corroborated::Speaker;
use crate::verify::findings::Findings;
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

/// The chance that is left to what a draw does not find, in parts per million (IAEA: detection
/// with 95 %).
const CHANCE_PPM: u32 = 50_000;

/// What part of the records a draw may leave open that lifts a level: a tenth. (One drawn of a
/// million.)
const OPEN: u64 = 10;

/// How much is told of what is wrong with an answer, in characters: it quotes what is in it. (A
/// lab that writes so much that no auditor can hand it on.)
const TOLD: usize = 512;

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
                let told = |error: AnswerError| error.to_string().chars().take(TOLD).collect();
                answers.insert(name, shown.map_err(told));
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

/// What was drawn from upon a challenge that was met: so that nobody could foresee it, answered
/// in time, and opened here.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Met {
    /// Who had asked.
    pub(in crate::verify) auditor: IssuerId,
    /// Whom.
    pub(in crate::verify) issuer: IssuerId,
    /// Of which area the records are.
    pub(in crate::verify) area: StreamId,
    /// The time that they account for, as far as it was asked for.
    pub(in crate::verify) period: Period,
    /// The size of a tree of the auditor's log that was still the largest once the round was
    /// out: what stands behind it was not said before anybody knew what was drawn.
    pub(in crate::verify) after: u64,
}

/// Says what became of each challenge of a claim's areas in its window, by those whom the trust
/// file names and who are heard; returns those that were met.
pub(in crate::verify) fn check(
    court: &Court<'_>,
    hearing: &Hearing<'_>,
    covered: &[Covered<'_>],
    window: Period,
    findings: &mut Findings,
) -> Vec<Met> {
    let mut met = Vec::new();
    let newest = court.clock.times.newest();
    for who in &court.trust.corroborators {
        let own = || covered.iter().filter(|one| one.history.id == who.measures);
        let (Some(one), Some(speaker)) = (own().next(), hearing.find(who)) else {
            continue;
        };
        // What is wrong with who asks must not accuse who is asked.
        if speaker.fault().is_some() {
            continue;
        }
        let lab = one.history;
        let areas: BTreeSet<StreamId> = own().map(|one| one.stream).collect();
        let asked = |record: &&ChallengeRecord| {
            let about = &record.challenge.about;
            about.issuer == who.measures
                && about.streams.iter().any(|area| areas.contains(area))
                && about.period.intersection(window).is_some()
        };
        let challenges = || speaker.history.challenges.iter().filter(asked);
        let bench = Bench {
            court,
            who,
            speaker: &speaker,
            lab,
            places: places(who, lab, challenges()),
            apart: OnceCell::new(),
            lasting: OnceCell::new(),
            newest,
        };
        for record in challenges() {
            let docket = Docket {
                bench: &bench,
                record,
                seen: speaker.times.not_after(record.index),
            };
            if docket.seen.is_none_or(|seen| who.is_believed_at(seen)) {
                met.extend(docket.judge(findings));
            }
        }
    }
    met
}

/// Finds in which streams of the lab the statements stand that challenges without an answer
/// draw from.
fn places<'r>(
    who: &Corroborator,
    lab: &History,
    challenges: impl Iterator<Item = &'r ChallengeRecord>,
) -> BTreeMap<StatementId, StreamId> {
    let open = challenges.filter(|one| !lab.responses.contains_key(&(who.id, one.id)));
    let wanted: BTreeSet<StatementId> = open
        .filter_map(|one| Some(one.challenge.target?.statement))
        .collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let all = lab.streams.iter();
    let all = all.flat_map(|(stream, one)| one.ids.iter().map(|id| (id, *stream)));
    all.filter(|(id, _)| wanted.contains(id)).collect()
}

/// One who asks, one who is asked, and what their challenges are judged with.
struct Bench<'d> {
    court: &'d Court<'d>,
    who: &'d Corroborator,
    speaker: &'d Speaker<'d>,
    /// The history of whom he challenges.
    lab: &'d History,
    /// Where the statements stand that open challenges draw from.
    places: BTreeMap<StatementId, StreamId>,
    /// When witnesses saw the lab's log that belong to neither.
    apart: OnceCell<Times>,
    /// Up to when trees of the auditor's log were the largest, by size, by the same witnesses.
    lasting: OnceCell<Vec<(u64, UnixSeconds)>>,
    /// When a quorum saw the lab's log last.
    newest: Option<UnixSeconds>,
}

/// One challenge, and what it is judged with.
struct Docket<'d> {
    bench: &'d Bench<'d>,
    record: &'d ChallengeRecord,
    /// When a quorum had seen it.
    seen: Option<UnixSeconds>,
}

/// Where the statement stands that names a ledger.
struct Place {
    index: u64,
    /// The time that it accounts for; `None` if it was corrected since, or accounts for none.
    accounts: Option<Period>,
}

impl Bench<'_> {
    /// Returns when entries of the lab's log were seen by witnesses that belong neither to the
    /// lab nor to the auditor: who draws must not say when he did.
    fn apart(&self) -> &Times {
        self.apart.get_or_init(|| {
            let (trust, issuer) = (self.court.trust, self.court.issuer);
            let roots = [self.who.trust_root.as_str(), issuer.trust_root.as_str()];
            let policy = trust.quorum_apart(&roots, &issuer.log);
            let mut logs = self.court.logs.iter();
            let read = logs.find(|read| read.key == issuer.log);
            Times::new(read.into_iter().flat_map(|read| &read.seen), policy)
        })
    }

    /// The same of the auditor's log. Where that is another, no witness of either counts in it
    /// anyway.
    fn watched(&self) -> &Times {
        if self.speaker.is_abroad {
            self.speaker.times
        } else {
            self.apart()
        }
    }

    fn lasting(&self) -> &[(u64, UnixSeconds)] {
        self.lasting.get_or_init(|| self.watched().lasting())
    }

    /// Returns the latest time as of which a quorum knew the auditor's log without an entry.
    fn without(&self, index: u64) -> Option<UnixSeconds> {
        let after = self.lasting().partition_point(|(size, _)| *size <= index);
        let (_, time) = self.lasting().get(after.checked_sub(1)?)?;
        Some(*time)
    }

    /// Returns the size of a tree of the auditor's log that was the largest at a time, or later.
    fn largest_at(&self, time: UnixSeconds) -> Option<u64> {
        let before = self.lasting().partition_point(|(_, still)| *still < time);
        self.lasting().get(before).map(|(size, _)| *size)
    }
}

impl Docket<'_> {
    /// Says what became of it; returns what was drawn from if it was met.
    fn judge(&self, findings: &mut Findings) -> Option<Met> {
        let mut tell = |check, why: String| {
            let text = format!("{}: {why}", self.name());
            findings.push(Finding::new(check, text));
        };
        let challenge = &self.record.challenge;
        if let Some(why) = self.void() {
            tell(Check::ChallengeVoid, why);
            return None;
        }
        let by = (self.bench.who.id, self.record.id);
        let Some(response) = self.bench.lab.responses.get(&by) else {
            let (check, why) = self.unanswered();
            tell(check, why);
            return None;
        };
        let answered = self.times().not_after(response.index);
        if let Some(answered) = answered.filter(|time| *time > challenge.due) {
            let why = format!(
                "was due at {}, and answered only at {answered}",
                challenge.due
            );
            tell(Check::ChallengeLate, why);
        }
        if response.outcome != Outcome::Answered {
            let why = format!("is answered with `{}`", response.outcome);
            tell(Check::ChallengeRefused, why);
            return None;
        }
        if !challenge.kind.draws() {
            let why = "was answered; what came of it is for the auditor to say".to_owned();
            tell(Check::Challenged, why);
            return None;
        }
        let answer = response
            .names()
            .and_then(|name| self.bench.court.answers.get(&name));
        let shown = match answer {
            None => {
                let why = "was answered, and the answer was not given (`--attached`)".to_owned();
                tell(Check::ChallengeUnopened, why);
                return None;
            }
            Some(Err(why)) => {
                tell(
                    Check::ChallengeFailed,
                    format!("the answer does not show it: {why}"),
                );
                return None;
            }
            Some(Ok(shown)) if shown.challenge != self.record.id => {
                let why = "the answer is one to another challenge".to_owned();
                tell(Check::ChallengeFailed, why);
                return None;
            }
            Some(Ok(shown)) => shown,
        };
        let place = self.place(shown);
        let drawn = self.unforeseeable(shown, place.as_ref());
        let round = drawn.map_err(|why| tell(Check::ChallengeForeseeable, why));
        let unseen = match answered {
            None => "; no quorum saw yet that it was answered",
            Some(_) => "",
        };
        let (told, is_enough) = opened(shown);
        tell(Check::Challenged, format!("{told}{unseen}"));
        let round = round.ok().filter(|_| is_enough)?;
        answered.filter(|time| *time <= challenge.due)?;
        Some(Met {
            auditor: self.bench.who.id,
            issuer: shown.target.issuer,
            area: shown.target.stream,
            period: place?.accounts?.intersection(challenge.about.period)?,
            after: self.bench.largest_at(round)?,
        })
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
            self.bench.lab.id,
            self.bench.who.name,
            self.record.index,
            challenge.kind,
            streams.join(", "),
            challenge.about.period
        )
    }

    /// When entries of the lab's log were seen.
    fn times(&self) -> &Times {
        self.bench.court.clock.times
    }

    /// Returns when a round comes out, if the auditor knows the beacon.
    fn out(&self, round: BeaconRound) -> Option<UnixSeconds> {
        let mut beacons = self.bench.court.trust.beacons.iter();
        let beacon = beacons.find(|beacon| *beacon.chain() == round.chain)?;
        beacon.time_of(round.round)
    }

    /// Says why nobody need answer it, if so.
    fn void(&self) -> Option<String> {
        let Challenge {
            kind, draw, due, ..
        } = &self.record.challenge;
        if kind.draws() && draw.count > MAX_DRAWN {
            return Some(format!(
                "draws {} records; {MAX_DRAWN} are allowed",
                draw.count
            ));
        }
        let round = draw.beacon.map(|round| self.out(round));
        if round == Some(None) {
            let why = "waits for a round, of which the trust file does not say when it comes out";
            return Some(why.to_owned());
        }
        // What was not seen in time may have been there: only what was not there is late.
        let absent = self.bench.without(self.record.index);
        let known = absent.max(round.flatten())?;
        let in_time = known.plus(NOTICE).is_some_and(|least| least <= *due);
        (!in_time).then(|| {
            format!("is due at {due}, less than {NOTICE} seconds after {known}, when nobody knew yet what is asked for")
        })
    }

    /// Says what it means that nobody answered.
    fn unanswered(&self) -> (Check, String) {
        let (clock, challenge) = (&self.bench.court.clock, &self.record.challenge);
        let due = challenge.due;
        let silent = due.plus(self.bench.court.trust.grace);
        let silent = clock.asked_now && silent.is_some_and(|limit| clock.at > limit);
        let seen = self.seen.and_then(|seen| seen.plus(NOTICE));
        let excuse = if seen.is_none_or(|seen| seen > due) {
            Some("that the lab could know of it in time")
        } else if !self.stands() {
            Some("that there is the statement that it draws from in these areas")
        } else if challenge.draw.commitment.is_some() {
            Some("that the auditor gave the secret that it waits for")
        } else {
            None
        };
        let check = match excuse {
            None => Check::ChallengeOverdue,
            Some(_) => Check::ChallengeUnanswered,
        };
        let but = excuse.map_or_else(String::new, |what| format!("; {what} is not shown"));
        match self.bench.newest {
            Some(newest) if newest > due && clock.bundle => (
                Check::ChallengeUnanswered,
                format!("was due at {due}, and no answer is in the bundle"),
            ),
            Some(newest) if newest > due => (
                check,
                format!(
                    "was due at {due}; a quorum saw the log at {newest} without an answer{but}"
                ),
            ),
            _ if silent && !clock.bundle => (
                check,
                format!("was due at {due}, and the log is silent{but}"),
            ),
            _ if clock.at > due => (
                Check::ChallengeUnanswered,
                format!("was due at {due}, and nobody saw the log since"),
            ),
            _ => (Check::ChallengeOpen, format!("is due at {due}")),
        }
    }

    /// Whether the lab made the statement that is drawn from, in an area that is asked of.
    fn stands(&self) -> bool {
        let challenge = &self.record.challenge;
        challenge.target.is_none_or(|target| {
            let area = self.bench.places.get(&target.statement);
            area.is_some_and(|area| challenge.about.streams.contains(area))
        })
    }

    /// Returns when the round came out, or says why somebody could have foreseen what was
    /// drawn.
    fn unforeseeable(&self, shown: &Shown, place: Option<&Place>) -> Result<UnixSeconds, String> {
        let Some(round) = shown.round else {
            let why = "what it draws waits for no beacon: it rests on the auditor alone";
            return Err(why.to_owned());
        };
        let asked = self.bench.watched().not_after(self.record.index);
        let target = place.and_then(|place| self.bench.apart().not_after(place.index));
        for (what, seen) in [("it", asked), ("what it draws from", target)] {
            let before = seen.and_then(|seen| seen.plus(LEAD));
            if before.is_none_or(|before| before > round) {
                let seen =
                    seen.map_or_else(|| "by no quorum".to_owned(), |seen| format!("at {seen}"));
                return Err(format!(
                    "{what} was seen {seen} by witnesses of neither the lab nor the auditor, and not {LEAD} seconds before its round came out at {round}"
                ));
            }
        }
        Ok(round)
    }

    /// Finds the statement that names the ledger.
    fn place(&self, shown: &Shown) -> Option<Place> {
        let (subject, target) = (shown.target, shown.asked.target?);
        let lab = self.bench.lab;
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

/// Finds the report of a period and sequence.
fn reported(area: &Area, period: Period, sequence: u64) -> Option<Place> {
    let mut reports = area.reports.within(period.start(), period.end());
    let report = reports.find(|report| report.sequence == sequence)?;
    let first = report.versions.first()?;
    Some(Place {
        index: first.index,
        accounts: (report.versions.len() == 1).then_some(period),
    })
}

/// Finds an inventory, or a transfer, which accounts for nothing.
fn listed(area: &Area, id: StatementId, root: Hash) -> Option<Place> {
    if let Some(inventory) = area.inventory_of(id) {
        let from = inventory.from;
        let in_force = area.inventory_at(from).is_some_and(|one| one.id == id);
        let mut later = area.inventories.range((from, u64::MAX)..);
        let until = later
            .next()
            .map_or(UnixSeconds::MAX, |((next, _), _)| *next);
        return Some(Place {
            index: inventory.index,
            accounts: Period::new(from, until).filter(|_| in_force),
        });
    }
    let mut transfers = area.transfers.iter();
    let transfer = transfers.find(|one| one.ledger == root)?;
    Some(Place {
        index: transfer.index,
        accounts: None,
    })
}

/// Says what was opened and what the draw leaves open, and whether that is little enough to
/// lift a level.
fn opened(shown: &Shown) -> (String, bool) {
    let (drawn, target) = (shown.indices.len(), shown.asked.target);
    let of = target.map_or(0, |target| target.count);
    let drawn = u64::try_from(drawn).unwrap_or(u64::MAX);
    let open = undetected(of, drawn, Share::of_ppm(CHANCE_PPM));
    let told = format!(
        "{drawn} of {of} records of `{}` were drawn, and all open; with a chance above 5 %, up to {open} that do not would have been missed. That they are true is not shown by that",
        shown.kind
    );
    (told, open <= of / OPEN)
}

impl ResponseRecord {
    /// Returns the digest or the commitment of what was shown.
    fn names(&self) -> Option<Hash> {
        self.shown
            .map(|(Bytes::Plain(name) | Bytes::Salted(name))| name)
    }
}
