//! What pods asked for, as kube-state-metrics told it. A real Prometheus is asked in
//! `.ci/interop/metrics`.

use std::collections::BTreeMap;
use std::time::Duration;

use standstill::attestation::figure::Class;
use standstill::telemetry::JobLog;
use standstill::telemetry::Options;
use standstill::telemetry::kubernetes::PodRequests;
use standstill::telemetry::kubernetes::RESOURCES;
use standstill::telemetry::prometheus::Client;
use standstill::telemetry::prometheus::Login;
use standstill::time::Period;
use standstill::time::UnixSeconds;

use crate::prometheus::Server;
use crate::prometheus::Told;
use crate::prometheus::every;
use crate::prometheus::matrix;

/// 2026-03-01T00:00:00Z.
const START: u64 = 1_772_323_200;

const PHASE: &str = "kube_pod_status_phase";
const REQUESTS: &str = "kube_pod_container_resource_requests";

const POD: &str = r#""namespace":"train","pod":"p","uid":"1""#;

fn request(pod: &str, container: &str, resource: &str) -> String {
    format!(r#"{pod},"container":"{container}","resource":"{resource}""#)
}

/// A metric, its labels, and its samples.
type Series = (&'static str, String, Vec<(u64, String)>);

/// Reads an hour of a server that has these series.
fn read(series: Vec<Series>) -> Result<JobLog, String> {
    let server = Server::new(move |form, _| {
        let told: Vec<Told<'_>> = series
            .iter()
            .map(|(name, labels, samples)| (*name, labels.as_str(), samples.clone()))
            .collect();
        (200, matrix(form, &told))
    });
    let at = |second| UnixSeconds::new(START + second).unwrap();
    let range = Period::new(at(0), at(3600)).unwrap();
    let client = Client::new(&server.address, Login::default()).unwrap();
    let client = client.with_wait(Duration::from_millis(1));
    let options = Options {
        classes: BTreeMap::from([("train".to_owned(), Class::Training)]),
        ..Options::default()
    };
    let narrowed = (String::new(), RESOURCES.to_owned());
    let mut source = PodRequests::new(client, narrowed, range, None, options);
    JobLog::read(&mut source).map_err(|error| error.to_string())
}

/// The stretches of a pod: from and to in seconds from the start, and from how many devices
/// to how many.
fn stretches(log: &JobLog, pod: &str) -> Vec<(i64, i64, u128, u128)> {
    let jobs = log.jobs.iter().filter(|job| &*job.id == pod);
    let mut all: Vec<_> = jobs
        .map(|job| {
            let second =
                |at: UnixSeconds| i64::try_from(at.get()).unwrap() - i64::try_from(START).unwrap();
            let held = job.allocations[0].accelerators;
            (
                second(job.span.start()),
                second(job.span.end()),
                held.lower().get(),
                held.upper().get(),
            )
        })
        .collect();
    all.sort_unstable();
    all
}

// spec: col-26 col-27 col-28
#[test]
fn a_pod_holds_what_its_containers_ask_for_while_it_runs() {
    // Pending for five minutes, then running for half an hour, then over.
    let mut phase = every(0, 270, 30, "0");
    phase.extend(every(300, 2100, 30, "1"));
    phase.extend(every(2130, 3600, 30, "0"));
    let log = read(vec![
        (PHASE, POD.to_owned(), phase),
        (
            REQUESTS,
            request(POD, "a", "nvidia_com_gpu"),
            every(0, 3600, 30, "4"),
        ),
        (
            REQUESTS,
            request(POD, "b", "nvidia_com_gpu"),
            every(0, 3600, 30, "2"),
        ),
    ])
    .unwrap();
    assert_eq!(
        stretches(&log, "train/p"),
        [(270, 300, 0, 6), (300, 2100, 6, 6), (2100, 2130, 0, 6)]
    );
    assert_eq!(log.jobs[0].class, Class::Training);
    assert_eq!(
        &*log.jobs[0].allocations[0].model,
        "uncatalogued:nvidia_com_gpu"
    );
}

// spec: col-27
#[test]
fn what_no_scrape_saw_may_have_been_held() {
    // There from the 600th second to the 1200th; ten minutes without scrapes; then till 2400.
    let mut times = every(600, 1200, 30, "1");
    times.extend(every(1800, 2400, 30, "1"));
    let eight: Vec<(u64, String)> = times.iter().map(|(at, _)| (*at, "8".to_owned())).collect();
    let log = read(vec![
        (PHASE, POD.to_owned(), times),
        (REQUESTS, request(POD, "a", "nvidia_com_gpu"), eight),
    ])
    .unwrap();
    assert_eq!(
        stretches(&log, "train/p"),
        [
            (570, 600, 0, 8),
            (600, 1200, 8, 8),
            (1200, 1800, 0, 8),
            (1800, 2400, 8, 8),
            (2400, 2430, 0, 8)
        ]
    );
}

// spec: col-28
#[test]
fn a_pod_that_comes_after_one_of_its_name_is_another() {
    let next = POD.replace("\"1\"", "\"2\"");
    let log = read(vec![
        (PHASE, POD.to_owned(), every(0, 900, 30, "1")),
        (PHASE, next.clone(), every(930, 1800, 30, "1")),
        (
            REQUESTS,
            request(POD, "a", "nvidia_com_gpu"),
            every(0, 900, 30, "8"),
        ),
        (
            REQUESTS,
            request(&next, "a", "nvidia_com_gpu"),
            every(930, 1800, 30, "8"),
        ),
    ])
    .unwrap();
    let all = stretches(&log, "train/p");
    let certain: i64 = all
        .iter()
        .filter(|(_, _, least, _)| *least == 8)
        .map(|(start, end, ..)| end - start)
        .sum();
    assert_eq!(certain, 900 + 870);
}

// spec: col-26
#[test]
fn one_container_told_by_two_servers_counts_once() {
    let two = format!(r#"{POD},"instance":"b""#);
    let log = read(vec![
        (PHASE, POD.to_owned(), every(0, 3600, 30, "1")),
        (PHASE, two.clone(), every(0, 3600, 30, "1")),
        (
            REQUESTS,
            request(POD, "a", "nvidia_com_gpu"),
            every(0, 3600, 30, "8"),
        ),
        (
            REQUESTS,
            request(&two, "a", "nvidia_com_gpu"),
            every(0, 3600, 30, "8"),
        ),
    ])
    .unwrap();
    assert!(stretches(&log, "train/p").contains(&(0, 3600, 8, 8)));
}

// spec: col-29
#[test]
fn a_slice_of_a_device_is_from_none_to_one() {
    let log = read(vec![
        (PHASE, POD.to_owned(), every(0, 3600, 30, "1")),
        (
            REQUESTS,
            request(POD, "a", "nvidia_com_mig_1g_10gb"),
            every(0, 3600, 30, "3"),
        ),
    ])
    .unwrap();
    assert!(stretches(&log, "train/p").contains(&(0, 3600, 0, 3)));
}

#[test]
fn what_is_no_series_of_pods_is_refused() {
    assert!(
        read(Vec::new())
            .unwrap_err()
            .contains("none of the metrics")
    );
    let node = r#""node":"n","resource":"nvidia_com_gpu""#.to_owned();
    let error = read(vec![(REQUESTS, node, every(0, 3600, 30, "8"))]).unwrap_err();
    assert!(error.contains("no label `pod`"), "{error}");
    let error = read(vec![
        (PHASE, POD.to_owned(), every(0, 3600, 30, "1")),
        (
            REQUESTS,
            request(POD, "a", "nvidia_com_gpu"),
            every(0, 3600, 30, "0.5"),
        ),
    ]);
    assert!(error.unwrap_err().contains("`0.5`"));
}
