//! What challenges do to a verdict: of an honest lab, of one that will not answer, and of draws
//! that somebody could steer.

use standstill::attestation::content::{
    Bytes, Challenge, ChallengeKind, ChallengeResponse, CorroborationSource, Outcome,
};
use standstill::challenge::Answer;
use standstill::ledger::Ledger;
use standstill::verify::evidence::Subject as Judged;
use standstill::verify::hardware::Attached;
use standstill::verify::{Judgement, judge};

use super::*;

/// When the reports, what others measured and the challenge were seen.
const SEEN: u64 = START + 2 * DAY + 3600;
/// When the round comes out, by the calendar.
const ROUND: u64 = SEEN + 600;
const DUE: u64 = ROUND + 4 * 3600;

/// A lab that is challenged, the auditor, and what became of it.
struct Case {
    lab: Lab,
    auditor: Lab,
    /// The devices' ledger of the first day, and the statement that names it.
    ledger: Ledger,
    target: StatementId,
    /// What was logged up to [`SEEN`], and after.
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
    attached: Vec<Attached>,
    /// When what came after was seen.
    answered: u64,
    /// When the log was last seen.
    last: u64,
}

impl Case {
    /// A lab of ten devices that keeps its records, measured by the verifier's own meter.
    fn new() -> Self {
        let mut lab = Lab::new(100);
        let listed = serials(DEVICES);
        let mut inventory = devices(0, "h100-sxm", DEVICES);
        inventory.ledger = listed.reference().unwrap();
        lab.say(StreamId::new(1), Content::Inventory(inventory));
        lab.pledge(cap(1_000_000, 2));
        let ledger = each_device(day(0), DEVICES, 40_000);
        let mut target = None;
        for number in 0..2 {
            let each = each_device(day(number), DEVICES, 40_000);
            let mut usage = used(day(number), 400_000);
            usage.inventory = Some(lab.inventory());
            usage.figures[0].coverage = seen(DEVICES * DAY, 0);
            usage.ledgers = vec![each.reference().unwrap()];
            usage.devices_absent = None;
            let id = lab.say(StreamId::new(1), Content::Usage(usage));
            target.get_or_insert(id);
        }
        let mut auditor = corroborator(200, &lab);
        for number in 0..2 {
            auditor.measure(measured(&lab, day(number), 390_000, 420_000));
        }
        Self {
            lab,
            auditor,
            ledger,
            target: target.unwrap(),
            before: Vec::new(),
            after: Vec::new(),
            attached: Vec::new(),
            answered: DUE - 60,
            last: START + 4 * DAY,
        }
    }

    /// The inspector states what he makes of the records that he saw.
    fn inspected(mut self) -> Self {
        for number in 0..2 {
            let mut said = measured(&self.lab, day(number), 0, 430_000);
            said.source = CorroborationSource::Inspection;
            self.auditor.measure(said);
        }
        self
    }

    fn asked(&self) -> Challenge {
        let target = (self.target, &self.ledger);
        challenge(&self.lab, target, 4, round_at(ROUND), DUE)
    }

    /// The auditor asks, before the log is seen.
    fn ask(&mut self, asked: Challenge) -> StatementId {
        self.auditor
            .say(StreamId::new(2), Content::Challenge(asked))
    }

    /// Everything said up to now was seen before the round; what follows was not.
    fn seen(&mut self) {
        let all = self.lab.entries.iter().chain(&self.auditor.entries);
        self.before = all.cloned().collect();
    }

    fn say(&mut self, said: ChallengeResponse) {
        self.lab
            .say(StreamId::new(1), Content::ChallengeResponse(said));
    }

    /// The lab opens what is drawn, and says so.
    fn answer(&mut self, id: StatementId) {
        let drawn = drawn(&self.auditor, id, round_at(ROUND));
        let target = payload(&self.lab, self.target);
        let answer = Answer::open(drawn, target, &self.ledger).unwrap().print();
        self.say(response(&self.auditor, id, &answer));
        self.attach(&answer);
    }

    fn attach(&mut self, answer: &str) {
        self.attached.push(Attached {
            bytes: answer.as_bytes().to_vec(),
            salt: None,
        });
    }

    fn trust(&self) -> Trust {
        let lines = expecting(&self.lab, &[(&self.auditor, "auditor")]);
        trust_with(&[self.lab.id], &(lines + "own = true\n" + &beacon_lines()))
    }

    fn judged(&mut self) -> Judgement {
        self.judged_by(&self.trust())
    }

    fn judged_by(&mut self, trust: &Trust) -> Judgement {
        let all = self.lab.entries.iter().chain(&self.auditor.entries);
        let after = all.filter(|one| !self.before.contains(one));
        self.after = after.cloned().collect();
        let (founded, before) = self.before.split_at(FOUNDED);
        let files = log(&[
            (founded, Some(START - DAY)),
            (before, Some(SEEN)),
            (&self.after, Some(self.answered.min(self.last))),
            (&[], Some(self.last)),
        ]);
        let files = Files(files);
        let evidence = Evidence {
            attached: self.attached.clone(),
            ..Evidence::of(Judged::Log(&files))
        };
        let catalogue = standstill::catalogue::Catalogue::embedded();
        let found = judge(&evidence, trust, &catalogue, at(START + 5 * DAY)).unwrap();
        hand_on(&found);
        found
    }

    fn verdict(&mut self) -> Verdict {
        self.judged().verdicts[0].clone()
    }
}

/// What was found about challenges.
fn told(verdict: &Verdict) -> Vec<&str> {
    let mut checks = checks(verdict);
    checks.retain(|name| name.starts_with("challenge"));
    checks
}

/// Challenged before the round, and answered.
fn met() -> Case {
    let mut case = Case::new().inspected();
    let id = case.ask(case.asked());
    case.seen();
    case.answer(id);
    case
}

// spec: ver-104 ver-105
#[test]
fn an_inspection_upon_a_draw_that_was_met_is_of_the_highest_level() {
    let found = met().verdict();
    assert_eq!(found.headline(), "HOLDS@E5", "{found:#?}");
    assert_eq!(told(&found), ["challenged"]);
    let text = &found.findings.iter().find(|one| one.check == "challenged");
    let text = &text.unwrap().text;
    // C(5, 4) / C(10, 4) = 5 / 210 is below 5 %; of 4 that do not open, C(6, 4) is 15 / 210.
    assert!(text.contains("4 of 10 records"), "{text}");
    assert!(text.contains("up to 4 that"), "{text}");
    // Without the inspection, without the meter, without the answer's file.
    let mut unasked = Case::new();
    unasked.seen();
    assert_eq!(unasked.verdict().headline(), "HOLDS@E4");
    let mut unopened = met();
    unopened.attached.clear();
    let found = unopened.verdict();
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(&found), ["challenge-unopened"]);
    let mut uninspected = Case::new();
    let id = uninspected.ask(uninspected.asked());
    uninspected.seen();
    uninspected.answer(id);
    assert_eq!(uninspected.verdict().headline(), "HOLDS@E4");
}

// spec: ver-105
#[test]
fn an_inspection_counts_upon_a_challenge_of_all_that_it_speaks_of() {
    // Challenged of the first day only; the inspector speaks of both.
    let mut case = Case::new().inspected();
    let mut asked = case.asked();
    asked.about.period = day(0);
    let id = case.ask(asked);
    case.seen();
    case.answer(id);
    let found = case.verdict();
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(&found), ["challenged"]);
}

// spec: ver-101
#[test]
fn a_challenge_that_nobody_answers_is_overdue() {
    let mut case = Case::new().inspected();
    case.ask(case.asked());
    case.seen();
    let found = case.verdict();
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
    assert_eq!(told(&found), ["challenge-overdue"]);
    assert_eq!(found.outcome(None).code(), 3);
    // Not before it was due.
    case.last = DUE;
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-unanswered"]);
    assert_eq!(found.word, Word::NotShown);
    // One of two that was answered: the draw that suited.
    let mut case = Case::new().inspected();
    let mut other = case.asked();
    other.draw.beacon.as_mut().unwrap().round += 1;
    case.ask(other);
    let id = case.ask(case.asked());
    case.seen();
    case.answer(id);
    let found = case.verdict();
    assert_eq!(found.word, Word::Overdue, "{found:#?}");
    assert_eq!(told(&found), ["challenge-overdue", "challenged"]);
}

// spec: ver-102
#[test]
fn a_refusal_is_no_answer_and_the_first_counts() {
    for outcome in [Outcome::Refused, Outcome::Unable] {
        let mut case = Case::new().inspected();
        let id = case.ask(case.asked());
        case.seen();
        let mut said = response(&case.auditor, id, "");
        (said.outcome, said.shown) = (outcome, None);
        case.say(said);
        case.answer(id);
        let found = case.verdict();
        assert_eq!(found.word, Word::NotShown, "{found:#?}");
        assert_eq!(told(&found), ["challenge-refused"]);
    }
    // In the name of another, or to another, it is none.
    let mut case = Case::new();
    let id = case.ask(case.asked());
    case.seen();
    let mut said = response(&case.auditor, id, "");
    said.auditor = case.lab.id;
    case.lab.not_before = None;
    said.auditor = Lab::new(220).id;
    case.say(said);
    assert_eq!(told(&case.verdict()), ["challenge-overdue"]);
}

// spec: ver-102
#[test]
fn what_is_answered_late_is_said_and_does_not_count() {
    let mut case = met();
    case.answered = DUE + 1;
    let found = case.verdict();
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(&found), ["challenge-late", "challenged"]);
}

// spec: ver-103
#[test]
fn an_answer_that_does_not_show_it_leaves_it_not_shown() {
    // Records made up after the draw.
    let mut case = Case::new().inspected();
    let id = case.ask(case.asked());
    case.seen();
    let answer = {
        let drawn = drawn(&case.auditor, id, round_at(ROUND));
        let target = payload(&case.lab, case.target);
        let answer = Answer::open(drawn, target, &case.ledger).unwrap().print();
        answer.replace("40000", "39999")
    };
    case.say(response(&case.auditor, id, &answer));
    case.attach(&answer);
    let found = case.verdict();
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert_eq!(told(&found), ["challenge-failed"]);
    // The answer to another challenge.
    let mut case = Case::new().inspected();
    let id = case.ask(case.asked());
    let mut other = case.asked();
    other.draw.count = 1;
    let second = case.ask(other);
    case.seen();
    case.answer(id);
    let answer = String::from_utf8(case.attached[0].bytes.clone()).unwrap();
    case.say(response(&case.auditor, second, &answer));
    let found = case.verdict();
    assert_eq!(told(&found), ["challenged", "challenge-failed"]);
    // A forged signature of the beacon.
    let mut case = Case::new().inspected();
    let id = case.ask(case.asked());
    case.seen();
    let mut forged = drawn(&case.auditor, id, round_at(ROUND));
    forged.reveal.signature = Some(signature(round_at(ROUND) + 1));
    let target = payload(&case.lab, case.target);
    let answer = Answer::open(forged, target, &case.ledger).unwrap().print();
    case.say(response(&case.auditor, id, &answer));
    case.attach(&answer);
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-failed"], "{found:#?}");
}

// spec: ver-104 ver-105 cha-11
#[test]
fn a_draw_that_somebody_could_foresee_lifts_nothing() {
    // The challenge was made after the round was out; less than five minutes before it.
    for round in [SEEN - 1, SEEN, SEEN + 297] {
        let mut case = Case::new().inspected();
        let round = round_at(round);
        let target = (case.target, &case.ledger);
        let id = case.ask(challenge(&case.lab, target, 4, round, DUE));
        case.seen();
        let drawn = drawn(&case.auditor, id, round);
        let target = payload(&case.lab, case.target);
        let answer = Answer::open(drawn, target, &case.ledger).unwrap().print();
        case.say(response(&case.auditor, id, &answer));
        case.attach(&answer);
        let found = case.verdict();
        assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
        assert_eq!(told(&found), ["challenge-foreseeable", "challenged"]);
    }
    // Of a beacon that the trust file does not know: whoever drew could have made it.
    let mut case = met();
    let other = trust_with(
        &[case.lab.id],
        &(expecting(&case.lab, &[(&case.auditor, "auditor")]) + "own = true\n"),
    );
    let found = case.judged_by(&other);
    assert_eq!(found.verdicts[0].headline(), "HOLDS@E4");
    assert_eq!(
        told(&found.verdicts[0]),
        ["challenge-foreseeable", "challenged"]
    );
}

// spec: ver-100
#[test]
fn nobody_need_answer_at_once_or_to_just_anybody() {
    // Less than an hour after the round.
    let mut case = Case::new();
    let mut asked = case.asked();
    asked.due = at(ROUND + 3599);
    case.ask(asked);
    case.seen();
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-void"], "{found:#?}");
    assert_eq!(found.headline(), "HOLDS@E4");
    // Whom the trust file does not name.
    let mut case = Case::new();
    let mut stranger = corroborator(220, &case.lab);
    let asked = case.asked();
    stranger.say(StreamId::new(2), Content::Challenge(asked));
    case.auditor.entries.extend(stranger.entries);
    case.seen();
    let found = case.verdict();
    assert!(told(&found).is_empty(), "{found:#?}");
    // Of another time.
    let mut case = Case::new();
    let mut asked = case.asked();
    asked.about.period = day(7);
    case.ask(asked);
    case.seen();
    assert!(told(&case.verdict()).is_empty());
    // A visit is answered, and what came of it is not for a verdict to say.
    let mut case = Case::new();
    let mut asked = case.asked();
    (asked.kind, asked.target) = (ChallengeKind::Inspection, None);
    let id = case.ask(asked);
    case.seen();
    case.say(response(&case.auditor, id, "they came and saw"));
    let found = case.verdict();
    assert_eq!(told(&found), ["challenged"]);
    assert_eq!(found.headline(), "HOLDS@E4");
}

// spec: ver-5 ver-101
#[test]
fn whatever_is_lost_of_challenges_makes_no_verdict_better() {
    let whole = met().judged();
    let mut case = met();
    case.judged();
    let entries = [case.before.clone(), case.after.clone()].concat();
    for (left_out, lost) in entries.iter().enumerate().skip(FOUNDED) {
        let mut fewer = met();
        fewer.judged();
        fewer.lab.entries.retain(|one| one != lost);
        fewer.auditor.entries.retain(|one| one != lost);
        fewer.before.retain(|one| one != lost);
        let found = fewer.judged();
        assert!(!is_better(&found, &whole), "{left_out}: {found:#?}");
    }
}

// spec: ver-103
#[test]
fn a_salted_answer_is_found_by_its_commitment() {
    let mut case = Case::new().inspected();
    let id = case.ask(case.asked());
    case.seen();
    let drawn = drawn(&case.auditor, id, round_at(ROUND));
    let target = payload(&case.lab, case.target);
    let answer = Answer::open(drawn, target, &case.ledger).unwrap().print();
    let salt = standstill::ledger::Salt::from_bytes([9; 32]);
    let named = standstill::ledger::commitment("evidence", &salt, answer.as_bytes());
    let mut said = response(&case.auditor, id, &answer);
    said.shown = Some(Bytes::Salted(named));
    case.say(said);
    case.attached.push(Attached {
        bytes: answer.into_bytes(),
        salt: Some(salt),
    });
    assert_eq!(case.verdict().headline(), "HOLDS@E5");
}
