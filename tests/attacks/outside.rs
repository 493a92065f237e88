//! What others say, left out, blurred or put in another order, makes no verdict better.

use proptest::prelude::*;
use standstill::attestation::content::{Corroboration, CorroborationSource, Cover};
use standstill::attestation::figure::{Basis, Boundary, Class};
use standstill::time::Period;
use standstill::verify::Trust;

use super::*;

const DAYS: u64 = 3;

/// What one statement says: of which days, how it covers them, between what.
#[derive(Clone, Debug)]
struct Says {
    first: u64,
    days: u64,
    cover: Cover,
    source: CorroborationSource,
    basis: Basis,
    class: Class,
    lower: u64,
    more: u64,
    gap: u64,
    energy: bool,
}

#[derive(Clone, Debug)]
struct Case {
    limit: u64,
    /// What the lab reports of each day, in tens of thousands.
    used: Vec<u64>,
    /// Two others.
    says: [Vec<Says>; 2],
    roots: usize,
}

fn says() -> impl Strategy<Value = Says> {
    let place = (0..DAYS, 1..=DAYS);
    let kind = (
        prop::sample::select(&[Cover::All, Cover::All, Cover::More, Cover::Part][..]),
        prop::sample::select(
            &[
                CorroborationSource::OwnMeter,
                CorroborationSource::ShownByLab,
            ][..],
        ),
        prop::sample::select(&[Basis::Allocated, Basis::Allocated, Basis::Present][..]),
        prop::sample::select(&[Class::Training, Class::Training, Class::Unclassified][..]),
    );
    (
        place,
        kind,
        0_u64..40,
        0_u64..20,
        0_u64..3,
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |((first, days), (cover, source, basis, class), lower, more, gap, energy)| Says {
                first,
                days: days.min(DAYS - first),
                cover,
                source,
                basis,
                class,
                lower,
                more,
                gap,
                energy,
            },
        )
}

fn case() -> impl Strategy<Value = Case> {
    // Most often every day is spoken of, or nothing would be to be made better.
    let daily = (0_u64..40, 0_u64..20).prop_map(|(lower, more)| {
        let day = |first| Says {
            first,
            days: 1,
            cover: Cover::All,
            source: CorroborationSource::OwnMeter,
            basis: Basis::Allocated,
            class: Class::Training,
            lower,
            more,
            gap: 0,
            energy: false,
        };
        (0..DAYS).map(day).collect::<Vec<_>>()
    });
    let one = (
        daily,
        prop::collection::vec(says(), 0..3),
        prop::bool::weighted(0.8),
    );
    let one = one
        .prop_map(|(daily, more, all)| {
            let daily = if all { daily } else { Vec::new() };
            more.into_iter().chain(daily).collect::<Vec<_>>()
        })
        .boxed();
    let used = prop::collection::vec(0_u64..40, 3);
    (20_u64..200, used, [one.clone(), one], 2_usize..=3).prop_map(|(limit, used, says, roots)| {
        Case {
            limit,
            used,
            says,
            roots,
        }
    })
}

fn statement(lab: &Lab, says: &Says) -> Corroboration {
    let end = day(says.first + says.days - 1).end();
    let period = Period::new(day(says.first).start(), end).unwrap();
    let unit = 10_000 * says.days;
    let (lower, upper) = (says.lower * unit, (says.lower + says.more) * unit);
    let mut said = measured(lab, period, lower, upper);
    said.cover = says.cover;
    said.source = says.source;
    if says.energy {
        said.boundary = Some(Boundary::Feed);
        said.figures = vec![energy(period, Boundary::Feed, lower, upper)];
    } else {
        let figure = &mut said.figures[0];
        (figure.basis, figure.class) = (says.basis, says.class);
        figure.coverage = seen(
            DEVICES * period.seconds() - says.gap * 1000,
            says.gap * 1000,
        );
    }
    said
}

/// The lab and the two others.
fn told(case: &Case) -> [Lab; 3] {
    let mut lab = pledged(cap(case.limit * 10_000, DAYS));
    for (number, used) in (0..DAYS).zip(&case.used) {
        let usage = accounted(&lab, day(number), used * 10_000);
        lab.say(StreamId::new(1), Content::Usage(usage));
    }
    let other = |seed, says: &[Says]| {
        let mut other = corroborator(seed, &lab);
        for one in says {
            other.measure(statement(&lab, one));
        }
        other
    };
    let [one, two] = &case.says;
    let (one, two) = (other(200, one), other(220, two));
    [lab, one, two]
}

fn trusting(case: &Case, [lab, one, two]: &[Lab; 3]) -> Trust {
    let keys = format!("required_roots = {}\n", case.roots);
    trust_of(
        &[lab.id],
        &keys,
        &expecting(lab, &[(one, "cloud"), (two, "utility")]),
    )
}

fn judged(trust: &Trust, [lab, one, two]: &[Lab; 3]) -> Judgement {
    let files = log_with(lab, &[one, two], END);
    judge_with(&files, trust, END, Known::default())
}

/// Most of what can be made better is not; so that a test of that is worth something, some
/// must hold.
#[test]
fn some_cases_hold_and_some_do_not() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut words = std::collections::BTreeMap::new();
    for _ in 0..60 {
        let case = case().new_tree(&mut runner).unwrap().current();
        let labs = told(&case);
        let found = judged(&trusting(&case, &labs), &labs);
        *words.entry(found.verdicts[0].headline()).or_insert(0) += 1;
    }
    for word in ["HOLDS@E3", "CONSISTENT@E2", "NOT-SHOWN", "VIOLATED"] {
        assert!(words.contains_key(word), "{words:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 40 } else { 400 }))]

    // spec: ver-5 ver-45 ver-48
    #[test]
    fn leaving_out_what_others_say_makes_nothing_better(case in case()) {
        let labs = told(&case);
        let trust = trusting(&case, &labs);
        let whole = judged(&trust, &labs);
        for who in 1..3 {
            // Of what somebody says last, and need not say, nobody misses it: that is told.
            let needed = case.says[who - 1].last().is_some_and(|last| {
                let days: u64 = case.says[who - 1].iter().map(|says| says.days).sum();
                days == DAYS && last.days == 1
            });
            let last = labs[who].entries.len() - usize::from(!needed);
            for at in 0..last {
                let mut fewer = labs.clone();
                fewer[who].entries.remove(at);
                let found = judged(&trust, &fewer);
                prop_assert!(!is_better(&found, &whole), "{who} {at}: {found:#?}\n{whole:#?}");
            }
        }
        // Nor does all of it.
        let mut alone = labs.clone();
        alone[1].entries.clear();
        alone[2].entries.clear();
        prop_assert!(!is_better(&judged(&trust, &alone), &whole));
    }

    // spec: ver-5 ver-47
    #[test]
    fn blurring_what_others_say_makes_nothing_better(
        case in case(), who in 0_usize..2, which in any::<prop::sample::Index>(),
        down in 0_u64..40, up in 0_u64..10,
    ) {
        let labs = told(&case);
        let trust = trusting(&case, &labs);
        let whole = judged(&trust, &labs);
        let mut blurred = case.clone();
        if blurred.says[who].is_empty() {
            return Ok(());
        }
        let at = which.index(blurred.says[who].len());
        let says = &mut blurred.says[who][at];
        let down = down.min(says.lower);
        says.lower -= down;
        says.more += down + up;
        let found = judged(&trust, &told(&blurred));
        let (word, was) = (&found.verdicts[0], &whole.verdicts[0]);
        // The pledge is another statement only if the lab says something else: it does not.
        prop_assert_eq!(word.pledge, was.pledge);
        prop_assert!(!is_better(&found, &whole), "{:#?}\n{:#?}", found, whole);
    }

    // spec: ver-46
    #[test]
    fn the_lab_alone_is_never_above_e2_and_order_changes_nothing(case in case(), seed in any::<u64>()) {
        let labs = told(&case);
        let trust = trusting(&case, &labs);
        let whole = judged(&trust, &labs);
        let nobody = trust_of(&[labs[0].id], "", "");
        let alone = judged(&nobody, &labs);
        prop_assert!(alone.verdicts[0].level <= Level::E2);
        // Others before the lab, or between its entries.
        let (founding, reports) = labs[0].entries.split_at(FOUNDED);
        let mut mixed = labs[0].clone();
        mixed.entries = founding.to_vec();
        let mut queues = [reports, &labs[1].entries, &labs[2].entries].map(|one| one.iter().peekable());
        let mut dice = seed;
        while queues.iter_mut().any(|queue| queue.peek().is_some()) {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from((dice >> 33) % 3).unwrap();
            mixed.entries.extend(queues[at].next().cloned());
        }
        let files = seen_log(&mixed, FOUNDED, END);
        let found = judge_with(&files, &trust, END, Known::default());
        prop_assert_eq!(found.verdicts[0].headline(), whole.verdicts[0].headline());
        prop_assert_eq!(&found.verdicts[0].resolution, &whole.verdicts[0].resolution);
        prop_assert_eq!(&found.verdicts[0].numbers, &whole.verdicts[0].numbers);
    }
}
