use proptest::prelude::*;

use super::*;
use crate::attestation::figure::Class;
use crate::ledger::Secret;
use crate::quantity::Quantity;
use crate::time::UnixSeconds;

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

fn period(start: u64, end: u64) -> Period {
    Period::new(at(start), at(end)).unwrap()
}

fn job(id: &str, start: u64, end: u64, accelerators: u64) -> Job {
    Job {
        id: id.into(),
        cluster: None,
        whole: None,
        span: period(start, end),
        began: at(start),
        allocations: Arc::new([Allocation {
            model: "h100".into(),
            accelerators: exactly(accelerators),
        }]),
        class: Class::Unclassified,
        run: None,
        row: 0,
        of: RowOf::Job,
    }
}

fn exactly(value: u64) -> Interval {
    Interval::exactly(Quantity::from(value))
}

fn every(seconds: u64) -> Cadence {
    seconds.to_string().parse().unwrap()
}

fn collect(jobs: &[Job], cadence: u64, range: Period) -> Vec<PeriodUsage> {
    Collector::of(jobs, every(cadence), range)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

// spec: col-19
#[test]
fn a_job_over_an_edge_is_clipped_to_the_second() {
    let usages = collect(&[job("1", 50, 201, 4)], 100, period(0, 300));
    let seconds: Vec<_> = usages
        .iter()
        .map(|one| one.all.accelerator_seconds)
        .collect();
    assert_eq!(seconds, [exactly(4 * 50), exactly(4 * 100), exactly(4)]);
    let longest: Vec<_> = usages.iter().map(|one| one.all.job_seconds).collect();
    assert_eq!(longest, [50, 150, 151]);
    assert_eq!(usages[2].shares().unwrap()[0].span, period(200, 201));
}

// spec: col-20
#[test]
fn a_period_without_jobs_is_yielded_empty() {
    let usages = collect(
        &[job("1", 0, 10, 1), job("2", 300, 310, 1)],
        100,
        period(0, 400),
    );
    assert_eq!(usages.len(), 4);
    assert!(usages[1].shares().unwrap().is_empty());
    assert_eq!(usages[1].all, Usage::ZERO);
}

// spec: col-19
#[test]
fn what_lies_outside_the_range_is_counted_there() {
    let jobs = [
        job("1", 50, 250, 2),
        job("2", 0, 10, 1),
        job("3", 400, 410, 1),
    ];
    let collector = Collector::of(&jobs, every(100), period(100, 200)).unwrap();
    assert_eq!(collector.outside(), exactly(220));
    assert_eq!(
        collect(&jobs, 100, period(100, 200))[0]
            .all
            .accelerator_seconds,
        exactly(200)
    );
}

#[test]
fn a_job_that_begins_as_another_ends_is_not_at_once_with_it() {
    let usages = collect(
        &[job("1", 0, 50, 4), job("2", 50, 60, 3)],
        100,
        period(0, 100),
    );
    assert_eq!(usages[0].all.accelerators, exactly(4));
    assert_eq!(usages[0].accelerators["h100"], exactly(4));
}

// spec: col-21 col-22
#[test]
fn maxima_are_kept_by_model_and_class_and_for_all() {
    let mut mixed = job("1", 0, 50, 4);
    let other = Allocation {
        model: "a100".into(),
        accelerators: exactly(2),
    };
    mixed.allocations = Arc::new([mixed.allocations[0].clone(), other]);
    let mut other = job("2", 10, 20, 1);
    other.class = Class::Inference;
    let usage = &collect(&[mixed, other], 100, period(0, 100))[0];
    assert_eq!(usage.all.accelerators, exactly(7));
    assert_eq!(usage.all.job_accelerators, exactly(6));
    assert_eq!(usage.accelerators["h100"], exactly(5));
    let own = usage.uses[&("h100".into(), Class::Unclassified)];
    assert_eq!(
        (own.accelerators, own.job_accelerators),
        (exactly(4), exactly(4))
    );
    assert_eq!(usage.shares().unwrap().len(), 3);
}

#[test]
fn shares_of_unknown_size_stay_intervals() {
    let mut slice = job("1", 0, 10, 1);
    let unknown = Interval::new(Quantity::ZERO, Quantity::from(2)).unwrap();
    slice.allocations = Arc::new([Allocation {
        model: "h100".into(),
        accelerators: unknown,
    }]);
    let usage = &collect(&[slice, job("2", 5, 10, 1)], 100, period(0, 100))[0];
    let between = |low: u64, high: u64| Interval::new(low.into(), high.into()).unwrap();
    assert_eq!(usage.all.accelerator_seconds, between(5, 25));
    assert_eq!(usage.all.accelerators, between(1, 3));
}

#[test]
fn months_are_calendar_months() {
    let first: UnixSeconds = "2026-01-01T00:00:00Z".parse().unwrap();
    let jobs = [job(
        "1",
        first.get() + 86_400 * 30,
        first.get() + 86_400 * 32,
        1,
    )];
    let last: UnixSeconds = "2026-03-01T00:00:00Z".parse().unwrap();
    let range = Period::new(first, last).unwrap();
    let usages: Vec<_> = Collector::of(&jobs, Cadence::Month, range)
        .unwrap()
        .map(|usage| usage.unwrap().all.accelerator_seconds)
        .collect();
    assert_eq!(usages, [exactly(86_400), exactly(86_400)]);
    let inside = Period::new(first.plus(1).unwrap(), range.end()).unwrap();
    assert!(Collector::of(&[], Cadence::Month, inside).is_err());
    assert!(Collector::of(&[], every(3600), period(0, 3601)).is_err());
}

/// A row of a run, as Slurm gives it.
fn row(number: u64, job: Job, of: RowOf) -> Job {
    Job {
        row: number,
        of,
        ..job
    }
}

// spec: col-11
#[test]
fn a_job_in_two_runs_at_once_is_named() {
    let mut jobs = vec![
        row(2, job("6", 0, 50, 2), RowOf::Run),
        row(3, job("6", 100, 150, 2), RowOf::Run),
        row(4, job("7", 0, 50, 2), RowOf::Run),
        row(5, job("7", 49, 60, 2), RowOf::Run),
        row(6, job("7", 0, 50, 2), RowOf::Run),
    ];
    let mut collector = Collector::of(&jobs, every(20), period(0, 200)).unwrap();
    collector.each(Ok::<_, CollectError>, |_| Ok(())).unwrap();
    let by_period = collector.noticed().clone();
    let noticed = put_together(&mut jobs).unwrap();
    // Each is told once, however many periods it lies in.
    assert_eq!(by_period, noticed);
    assert_eq!(noticed.repeated, Some((1, 6)));
    let overlapping: Vec<(&str, u64)> = noticed
        .overlapping
        .iter()
        .map(|(id, count)| (&**id, *count))
        .collect();
    assert_eq!(overlapping, [("7", 1)]);
    let rows: Vec<u64> = jobs.iter().map(|job| job.row).collect();
    assert_eq!(rows, [2, 3, 4, 5]);
}

// spec: col-24
#[test]
fn a_resized_job_goes_on_with_what_it_was_resized_to() {
    let rows = [
        row(2, job("1", 10, 14, 2), RowOf::Resized),
        row(3, job("1", 10, 20, 4), RowOf::Resized),
        row(4, job("1", 10, 110, 1), RowOf::Run),
    ];
    let total = 2 * 4 + 4 * 6 + 90;
    for cadence in [5, 10, 120] {
        let usages = collect(&rows, cadence, period(0, 120));
        let sum: u128 = usages
            .iter()
            .map(|usage| usage.all.accelerator_seconds.upper().get())
            .sum();
        assert_eq!(sum, total);
        let most = usages
            .iter()
            .map(|usage| usage.all.accelerators)
            .max_by_key(|one| one.upper());
        assert_eq!(most, Some(exactly(4)));
        // The job has run since it began, whatever it had.
        let longest = usages.iter().map(|usage| usage.all.job_seconds).max();
        assert_eq!(longest, Some(100));
    }
}

// spec: col-25
#[test]
fn parts_that_run_together_are_one_job() {
    let part = |id: &str, start, end, count| Job {
        whole: Some("5".into()),
        ..job(id, start, end, count)
    };
    // A job of two parts, of which the first ends early; and then again.
    let jobs = [
        part("5", 0, 40, 2),
        part("6", 0, 50, 3),
        part("5", 60, 70, 2),
        job("9", 0, 100, 4),
    ];
    let usage = &collect(&jobs, 100, period(0, 100))[0];
    assert_eq!(usage.all.job_accelerators, exactly(5));
}

fn any_job() -> impl Strategy<Value = Job> {
    let model = prop_oneof![Just("a"), Just("b")];
    let class = prop_oneof![Just(Class::Training), Just(Class::Inference)];
    (0_u64..300, 1_u64..200, 0_u64..5, 0_u64..3, model, class).prop_map(
        |(start, length, lower, more, model, class)| Job {
            id: start.to_string().into(),
            cluster: None,
            whole: None,
            span: period(start, start + length),
            began: at(start),
            allocations: Arc::new([Allocation {
                model: model.into(),
                accelerators: Interval::new(lower.into(), (lower + more).into()).unwrap(),
            }]),
            class,
            run: None,
            row: 0,
            of: RowOf::Job,
        },
    )
}

/// The accelerators held at one second, counted the slow way.
fn held(jobs: &[Job], second: u64, of: impl Fn(&Job) -> bool) -> (u128, u128) {
    jobs.iter()
        .filter(|job| job.span.contains(at(second)) && of(job))
        .map(|job| job.allocations[0].accelerators)
        .fold((0, 0), |sum, one| {
            (sum.0 + one.lower().get(), sum.1 + one.upper().get())
        })
}

proptest! {
    #[test]
    fn clipping_neither_loses_nor_doubles_a_second(
        jobs in prop::collection::vec(any_job(), 0..20),
        cadence in 1_u64..60,
        from in 0_u64..300,
        count in 1_u64..20,
    ) {
        let range = period(from, from + cadence * count);
        let collector = Collector::of(&jobs, every(cadence), range).unwrap();
        let mut sum = collector.outside();
        let total = jobs.iter().fold(Interval::ZERO, |sum, job| {
            let held = job.allocations[0].accelerators;
            sum.plus(usage::product(held, job.span.seconds()).unwrap()).unwrap()
        });
        for usage in collector {
            let usage = usage.unwrap();
            sum = sum.plus(usage.all.accelerator_seconds).unwrap();
            let ledger = usage.ledger(Secret::from_bytes([1; 32])).unwrap();
            prop_assert_eq!(
                ledger.sums().unwrap().first().map_or(Interval::ZERO, |one| one.value),
                usage.all.accelerator_seconds
            );
        }
        prop_assert_eq!(sum, total);
    }

    #[test]
    fn periods_agree_with_counting_every_second(
        jobs in prop::collection::vec(any_job(), 0..12),
        cadence in 1_u64..60,
    ) {
        let range = period(0, cadence * 9);
        for usage in collect(&jobs, cadence, range) {
            let seconds = usage.period.start().get()..usage.period.end().get();
            let check = |of: &dyn Fn(&Job) -> bool, found: Interval, most: Interval| {
                let held: Vec<_> = seconds.clone().map(|second| held(&jobs, second, of)).collect();
                let sum = held.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                let high = held.iter().fold((0, 0), |high, one| (high.0.max(one.0), high.1.max(one.1)));
                assert_eq!((found.lower().get(), found.upper().get()), sum);
                assert_eq!((most.lower().get(), most.upper().get()), high);
            };
            check(&|_| true, usage.all.accelerator_seconds, usage.all.accelerators);
            for ((model, class), own) in &usage.uses {
                let of = |job: &Job| job.allocations[0].model == *model && job.class == *class;
                check(&of, own.accelerator_seconds, own.accelerators);
            }
            let longest = jobs
                .iter()
                .filter(|job| job.span.intersection(usage.period).is_some())
                .map(|job| job.span.end().min(usage.period.end()).since(job.span.start()))
                .max();
            prop_assert_eq!(usage.all.job_seconds, longest.unwrap_or(0));
        }
    }
}
