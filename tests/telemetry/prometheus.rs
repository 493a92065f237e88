//! What is asked of a server that keeps metrics, and what is made of its answers. Real
//! servers are asked in `.ci/interop/metrics`; here one answers what none would on demand.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use standstill::collector::Metering;
use standstill::collector::reading::Measure;
use standstill::telemetry::Gathered;
use standstill::telemetry::Source as _;
use standstill::telemetry::prometheus::Client;
use standstill::telemetry::prometheus::Login;
use standstill::telemetry::prometheus::MetricMap;
use standstill::telemetry::prometheus::Prometheus;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

/// 2026-03-01T00:00:00Z.
const START: u64 = 1_772_323_200;

const POWER: &str = "DCGM_FI_DEV_POWER_USAGE";

/// A request: its headers and its form.
type Request = (String, BTreeMap<String, String>);

/// A server that answers by `answer`, and keeps what it was asked.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn new(
        answer: impl Fn(&BTreeMap<String, String>, usize) -> (u16, String) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = Vec::new();
                let mut byte = [0];
                while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                    text.push(byte[0]);
                }
                let headers = String::from_utf8(text).unwrap();
                let length = headers.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.parse().unwrap())
                });
                let mut body = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut body).unwrap();
                let form = form(std::str::from_utf8(&body).unwrap());
                let number = kept.lock().unwrap().len();
                kept.lock().unwrap().push((headers, form.clone()));
                let (status, body) = answer(&form, number);
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, asked }
    }

    fn queries(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|(_, form)| form["query"].clone())
            .collect()
    }
}

/// Decodes a form.
fn form(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(out).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The window that a query asks for: after its start, up to its end.
fn window(form: &BTreeMap<String, String>) -> (u64, u64) {
    let length = form["query"]
        .split_once('[')
        .unwrap()
        .1
        .trim_end_matches("s]");
    let end: u64 = form["time"].parse().unwrap();
    (end - length.parse::<u64>().unwrap(), end)
}

/// A metric, its labels, and its samples.
pub(crate) type Told<'t> = (&'t str, &'t str, Vec<(u64, String)>);

/// An answer of those samples that lie in the window, closed on the left as 2.x has it.
pub(crate) fn matrix(form: &BTreeMap<String, String>, series: &[Told<'_>]) -> String {
    let (start, end) = window(form);
    let name = form["query"].split_once('{').unwrap().0;
    let series = series.iter().filter(|one| one.0 == name);
    let series: Vec<String> = series
        .map(|(_, labels, samples)| {
            let samples = samples.iter().filter(|(at, _)| (start..=end).contains(at));
            let samples: Vec<String> = samples
                .map(|(at, value)| format!("[{at},\"{value}\"]"))
                .collect();
            format!(
                "{{\"metric\":{{{labels}}},\"values\":[{}]}}",
                samples.join(",")
            )
        })
        .collect();
    format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{}]}}}}",
        series.join(",")
    )
}

/// A value every `step` seconds from `from` up to `to`, in seconds from the start.
pub(crate) fn every(from: u64, to: u64, step: usize, value: &str) -> Vec<(u64, String)> {
    (from..=to)
        .step_by(step)
        .map(|second| (START + second, value.to_owned()))
        .collect()
}

/// Asks for an hour, or so many.
fn gather(server: &Server, hours: u64) -> Result<Gathered, String> {
    gather_as(server, hours, Login::default())
}

fn gather_as(server: &Server, hours: u64, login: Login) -> Result<Gathered, String> {
    let client = Client::new(&server.address, login).map_err(|error| error.to_string())?;
    gather_by(client, hours)
}

fn gather_by(client: Client, hours: u64) -> Result<Gathered, String> {
    let at = |second| UnixSeconds::new(START + second).unwrap();
    let range = Period::new(at(0), at(hours * 3600)).unwrap();
    let cadence = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
    let client = client.with_wait(Duration::from_millis(1));
    let map = MetricMap::embedded("dcgm").unwrap();
    let mut source = Prometheus::new(client, map, "cluster=\"a\"".to_owned(), range);
    let mut gathered = Gathered::new(Metering::new(cadence, range, None).unwrap());
    source
        .read(&mut gathered)
        .map_err(|error| error.to_string())?;
    Ok(gathered)
}

/// Milliseconds seen and the mean in joules, of the power of every meter in an hour.
fn power(gathered: Gathered, hour: usize) -> Vec<(String, u64, u128)> {
    let metered = gathered.metering.finish().unwrap();
    let meters = metered.period(hour);
    let power = meters.iter().map(|one| {
        let cell = one.cells[&Measure::Power];
        let joules = cell.twice_middle / 2 / 1_000_000_000_000;
        (one.meter.name.clone(), cell.observed, joules)
    });
    power.collect()
}

// spec: red-20 red-21
#[test]
fn raw_samples_are_asked_for_window_by_window_and_each_counts_once() {
    let server = Server::new(|form, _| {
        let labels = "\"UUID\":\"GPU-a\",\"modelName\":\"H100\"";
        let series = [(POWER, labels, every(0, 10_800, 30, "100"))];
        (200, matrix(form, &series))
    });
    let gathered = gather(&server, 3).unwrap();
    for hour in 0..3 {
        let again = gather(&server, 3).unwrap();
        // The samples on the edges of windows stand in two answers.
        assert_eq!(
            power(again, hour),
            [("GPU-a".to_owned(), 3_600_000, 360_000)]
        );
    }
    assert_eq!(gathered.metering.finish().unwrap().repeated, 0);
    let queries = server.queries();
    assert!(
        queries
            .iter()
            .all(|query| query.contains("{cluster=\"a\"}[") && query.ends_with("s]"))
    );
    // Old spellings and new.
    for name in [
        POWER,
        "DCGM_FI_DEV_BOARD_POWER_WATTS",
        "DCGM_FI_PROF_TENSOR_UTIL_RATIO",
    ] {
        assert!(
            queries
                .iter()
                .any(|query| query.starts_with(&format!("{name}{{"))),
            "{name}"
        );
    }
    let asked = server.asked.lock().unwrap();
    assert!(
        asked
            .iter()
            .all(|(head, form)| head.starts_with("POST /api/v1/query ")
                && form["partial_response"] == "false")
    );
}

// spec: red-21
#[test]
fn values_that_stand_for_nothing_are_gaps() {
    let server = Server::new(|form, _| {
        let mut samples = every(0, 3600, 30, "100");
        for (sample, nothing) in samples[20..].iter_mut().zip([
            "NaN",
            "+Inf",
            "-Inf",
            "9.223372036854776e+18",
            "9223372036854775794",
            "140737488355328",
            "140737488355330.0",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
            "NaN",
        ]) {
            nothing.clone_into(&mut sample.1);
        }
        (200, matrix(form, &[(POWER, "\"UUID\":\"GPU-a\"", samples)]))
    });
    let gathered = gather(&server, 1).unwrap();
    let skipped: u64 = gathered
        .intake
        .skipped
        .values()
        .map(|(count, _)| count)
        .sum();
    assert_eq!(skipped, 20);
    assert_eq!(
        power(gathered, 0),
        [("GPU-a".to_owned(), 3_000_000, 300_000)]
    );
    // A number that is none, and a negative power, are errors.
    for wrong in ["12,5", "-3"] {
        let server = Server::new(move |form, _| {
            (
                200,
                matrix(
                    form,
                    &[(POWER, "\"UUID\":\"GPU-a\"", every(0, 60, 30, wrong))],
                ),
            )
        });
        let error = gather(&server, 1).unwrap_err();
        assert!(error.contains(wrong) && error.contains(POWER), "{error}");
    }
}

// spec: red-22
#[test]
fn two_exporters_of_one_device_are_one_and_fill_each_others_gaps() {
    let server = Server::new(|form, _| {
        let mut first = every(0, 3600, 30, "100");
        // The first lost ten minutes, of which the second has the first five.
        first.retain(|(at, _)| !(START + 1201..START + 1800).contains(at));
        let second: Vec<(u64, String)> = every(7, 1507, 30, "100");
        let series = [
            (POWER, "\"UUID\":\"GPU-a\",\"instance\":\"x\"", first),
            (POWER, "\"UUID\":\"GPU-a\",\"instance\":\"y\"", second),
        ];
        (200, matrix(form, &series))
    });
    let gathered = gather(&server, 1).unwrap();
    let (reason, (copies, _)) = gathered.intake.skipped.iter().next().unwrap();
    assert!(
        reason.contains("another series") && *copies > 30,
        "{reason} {copies}"
    );
    let [(_, seen, joules)] = power(gathered, 0).try_into().unwrap();
    // From 1200 to 1800 s the second's readings are 1237 … 1507; each of the two holes
    // around them is closed or stands for one interval.
    assert_eq!(seen, 3_600_000 - (1800 - 1507 - 30) * 1000);
    assert_eq!(joules, u128::from(seen / 10));
}

// spec: red-18 red-22
#[test]
fn the_activity_of_parts_of_a_device_is_not_that_of_the_device() {
    let server = Server::new(|form, _| {
        let part = |id: u8| format!("\"UUID\":\"GPU-a\",\"GPU_I_ID\":\"{id}\"");
        let (one, two) = (part(1), part(2));
        let active = "DCGM_FI_DEV_GPU_UTIL";
        let series = [
            (POWER, one.as_str(), every(0, 3600, 30, "100")),
            (POWER, two.as_str(), every(0, 3600, 30, "100")),
            (active, one.as_str(), every(0, 3600, 30, "90")),
            (active, two.as_str(), every(0, 3600, 30, "90")),
        ];
        (200, matrix(form, &series))
    });
    let gathered = gather(&server, 1).unwrap();
    assert!(
        gathered
            .intake
            .skipped
            .keys()
            .any(|reason| reason.contains("parts of a device"))
    );
    let metered = gathered.metering.finish().unwrap();
    let meters = metered.period(0);
    let measures: Vec<&Measure> = meters[0].cells.keys().collect();
    assert_eq!(measures, [&Measure::Power]);
    // Its power is the device's, once.
    assert_eq!(
        meters[0].cells[&Measure::Power].twice_middle / 2,
        360_000 * 1_000_000_000_000
    );
}

// spec: red-23
#[test]
fn a_busy_server_is_asked_again_and_a_large_query_in_parts() {
    let server = Server::new(|form, number| {
        if number == 0 {
            return (503, "busy".to_owned());
        }
        let (start, end) = window(form);
        if end - start > 900 {
            let error = "query processing would load too many samples into memory";
            return (
                422,
                format!(
                    "{{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"{error}\"}}"
                ),
            );
        }
        (
            200,
            matrix(
                form,
                &[(POWER, "\"UUID\":\"GPU-a\"", every(0, 3600, 30, "100"))],
            ),
        )
    });
    let gathered = gather(&server, 1).unwrap();
    assert_eq!(
        power(gathered, 0),
        [("GPU-a".to_owned(), 3_600_000, 360_000)]
    );
}

// spec: red-23
#[test]
fn whoever_takes_what_may_lack_a_part_is_told_so_and_has_a_gap() {
    let server = Server::new(|form, _| {
        let told = matrix(
            form,
            &[(
                "DCGM_FI_DEV_POWER_USAGE",
                "\"UUID\":\"GPU-a\"",
                every(0, 1800, 30, "100"),
            )],
        );
        let warned = "{\"status\":\"success\",\"warnings\":[\"store b: refused\"],";
        (200, told.replacen("{\"status\":\"success\",", warned, 1))
    });
    let client = || Client::new(&server.address, Login::default()).unwrap();
    let refused = gather_by(client(), 1).unwrap_err();
    assert!(refused.contains("may lack a part"), "{refused}");
    let asked = |form: &Request| {
        [
            form.1["partial_response"].clone(),
            form.1["deny_partial_response"].clone(),
        ]
    };
    assert_eq!(asked(&server.asked.lock().unwrap()[0]), ["false", "1"]);
    let taken = gather_by(client().with_partial(true), 1).unwrap();
    assert!(
        taken
            .intake
            .warnings
            .iter()
            .any(|one| one.contains("store b"))
    );
    assert_eq!(
        asked(server.asked.lock().unwrap().last().unwrap()),
        ["true", "0"]
    );
    assert_eq!(power(taken, 0), [("GPU-a".to_owned(), 1_800_000, 180_000)]);
}

// spec: red-23
#[test]
fn a_server_that_fails_is_named_with_what_it_says() {
    for (status, body, says, tries) in [
        (500, "<html>broken</html>", "HTTP 500: <html>broken", 4),
        (
            400,
            "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}",
            "bad_data: parse error",
            1,
        ),
        (401, "who are you", "HTTP 401: who are you", 1),
        (
            200,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
            "a `vector`, not a `matrix`",
            1,
        ),
        (
            200,
            "{\"status\":\"success\",\"warnings\":[\"store b: refused\"],\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
            "may lack a part: store b: refused",
            4,
        ),
        (
            200,
            "{\"status\":\"success\",\"isPartial\":true,\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
            "may lack a part: it says `isPartial`",
            4,
        ),
        (
            200,
            "{\"status\":\"success\"",
            "not that of Prometheus' API",
            1,
        ),
        (
            200,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
            "has none of the metrics",
            0,
        ),
    ] {
        let server = Server::new(move |_, _| (status, body.to_owned()));
        let error = gather(&server, 1).unwrap_err();
        assert!(
            error.contains(says) && error.contains(&server.address),
            "{says}: {error}"
        );
        assert!(
            tries == 0 || server.queries().len() == tries,
            "{says}: {}",
            server.queries().len()
        );
    }
    // Nobody there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server {
        address,
        asked: Arc::default(),
    };
    assert!(gather(&server, 1).unwrap_err().contains("cannot be read"));
}

#[test]
fn a_series_that_names_no_device_is_refused() {
    let server = Server::new(|form, _| {
        (
            200,
            matrix(form, &[(POWER, "\"gpu\":\"0\"", every(0, 60, 30, "1"))]),
        )
    });
    let error = gather(&server, 1).unwrap_err();
    assert!(
        error.contains("none of the labels UUID, uuid, but: gpu"),
        "{error}"
    );
}

#[test]
fn who_asks_is_said_in_every_request() {
    let server = Server::new(|form, _| {
        (
            200,
            matrix(
                form,
                &[(POWER, "\"UUID\":\"GPU-a\"", every(0, 3600, 30, "100"))],
            ),
        )
    });
    let login = Login {
        authorization: Some("Bearer let-me-in".to_owned()),
        ..Login::default()
    };
    gather_as(&server, 1, login).unwrap();
    let asked = server.asked.lock().unwrap();
    assert!(asked.iter().all(|(head, _)| {
        head.to_lowercase()
            .contains("authorization: bearer let-me-in")
    }));
    let login = Login {
        roots: Some(b"no certificate".to_vec()),
        ..Login::default()
    };
    assert!(gather_as(&server, 1, login).unwrap_err().contains("PEM"));
}
