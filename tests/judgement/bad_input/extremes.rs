//! Quantities and times at the ends of their ranges: nothing wraps, and no verdict gets better.

use num_bigint::BigUint;
use proptest::prelude::*;
use standstill::attestation::content::{AreaOpen, Corroboration, FigureKey};
use standstill::attestation::figure::{Class, Figure};
use standstill::claim::{Baseline, Counting, Exception, Pledge, Replacements, Step};
use standstill::time::UnixSeconds;
use standstill::verify::Judgement;

use super::*;

/// Where integer types end, and what formats and laws name.
const EDGES: &[u128] = &[
    0,
    1,
    (1 << 31) - 1,
    1 << 32,
    (1 << 53) + 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
    1 << 64,
    10_u128.pow(27),
    10_u128.pow(37),
    (1 << 126) - 1,
    Quantity::MAX.get() / 86_400,
    Quantity::MAX.get() / 86_400 + 1,
    Quantity::MAX.get() - 1,
    Quantity::MAX.get(),
];

fn edge() -> impl Strategy<Value = Quantity> {
    prop::sample::select(EDGES).prop_map(|units| Quantity::new(units).unwrap())
}

fn interval() -> impl Strategy<Value = Interval> {
    (edge(), edge()).prop_map(|(one, other)| {
        let (lower, upper) = (one.min(other), one.max(other));
        Interval::new(lower, upper).unwrap()
    })
}

/// What a day's report says: training, inference, how much of them was seen.
#[derive(Clone, Debug)]
struct Day {
    training: Interval,
    inference: Interval,
    observed: Quantity,
    gap: Quantity,
}

fn said() -> impl Strategy<Value = Day> {
    let observed = prop_oneof![edge(), Just(Quantity::MAX)];
    (interval(), interval(), observed, edge()).prop_map(|(training, inference, observed, gap)| {
        Day {
            training,
            inference,
            observed,
            gap,
        }
    })
}

impl Day {
    fn usage(&self, lab: &Lab, number: u64) -> Usage {
        let mut said = used(day(number), 0);
        said.inventory = Some(lab.inventory());
        said.figures[0].coverage = Coverage::Known {
            observed: self.observed,
            gap: self.gap,
            resets: Quantity::MAX,
        };
        said.figures[0].value = self.training;
        let mut inference = said.figures[0].clone();
        inference.class = Class::Inference;
        inference.value = self.inference;
        said.figures.insert(0, inference);
        said
    }

    /// The most that it comes to, of so many devices: what was said, and what was not seen.
    fn most(&self, devices: Quantity) -> Option<BigUint> {
        let all = big(devices) * DAY;
        let observed = big(self.observed);
        // No list is as long, and nobody counts more than was seen: neither is understood.
        let counted = big(self.training.lower()) + big(self.inference.lower());
        if devices.get() > u64::MAX.into() || counted > observed {
            return None;
        }
        let unseen = if all > observed {
            all - observed
        } else {
            BigUint::ZERO
        };
        Some(big(self.training.upper()) + unseen.max(big(self.gap)))
    }
}

fn stock(count: Quantity) -> Content {
    let some = u64::from(count > Quantity::ZERO);
    let mut said = devices(0, "h100-sxm", some);
    said.ledger.count = u64::MAX * some;
    for capacity in &mut said.capacity {
        capacity.count = count;
    }
    said.watts = vec![RatedWatts {
        boundary: Boundary::Facility,
        watts: count.max(Quantity::from(1_u64)),
    }];
    Content::Inventory(said)
}

/// A lab of so many devices, with this pledge.
fn holding(count: Quantity, pledge: Pledge) -> Lab {
    let mut lab = Lab::new(100);
    let stock = stock(count);
    lab.say(StreamId::new(1), stock);
    lab.pledge(pledge);
    lab
}

fn judged(lab: &Lab) -> Verdict {
    verdict(&seen_log(lab, FOUNDED, END), lab, END)
}

fn big(quantity: Quantity) -> BigUint {
    BigUint::from(quantity.get())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    // spec: ver-16 ver-21
    #[test]
    fn a_cap_is_judged_as_exact_arithmetic_says(
        limit in edge(),
        exception in edge(),
        count in edge(),
        days in prop::collection::vec(said(), 1..4),
    ) {
        let length = u64::try_from(days.len()).unwrap();
        let pledge = changed(0, length, |pledge| {
            pledge.terms = Terms::Cap { limit };
            pledge.exceptions = vec![Exception {
                amount: exception,
                reason: "a test".to_owned(),
            }];
        });
        let mut lab = holding(count, pledge);
        for (number, day) in (0..).zip(&days) {
            let usage = day.usage(&lab, number);
            lab.say(StreamId::new(1), Content::Usage(usage));
        }
        let found = judged(&lab);
        let allowed = big(limit) + big(exception);
        let lower: BigUint = days.iter().map(|day| big(day.training.lower())).sum();
        let upper: Option<BigUint> = days.iter().map(|day| day.most(count)).sum();
        let numbers = found.numbers.clone().unwrap();
        prop_assert_eq!(numbers.lower, lower.to_string());
        prop_assert_eq!(numbers.upper, upper.as_ref().map(ToString::to_string));
        prop_assert_eq!(numbers.limit, allowed.to_string());
        prop_assert_eq!(found.word == Word::Violated, lower > allowed, "{:#?}", found);
        if upper.is_none_or(|upper| upper > allowed) {
            prop_assert!(!is_good(found.word), "{:#?}", found);
        }
    }

    // spec: ver-16
    #[test]
    fn a_cut_is_judged_as_exact_arithmetic_says(
        parts in 1..1_000_000_u64,
        before in interval(),
        now in interval(),
    ) {
        let mut lab = Lab::new(100);
        let said = |lab: &mut Lab, number: u64, value: Interval| {
            let mut said = used(day(number), 0);
            said.figures[0].value = value;
            lab.say(StreamId::new(1), Content::Usage(said));
        };
        said(&mut lab, 0, before);
        let baseline = Baseline { period: day(0), heads: vec![lab.head(1)] };
        let limit = Quantity::from(parts);
        lab.pledge(pledge(Terms::Reduction { limit }, 1, 1, Some(baseline)));
        said(&mut lab, 1, now);
        let (first, rest) = lab.entries.split_at(4);
        let files = log(&[(first, Some(START + DAY)), (rest, Some(END))]);
        let found = verdict(&files, &lab, END);
        let scaled = |now: Quantity| big(now) * 1_000_000_u32;
        let base = |before: Quantity| big(before) * parts;
        let breach = scaled(now.lower()) > base(before.upper());
        let within = scaled(now.upper()) <= base(before.lower());
        prop_assert_eq!(found.word == Word::Violated, breach, "{:#?}", found);
        prop_assert_eq!(is_good(found.word), within, "{:#?}", found);
    }

    /// Every kind of claim: whoever reports more is never judged better.
    #[test]
    fn more_used_never_makes_a_verdict_better(
        terms in terms(),
        count in edge(),
        days in prop::collection::vec((every(), every()), 2),
        others in prop::collection::vec(interval(), 2),
    ) {
        let less = stated(&terms, count, days.iter().map(|(one, other)| one.least(other)), &others);
        let more = stated(&terms, count, days.iter().map(|(one, other)| one.most(other)), &others);
        let [less, more] = [less, more].map(|found| found.verdicts[0].clone());
        if is_good(more.word) {
            prop_assert!(is_good(less.word), "{:#?}\n{:#?}", less, more);
        }
        if less.word == Word::Violated {
            prop_assert_eq!(more.word, Word::Violated, "{:#?}\n{:#?}", less, more);
        }
    }
}

/// A claim of any kind whose limits are at the ends of the range.
fn terms() -> impl Strategy<Value = (QuantityKind, Terms)> {
    use QuantityKind as Of;
    let one = |quantity: QuantityKind, terms: fn(Quantity) -> Terms| {
        edge()
            .prop_map(move |limit| (quantity, terms(limit)))
            .boxed()
    };
    let cap: fn(Quantity) -> Terms = |limit| Terms::Cap { limit };
    let mut all: Vec<_> = [Of::AcceleratorSeconds, Of::EnergyJoules, Of::Flop]
        .map(|quantity| one(quantity, cap))
        .into();
    all.push(one(Of::InterconnectBytes, |limit| Terms::InferenceOnly {
        limit,
    }));
    all.push(one(Of::EnergyJoules, |limit| Terms::Halted {
        limit,
        seal_cadence: u64::MAX,
    }));
    all.push(one(Of::JobAccelerators, |limit| Terms::JobSize {
        maximum_accelerators: Some(limit),
        maximum_seconds: Some(Quantity::MAX),
    }));
    all.push(one(Of::Flop, |limit| Terms::RunCap { limit }));
    all.push(one(Of::Accelerators, |_| Terms::NoNewCapacity {
        inventories: vec![holding(Quantity::ZERO, cap_of_none()).inventory()],
        replacements: Replacements::Free,
    }));
    for counting in [Counting::InUse, Counting::Installed] {
        let count = edge().prop_map(move |limit| {
            let terms = Terms::Accelerators { limit, counting };
            (Of::Accelerators, terms)
        });
        all.push(count.boxed());
    }
    let ramp = (edge(), edge()).prop_map(|(one, other)| {
        let steps = [(0, one.max(other)), (1, one.min(other))];
        let schedule = steps.map(|(number, limit)| Step {
            time: day(number),
            limit,
        });
        let schedule = schedule.to_vec();
        (Of::AcceleratorSeconds, Terms::RampDown { schedule })
    });
    all.push(ramp.boxed());
    proptest::strategy::Union::new(all)
}

fn cap_of_none() -> Pledge {
    cap(0, 1)
}

/// One value for every figure of a report.
#[derive(Clone, Debug)]
struct Every(Vec<Interval>);

fn every() -> impl Strategy<Value = Every> {
    prop::collection::vec(interval(), 6).prop_map(Every)
}

impl Every {
    /// Of two reports, in each figure what is less.
    fn least(&self, other: &Self) -> Self {
        self.with(other, Ord::min)
    }

    /// Of two reports, in each figure what is more.
    fn most(&self, other: &Self) -> Self {
        self.with(other, Ord::max)
    }

    fn with(&self, other: &Self, of: fn(Quantity, Quantity) -> Quantity) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        let each = pairs.map(|(one, other)| {
            let lower = of(one.lower(), other.lower());
            Interval::new(lower, of(one.upper(), other.upper())).unwrap()
        });
        Self(each.collect())
    }

    /// Figures of every quantity, all of which was seen.
    fn figures(&self) -> Vec<Figure> {
        let quantities = [
            QuantityKind::AcceleratorSeconds,
            QuantityKind::Accelerators,
            QuantityKind::EnergyJoules,
            QuantityKind::InterconnectBytes,
            QuantityKind::JobAccelerators,
            QuantityKind::JobSeconds,
        ];
        let figures = quantities.into_iter().zip(&self.0);
        let figure = |(quantity, value): (QuantityKind, &Interval)| {
            let mut figure = used(day(0), 0).figures.remove(0);
            figure.quantity = quantity;
            figure.value = *value;
            figure.boundary =
                (quantity == QuantityKind::EnergyJoules).then_some(Boundary::Facility);
            figure.coverage = Coverage::Known {
                observed: Quantity::MAX,
                gap: Quantity::ZERO,
                resets: Quantity::ZERO,
            };
            figure
        };
        let mut figures: Vec<Figure> = figures.map(figure).collect();
        let mut flop = figures[0].clone();
        flop.quantity = QuantityKind::Flop;
        flop.precision = Some(bf16());
        figures.push(flop);
        figures.sort_by_key(FigureKey::of);
        figures
    }
}

fn bf16() -> Precision {
    Precision {
        dtype: "bf16".to_owned(),
        sparsity: "dense".to_owned(),
    }
}

/// Judges a lab that reported this, and of which two others said that.
fn stated(
    (quantity, terms): &(QuantityKind, Terms),
    count: Quantity,
    days: impl Iterator<Item = Every>,
    measures: &[Interval],
) -> Judgement {
    let boundary = (*quantity == QuantityKind::EnergyJoules).then_some(Boundary::Facility);
    let lab = holding(
        count,
        changed(0, 2, |pledge| {
            pledge.terms = terms.clone();
            pledge.counted.quantity = *quantity;
            pledge.counted.boundary = boundary;
            let flop = *quantity == QuantityKind::Flop;
            pledge.precision = flop.then(|| "highest-dense".parse().unwrap());
        }),
    );
    let mut others = [120, 140].map(|seed| corroborator(seed, &lab));
    let mut lab = lab;
    for (number, every) in (0..).zip(days) {
        let mut said = used(day(number), 0);
        said.inventory = Some(lab.inventory());
        said.figures = every.figures();
        lab.say(StreamId::new(1), Content::Usage(said));
        for (other, value) in others.iter_mut().zip(measures) {
            let mut said: Corroboration = measured(&lab, day(number), 0, 0);
            said.figures[0].value = *value;
            said.figures[0].quantity = *quantity;
            said.figures[0].boundary = boundary;
            said.boundary = boundary;
            let flop = *quantity == QuantityKind::Flop;
            said.figures[0].precision = flop.then(bf16);
            other.measure(said);
        }
    }
    let [first, second] = &others;
    let files = log_with(&lab, &[first, second], END);
    let expected = expecting(&lab, &[(first, "one"), (second, "two")]);
    let trust = trust_with(&[lab.id], &expected);
    judge_with(&files, &trust, END, Known::default())
}

/// What is not spelled as a quantity, among it a nothing below nothing.
// spec: att-1
#[test]
fn no_other_spelling_is_a_quantity() {
    let long = "9".repeat(39);
    let longer = "1".repeat(100_000);
    for text in [
        "-0",
        "+0",
        "00",
        "-1",
        "0.0",
        "1e3",
        "1e999999999",
        "1E27",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "1,000",
        " 1",
        "1 ",
        "1\n",
        "1\0",
        "\u{2212}1",
        "\u{ff11}",
        "",
        "340282366920938463463374607431768211456",
        &long,
        &longer,
    ] {
        let error = text.parse::<Quantity>().unwrap_err().to_string();
        assert!(error.len() < 200, "{error}");
    }
    for units in EDGES {
        assert_eq!(
            units.to_string().parse(),
            Ok(Quantity::new(*units).unwrap())
        );
    }
}

/// 9999-12-31T23:59:59Z.
const LAST: u64 = UnixSeconds::MAX.get();

/// A lab whose area begins so many days before time ends, and a pledge up to that end.
fn at_the_end(days_left: u64, grace: u64, reports: u64) -> Verdict {
    let first = LAST + 1 - days_left * DAY;
    let mut lab = Lab::new(100);
    let open = AreaOpen {
        first: at(first),
        grace,
        ..days()
    };
    lab.open(2, open);
    lab.pledge(changed(1000, 1, |pledge| {
        pledge.window = Period::new(at(first), at(LAST)).unwrap();
        pledge.perimeter.areas = standstill::claim::AreaSelection::Listed(vec![StreamId::new(2)]);
    }));
    for number in 0..reports {
        let start = first + number * DAY;
        let period = Period::new(at(start), at(start + DAY)).unwrap();
        lab.say(StreamId::new(2), usage(period, 10));
    }
    let (governance, rest) = lab.entries.split_at(4);
    let files = log(&[(governance, Some(START)), (rest, Some(LAST))]);
    verdict(&files, &lab, LAST)
}

/// The last day has no end that could be spelled, so no report of it can be made: what ran in
/// it is not known.
#[test]
fn a_time_of_which_no_report_can_be_made_is_not_covered() {
    for days in [2, 3] {
        let found = at_the_end(days, DAY, days - 1);
        assert_eq!(found.word, Word::NotShown, "{days}: {found:#?}");
        assert!(checks(&found).contains(&"report-missing"), "{found:#?}");
        assert!(found.numbers.unwrap().upper.is_none());
    }
    // An area whose first period would have no end is none.
    let found = at_the_end(1, DAY, 0);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(&found).contains(&"area-missing"), "{found:#?}");
}

/// A deadline of the area that lies beyond the end of time does not take away the pledge's.
// spec: ver-31
#[test]
fn a_deadline_beyond_the_end_of_time_leaves_that_of_the_pledge() {
    for grace in [0, DAY, 366 * DAY] {
        let found = at_the_end(10, grace, 3);
        assert_eq!(found.word, Word::Overdue, "{grace}: {found:#?}");
    }
}

/// Times of the pledge itself at the end of theirs.
#[test]
fn times_of_a_pledge_at_the_end_of_their_range_make_nothing_better() {
    let kept = |change: &dyn Fn(&mut Pledge)| {
        let pledge = changed(1000, 2, |pledge| change(pledge));
        reported(pledged(pledge), &[10, 10])
    };
    let sound = kept(&|_| {});
    assert_eq!(sound.headline(), "CONSISTENT@E1");
    for most in [u64::MAX, u64::MAX - 1, 1 << 63, LAST] {
        let found = kept(&|pledge| pledge.notice = most);
        assert_eq!(found.headline(), sound.headline(), "{most}: {found:#?}");
        for change in [
            |pledge: &mut Pledge, most: u64| pledge.deadline = most,
            |pledge: &mut Pledge, most: u64| pledge.sliding = Some(most),
            |pledge: &mut Pledge, most: u64| {
                pledge.cadence = Cadence::Seconds(most.try_into().unwrap());
            },
        ] {
            let found = kept(&|pledge| change(pledge, most));
            assert_eq!(found.word, Word::NotShown, "{most}: {found:#?}");
        }
    }
    // With a window as long as time is, all of it is due.
    let found = kept(&|pledge| {
        pledge.window = Period::new(UnixSeconds::EPOCH, UnixSeconds::MAX).unwrap();
    });
    assert!(!is_good(found.word), "{found:#?}");
}

/// A notice that ends beyond the end of time ends no duty.
// spec: ver-29
#[test]
fn a_withdrawal_whose_notice_never_ends_ends_nothing() {
    for notice in [u64::MAX, LAST, LAST - START] {
        let mut lab = Lab::new(100);
        lab.say(StreamId::new(1), inventory(0, DEVICES));
        let id = lab.pledge(changed(1000, 2, |pledge| pledge.notice = notice));
        let reason = "a test".to_owned();
        let withdrawal = Withdrawal { pledge: id, reason };
        lab.say(StreamId::GOVERNANCE, Content::Withdrawal(withdrawal));
        lab.usage(day(0), 10);
        lab.usage(day(1), 1000);
        let files = seen_log(&lab, FOUNDED + 1, END);
        let found = verdict(&files, &lab, END);
        assert_eq!(found.word, Word::Violated, "{notice}: {found:#?}");
    }
}
