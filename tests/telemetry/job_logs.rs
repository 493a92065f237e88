//! Job logs from their bytes to totals: every trap of `sacct`, job tables, bad input.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::num::NonZeroU64;
use std::path::Path;

use standstill::attestation::figure::Class;
use standstill::collector::CollectError;
use standstill::collector::Collector;
use standstill::collector::Job;
use standstill::quantity::Interval;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Input;
use standstill::telemetry::JobLog;
use standstill::telemetry::Options;
use standstill::telemetry::SourceError;
use standstill::telemetry::jobs::JobTable;
use standstill::telemetry::slurm::Sacct;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

const HEADER: &str =
    "JobIDRaw|Cluster|Account|Partition|State|Start|End|ElapsedRaw|AllocTRES|JobName";

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    fs::read(path).unwrap()
}

fn in_zone(zone: &str, ambiguous: Ambiguous) -> Options {
    Options {
        clock: Clock::new(Some(zone), ambiguous).unwrap(),
        ..Options::default()
    }
}

fn utc() -> Options {
    in_zone("UTC", Ambiguous::Refuse)
}

fn until(text: &str) -> Options {
    Options {
        until: Some(text.parse().unwrap()),
        ..utc()
    }
}

/// Reads what `sacct` printed.
fn sacct(bytes: &[u8], options: &Options) -> Result<JobLog, SourceError> {
    let input = Input::new("sacct".to_owned(), Cursor::new(bytes.to_vec()))?;
    JobLog::read(&mut Sacct::new(input, options.clone()))
}

/// Reads rows below [`HEADER`].
fn rows(rows: &[&str], options: &Options) -> Result<JobLog, SourceError> {
    sacct(
        format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes(),
        options,
    )
}

fn table(text: &str, names: &[(&str, &str)], options: &Options) -> Result<JobLog, SourceError> {
    let names = names
        .iter()
        .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()));
    let input = Input::new("table".to_owned(), Cursor::new(text.to_owned()))?;
    JobLog::read(&mut JobTable::new(input, names.collect(), options.clone()))
}

/// Accelerator-seconds of all jobs, lower and upper.
fn total(jobs: &[Job]) -> (u128, u128) {
    jobs.iter().fold((0, 0), |sum, job| {
        let seconds = u128::from(job.span.seconds());
        job.allocations.iter().fold(sum, |sum, one| {
            let count: Interval = one.accelerators;
            (
                sum.0 + seconds * count.lower().get(),
                sum.1 + seconds * count.upper().get(),
            )
        })
    })
}

/// What the captures hold: job, seconds, devices.
const RUNS: [(&str, u64, u128); 8] = [
    ("1", 20, 4),
    ("2", 5, 2),
    ("3", 2, 1),
    ("4", 2, 1),
    ("5", 31, 2),
    ("6", 30, 2),
    ("6", 36, 2),
    ("8", 5, 2),
];

fn assert_is_the_capture(log: &JobLog) {
    let mut runs: Vec<(&str, u64, u128)> = log
        .jobs
        .iter()
        .map(|job| {
            assert_eq!(job.allocations.len(), 1, "typed and untyped are one");
            assert_eq!(&*job.allocations[0].model, "uncatalogued:h100");
            let count = job.allocations[0].accelerators;
            assert_eq!(count.lower(), count.upper());
            (&*job.id, job.span.seconds(), count.upper().get())
        })
        .collect();
    runs.sort_unstable();
    assert_eq!(runs, RUNS);
    assert_eq!(total(&log.jobs), (298, 298));
    assert_eq!(log.intake.skipped["jobs without accelerators"].0, 1);
    assert_eq!(log.intake.warnings, [""; 0]);
}

// spec: col-8 col-11
#[test]
fn the_capture_without_steps_gives_its_runs() {
    let log = sacct(&fixture("slurm/sacct-22.05.psv"), &utc()).unwrap();
    assert_is_the_capture(&log);
    assert_eq!(log.intake.skipped["jobs without accelerators"], (1, 7));
    let first = log.jobs[0].span;
    assert_eq!(first.start().to_string(), "2026-11-22T18:03:26Z");
}

// spec: col-7
#[test]
fn steps_repeat_their_jobs_and_are_skipped() {
    let log = sacct(&fixture("slurm/sacct-22.05-steps.psv"), &utc()).unwrap();
    assert_is_the_capture(&log);
    assert_eq!(log.intake.skipped["steps of jobs"], (9, 3));
}

// spec: col-5
#[test]
fn every_shape_of_json_gives_the_same_runs_without_a_zone() {
    for name in ["slurm/sacct-22.05.json", "slurm/sacct-24.11-shape.json"] {
        let log = sacct(&fixture(name), &Options::default()).unwrap();
        assert_is_the_capture(&log);
    }
    let one = sacct(&fixture("slurm/sacct-22.05-job1.json"), &Options::default()).unwrap();
    assert_eq!(total(&one.jobs), (80, 80));
}

// spec: col-3
#[test]
fn the_zone_of_the_text_decides_its_instants() {
    let text = fixture("slurm/sacct-22.05.psv");
    let paris = sacct(&text, &in_zone("Europe/Paris", Ambiguous::Refuse)).unwrap();
    assert_eq!(
        paris.jobs[0].span.start().to_string(),
        "2026-11-22T17:03:26Z"
    );
    let refusal = sacct(&text, &Options::default()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "row 2, `Start`: `2026-11-22T18:03:26` has no zone, and none was given"
    );
}

// spec: col-2
#[test]
fn unix_seconds_need_no_zone() {
    let row = "1|c|a|p|COMPLETED|1795370606|1795370626|20|gres/gpu=4|x";
    assert_eq!(
        total(&rows(&[row], &Options::default()).unwrap().jobs),
        (80, 80)
    );
}

// spec: col-4
#[test]
fn local_times_that_a_zone_has_twice_or_not_at_all_are_refused_by_row() {
    let text = [
        "1|c|a|p|COMPLETED|2026-10-25T01:00:00|2026-10-25T02:30:00|5400|gres/gpu=1|x",
        "2|c|a|p|COMPLETED|2026-10-25T02:10:00|2026-10-25T04:00:00|10200|gres/gpu=1|x",
        "3|c|a|p|COMPLETED|2026-03-29T02:10:00|2026-03-29T04:00:00|3600|gres/gpu=1|x",
    ];
    let paris = |ambiguous| in_zone("Europe/Paris", ambiguous);
    let refusal = rows(&text, &paris(Ambiguous::Refuse)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "3 local times are ambiguous or do not exist in their zone: row 2 End \
         `2026-10-25T02:30:00`, row 3 Start `2026-10-25T02:10:00`, row 4 Start \
         `2026-03-29T02:10:00`"
    );
    let seconds = |ambiguous| {
        let log = rows(&text, &paris(ambiguous)).unwrap();
        log.jobs
            .iter()
            .map(|job| job.span.seconds())
            .collect::<Vec<_>>()
    };
    assert_eq!(seconds(Ambiguous::Earlier), [5400, 10_200, 6600]);
    assert_eq!(seconds(Ambiguous::Later), [9000, 6600, 3000]);
}

#[test]
fn a_pipe_in_the_one_column_of_free_text_moves_nothing() {
    let row = "4|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|2|gres/gpu=1|a|b||c";
    assert_eq!(total(&rows(&[row], &utc()).unwrap().jobs), (2, 2));
    let first = "JobName|JobIDRaw|State|Start|End|AllocTRES\n\
                 a|b|4|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|gres/gpu=3\n";
    assert_eq!(
        total(&sacct(first.as_bytes(), &utc()).unwrap().jobs),
        (6, 6)
    );
}

// spec: col-6
#[test]
fn a_pipe_that_could_stand_in_two_columns_is_refused_by_row() {
    let text = "JobName|JobIDRaw|State|Start|End|AllocTRES|Comment\n\
                a|b|4|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|gres/gpu=3|\n";
    let refusal = sacct(text.as_bytes(), &utc()).unwrap_err();
    assert_eq!(refusal.to_string(), "row 2 has 8 columns, the header 7");
    let none = "JobIDRaw|State|Start|End|AllocTRES\n1|2|3|4|5|6\n";
    assert!(matches!(
        sacct(none.as_bytes(), &utc()),
        Err(SourceError::Row {
            row: 2,
            found: 6,
            expected: 5
        })
    ));
}

#[test]
fn the_trailing_separator_of_parsable_is_no_column() {
    let text = "JobIDRaw|State|Start|End|AllocTRES|JobName|\n\
                4|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|gres/gpu=3|a|b|\n";
    assert_eq!(total(&sacct(text.as_bytes(), &utc()).unwrap().jobs), (6, 6));
}

// spec: col-12
#[test]
fn a_running_job_counts_up_to_the_instant_given_and_is_refused_without() {
    let text = [
        "1|c|a|p|RUNNING|2026-01-01T00:00:00|Unknown|7|gres/gpu=2|x",
        "2|c|a|p|RUNNING|2026-01-01T02:00:00|Unknown|7|gres/gpu=2|x",
    ];
    let refusal = rows(&text, &utc()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "2 jobs still run, and until when they count was not said: row 2 job 1, row 3 job 2"
    );
    let log = rows(&text, &until("2026-01-01T01:00:00Z")).unwrap();
    assert_eq!(total(&log.jobs), (7200, 7200));
    assert_eq!(
        log.intake.skipped["running jobs that began only later"],
        (1, 3)
    );
    assert_eq!(log.intake.warnings, [""; 0]);
}

#[test]
fn a_job_that_is_over_but_has_no_end_is_refused() {
    let row = "1|c|a|p|COMPLETED|2026-01-01T00:00:00|Unknown|7|gres/gpu=2|x";
    let refusal = rows(&[row], &until("2026-01-02T00:00:00Z")).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "row 2, `End`: `Unknown` is not known, but the job is `COMPLETED`"
    );
}

#[test]
fn a_running_job_with_an_end_was_cut_at_the_window_and_that_is_said() {
    let row = "1|c|a|p|RUNNING|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu=2|x";
    let log = rows(&[row], &utc()).unwrap();
    assert_eq!(total(&log.jobs), (120, 120));
    assert!(
        log.intake.warnings[0].contains("`sacct -T`"),
        "{:?}",
        log.intake.warnings
    );
}

// spec: col-13
#[test]
fn suspended_time_counts_and_the_difference_is_said() {
    let row = "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T01:00:00|3000|gres/gpu=2|x";
    let log = rows(&[row], &utc()).unwrap();
    assert_eq!(total(&log.jobs), (7200, 7200));
    assert_eq!(
        log.intake.warnings,
        [
            "row 2: job 1 ran 3600 seconds from start to end, but 3000 are given as elapsed; \
          counted as allocated throughout"
        ]
    );
}

#[test]
fn a_row_that_stands_twice_counts_once_and_one_that_differs_is_refused() {
    let row = "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu=2|x";
    let log = rows(&[row, row], &utc()).unwrap();
    assert_eq!(total(&log.jobs), (120, 120));
    assert_eq!(log.intake.skipped["rows that repeat another"], (1, 3));
    let other = row.replace("gpu=2", "gpu=4");
    assert_eq!(
        rows(&[row, &other], &utc()).unwrap_err().to_string(),
        "row 3 says otherwise than row 2 of job `1` over the same time"
    );
}

#[test]
fn two_clusters_may_have_the_same_numbers() {
    let row = "1|east|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu=2|x";
    let west = row.replace("east", "west");
    let log = rows(&[row, &west], &utc()).unwrap();
    let ids: Vec<_> = log.jobs.iter().map(|job| &*job.id).collect();
    assert_eq!(ids, ["east/1", "west/1"]);
    assert_eq!(log.intake.warnings, [""; 0]);
}

#[test]
fn a_job_that_runs_twice_at_once_is_warned_of() {
    let text = [
        "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu=2|x",
        "1|c|a|p|COMPLETED|2026-01-01T00:00:30|2026-01-01T00:01:30|60|gres/gpu=2|x",
    ];
    let log = rows(&text, &utc()).unwrap();
    assert_eq!(
        log.intake.warnings,
        ["job 1 runs twice at once, 1 times over"]
    );
}

// spec: col-24
#[test]
fn a_row_that_was_closed_for_a_resize_has_an_end_and_is_gone_on_with() {
    // As a real Slurm has it: both begin when the job began.
    let text = [
        "1|c|a|p|RESIZING|2026-01-01T00:00:00|2026-01-01T00:00:04|4|gres/gpu=2|x",
        "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:10|10|gres/gpu=1|x",
    ];
    let log = rows(&text, &utc()).unwrap();
    assert_eq!(total(&log.jobs), (2 * 4 + 6, 2 * 4 + 6));
    assert_eq!(log.intake.warnings, [""; 0]);
}

// spec: col-25
#[test]
fn parts_of_a_heterogeneous_job_name_the_job() {
    let text = "JobIDRaw|JobID|State|Start|End|AllocTRES\n\
                5|5+0|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|gres/gpu=1\n\
                6|5+1|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|gres/gpu=2\n\
                7|2_1|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:00:02|gres/gpu=4\n";
    let whole = |log: &JobLog| -> Vec<Option<String>> {
        let jobs = log.jobs.iter();
        jobs.map(|job| job.whole.as_deref().map(str::to_owned))
            .collect()
    };
    let five = Some("5".to_owned());
    let log = sacct(text.as_bytes(), &utc()).unwrap();
    assert_eq!(whole(&log), [five.clone(), five, None]);
    let json = String::from_utf8(fixture("slurm/sacct-22.05-job1.json")).unwrap();
    let (before, het) = json.split_once("\"het\"").unwrap();
    let part = format!(
        "{before}\"het\"{}",
        het.replacen("\"job_id\": 0", "\"job_id\": 9", 1)
    );
    assert_eq!(whole(&sacct(json.as_bytes(), &utc()).unwrap()), [None]);
    assert_ne!(json, part);
    let nine = Some("9".to_owned());
    assert_eq!(whole(&sacct(part.as_bytes(), &utc()).unwrap()), [nine]);
}

// spec: col-9
#[test]
fn slices_of_devices_are_from_none_to_all_of_them() {
    let row = "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu:1g.10gb=2|x";
    assert_eq!(total(&rows(&[row], &utc()).unwrap().jobs), (0, 120));
}

// spec: col-10
#[test]
fn what_is_not_counted_is_said_once() {
    let row = "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/tpu=2|x";
    let other = row.replace("1|c", "2|c");
    let log = rows(&[row, &other], &utc()).unwrap();
    assert_eq!(
        log.intake.warnings,
        ["row 2: `gres/tpu` is no accelerator known here: not counted"]
    );
    assert_eq!(log.intake.skipped["jobs without accelerators"], (2, 2));
}

// spec: col-14 col-15
#[test]
fn models_and_classes_are_as_told_and_never_guessed() {
    let text = [
        "1|c|alice|big|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu:h100=2|x",
        "2|c|bob|small|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu=1|x",
        "3|c|carol|small|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu:x=1|x",
    ];
    let options = Options {
        models: BTreeMap::from([
            ("h100".to_owned(), "nvidia-h100-sxm".to_owned()),
            ("gpu".to_owned(), "nvidia-v100".to_owned()),
        ]),
        classes: BTreeMap::from([
            ("big".to_owned(), Class::Training),
            ("bob".to_owned(), Class::Inference),
        ]),
        ..utc()
    };
    let log = rows(&text, &options).unwrap();
    let found: Vec<(&str, Class)> = log
        .jobs
        .iter()
        .map(|job| (&*job.allocations[0].model, job.class))
        .collect();
    assert_eq!(
        found,
        [
            ("nvidia-h100-sxm", Class::Training),
            ("nvidia-v100", Class::Inference),
            ("uncatalogued:x", Class::Unclassified),
        ]
    );
    let plain = rows(&text, &utc()).unwrap();
    assert_eq!(&*plain.jobs[1].allocations[0].model, "uncatalogued:gpu");
}

#[test]
fn bad_rows_are_refused_with_row_field_and_value() {
    let good = "1|c|a|p|COMPLETED|2026-01-01T00:00:00|2026-01-01T00:01:00|60|gres/gpu=2|x";
    for (from, to, expected) in [
        (
            "00:01:00",
            "00:61:00",
            "row 2, `End`: `2026-01-01T00:61:00` is not a time",
        ),
        (
            "2026-01-01T00:01",
            "2025-01-01T00:01",
            "row 2, `End`: `2025-01-01T00:01:00Z` is before the start, 2026-01-01T00:00:00Z",
        ),
        ("|60|", "|-60|", "row 2, `ElapsedRaw`: `-60` is negative"),
        (
            "gpu=2",
            "gpu=-2",
            "row 2, `AllocTRES`: `gres/gpu=-2` has `gres/gpu=-2`, whose count is negative",
        ),
        (
            "gpu=2",
            "gpu=18446744073709551616",
            "row 2, `AllocTRES`: `gres/gpu=18446744073709551616` has \
             `gres/gpu=18446744073709551616`, whose count is too large",
        ),
        ("1|c", "|c", "row 2, `JobID`: `` names no job"),
        ("|a|p|", "|a|", "row 2 has 9 columns, the header 10"),
    ] {
        let row = good.replacen(from, to, 1);
        assert_ne!(row, good);
        assert_eq!(rows(&[&row], &utc()).unwrap_err().to_string(), expected);
    }
}

#[test]
fn what_is_no_output_of_sacct_is_refused() {
    let refusal = |bytes: &[u8]| sacct(bytes, &utc()).unwrap_err().to_string();
    assert_eq!(refusal(b""), "there is nothing in it");
    assert_eq!(refusal(b" \n"), "there is nothing in it");
    assert_eq!(
        refusal(format!("{HEADER}\n").as_bytes()),
        "there is nothing in it"
    );
    assert!(refusal(b"\x7fELF\0\0\n").contains("zero bytes"));
    assert!(refusal(b"1|1|COMPLETED\n").starts_with("this is not the output of `sacct"));
    assert_eq!(
        refusal(b"JobIDRaw|State|Start|End\n"),
        "the column `AllocTRES` is missing; there are: JobIDRaw, State, Start, End"
    );
    assert!(sacct(b"{\"jobs\":[]}", &utc()).is_err());
}

#[test]
fn a_capture_cut_anywhere_inside_a_line_is_refused() {
    let text = fixture("slurm/sacct-22.05.psv");
    for cut in 0..text.len() {
        let whole = cut > 0 && text[cut - 1] == b'\n';
        assert_eq!(
            sacct(&text[..cut], &utc()).is_ok(),
            whole && cut > 200,
            "{cut}"
        );
    }
    let json = fixture("slurm/sacct-22.05-job1.json");
    let end = json.trim_ascii_end().len();
    for cut in 0..end {
        assert!(sacct(&json[..cut], &utc()).is_err(), "{cut}");
    }
}

#[test]
fn json_of_another_shape_is_refused_and_never_read_as_nothing() {
    let text = String::from_utf8(fixture("slurm/sacct-24.11-shape.json")).unwrap();
    for (from, to) in [
        ("\"allocated\"", "\"granted\""),
        ("\"start\"", "\"begin\""),
        ("\"end\"", "\"finish\""),
        ("\"current\"", "\"now\""),
        ("\"job_id\": 6,", "\"job_id\": 6, \"job_id\": 7,"),
        ("\"job_id\": 6,", "\"job_id\": -6,"),
        ("\"job_id\": 6,", "\"job_id\": 6.5,"),
        ("\"job_id\": 6,", "\"job_id\": \"6\","),
        (
            "\"errors\": []",
            "\"errors\": [{\"error\": \"no connection\"}]",
        ),
        ("1795370626", "17953706260000000"),
    ] {
        let altered = text.replacen(from, to, if from == "\"start\"" { 9 } else { 1 });
        assert_ne!(altered, text, "{from}");
        assert!(sacct(altered.as_bytes(), &utc()).is_err(), "{from} -> {to}");
    }
    let exact = text.replacen("\"job_id\": 6,", "\"job_id\": 6.0,", 1);
    assert_is_the_capture(&sacct(exact.as_bytes(), &utc()).unwrap());
}

// spec: col-17
#[test]
fn a_plain_table_is_read_as_documented() {
    let text = String::from_utf8(fixture("jobs/plain.csv")).unwrap();
    let log = table(&text, &[], &Options::default()).unwrap();
    let seconds = 8 * 9000 + 2 * 3600 + 5 * 3600;
    assert_eq!(total(&log.jobs), (seconds, seconds));
    assert_eq!(log.jobs.len(), 3);
    assert_eq!(log.jobs[0].class, Class::Training);
    assert_eq!(log.jobs[0].run.as_deref(), Some("north"));
    assert_eq!(log.jobs[1].class, Class::Inference);
    assert_eq!(&*log.jobs[1].allocations[0].model, "uncatalogued:gpu");
    assert_eq!(log.jobs[2].allocations.len(), 2, "one job on two models");
    assert_eq!(log.intake.skipped["rows that repeat another"], (1, 7));
    assert_eq!(
        log.intake.skipped["jobs of no time or no accelerators"],
        (1, 6)
    );
}

const OTHER: [(&str, &str); 3] = [
    ("start", "timestamp"),
    ("duration", "duration"),
    ("accelerators", "num_gpus"),
];

// spec: col-16 col-17
#[test]
fn another_table_is_read_by_naming_its_columns_and_two_rows_alike_are_two_jobs() {
    let text = String::from_utf8(fixture("jobs/other-columns.csv")).unwrap();
    let log = table(&text, &OTHER, &utc()).unwrap();
    assert_eq!(total(&log.jobs), (66 + 960, 66 + 960));
    let ids: Vec<_> = log.jobs.iter().map(|job| &*job.id).collect();
    assert_eq!(ids, ["2", "3", "4"]);
}

// spec: col-1 col-18
#[test]
fn bad_tables_are_refused_with_row_field_and_value() {
    let good = "job,start,duration,accelerators\na,2026-01-01T00:00:00Z,60,2\n";
    assert!(table(good, &[], &utc()).is_ok());
    for (from, to, expected) in [
        (
            ",60,",
            ",66.5,",
            "row 2, `duration`: `66.5` is not a whole number",
        ),
        (",60,", ",-60,", "row 2, `duration`: `-60` is negative"),
        (
            ",60,",
            ",6e1,",
            "row 2, `duration`: `6e1` is not a decimal number",
        ),
        (
            ",60,",
            ",,",
            "row 2, `duration`: `` is not a decimal number",
        ),
        (
            ",60,",
            ",18446744073709551616,",
            "row 2, `duration`: `18446744073709551616` is too large",
        ),
        (
            ",60,",
            ",18446744073709551615,",
            "row 2, `duration`: `18446744073709551615` reaches past the year 9999",
        ),
        (
            "2026-01-01T",
            "2026-02-30T",
            "row 2, `start`: `2026-02-30T00:00:00Z` is not a time",
        ),
        ("\na,", "\n,", "row 2, `job`: `` names no job"),
        (",2\n", "\n", "row 2 has 3 columns, the header 4"),
        (
            ",2\n",
            ",2",
            "the last line does not end with a line feed: the file may be cut off there",
        ),
        (
            "accelerators",
            "gpus",
            "the column `accelerators` is missing; there are: job, start, duration, gpus",
        ),
        (
            "job,",
            "start,",
            "this is not a CSV table with a header: its header has `start` twice",
        ),
        (
            "\na,",
            "\na\0,",
            "this is not a CSV table with a header: it holds zero bytes, as binary files do",
        ),
    ] {
        let altered = good.replacen(from, to, 1);
        assert_ne!(altered, good);
        assert_eq!(
            table(&altered, &[], &utc()).unwrap_err().to_string(),
            expected
        );
    }
    assert_eq!(table("", &[], &utc()).unwrap_err(), SourceError::Empty);
    assert_eq!(
        table("job,start\n", &[("strat", "x")], &utc())
            .unwrap_err()
            .to_string(),
        "`strat` is not a column of a job table; they are: \
         job, start, end, duration, accelerators, model, class, run"
    );
    assert_eq!(
        table("start,end,accelerators\n", &[], &utc()).unwrap_err(),
        SourceError::Empty
    );
    let backwards = "start,end,accelerators\n2026-01-01T00:00:01Z,2026-01-01T00:00:00Z,1\n";
    assert_eq!(
        table(backwards, &[], &utc()).unwrap_err().to_string(),
        "row 2, `end`: `2026-01-01T00:00:00Z` is before the start, 2026-01-01T00:00:01Z"
    );
    let differs = format!("{good}a,2026-01-01T00:00:00Z,60,3\n");
    assert!(matches!(
        table(&differs, &[], &utc()),
        Err(SourceError::Collect(CollectError::Conflict {
            row: 3,
            first: 2,
            ..
        }))
    ));
}

#[test]
fn the_philly_trace_gives_what_it_is_known_to_hold() {
    let Some(data) = std::env::var_os("STANDSTILL_DATA") else {
        eprintln!("not run: STANDSTILL_DATA names no folder of real data");
        return;
    };
    let path = Path::new(&data).join("philly/philly_82k_jobs.csv");
    let text = fs::read_to_string(path).unwrap();
    let log = table(
        &text,
        &OTHER,
        &in_zone("America/Los_Angeles", Ambiguous::Earlier),
    )
    .unwrap();
    assert_eq!(log.jobs.len(), 82_247);
    assert!(log.intake.skipped.is_empty());
    let (_, seconds) = total(&log.jobs);
    assert_eq!(seconds / 3600, 978_078);
    let [start, end]: [UnixSeconds; 2] =
        ["2017-08-01T00:00:00Z", "2018-01-01T00:00:00Z"].map(|at| at.parse().unwrap());
    let range = Period::new(start, end).unwrap();
    let hour = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
    for (cadence, records) in [(Cadence::Month, 82_653), (hour, 380_835)] {
        let collector = Collector::of(&log.jobs, cadence, range).unwrap();
        assert_eq!(collector.outside(), Interval::ZERO);
        let (mut sum, mut count) = (0, 0);
        for usage in collector {
            let usage = usage.unwrap();
            sum += usage.all.accelerator_seconds.upper().get();
            count += usage.shares().unwrap().len();
        }
        assert_eq!(sum, seconds, "nothing lost, nothing counted twice");
        assert_eq!(count, records);
    }
}
