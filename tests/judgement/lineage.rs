//! Runs with all that they were made from.

use standstill::attestation::content::{
    Ancestor, Architecture, FlopBounds, Held, Inheritance, Measured, Origin, Run, RunArea, RunEvent,
};
use standstill::attestation::figure::Class;
use standstill::claim::LimitedQuantity;

use super::*;

/// The catalogue's highest dense peak of the model in these tests.
const PEAK: u128 = 1_979_000_000_000_000;

/// What so many accelerator-seconds can do at most.
fn flop(seconds: u128) -> Quantity {
    Quantity::new(seconds * PEAK).unwrap()
}

/// No run above what so many accelerator-seconds can do, in three days.
fn capped(seconds: u128) -> standstill::claim::Pledge {
    changed(0, 3, |pledge| {
        pledge.counted = LimitedQuantity {
            quantity: QuantityKind::Flop,
            basis: Basis::Allocated,
            boundary: None,
            h100_equivalents: false,
        };
        pledge.precision = Some("highest-dense".parse().unwrap());
        pledge.terms = Terms::RunCap {
            limit: flop(seconds),
        };
    })
}

/// A statement of a run of training, which used so many accelerator-seconds unless it begins.
pub(crate) fn run(lab: &Lab, event: RunEvent, used: u64, lineage: Vec<Ancestor>) -> Content {
    let starts = matches!(event, RunEvent::Start { .. });
    let figures = if starts {
        Vec::new()
    } else {
        super::used(day(0), used).figures
    };
    Content::Run(Box::new(Run {
        event,
        class: Class::Training,
        areas: vec![RunArea {
            area: Measured {
                issuer: lab.id,
                stream: StreamId::new(1),
            },
            figures,
        }],
        architecture: None,
        lineage,
        held: Held {
            code: None,
            data: None,
            checkpoints: None,
        },
    }))
}

/// A run of one day, which used so much and was made from others. Returns its id.
fn ran(lab: &mut Lab, number: u64, used: u64, from: &[StatementId]) -> StatementId {
    let parents = from.iter().map(|run| parent(lab, *run)).collect();
    made(lab, number, used, parents)
}

/// A run of the lab, as what another was made from.
pub(crate) fn parent(lab: &Lab, run: StatementId) -> Ancestor {
    Ancestor {
        gave: Inheritance::Parent,
        origin: Origin::Run {
            issuer: lab.id,
            run,
        },
    }
}

fn made(lab: &mut Lab, number: u64, used: u64, lineage: Vec<Ancestor>) -> StatementId {
    let from = day(number).start();
    let start = run(lab, RunEvent::Start { from }, 0, lineage);
    let id = lab.say(StreamId::new(1), start);
    let event = RunEvent::End {
        run: id,
        period: day(number),
    };
    let end = run(lab, event, used, Vec::new());
    lab.say(StreamId::new(1), end);
    id
}

/// A lab that used so much on each of three days, and declares these runs.
fn lab(limit: u128, used: [u64; 3], runs: impl Fn(&mut Lab)) -> Lab {
    let mut lab = pledged(capped(limit));
    for (number, amount) in (0..).zip(used) {
        let usage = accounted(&lab, day(number), amount);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    runs(&mut lab);
    lab
}

fn judged(lab: &Lab) -> Verdict {
    verdict(&seen_log(lab, FOUNDED, END), lab, END)
}

// spec: ver-99
#[test]
fn whoever_measures_what_ran_does_not_know_what_is_one_run() {
    let lab = lab(1000, [900, 0, 0], |lab| {
        ran(lab, 0, 900, &[]);
    });
    // Even all that ran is below the limit.
    let cloud = |seed| {
        let mut other = corroborator(seed, &lab);
        for number in 0..3 {
            other.measure(measured(&lab, day(number), 0, 300));
        }
        other
    };
    let (one, other) = (cloud(150), cloud(170));
    let files = log_with(&lab, &[&one, &other], END);
    let expected = expecting(&lab, &[(&one, "cloud"), (&other, "colo")]);
    let trust = trust_of(&[lab.id], "", &expected);
    let found = &judge_with(&files, &trust, END, Known::default()).verdicts[0];
    assert_eq!(found.headline(), "CONSISTENT@E2", "{found:#?}");
    assert_eq!(found.roots, [""; 0]);
}

// spec: ver-61
#[test]
fn a_lineage_is_summed_and_no_ancestor_twice() {
    // Two children of one run, and a run made from both: a diamond.
    let diamond = |lab: &mut Lab| {
        let first = ran(lab, 0, 1000, &[]);
        let left = ran(lab, 1, 100, &[first]);
        let right = ran(lab, 1, 10, &[first]);
        ran(lab, 2, 1, &[left, right]);
    };
    let used = [1000, 110, 1];
    assert_eq!(
        judged(&lab(1111, used, diamond)).headline(),
        "CONSISTENT@E2"
    );
    let found = judged(&lab(1110, used, diamond));
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    let numbers = found.numbers.unwrap();
    assert_eq!(numbers.upper.unwrap(), (1111 * PEAK).to_string());
    // Apart, the largest counts.
    let apart = |lab: &mut Lab| {
        ran(lab, 0, 1000, &[]);
        ran(lab, 1, 110, &[]);
        ran(lab, 2, 1, &[]);
    };
    assert_eq!(judged(&lab(1000, used, apart)).headline(), "CONSISTENT@E2");
    assert_eq!(judged(&lab(999, used, apart)).word, Word::NotShown);
}

// spec: ver-61
#[test]
fn fifty_eight_slices_of_one_run_are_one() {
    let sliced = |lab: &mut Lab| {
        let mut last = Vec::new();
        for _ in 0..58 {
            last = vec![ran(lab, 0, 100, &last)];
        }
    };
    let used = [5800, 0, 0];
    assert_eq!(judged(&lab(5800, used, sliced)).headline(), "CONSISTENT@E2");
    assert_eq!(judged(&lab(5799, used, sliced)).word, Word::NotShown);
}

// spec: ver-61
#[test]
fn a_ladder_of_more_ways_than_could_be_walked_is_summed_once() {
    // 2^200 ways from the last run to the first.
    let ladder = |lab: &mut Lab| {
        let mut last = Vec::new();
        for _ in 0..200 {
            last = vec![ran(lab, 0, 2, &last), ran(lab, 0, 1, &last)];
        }
        ran(lab, 0, 1, &last);
    };
    let used = [601, 0, 0];
    assert_eq!(judged(&lab(601, used, ladder)).headline(), "CONSISTENT@E2");
    assert_eq!(judged(&lab(600, used, ladder)).word, Word::NotShown);
}

// spec: ver-62
#[test]
fn what_no_run_explains_may_be_any_runs() {
    let one = |lab: &mut Lab| {
        ran(lab, 0, 600, &[]);
    };
    let found = judged(&lab(1000, [600, 400, 0], one));
    assert_eq!(found.headline(), "CONSISTENT@E2", "{found:#?}");
    assert!(checks(&found).contains(&"unexplained"));
    assert_eq!(judged(&lab(999, [600, 400, 0], one)).word, Word::NotShown);
    // Nobody declares any.
    assert_eq!(
        judged(&lab(1000, [600, 401, 0], |_| {})).word,
        Word::NotShown
    );
}

// spec: ver-61
#[test]
fn operations_that_a_lab_states_are_a_breach() {
    let stating = |told: u128, corrected: Option<u128>| {
        lab(1000, [600, 0, 0], |lab| {
            let from = day(0).start();
            let start = run(lab, RunEvent::Start { from }, 0, Vec::new());
            let id = lab.say(StreamId::new(1), start);
            let stated = |lab: &Lab, told: u128| {
                let period = day(0);
                let Content::Run(mut run) =
                    run(lab, RunEvent::End { run: id, period }, 600, vec![])
                else {
                    unreachable!()
                };
                run.architecture = Some(Architecture {
                    flop: Interval::exactly(flop(told)),
                    tokens: Quantity::from(1_u64),
                    parameters: Quantity::from(1_u64),
                    dtype: "bf16".to_owned(),
                });
                Content::Run(run)
            };
            let sequence = lab.next_sequence(StreamId::new(1));
            let end = lab.say(StreamId::new(1), stated(lab, told));
            if let Some(told) = corrected {
                lab.correct(sequence, end, stated(lab, told));
            }
        })
    };
    assert_eq!(judged(&stating(1000, None)).headline(), "CONSISTENT@E2");
    assert_eq!(judged(&stating(1001, None)).headline(), "VIOLATED");
    assert_eq!(
        judged(&stating(1001, Some(900))).headline(),
        "VIOLATED (restated)"
    );
    assert_eq!(judged(&stating(900, Some(1001))).headline(), "VIOLATED");
}

// spec: ver-63
#[test]
fn what_came_from_elsewhere_counts_or_leaves_it_open() {
    let imported = |lower: u128, upper: Option<u128>| {
        lab(1000, [600, 0, 0], |lab| {
            let flop = FlopBounds::new(flop(lower), upper.map(flop)).unwrap();
            let name = "open weights".to_owned();
            let origin = Origin::Imported { name, flop };
            let gave = Inheritance::Teacher;
            made(lab, 0, 600, vec![Ancestor { gave, origin }]);
        })
    };
    assert_eq!(judged(&imported(0, Some(400))).headline(), "CONSISTENT@E2");
    assert_eq!(judged(&imported(0, Some(401))).word, Word::NotShown);
    assert_eq!(judged(&imported(0, None)).word, Word::NotShown);
    assert_eq!(judged(&imported(1001, Some(1001))).headline(), "VIOLATED");
    // One that is not in the log.
    let nobody = StatementId::of(b"nothing");
    let found = judged(&lab(1000, [600, 0, 0], |lab| {
        ran(lab, 0, 600, &[nobody]);
    }));
    assert_eq!(found.word, Word::NotShown);
    assert!(checks(&found).contains(&"lineage-missing"), "{found:#?}");
}

// spec: ver-63
#[test]
fn a_run_that_is_its_own_ancestor_shows_nothing() {
    // What came to the first since it started: the second, which was made from it.
    let circular = lab(1000, [500, 0, 0], |lab| {
        let from = day(0).start();
        let start = run(lab, RunEvent::Start { from }, 0, Vec::new());
        let first = lab.say(StreamId::new(1), start);
        let second = ran(lab, 0, 100, &[first]);
        let origin = Origin::Run {
            issuer: lab.id,
            run: second,
        };
        let gave = Inheritance::SyntheticData;
        let period = day(0);
        let end = run(
            lab,
            RunEvent::End { run: first, period },
            400,
            vec![Ancestor { gave, origin }],
        );
        lab.say(StreamId::new(1), end);
    });
    let found = judged(&circular);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(&found).contains(&"lineage-cycle"));
}

#[test]
fn a_lineage_of_many_runs_is_summed_in_time() {
    let count = if cfg!(debug_assertions) {
        2_000
    } else {
        20_000
    };
    let long = lab(
        count,
        [u64::try_from(count).unwrap() % 864_000, 0, 0],
        |lab| {
            let mut last = Vec::new();
            for _ in 0..count {
                last = vec![ran(lab, 0, 1, &last)];
            }
        },
    );
    let started = std::time::Instant::now();
    assert_eq!(judged(&long).headline(), "CONSISTENT@E2");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
