//! The figures that the document works out, to the digits that it gives.

use std::num::NonZeroU64;

use num_bigint::BigInt;
use num_bigint::BigUint;
use standstill::attestation::figure::Class;
use standstill::catalogue::Catalogue;
use standstill::catalogue::Format;
use standstill::quantity::Interval;
use standstill::quantity::Quantity;
use standstill::verify::accounting::Alarm;
use standstill::verify::accounting::Balance;
use standstill::verify::accounting::Books;
use standstill::verify::accounting::Conversion;
use standstill::verify::accounting::ErrorLevel;
use standstill::verify::accounting::Parameters;
use standstill::verify::accounting::Ppm;
use standstill::verify::accounting::Rating;
use standstill::verify::accounting::RelativeError;
use standstill::verify::accounting::Source;
use standstill::verify::accounting::Spread;
use standstill::verify::accounting::Term;
use standstill::verify::accounting::significant_quantity;

const BF16: u128 = 989_400_000_000_000;
const FP8: u128 = 1_979_000_000_000_000;
const TWO_FIFTHS: Ppm = Ppm::new(400_000);
const MONTH: u64 = 30 * 86_400;
const WATTS: u128 = 700;

fn ten_to(power: u32) -> u128 {
    10_u128.pow(power)
}

fn systematic(parts: u32) -> RelativeError {
    RelativeError {
        random: Ppm::new(0),
        systematic: Ppm::new(parts),
    }
}

/// Rounds to `digits` significant digits: the digits, and how many more there were.
fn rounded(value: &BigUint, digits: usize) -> (String, usize) {
    let more = value.to_string().len().saturating_sub(digits);
    let unit = BigUint::from(10_u32).pow(u32::try_from(more).unwrap());
    let half = &unit / 2_u32;
    (((value + half) / unit).to_string(), more)
}

#[test]
fn the_catalogue_has_the_peaks_that_the_figures_are_for() {
    let catalogue = Catalogue::embedded();
    let h100 = catalogue.get("h100-sxm").unwrap();
    assert_eq!(h100.peak(Format::Bf16).unwrap().upper().get(), BF16);
    assert_eq!(catalogue.peak_any("h100-sxm"), Some(FP8));
}

// spec: acc-15
#[test]
fn significant_quantities_are_those_of_the_table() {
    // 1e22 7.0e3, 1e24 7.0e5, 1e25 7.0e6, 1e26 7.0e7 chip-hours.
    for (power, zeros) in [(22, 2), (24, 4), (25, 5), (26, 6)] {
        let seconds = significant_quantity(ten_to(power), BF16, TWO_FIFTHS).unwrap();
        let hours = seconds / 3600_u32;
        assert_eq!(rounded(&hours, 2), ("70".to_owned(), zeros), "{power}");
    }
    // Halved for FP8.
    let seconds = significant_quantity(ten_to(25), FP8, TWO_FIFTHS).unwrap();
    assert_eq!(rounded(&(seconds / 3600_u32), 2), ("35".to_owned(), 5));
    // 1e26 at all of BF16: 28 million H100-hours.
    let full = significant_quantity(ten_to(26), BF16, Ppm::ONE).unwrap() / 3600_u32;
    assert_eq!(rounded(&full, 2), ("28".to_owned(), 6));
    // 1e26 at 34 % in 90 days: 38 thousand; 60,000 would make 1.57e26.
    let seconds = significant_quantity(ten_to(26), BF16, Ppm::new(340_000)).unwrap();
    let devices = seconds / (3 * MONTH);
    assert_eq!(rounded(&devices, 2), ("38".to_owned(), 3));
    let flop = BigUint::from(BF16) * 34_u32 / 100_u32 * (3 * MONTH) * 60_000_u32;
    assert_eq!(rounded(&flop, 3), ("157".to_owned(), 24));
    // 1e20 operations a second: 101 thousand H100 by BF16, 50.5 thousand by FP8.
    let a_second = |peak| significant_quantity(ten_to(20), peak, Ppm::ONE).unwrap();
    assert_eq!(rounded(&a_second(BF16), 3), ("101".to_owned(), 3));
    assert_eq!(rounded(&a_second(FP8), 3), ("505".to_owned(), 2));
    // Devices that do nothing, or not at all.
    assert_eq!(significant_quantity(1, 0, Ppm::ONE), None);
    assert_eq!(significant_quantity(1, 1, Ppm::new(0)), None);
}

// spec: acc-16
#[test]
fn conversion_times_are_those_of_the_table() {
    for (devices, power, tenths) in [
        (10_000, 25, 292_u32),
        (10_000, 26, 2_924),
        (100_000, 25, 29),
        (100_000, 26, 292),
    ] {
        let run = Conversion {
            goal: ten_to(power),
            devices,
            peak: BF16,
            utilisation: TWO_FIFTHS,
        };
        let days = run.seconds().unwrap() * 10_u32 / 86_400_u32;
        assert_eq!(days, BigUint::from(tenths));
    }
}

// spec: acc-17 acc-18
#[test]
fn the_power_of_a_halt_is_that_of_the_table() {
    let rating = |peak, kappa| Rating {
        peak,
        watts: WATTS,
        kappa: Ppm::new(kappa),
    };
    // Nameplate: 1.41e12 operations a joule.
    let joule = rating(BF16, 1_000_000).most_flop(1).unwrap();
    assert_eq!(rounded(&joule, 3), ("141".to_owned(), 10));
    // 136 kW, 1.36 MW and 13.6 MW for 30 days at kappa 2.
    for (power, zeros) in [(24, 3), (25, 4), (26, 5)] {
        let watts = rating(BF16, 2_000_000)
            .halted_watts(ten_to(power), MONTH)
            .unwrap();
        assert_eq!(rounded(&watts, 3), ("136".to_owned(), zeros), "{power}");
    }
    // At the highest peak half as much.
    let watts = rating(FP8, 2_000_000)
        .halted_watts(ten_to(24), MONTH)
        .unwrap();
    assert_eq!(watts, BigUint::from(68_231_u32));
    // At so many watts the run is impossible, at one more it is not.
    let most = |watts: u64| {
        let joules = u128::from(watts * MONTH);
        rating(FP8, 2_000_000).most_flop(joules).unwrap()
    };
    assert!(most(68_231) < BigUint::from(ten_to(24)));
    assert!(most(68_232) >= BigUint::from(ten_to(24)));
}

// spec: acc-21
#[test]
fn twenty_thousand_h100_for_thirty_days() {
    let parameters = Parameters::default();
    assert_eq!(parameters.quantiles().millionths(), 3_289_708);
    let fleet = 20_000 * MONTH;
    assert_eq!(fleet / 3600, 14_400_000);
    // 1e24 is 4.9 % of it and 1e25 49 %, at a utilisation of 40 %.
    for (power, share) in [(24, 487_u32), (25, 4_874)] {
        let goal = significant_quantity(ten_to(power), BF16, TWO_FIFTHS).unwrap();
        assert_eq!(&goal * 10_000_u32 / fleet, BigUint::from(share));
    }
    let detects = |parts, power, peak, utilisation| {
        let spread = Spread::of(Quantity::from(fleet), systematic(parts));
        let goal = significant_quantity(ten_to(power), peak, utilisation).unwrap();
        spread.detects(&goal, parameters.quantiles())
    };
    // "1.5 %" is 1.4816 %, "15 %" is 14.816 %: rounded up, neither would be enough.
    for (enough, too_much, power) in [(14_816, 14_817, 24), (148_165, 148_166, 25)] {
        assert!(detects(enough, power, BF16, TWO_FIFTHS));
        assert!(!detects(too_much, power, BF16, TWO_FIFTHS));
    }
    assert!(!detects(15_000, 24, BF16, TWO_FIFTHS));
    assert!(!detects(150_000, 25, BF16, TWO_FIFTHS));
    // A power model of 11.4 % mean absolute error is one of 14.29 % standard deviation. It
    // excludes 1e25 and not 1e24, at 40 % of BF16...
    let model = Source::PowerModel.default_error().systematic.get();
    assert!(detects(model, 25, BF16, TWO_FIFTHS));
    assert!(!detects(model, 24, BF16, TWO_FIFTHS));
    // ... but not at all that a device can do.
    assert!(!detects(model, 25, BF16, Ppm::ONE));
    assert!(!detects(model, 25, FP8, Ppm::ONE));
    assert!(detects(59_266, 25, BF16, Ppm::ONE) && !detects(59_267, 25, BF16, Ppm::ONE));
    assert!(detects(29_630, 25, FP8, Ppm::ONE) && !detects(29_631, 25, FP8, Ppm::ONE));
}

#[test]
fn a_mean_absolute_error_is_four_fifths_of_a_standard_deviation() {
    // E|x| = sigma root(2/pi), so sigma = 114,000 ppm root(pi/2) < 142,900: squared, with
    // pi a little too large.
    let square = 114_000_u128.pow(2) * 3_141_593 / 2_000_000;
    assert!(square < 142_900_u128.pow(2));
    assert!(square > 142_800_u128.pow(2));
}

// spec: acc-1
#[test]
fn every_quantile_is_rounded_up_and_no_further() {
    let mut before: Option<ErrorLevel> = None;
    for level in ErrorLevel::all() {
        let ppm = u64::from(level.probability().get());
        let quantile = u64::from(level.quantile().millionths());
        assert!(tail(quantile) <= share(ppm), "{level}");
        if quantile > 0 {
            assert!(tail(quantile - 1) > share(ppm), "{level}");
        }
        assert!(before.is_none_or(|before| before.quantile() > level.quantile()));
        before = Some(level);
    }
    assert_eq!(
        ErrorLevel::new(Ppm::new(50_000)),
        Some(ErrorLevel::FIVE_PER_CENT)
    );
    assert_eq!(ErrorLevel::new(Ppm::new(30_000)), None);
}

/// So many digits behind the point.
const DIGITS: u32 = 40;

fn unit() -> BigInt {
    BigInt::from(10_u32).pow(DIGITS)
}

fn share(ppm: u64) -> BigInt {
    unit() * ppm / 1_000_000_u32
}

/// The probability of more than so many millionths of a standard deviation, by the power
/// series: 1/2 - (z - z^3/(2 3) + z^5/(2^2 2! 5) - ...) / root(2 pi).
fn tail(millionths: u64) -> BigInt {
    // 1 / root(2 pi), to 40 digits.
    let density: BigInt = "3989422804014326779399460599343818684758".parse().unwrap();
    let z = unit() * millionths / 1_000_000_u32;
    let square = &z * &z / unit();
    // z^(2n+1) / (2^n n!), with its sign.
    let mut power = z;
    let mut sum = BigInt::ZERO;
    for n in 0_u32..200 {
        sum += &power / (2 * n + 1);
        power = -power * &square / unit() / (2 * (n + 1));
    }
    unit() / 2_u32 - sum * density / unit()
}

fn exactly(seconds: u64, error: RelativeError) -> Term {
    Term {
        amount: Interval::exactly(Quantity::from(seconds)),
        error,
    }
}

// spec: acc-7
#[test]
fn a_day_that_is_overdrawn_hides_nothing_of_another() {
    let parameters = Parameters::default();
    let day = |used| {
        let error = systematic(1_000);
        Balance::of(
            exactly(1_000_000, error),
            [(Class::Training, exactly(used, error))],
        )
    };
    let mut both = day(800_000);
    let alone = both.hidden(&parameters);
    both.add(&day(1_200_000));
    assert_eq!(both.unaccounted(), (BigInt::ZERO, BigInt::ZERO));
    assert_eq!(both.test(parameters.false_alarm), Alarm::Quiet);
    assert_eq!(both.charged(), &BigUint::from(200_000_u32));
    assert!(both.hidden(&parameters) > alone);
}

// spec: acc-9 acc-10
#[test]
fn a_resolution_is_told_in_days_of_a_named_device() {
    let parameters = Parameters::default();
    let mut books = Books::default();
    let error = systematic(20_000);
    let training = [(Class::Training, exactly(1_000_000_000, error))];
    books.enter(
        "b200",
        &Balance::of(exactly(1_000_000_000, systematic(1)), training),
    );
    let catalogue = Catalogue::embedded();
    let peak = |model: &str| catalogue.peak_any(model);
    let resolution = books.resolution(&parameters);
    let thousand = NonZeroU64::new(1000).unwrap();
    let days = |device| resolution.millidays(thousand, device, peak);
    // 65,797,450 B200-seconds at 9e15 operations a second, by 1,979e12 and by itself.
    assert_eq!(days("h100-sxm"), Some(BigUint::from(3_464_u32)));
    assert_eq!(days("b200"), Some(BigUint::from(762_u32)));
    assert_eq!(days("uncatalogued:b200"), None);
    assert_eq!(resolution.flop(|_| None), None);
    assert!(!resolution.excludes(u128::MAX, |_| None));
}
