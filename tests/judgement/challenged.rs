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
    /// The list of devices, and the devices' ledger of each day, with the statements that
    /// name them.
    listed: (StatementId, Ledger),
    days: Vec<(StatementId, Ledger)>,
    /// What was logged up to [`SEEN`], after, and at last by the inspector.
    before: Vec<Vec<u8>>,
    after: Vec<Vec<u8>>,
    inspections: Vec<Vec<u8>>,
    attached: Vec<Attached>,
    /// Whether the inspector states, in the end, what he makes of the records that he saw.
    inspects: bool,
    /// When what came after was seen.
    answered: u64,
    /// When the log was last seen.
    last: u64,
    /// Whether nobody saw what the lab answered.
    unseen: bool,
    /// Whether nobody kept when the challenge was first seen.
    lost: bool,
}

impl Case {
    /// A lab of ten devices that keeps its records, measured by the verifier's own meter.
    fn new() -> Self {
        let mut lab = Lab::new(100);
        let listed = serials(DEVICES);
        let mut inventory = devices(0, "h100-sxm", DEVICES);
        inventory.ledger = listed.reference().unwrap();
        let listing = lab.say(StreamId::new(1), Content::Inventory(inventory));
        lab.pledge(cap(1_000_000, 2));
        let mut days = Vec::new();
        for number in 0..2 {
            let each = each_device(day(number), DEVICES, 40_000);
            let mut usage = used(day(number), 400_000);
            usage.inventory = Some(lab.inventory());
            usage.figures[0].coverage = seen(DEVICES * DAY, 0);
            usage.ledgers = vec![each.reference().unwrap()];
            usage.devices_absent = None;
            let id = lab.say(StreamId::new(1), Content::Usage(usage));
            days.push((id, each));
        }
        let mut auditor = corroborator(200, &lab);
        for number in 0..2 {
            auditor.measure(measured(&lab, day(number), 390_000, 420_000));
        }
        Self {
            lab,
            auditor,
            listed: (listing, listed),
            days,
            before: Vec::new(),
            after: Vec::new(),
            inspections: Vec::new(),
            attached: Vec::new(),
            inspects: false,
            answered: DUE - 60,
            last: START + 4 * DAY,
            unseen: false,
            lost: false,
        }
    }

    /// The same, with an inspector.
    fn inspected() -> Self {
        Self {
            inspects: true,
            ..Self::new()
        }
    }

    fn inspect(&mut self) {
        self.inspects = false;
        for number in 0..2 {
            let mut said = measured(&self.lab, day(number), 0, 430_000);
            said.source = CorroborationSource::Inspection;
            self.auditor.measure(said);
            self.inspections
                .extend(self.auditor.entries.last().cloned());
        }
    }

    /// Some of the devices that are listed, by the round.
    fn asked(&self) -> Challenge {
        self.asked_of(&self.listed)
    }

    fn asked_of(&self, (target, ledger): &(StatementId, Ledger)) -> Challenge {
        challenge(&self.lab, (*target, ledger), 8, round_at(ROUND), DUE)
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

    /// What the lab opens of what is drawn by a round.
    fn opened(&self, id: StatementId, round: u64) -> String {
        let drawn = drawn(&self.auditor, id, round);
        let target = drawn.asked().unwrap().target;
        let mut all = self.days.iter().chain([&self.listed]);
        let (_, ledger) = all.find(|(of, _)| *of == target.statement).unwrap();
        let named = payload(&self.lab, target.statement);
        Answer::open(drawn, named, ledger).unwrap().print()
    }

    /// The lab opens what is drawn, and says so.
    fn answer(&mut self, id: StatementId) {
        self.answer_with(id, &self.opened(id, round_at(ROUND)));
    }

    fn answer_with(&mut self, id: StatementId, answer: &str) {
        self.say(response(&self.auditor, id, answer));
        self.attach(answer);
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

    /// The log in the end.
    fn files(&mut self) -> Files {
        if self.inspects {
            self.inspect();
        }
        let all = self.lab.entries.iter().chain(&self.auditor.entries);
        let (inspected, said): (Vec<_>, Vec<_>) = all
            .filter(|one| !self.before.contains(one))
            .cloned()
            .partition(|one| self.inspections.contains(one));
        self.after = said;
        let (founded, before) = self.before.split_at(FOUNDED);
        let seen = [
            (founded, Some(START - DAY)),
            (before, Some(SEEN).filter(|_| !self.lost)),
            (&[], Some(ROUND.min(self.last)).filter(|_| !self.lost)),
        ];
        let last = if self.unseen {
            [
                (&*inspected, Some(ROUND + 60)),
                (&*self.after, None),
                (&[], None),
            ]
        } else {
            [
                (&*self.after, Some(self.answered.min(self.last))),
                (&*inspected, Some((self.answered + 60).min(self.last))),
                (&[], Some(self.last)),
            ]
        };
        Files(log(&[seen, last].concat()))
    }

    fn judged_by(&mut self, trust: &Trust) -> Judgement {
        let files = self.files();
        self.judged_of(Judged::Log(&files), trust)
    }

    fn judged_of(&self, subject: Judged<'_>, trust: &Trust) -> Judgement {
        let evidence = Evidence {
            attached: self.attached.clone(),
            ..Evidence::of(subject)
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
    let mut case = Case::inspected();
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
    // Of two that do not open, C(8, 8) / C(10, 8) = 1 / 45 is below 5 %; of one, 2 / 10.
    assert!(text.contains("8 of 10 records"), "{text}");
    assert!(text.contains("up to 1 that"), "{text}");
    // Of three, C(7, 7) / C(10, 7) = 1 / 120; of two, 8 / 120: two of ten are too many.
    let mut few = Case::inspected();
    let mut asked = few.asked();
    asked.draw.count = 7;
    let id = few.ask(asked);
    few.seen();
    few.answer(id);
    let found = few.verdict();
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(&found), ["challenged"]);
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

/// Each asked for before the round, and answered.
fn met_by(asked: impl IntoIterator<Item = Challenge>) -> Verdict {
    let mut case = Case::inspected();
    let ids: Vec<StatementId> = asked.into_iter().map(|one| case.ask(one)).collect();
    case.seen();
    for id in ids {
        case.answer(id);
    }
    case.verdict()
}

// spec: ver-105
#[test]
fn an_inspection_counts_upon_a_draw_of_all_that_it_speaks_of() {
    let case = Case::new();
    let [first, second] = [0, 1].map(|day| case.asked_of(&case.days[day]));
    // Challenged of the first day only; the inspector speaks of both.
    let mut half = case.asked();
    half.about.period = day(0);
    // Of both, it says; it draws from the report of one, twice.
    let twice = [first.clone(), first.clone()];
    for asked in [vec![half], vec![first.clone()], twice.to_vec()] {
        let found = met_by(asked);
        assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
        assert!(told(&found).contains(&"challenged"));
    }
    let found = met_by([first, second]);
    assert_eq!(found.headline(), "HOLDS@E5", "{found:#?}");
}

// spec: ver-105
#[test]
fn an_inspection_that_was_stated_before_the_round_rests_on_no_draw() {
    let mut case = Case::new();
    let id = case.ask(case.asked());
    case.inspect();
    case.seen();
    case.answer(id);
    let found = case.verdict();
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(&found), ["challenged"]);
}

// spec: ver-105
#[test]
fn a_draw_from_what_is_no_longer_in_force_lifts_nothing() {
    // Another list from the second day on, and another one from the first.
    for from in [1, 0] {
        let mut case = Case::inspected();
        let id = case.ask(case.asked());
        case.lab.say(StreamId::new(1), inventory(from, DEVICES));
        case.seen();
        case.answer(id);
        let found = case.verdict();
        assert!(found.headline().ends_with("@E4"), "{found:#?}");
        assert_eq!(told(&found), ["challenged"]);
    }
}

// spec: ver-101
#[test]
fn a_challenge_that_nobody_answers_is_overdue() {
    let mut case = Case::inspected();
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
    let mut case = Case::inspected();
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
        let mut case = Case::inspected();
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

// spec: ver-5 ver-102 ver-105
#[test]
fn what_nobody_saw_answered_was_not_answered_in_time() {
    let mut case = met();
    case.unseen = true;
    let found = case.verdict();
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(&found), ["challenged"]);
    let text = &found.findings.iter().find(|one| one.check == "challenged");
    let text = &text.unwrap().text;
    assert!(
        text.ends_with("no quorum saw yet that it was answered"),
        "{text}"
    );
}

// spec: ver-103
#[test]
fn an_answer_that_does_not_show_it_leaves_it_not_shown() {
    // Records made up after the draw.
    let mut case = Case::inspected();
    let id = case.ask(case.asked());
    case.seen();
    let answer = case.opened(id, round_at(ROUND));
    let forged = answer.replace(r#""value":"h100-sxm""#, r#""value":"h200-sxm""#);
    assert_ne!(forged, answer);
    case.answer_with(id, &forged);
    let found = case.verdict();
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert_eq!(told(&found), ["challenge-failed"]);
    // The answer to another challenge.
    let mut case = Case::inspected();
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
    let mut case = Case::inspected();
    let id = case.ask(case.asked());
    case.seen();
    let mut forged = drawn(&case.auditor, id, round_at(ROUND));
    forged.reveal.signature = Some(signature(round_at(ROUND) + 1));
    let (target, ledger) = &case.listed;
    let answer = Answer::open(forged, payload(&case.lab, *target), ledger).unwrap();
    case.answer_with(id, &answer.print());
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-failed"], "{found:#?}");
    // A file that would make every verdict as large as it is.
    let mut case = Case::inspected();
    let id = case.ask(case.asked());
    case.seen();
    let huge = format!(r#"{{"draw":{{}},"format":"{}"}}"#, "x".repeat(1 << 20));
    case.answer_with(id, &huge);
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-failed"]);
    assert!(found.findings.iter().all(|one| one.text.len() < 2000));
}

// spec: ver-104 ver-105 cha-11
#[test]
fn a_draw_that_somebody_could_foresee_lifts_nothing() {
    // The challenge was made after the round was out; less than five minutes before it.
    for round in [SEEN - 1, SEEN, SEEN + 297] {
        let mut case = Case::inspected();
        let round = round_at(round);
        let mut asked = case.asked();
        asked.draw.beacon.as_mut().unwrap().round = round;
        let id = case.ask(asked);
        case.seen();
        case.answer_with(id, &case.opened(id, round));
        let found = case.verdict();
        assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
        assert_eq!(told(&found), ["challenge-foreseeable", "challenged"]);
    }
    // Witnesses of the auditor's own say when he asked.
    let mut case = met();
    let related =
        "[[related]]\nroots = [\"auditor\", \"outsider 1\", \"outsider 2\"]\nwhy = \"one owner\"\n";
    let lines = expecting(&case.lab, &[(&case.auditor, "auditor")]) + "own = true\n";
    let trust = trust_with(&[case.lab.id], &(lines.clone() + &beacon_lines() + related));
    let found = &case.judged_by(&trust).verdicts[0];
    assert_eq!(found.headline(), "HOLDS@E4", "{found:#?}");
    assert_eq!(told(found), ["challenge-foreseeable", "challenged"]);
    // Of a beacon that the trust file does not know: whoever drew could have made it.
    let found = &case.judged_by(&trust_with(&[case.lab.id], &lines)).verdicts[0];
    assert_eq!(found.headline(), "HOLDS@E4");
    assert_eq!(told(found), ["challenge-void"]);
}

/// Asked before the log was seen, as `change` makes it, and not answered.
fn unanswered(change: impl FnOnce(&mut Challenge)) -> Verdict {
    let mut case = Case::new();
    let mut asked = case.asked();
    change(&mut asked);
    case.ask(asked);
    case.seen();
    case.verdict()
}

// spec: ver-100
#[test]
fn nobody_need_answer_at_once_or_to_just_anybody() {
    // Less than an hour after the round.
    let found = unanswered(|asked| asked.due = at(ROUND + 3599));
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
    let found = unanswered(|asked| asked.about.period = day(7));
    assert!(told(&found).is_empty(), "{found:#?}");
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

// spec: ver-100
#[test]
fn nobody_need_answer_what_cannot_be_answered() {
    let made_up = sha256(b"made up");
    let cases: [fn(&mut Challenge, standstill::hash::Hash); 4] = [
        // More than anybody may draw.
        |asked, _| {
            asked.target.as_mut().unwrap().count = 20_000;
            asked.draw.count = 10_001;
        },
        // By a round that never comes, that is beyond time, of a beacon that nobody knows.
        |asked, _| asked.draw.beacon.as_mut().unwrap().round = 0,
        |asked, _| asked.draw.beacon.as_mut().unwrap().round = u64::MAX,
        |asked, made_up| asked.draw.beacon.as_mut().unwrap().chain = made_up,
    ];
    for (number, change) in cases.into_iter().enumerate() {
        let found = unanswered(|asked| change(asked, made_up));
        assert_eq!(told(&found), ["challenge-void"], "{number}: {found:#?}");
        assert_eq!(found.headline(), "HOLDS@E4");
    }
    // Of what was known before, but asked for when there was no time any more.
    let mut case = Case::new();
    case.seen();
    let mut asked = case.asked();
    asked.draw.beacon.as_mut().unwrap().round = round_at(SEEN);
    asked.due = at(ROUND + 3599);
    case.ask(asked);
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-void"], "{found:#?}");
    assert_eq!(found.headline(), "HOLDS@E4");
}

// spec: ver-5 ver-101
#[test]
fn what_may_have_come_in_time_is_not_excused_and_not_overdue() {
    // Nobody kept when it was first seen: in the end there is only that it was.
    let mut case = Case::new();
    case.ask(case.asked());
    case.seen();
    case.lost = true;
    let found = case.verdict();
    assert_eq!(told(&found), ["challenge-unanswered"], "{found:#?}");
    assert_eq!(found.word, Word::NotShown);
    // Of a statement that the lab never made, or made elsewhere than is asked.
    let made_up = sha256(b"made up").into();
    let elsewhere = Case::new().lab.head(0).statement;
    for statement in [made_up, elsewhere] {
        let found = unanswered(|asked| asked.target.as_mut().unwrap().statement = statement);
        assert_eq!(told(&found), ["challenge-unanswered"], "{found:#?}");
        assert_eq!(found.word, Word::NotShown);
    }
}

// spec: ver-101
#[test]
fn what_waits_for_a_secret_is_not_overdue_by_the_word_of_who_keeps_it() {
    let found = unanswered(|asked| asked.draw.commitment = Some(sha256(b"a secret")));
    assert_eq!(told(&found), ["challenge-unanswered"], "{found:#?}");
    assert_eq!(found.word, Word::NotShown);
}

// spec: ver-97 ver-100
#[test]
fn who_contradicts_himself_puts_nobody_under_a_duty() {
    let mut case = Case::inspected();
    let mut other = case.asked();
    other.draw.count = 1;
    let stream = StreamId::new(2);
    let (second, _) = case.auditor.sign_next(stream, Content::Challenge(other));
    case.ask(case.asked());
    case.auditor.entries.push(second);
    case.seen();
    let found = case.verdict();
    assert!(told(&found).is_empty(), "{found:#?}");
    assert!(checks(&found).contains(&"corroboration-missing"));
    assert_eq!(found.word, Word::NotShown);
}

// spec: ver-5 ver-101
#[test]
fn whatever_is_lost_of_challenges_makes_no_verdict_better() {
    let whole = met().judged();
    let mut case = met();
    case.judged();
    let entries = [&*case.before, &case.after, &case.inspections].concat();
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

// spec: ver-5 ver-41
#[test]
fn a_bundle_hides_no_challenge_that_stands_before_another() {
    let mut case = Case::inspected();
    let mut other = case.asked();
    other.draw.beacon.as_mut().unwrap().round += 1;
    let hidden = case.ask(other);
    let id = case.ask(case.asked());
    case.seen();
    case.answer(id);
    let files = case.files();
    let logged = [&*case.before, &case.after, &case.inspections].concat();
    let named = |entry: &Vec<u8>| standstill::attestation::Envelope::parse(entry).unwrap();
    let at = logged
        .iter()
        .position(|one| named(one).statement_id() == hidden);
    let at = u64::try_from(at.unwrap()).unwrap();
    for (left_out, found) in [
        (None, "challenge-unanswered"),
        (Some(at), "corroboration-missing"),
    ] {
        let bundle = bundle(&files.0, &case.lab, |index| Some(index) != left_out);
        let judged = case.judged_of(Judged::Bundle(&bundle), &case.trust());
        let verdict = &judged.verdicts[0];
        assert_eq!(verdict.word, Word::NotShown, "{verdict:#?}");
        assert!(checks(verdict).contains(&found), "{verdict:#?}");
    }
}

// spec: ver-103
#[test]
fn a_salted_answer_is_found_by_its_commitment() {
    let mut case = Case::inspected();
    let id = case.ask(case.asked());
    case.seen();
    let answer = case.opened(id, round_at(ROUND));
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
