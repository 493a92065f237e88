//! A month of a real fleet: October 2017 of the Philly trace (Jeon et al., ATC 2019).
//!
//! The trace has jobs. It has no inventory and no idle time: both are assumptions here, and
//! `specs/accounting.md` says so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use num_bigint::BigInt;
use num_bigint::BigUint;
use standstill::attestation::figure::Class;
use standstill::collector::Job;
use standstill::quantity::Interval;
use standstill::quantity::Quantity;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Input;
use standstill::telemetry::JobLog;
use standstill::telemetry::Options;
use standstill::telemetry::jobs::JobTable;
use standstill::time::UnixSeconds;
use standstill::verify::accounting::Alarm;
use standstill::verify::accounting::Balance;
use standstill::verify::accounting::Books;
use standstill::verify::accounting::Cusum;
use standstill::verify::accounting::Parameters;
use standstill::verify::accounting::Source;
use standstill::verify::accounting::Term;

const DAY: u64 = 86_400;
const DAYS: u64 = 31;
const MODEL: &str = "uncatalogued:gpu";

/// The most GPUs that jobs of the month had at once: the smallest fleet that can have run
/// them.
const AT_ONCE: u64 = 1_243;

/// What the machine list that comes with the trace adds up to.
const LISTED: u64 = 2_490;

/// Device-seconds of a job between two instants.
fn within(job: &Job, start: u64, end: u64) -> u64 {
    let from = job.span.start().get().max(start);
    let until = job.span.end().get().min(end);
    let devices: u128 = job
        .allocations
        .iter()
        .map(|one| one.accelerators.upper().get())
        .sum();
    until.saturating_sub(from) * u64::try_from(devices).unwrap()
}

struct Month {
    start: u64,
    jobs: Vec<Job>,
    /// Jobs that the lab leaves out.
    hidden: BTreeSet<usize>,
    /// Device-seconds of each day, of all jobs.
    real: Vec<u64>,
    /// Those of the jobs that are declared.
    declared: Vec<u64>,
}

impl Month {
    fn read(text: &[u8]) -> Self {
        let columns = [
            ("start", "timestamp"),
            ("duration", "duration"),
            ("accelerators", "num_gpus"),
        ];
        let columns = columns.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()));
        let options = Options {
            clock: Clock::new(Some("America/Los_Angeles"), Ambiguous::Earlier).unwrap(),
            ..Options::default()
        };
        let text = std::io::Cursor::new(text.to_vec());
        let input = Input::new("philly".to_owned(), text).unwrap();
        let log = JobLog::read(&mut JobTable::new(input, columns.into(), options)).unwrap();
        let start: UnixSeconds = "2017-10-01T00:00:00Z".parse().unwrap();
        let mut month = Self {
            start: start.get(),
            jobs: log.jobs,
            hidden: BTreeSet::new(),
            real: Vec::new(),
            declared: Vec::new(),
        };
        month.real = month.loads();
        month.declared = month.real.clone();
        month
    }

    /// Device-seconds of each day, of the jobs that are not hidden.
    fn loads(&self) -> Vec<u64> {
        let day = |day| {
            let start = self.start + day * DAY;
            let jobs = self.jobs.iter().enumerate();
            jobs.filter(|(at, _)| !self.hidden.contains(at))
                .map(|(_, job)| within(job, start, start + DAY))
                .sum()
        };
        (0..DAYS).map(day).collect()
    }

    /// Hides each job, in the order of the file, that still fits into a share of the load.
    fn hide(&mut self, per_cent: u64) {
        let most = self.real.iter().sum::<u64>() * per_cent;
        let mut hidden = 0;
        for (at, job) in self.jobs.iter().enumerate() {
            let load = within(job, self.start, self.start + DAYS * DAY);
            if load > 0 && (hidden + load) * 100 <= most {
                hidden += load;
                self.hidden.insert(at);
            }
        }
        self.declared = self.loads();
    }

    /// Balances every day: the inventory inspected, jobs as the lab declares them and, if
    /// somebody measures it, what really stood idle.
    fn balance(&self, devices: u64, idle: Option<Source>) -> (Balance, Cusum) {
        let parameters = Parameters::default();
        let term = |seconds: u64, source| Term {
            amount: Interval::exactly(Quantity::from(seconds)),
            error: parameters.error(source),
        };
        let mut books = Books::default();
        let mut cusum = Cusum::new(&parameters);
        for (real, declared) in self.real.iter().zip(&self.declared) {
            let there = devices * DAY;
            let mut used = vec![(Class::Unclassified, term(*declared, Source::LabRecord))];
            used.extend(idle.map(|source| (Class::Idle, term(there - real, source))));
            let balance = Balance::of(term(there, Source::Inspection), used);
            cusum.push(balance.score());
            books.enter(MODEL, &balance);
        }
        // No model of the trace has a peak: there is no resolution in FLOP.
        assert_eq!(books.resolution(&parameters).flop(|_| None), None);
        let (_, balance) = books.balances().next().unwrap();
        (balance.clone(), cusum)
    }
}

/// What is unaccounted for, one sigma, the alarm, and the resolution.
fn told(balance: &Balance) -> (i64, u64, Alarm, u64) {
    let parameters = Parameters::default();
    let (lower, upper) = balance.unaccounted();
    assert_eq!(lower, upper);
    let sigma = balance.spread().variance().sqrt() / 1_000_000_u32;
    let number = |value: BigUint| u64::try_from(value).unwrap();
    (
        i64::try_from(lower).unwrap(),
        number(sigma),
        balance.test(parameters.false_alarm),
        number(balance.hidden(&parameters)),
    )
}

#[test]
fn a_month_of_philly_gives_the_figures_of_the_document() {
    let Some(data) = std::env::var_os("STANDSTILL_DATA") else {
        eprintln!("not run: STANDSTILL_DATA names no folder of real data");
        return;
    };
    let path = Path::new(&data).join("philly/philly_82k_jobs.csv");
    let mut month = Month::read(&fs::read(path).unwrap());
    let total = |loads: &[u64]| loads.iter().sum::<u64>();
    assert_eq!(total(&month.real), 1_594_903_024);

    // Honest, with a meter on what is idle.
    let meter = Some(Source::OwnMeter);
    let (honest, cusum) = month.balance(AT_ONCE, meter);
    assert_eq!(cusum.alarm(), None);
    assert_eq!(told(&honest), (0, 39_611_117, Alarm::Quiet, 130_309_011));
    let (honest, _) = month.balance(LISTED, meter);
    assert_eq!(told(&honest), (0, 109_750_378, Alarm::Quiet, 361_046_699));

    // One job in twenty is hidden, by load.
    month.hide(5);
    assert_eq!(month.hidden.len(), 2_019);
    assert_eq!(total(&month.real) - total(&month.declared), 79_745_151);
    let hidden: i64 = 79_745_151;

    // Shown, if the fleet is no larger than it must be ...
    let (balance, cusum) = month.balance(AT_ONCE, meter);
    assert_eq!(
        told(&balance),
        (hidden, 39_531_372, Alarm::Unaccounted, 209_791_824)
    );
    let first = |cusum: &Cusum| cusum.alarm().unwrap().index;
    assert_eq!(first(&cusum), 2);

    // ... not if it is the one of the list, of which three quarters stand idle, ...
    let (balance, cusum) = month.balance(LISTED, meter);
    assert_eq!(first(&cusum), 6);
    assert_eq!(
        told(&balance),
        (hidden, 109_670_633, Alarm::Quiet, 440_529_512)
    );
    // ... nor if idle time is inferred from energy; ...
    let (balance, cusum) = month.balance(AT_ONCE, Some(Source::PowerModel));
    assert_eq!(first(&cusum), 7);
    assert_eq!(
        told(&balance),
        (hidden, 252_682_763, Alarm::Quiet, 910_997_660)
    );
    // ... and where nobody measures it, all that is idle may be hidden.
    let (balance, _) = month.balance(AT_ONCE, None);
    let (unaccounted, sigma, alarm, resolution) = told(&balance);
    assert_eq!(unaccounted, 1_814_093_327);
    assert_eq!((sigma, alarm), (4_844_409, Alarm::Unaccounted));
    assert_eq!(resolution, 1_830_030_019);

    // What is hidden lies within what was not excluded, each time.
    for devices in [AT_ONCE, LISTED] {
        let (balance, _) = month.balance(devices, meter);
        let bound = BigInt::from(balance.hidden(&Parameters::default()));
        assert!(BigInt::from(hidden) < bound);
    }
}
