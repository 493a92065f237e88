//! A lab that says less than before beside what others measure, by less than they may be
//! wrong by.

use super::*;

const DAYS: u64 = 38;
const HALF: u64 = 19;

/// What is used on a day: no two are alike.
fn used_on(number: u64) -> u64 {
    500_000 + 1_000 * (number * number % 17)
}

/// A share in thousandths.
fn share(of: u64, thousandths: u64) -> u64 {
    of * thousandths / 1000
}

/// Judges a lab that says `told` of each day, in thousandths of what it used, beside a meter
/// that reads `read` thousandths of it and knows it by 4 % to either side.
fn judged(told: impl Fn(u64) -> u64, read: u64, keys: &str) -> Verdict {
    let mut lab = pledged(cap(100_000_000, DAYS));
    let mut other = corroborator(150, &lab);
    for number in 0..DAYS {
        let used = used_on(number);
        let said = accounted(&lab, day(number), share(used, told(number)));
        lab.say(StreamId::new(1), Content::Usage(said));
        let reading = share(used, read);
        let bounds = [share(reading, 960), share(reading, 1040)];
        let [lower, upper] = bounds;
        other.measure(measured(&lab, day(number), lower, upper));
    }
    // What is said of several days again is scored no second time.
    let weeks = Period::new(at(START), at(START + 35 * DAY)).unwrap();
    let all: u64 = (0..35).map(|number| share(used_on(number), read)).sum();
    other.measure(measured(&lab, weeks, share(all, 960), share(all, 1040)));
    let files = log_with(&lab, &[&other], END);
    let trust = trust_of(&[lab.id], keys, &expecting(&lab, &[(&other, "cloud")]));
    judge_with(&files, &trust, END, Known::default()).verdicts[0].clone()
}

fn drift(verdict: &Verdict) -> Option<&str> {
    let found = verdict.findings.iter().filter(|one| one.check == "drift");
    let texts: Vec<&str> = found.map(|one| one.text.as_str()).collect();
    assert!(texts.len() <= 1, "{texts:#?}");
    texts.first().copied()
}

// spec: ver-96
#[test]
fn a_lab_that_begins_to_say_less_is_told_of_though_every_statement_agrees() {
    let found = judged(|number| if number < HALF { 1000 } else { 963 }, 1000, "");
    assert!(!checks(&found).contains(&"disagreement"), "{found:#?}");
    assert!(!checks(&found).contains(&"declared-less"), "{found:#?}");
    let text = drift(&found).unwrap();
    let since = format!("from that of {} on", day(HALF));
    assert!(
        text.contains("ever less") && text.contains(&since),
        "{text}"
    );
    assert!(text.contains("cloud") && text.contains("area 1"), "{text}");
    // It is told, and calls for no word.
    let honest = judged(|_| 1000, 1000, "");
    assert_eq!(found.headline(), honest.headline());
    assert_eq!(drift(&honest), None);
}

// spec: ver-96
#[test]
fn so_is_one_that_begins_to_say_more() {
    // Too much before a cut is a baseline that was not.
    let found = judged(|number| if number < HALF { 1000 } else { 1037 }, 1000, "");
    let text = drift(&found).unwrap();
    assert!(text.contains("ever more"), "{text}");
}

// spec: ver-96
#[test]
fn what_was_so_from_the_first_day_on_is_no_change() {
    for read in [970, 1030] {
        assert_eq!(drift(&judged(|_| 1000, read, "")), None, "{read}");
    }
    // Not even what is within the meter's own bounds on every day.
    let found = judged(|_| 963, 1000, "");
    assert_eq!(drift(&found), None);
    assert!(!checks(&found).contains(&"declared-less"), "{found:#?}");
    // What is beyond them is for the sum of all differences.
    let found = judged(|_| 915, 1000, "");
    assert_eq!(drift(&found), None);
    assert!(checks(&found).contains(&"declared-less"), "{found:#?}");
}

// spec: ver-96
#[test]
fn an_auditor_chooses_how_much_may_change() {
    let told = |number| if number < HALF { 1000 } else { 963 };
    for (keys, found) in [
        ("[accounting]\ncusum_limit = 6000\n", true),
        ("[accounting]\ncusum_limit = 20000\n", false),
        ("[accounting]\ncusum_allowance = 1500\n", false),
        ("[accounting]\ncusum_allowance = 0\n", false),
        ("[accounting]\nfalse_alarm_ppm = 1000\n", false),
        (
            "[accounting.errors.own-meter]\nrandom_ppm = 30000\nsystematic_ppm = 20000\n",
            false,
        ),
    ] {
        assert_eq!(drift(&judged(told, 1000, keys)).is_some(), found, "{keys}");
    }
}

/// Judges an honest lab with these reports, each beside a meter that reads what was used on
/// each day to 4 % on either side.
fn honest(speak: impl FnOnce(&mut Lab)) -> Verdict {
    let mut lab = pledged(cap(100_000_000, DAYS));
    let mut other = corroborator(150, &lab);
    speak(&mut lab);
    for number in 0..DAYS {
        let used = used_on(number);
        other.measure(measured(
            &lab,
            day(number),
            share(used, 960),
            share(used, 1040),
        ));
    }
    let files = log_with(&lab, &[&other], END);
    let trust = trust_of(&[lab.id], "", &expecting(&lab, &[(&other, "cloud")]));
    judge_with(&files, &trust, END, Known::default()).verdicts[0].clone()
}

// spec: ver-96
#[test]
fn a_device_that_fails_and_is_seen_no_more_is_no_drift() {
    // From the middle on one of ten devices is dead: it runs nothing, and is not observed.
    let found = honest(|lab| {
        for number in 0..DAYS {
            let mut said = accounted(lab, day(number), used_on(number));
            if number >= HALF {
                for figure in &mut said.figures {
                    figure.coverage = seen(9 * DAY, DAY);
                }
                // Idle are the nine.
                let idle = 9 * DAY - used_on(number);
                said.figures[0].value = Interval::exactly(Quantity::from(idle));
            }
            lab.say(StreamId::new(1), Content::Usage(said));
        }
    });
    assert!(!checks(&found).contains(&"disagreement"), "{found:#?}");
    assert_eq!(drift(&found), None);
}

// spec: ver-96
#[test]
fn longer_periods_are_no_drift() {
    // From the middle on the lab reports by the week, and the meter by the day.
    let found = honest(|lab| {
        for number in 0..HALF {
            let said = accounted(lab, day(number), used_on(number));
            lab.say(StreamId::new(1), Content::Usage(said));
            if number == 0 {
                lab.say(StreamId::GOVERNANCE, change(HALF * DAY, 7));
            }
        }
        for number in [HALF, HALF + 7] {
            let week = Period::new(day(number).start(), day(number + 6).end()).unwrap();
            let used = (number..number + 7).map(used_on).sum();
            let said = accounted(lab, week, used);
            lab.say(StreamId::new(1), Content::Usage(said));
        }
    });
    assert!(!checks(&found).contains(&"disagreement"), "{found:#?}");
    assert_eq!(drift(&found), None);
}

// spec: ver-96
#[test]
fn a_lab_that_pauses_does_not_drift() {
    // It trains nothing from the middle on, and says so; its meter cannot tell nothing from
    // little.
    let mut lab = pledged(cap(100_000_000, DAYS));
    let mut other = corroborator(150, &lab);
    for number in 0..DAYS {
        let used = if number < HALF { used_on(number) } else { 0 };
        let said = accounted(&lab, day(number), used);
        lab.say(StreamId::new(1), Content::Usage(said));
        let (lower, upper) = if number < HALF {
            (share(used, 960), share(used, 1040))
        } else {
            (0, 20_000)
        };
        other.measure(measured(&lab, day(number), lower, upper));
    }
    let files = log_with(&lab, &[&other], END);
    let trust = trust_of(&[lab.id], "", &expecting(&lab, &[(&other, "cloud")]));
    let found = judge_with(&files, &trust, END, Known::default()).verdicts[0].clone();
    assert!(!checks(&found).contains(&"disagreement"), "{found:#?}");
    assert_eq!(drift(&found), None);
}
