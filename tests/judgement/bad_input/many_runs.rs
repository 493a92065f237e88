//! Lineages of a hundred thousand runs: deep, wide, and in a ring. The time that each takes
//! grows with their number and not with its square.

use std::time::{Duration, Instant};

use standstill::attestation::content::{Ancestor, FlopBounds, Inheritance, Origin, RunEvent};
use standstill::claim::Pledge;

use super::*;
use crate::lineage::{parent, run};

/// How many runs: a hundred thousand where the code is optimised, as in the short benchmark of
/// CI, a tenth of that elsewhere.
const RUNS: usize = if cfg!(debug_assertions) {
    10_000
} else {
    100_000
};

/// How long a judgement may take, the log of as many entries read and checked: several times
/// what it takes one core, and a fraction of what a time would be that grows with the square.
const TIME: Duration = Duration::from_secs(30);

/// How many ancestors one statement names; an entry has room for a few more.
const NAMED: usize = 150;

/// So many operations at most in any run of a day, its lineage counted.
fn capped(limit: u128) -> Pledge {
    changed(0, 1, |pledge| {
        pledge.counted.quantity = QuantityKind::Flop;
        pledge.precision = Some("highest-dense".parse().unwrap());
        pledge.terms = Terms::RunCap {
            limit: Quantity::new(limit).unwrap(),
        };
    })
}

/// Exactly so many operations, from outside.
fn brought(flop: u128) -> Ancestor {
    let flop = Quantity::new(flop).unwrap();
    Ancestor {
        gave: Inheritance::Parent,
        origin: Origin::Imported {
            name: "weights".to_owned(),
            flop: FlopBounds::new(flop, Some(flop)).unwrap(),
        },
    }
}

/// A lab that pledged no run above so many operations, nor above one fewer, and reported a day
/// without training.
fn idle(limit: u128) -> Lab {
    let mut lab = pledged(capped(limit));
    lab.pledge(capped(limit - 1));
    let usage = accounted(&lab, day(0), 0);
    lab.say(StreamId::new(1), Content::Usage(usage));
    lab
}

/// A run begins. Its id.
fn start(lab: &mut Lab, lineage: Vec<Ancestor>) -> StatementId {
    let from = day(0).start();
    let begun = run(lab, RunEvent::Start { from }, 0, lineage);
    lab.say(StreamId::new(1), begun)
}

/// It ends after a day.
fn end(lab: &mut Lab, started: StatementId, lineage: Vec<Ancestor>) {
    let event = RunEvent::End {
        run: started,
        period: day(0),
    };
    let ended = run(lab, event, 0, lineage);
    lab.say(StreamId::new(1), ended);
}

/// Judges both pledges, within the time that is allowed.
fn judged(lab: &Lab) -> [Verdict; 2] {
    let files = seen_log(lab, FOUNDED + 1, END);
    let from = Instant::now();
    let found = judge_files(&Files(files), &trust(&[lab.id]), END).unwrap();
    let took = from.elapsed();
    assert!(took < TIME, "{took:?}");
    assert_eq!(found.verdicts.len(), 2);
    let [mut high, mut low] = [0, 1].map(|at| found.verdicts[at].clone());
    if high.sequence > low.sequence {
        std::mem::swap(&mut high, &mut low);
    }
    [high, low]
}

/// The least and the most that the largest lineage comes to.
fn bounds(found: &Verdict) -> [Option<u128>; 2] {
    let numbers = found.numbers.clone().unwrap();
    let number = |text: String| text.parse().unwrap();
    [Some(number(numbers.lower)), numbers.upper.map(number)]
}

fn number(count: usize) -> u128 {
    u128::try_from(count).unwrap()
}

/// Each run was made from the one before, and brought one operation from outside. Then the first
/// says, after its end, that it was made from the last.
// spec: ver-61 ver-63 ver-14
#[test]
fn a_chain_as_deep_as_many_runs_is_summed_and_a_ring_of_them_is_told() {
    let all = number(RUNS);
    let mut lab = idle(all);
    let first = start(&mut lab, vec![brought(1)]);
    let mut last = first;
    for _ in 1..RUNS {
        let lineage = vec![brought(1), parent(&lab, last)];
        last = start(&mut lab, lineage);
    }
    end(&mut lab, last, Vec::new());
    let [high, low] = judged(&lab);
    assert_eq!(high.headline(), "CONSISTENT@E2", "{:#?}", high.findings);
    assert_eq!(low.word, Word::Violated, "{:#?}", low.findings);
    assert_eq!(bounds(&high), [Some(all); 2]);
    let closing = vec![parent(&lab, last)];
    end(&mut lab, first, closing);
    let [high, low] = judged(&lab);
    assert_eq!(high.word, Word::NotShown, "{:#?}", high.findings);
    assert_eq!(low.word, Word::Violated, "{:#?}", low.findings);
    for found in [high, low] {
        assert!(checks(&found).contains(&"lineage-cycle"));
        assert_eq!(bounds(&found), [Some(all); 2]);
    }
}

/// One run made from very many, all of which were made from one: none is counted twice, and
/// the time does not grow with the square of their number.
// spec: ver-61 ver-14
#[test]
fn a_diamond_as_wide_as_many_runs_counts_its_root_once() {
    let wide = RUNS - 2;
    let all = 1_000_000 + number(wide);
    let mut lab = idle(all);
    let root = start(&mut lab, vec![brought(1_000_000)]);
    let mut middle = Vec::new();
    for _ in 0..wide {
        let lineage = vec![brought(1), parent(&lab, root)];
        middle.push(start(&mut lab, lineage));
    }
    let last = start(&mut lab, Vec::new());
    for named in middle.chunks(NAMED) {
        let lineage = named.iter().map(|run| parent(&lab, *run)).collect();
        let event = RunEvent::Progress {
            run: last,
            period: day(0),
        };
        let went = run(&lab, event, 0, lineage);
        lab.say(StreamId::new(1), went);
    }
    let [high, low] = judged(&lab);
    assert_eq!(high.headline(), "CONSISTENT@E2", "{:#?}", high.findings);
    assert_eq!(low.word, Word::Violated, "{:#?}", low.findings);
    assert_eq!(bounds(&high), [Some(all); 2]);
}

/// A run above the limit, among so many made from so many that no auditor walks them all.
// spec: ver-1 ver-61
#[test]
fn a_breach_behind_more_steps_than_are_walked_is_found() {
    let many = 4800;
    let mut lab = idle(1000);
    // Runs are walked in the order of their ids: one of the last.
    let mut last = None;
    for amount in 1001.. {
        let mut other = lab.clone();
        let id = start(&mut other, vec![brought(amount)]);
        if id.to_string().starts_with("ff") {
            end(&mut other, id, Vec::new());
            (lab, last) = (other, Some(amount));
            break;
        }
    }
    let mut trunk = start(&mut lab, Vec::new());
    for _ in 0..many {
        let lineage = vec![parent(&lab, trunk)];
        trunk = start(&mut lab, lineage);
    }
    for _ in 0..many {
        let lineage = vec![parent(&lab, trunk)];
        let leaf = start(&mut lab, lineage);
        end(&mut lab, leaf, Vec::new());
    }
    for found in judged(&lab) {
        assert_eq!(found.word, Word::Violated, "{:#?}", found.findings);
        assert_eq!(bounds(&found)[0], last);
    }
}

/// A run that was made from itself is the shortest ring.
// spec: ver-63
#[test]
fn a_run_that_was_made_from_itself_shows_nothing() {
    let mut lab = idle(Quantity::MAX.get());
    let alone = start(&mut lab, Vec::new());
    let own = vec![parent(&lab, alone)];
    end(&mut lab, alone, own);
    for found in judged(&lab) {
        assert_eq!(found.word, Word::NotShown, "{found:#?}");
        assert!(checks(&found).contains(&"lineage-cycle"), "{found:#?}");
    }
}
