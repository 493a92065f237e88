//! Properties, against a computation with plain fractions that knows nothing of how the
//! library scales and rounds.

use num_bigint::BigInt;
use num_bigint::BigUint;
use proptest::collection::vec;
use proptest::prelude::*;
use standstill::attestation::figure::Class;
use standstill::quantity::Interval;
use standstill::quantity::Quantity;
use standstill::verify::accounting::Alarm;
use standstill::verify::accounting::Balance;
use standstill::verify::accounting::Books;
use standstill::verify::accounting::Conversion;
use standstill::verify::accounting::Cusum;
use standstill::verify::accounting::Difference;
use standstill::verify::accounting::Disagreement;
use standstill::verify::accounting::ErrorLevel;
use standstill::verify::accounting::Parameters;
use standstill::verify::accounting::Ppm;
use standstill::verify::accounting::Rating;
use standstill::verify::accounting::RelativeError;
use standstill::verify::accounting::Score;
use standstill::verify::accounting::Term;

/// A fraction, never reduced; the denominator is positive.
#[derive(Clone, Debug)]
struct Fraction(BigInt, BigInt);

impl Fraction {
    fn new(above: impl Into<BigInt>, below: impl Into<BigInt>) -> Self {
        Self(above.into(), below.into())
    }

    fn plus(&self, other: &Self) -> Self {
        Self(&self.0 * &other.1 + &other.0 * &self.1, &self.1 * &other.1)
    }

    fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0, &self.1 * &other.1)
    }

    fn at_most(&self, other: &Self) -> bool {
        &self.0 * &other.1 <= &other.0 * &self.1
    }
}

/// Variance, as F5 writes it.
fn variance(terms: &[Term]) -> Fraction {
    let share = |term: &Term, part: Ppm| {
        Fraction::new(term.amount.upper().get(), 1).times(&Fraction::new(part.get(), 1_000_000))
    };
    let (mut random, mut systematic) = (Fraction::new(0, 1), Fraction::new(0, 1));
    for term in terms {
        let one = share(term, term.error.random);
        random = random.plus(&one.times(&one));
        systematic = systematic.plus(&share(term, term.error.systematic));
    }
    random.plus(&systematic.times(&systematic))
}

/// Whether `value` is at most so many millionths of a standard deviation.
fn is_within(value: &BigInt, millionths: u32, variance: &Fraction) -> bool {
    let z = Fraction::new(millionths, 1_000_000);
    *value <= BigInt::ZERO || Fraction::new(value * value, 1).at_most(&z.times(&z).times(variance))
}

/// The smallest whole number that is at least so many deviations, by halving.
fn deviations_up(millionths: u32, variance: &Fraction) -> BigInt {
    let z = Fraction::new(millionths, 1_000_000);
    let square = z.times(&z).times(variance);
    let enough = |value: &BigInt| square.at_most(&Fraction::new(value * value, 1));
    let (mut low, mut high) = (BigInt::ZERO, BigInt::from(1));
    while !enough(&high) {
        high *= 2;
    }
    while low < high {
        let middle: BigInt = (&low + &high) / 2;
        if enough(&middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// One model in one area and period.
type Entry = (Term, Vec<(Class, Term)>);

fn balance_of((available, used): &Entry) -> Balance {
    Balance::of(*available, used.iter().copied())
}

fn sum(entries: &[Entry]) -> Balance {
    let mut sum = Balance::default();
    for entry in entries {
        sum.add(&balance_of(entry));
    }
    sum
}

fn terms(entries: &[Entry]) -> Vec<Term> {
    let each = |(available, used): &Entry| {
        let used: Vec<Term> = used.iter().map(|(_, term)| *term).collect();
        [vec![*available], used].concat()
    };
    entries.iter().flat_map(each).collect()
}

/// The bounds of what is unaccounted for in one entry.
fn unaccounted((available, used): &Entry) -> (BigInt, BigInt) {
    let mut lower = BigInt::from(available.amount.lower().get());
    let mut upper = BigInt::from(available.amount.upper().get());
    for (_, term) in used {
        lower -= term.amount.upper().get();
        upper -= term.amount.lower().get();
    }
    (lower, upper)
}

fn error() -> impl Strategy<Value = RelativeError> {
    let share = || prop_oneof![Just(0), 0..1_000_u32, 0..=1_000_000_u32];
    (share(), share()).prop_map(|(random, systematic)| RelativeError {
        random: Ppm::new(random),
        systematic: Ppm::new(systematic),
    })
}

fn term() -> impl Strategy<Value = Term> {
    let size = prop_oneof![0..20_u128, 0..1_000_000_u128, 0..10_u128.pow(37)];
    let more = prop_oneof![Just(0), 0..1_000_u128];
    (size, more, error()).prop_map(|(lower, more, error)| Term {
        amount: Interval::new(
            Quantity::new(lower).unwrap(),
            Quantity::new(lower + more).unwrap(),
        )
        .unwrap(),
        error,
    })
}

fn class() -> impl Strategy<Value = Class> {
    proptest::sample::select(Class::ALL)
}

fn entry() -> impl Strategy<Value = Entry> {
    (term(), vec((class(), term()), 0..4)).prop_map(|(available, mut used)| {
        // Half the time, what is left over is idle, so that balances nearly close.
        let rest: Option<Term> = (|| {
            let mut left = available.amount.lower();
            for (_, term) in &used {
                left = left.minus(term.amount.upper())?;
            }
            Some(Term {
                amount: Interval::exactly(left),
                error: available.error,
            })
        })();
        used.extend(rest.map(|rest| (Class::Idle, rest)));
        (available, used)
    })
}

fn level() -> impl Strategy<Value = ErrorLevel> {
    proptest::sample::select(ErrorLevel::all().collect::<Vec<_>>())
}

fn parameters() -> impl Strategy<Value = Parameters> {
    (level(), level()).prop_map(|(false_alarm, missed)| Parameters {
        false_alarm,
        missed,
        ..Parameters::default()
    })
}

/// A goal around what is not excluded, so that both answers come up.
fn goal_near(hidden: &BigUint, off: i64) -> u128 {
    let hidden = u128::try_from(hidden).unwrap_or(u128::MAX);
    hidden.saturating_add_signed(off.into())
}

proptest! {
    // spec: acc-2 acc-3 acc-4 acc-5 acc-6 acc-7 acc-8
    #[test]
    fn a_balance_is_what_fractions_give(
        entries in vec(entry(), 0..4),
        parameters in parameters(),
    ) {
        let balance = sum(&entries);
        let expected = variance(&terms(&entries));
        let found = Fraction::new(balance.spread().variance(), 10_u64.pow(12));
        prop_assert!(found.at_most(&expected) && expected.at_most(&found));

        let (mut lower, mut upper, mut charged) = (BigInt::ZERO, BigInt::ZERO, BigInt::ZERO);
        for entry in &entries {
            let (least, most) = unaccounted(entry);
            charged += most.clone().max(BigInt::ZERO);
            lower += least;
            upper += most;
        }
        prop_assert_eq!(balance.unaccounted(), (lower.clone(), upper.clone()));

        let z = parameters.false_alarm.quantile().millionths();
        let alarm = if !is_within(&lower, z, &expected) {
            Alarm::Unaccounted
        } else if !is_within(&-&upper, z, &expected) {
            Alarm::Overdrawn
        } else if is_within(&upper, z, &expected) && is_within(&-&lower, z, &expected) {
            Alarm::Quiet
        } else {
            Alarm::Unclear
        };
        prop_assert_eq!(balance.test(parameters.false_alarm), alarm);

        let both = z + parameters.missed.quantile().millionths();
        let hidden = charged + deviations_up(both, &expected);
        prop_assert_eq!(BigInt::from(balance.hidden(&parameters)), hidden);
    }

    // spec: acc-22
    #[test]
    fn a_score_holds_what_it_rounds(entries in vec(entry(), 1..3)) {
        let balance = sum(&entries);
        let expected = variance(&terms(&entries));
        let score = balance.score();
        let (lower, upper) = balance.unaccounted();
        prop_assume!(expected.0 != BigInt::ZERO);
        // z deviations in thousandths, as millionths, compared by squares with signs.
        let reaches = |score: i64, value: &BigInt| {
            // Whether score / 1000 * sigma >= value.
            let square = |value: &BigInt| Fraction::new(value * value, 1);
            let z = Fraction::new(score, 1_000);
            let scaled = z.times(&z).times(&expected);
            match (score >= 0, *value > BigInt::ZERO) {
                (true, false) => true,
                (false, true) => false,
                (true, true) => square(value).at_most(&scaled),
                (false, false) => scaled.at_most(&square(value)),
            }
        };
        let saturated = |score: i64| score == i64::MAX || score <= -i64::MAX;
        if !saturated(score.most) {
            prop_assert!(reaches(score.most, &upper));
            prop_assert!(!reaches(score.most - 1, &upper) || upper == BigInt::ZERO);
        }
        if !saturated(score.least) {
            prop_assert!(reaches(-score.least, &-&lower));
            prop_assert!(!reaches(-score.least - 1, &-&lower) || lower == BigInt::ZERO);
        }
    }

    // spec: acc-13
    #[test]
    fn wider_errors_and_more_periods_never_exclude_more(
        entries in vec(entry(), 1..4),
        more in vec(entry(), 0..3),
        which in any::<proptest::sample::Index>(),
        (random, systematic) in (0..500_000_u32, 0..500_000_u32),
        (below, above) in (0..1_000_u128, 0..1_000_u128),
        parameters in parameters(),
        off in -3..=3_i64,
    ) {
        let before = sum(&entries).hidden(&parameters);
        let widen = |term: &mut Term| {
            term.error = RelativeError {
                random: Ppm::new(term.error.random.get() + random),
                systematic: Ppm::new(term.error.systematic.get() + systematic),
            };
            let (lower, upper) = (term.amount.lower().get(), term.amount.upper().get());
            term.amount = Interval::new(
                Quantity::new(lower.saturating_sub(below)).unwrap(),
                Quantity::new(upper + above).unwrap(),
            ).unwrap();
        };
        let mut wider = entries.clone();
        let (available, used) = &mut wider[which.index(entries.len())];
        widen(available);
        for (_, term) in used {
            widen(term);
        }
        let wider = sum(&wider).hidden(&parameters);
        prop_assert!(wider >= before);
        let longer = sum(&[entries.clone(), more].concat()).hidden(&parameters);
        prop_assert!(longer >= before);

        let goal = goal_near(&before, off);
        let excludes = |hidden: &BigUint| {
            let mut one = standstill::verify::accounting::Resolution::default();
            one.add("m", hidden.clone());
            one.excludes(goal, |_| Some(1))
        };
        prop_assert_eq!(excludes(&before), before < BigUint::from(goal));
        for later in [wider, longer] {
            prop_assert!(excludes(&before) || !excludes(&later));
        }
    }

    // spec: acc-13
    #[test]
    fn books_exclude_no_more_than_their_parts(
        entries in vec((0..3_usize, entry()), 1..6),
        parameters in parameters(),
        peaks in [1..100_u128, 1..100, 1..100],
    ) {
        let model = |at: usize| ["a", "b", "c"][at];
        let peak = |model: &str| Some(peaks[["a", "b", "c"].iter().position(|m| *m == model)?]);
        let mut books = Books::default();
        let mut before = BigUint::ZERO;
        for (at, entry) in &entries {
            books.enter(model(*at), &balance_of(entry));
            let flop = books.resolution(&parameters).flop(peak).unwrap();
            prop_assert!(flop >= before);
            before = flop;
        }
    }

    // spec: acc-12
    #[test]
    fn a_difference_is_what_fractions_give(
        pairs in vec((term(), term()), 1..4),
        parameters in parameters(),
    ) {
        let (mut sum, mut reversed) = (Difference::default(), Difference::default());
        let (mut lower, mut upper, mut charged) = (BigInt::ZERO, BigInt::ZERO, BigInt::ZERO);
        let mut all = Vec::new();
        for (declared, measured) in &pairs {
            sum.add(&Difference::of(*declared, *measured));
            reversed.add(&Difference::of(*measured, *declared));
            let less = |one: Quantity, other: Quantity| BigInt::from(one.get()) - other.get();
            let least = less(declared.amount.lower(), measured.amount.upper());
            charged += (-&least).max(BigInt::ZERO);
            lower += least;
            upper += less(declared.amount.upper(), measured.amount.lower());
            all.extend([*declared, *measured]);
        }
        let expected = variance(&all);
        prop_assert_eq!(sum.bounds(), (&lower, &upper));
        let z = parameters.false_alarm.quantile().millionths();
        let test = sum.test(parameters.false_alarm);
        prop_assert_eq!(
            test == Disagreement::DeclaredLess,
            !is_within(&-&upper, z, &expected)
        );
        let both = z + parameters.missed.quantile().millionths();
        let hidden = charged + deviations_up(both, &expected);
        prop_assert_eq!(BigInt::from(sum.hidden(&parameters)), hidden);
        // Seen from the other side it says the opposite.
        let opposite = match test {
            Disagreement::DeclaredLess => Disagreement::DeclaredMore,
            Disagreement::DeclaredMore => Disagreement::DeclaredLess,
            same => same,
        };
        prop_assert_eq!(reversed.test(parameters.false_alarm), opposite);
    }

    // spec: acc-14
    #[test]
    fn a_cumulative_sum_is_the_most_that_any_stretch_up_to_now_came_to(
        scores in vec(-4_000..4_000_i64, 0..60),
        allowance in 0..1_500_u32,
        limit in 1..6_000_u32,
    ) {
        let mut cusum = Cusum::new(&Parameters {
            cusum_allowance: allowance,
            cusum_limit: limit,
            ..Parameters::default()
        });
        let mut first = None;
        for (at, score) in scores.iter().enumerate() {
            cusum.push(Score::exactly(*score));
            let most = |sign: i64| (0..=at)
                .map(|from| scores[from..=at].iter()
                    .map(|score| i128::from(sign * score - i64::from(allowance)))
                    .sum::<i128>())
                .fold(0, i128::max);
            prop_assert_eq!(cusum.sums(), (most(1), most(-1)));
            if first.is_none() && most(1).max(most(-1)) > i128::from(limit) {
                first = Some(u64::try_from(at).unwrap());
            }
            prop_assert_eq!(cusum.alarm().map(|alarm| alarm.index), first);
        }
    }

    // spec: acc-16 acc-17 acc-18
    #[test]
    fn energy_and_time_bound_what_they_say(
        peak in 1..10_u128.pow(16),
        watts in 1..2_000_u128,
        kappa in 1_000_000..4_000_000_u32,
        goal in 1..10_u128.pow(27),
        joules in 0..10_u128.pow(18),
        seconds in 1..100_000_000_u64,
        devices in 1..1_000_000_u64,
        utilisation in 1..=1_000_000_u32,
        latency in 0..10_u128.pow(9),
    ) {
        let rating = Rating { peak, watts, kappa: Ppm::new(kappa) };
        // What a bound from above gives takes at least the energy that it was given for.
        let most = u128::try_from(rating.most_flop(joules).unwrap()).unwrap();
        prop_assert!(rating.least_joules(most).unwrap() >= BigUint::from(joules));
        let least = u128::try_from(rating.least_joules(goal).unwrap()).unwrap();
        prop_assert!(least == 0 || rating.most_flop(least - 1).unwrap() < BigUint::from(goal));
        // Just below the run, and just not.
        let halted = u128::try_from(rating.halted_watts(goal, seconds).unwrap()).unwrap();
        let eta = Fraction::new(BigInt::from(peak) * kappa, BigInt::from(watts) * 1_000_000);
        let can = |watts: u128| {
            let done = Fraction::new(BigInt::from(watts) * seconds, 1).times(&eta);
            Fraction::new(goal, 1).at_most(&done)
        };
        prop_assert!(!can(halted) && can(halted + 1));

        let run = Conversion { goal, devices, peak, utilisation: Ppm::new(utilisation) };
        let rate = BigInt::from(peak) * devices * utilisation;
        let time = Fraction::new(BigInt::from(goal) * 1_000_000, rate);
        let whole = BigInt::from(run.seconds().unwrap());
        prop_assert!(Fraction::new(whole.clone(), 1).at_most(&time));
        prop_assert!(!Fraction::new(whole + 1, 1).at_most(&time));
        prop_assert_eq!(run.outruns(latency), time.at_most(&Fraction::new(2 * latency, 1)));
    }
}
