//! Readings of devices and power meters, from files to what is published.

use standstill::attestation::Content;
use standstill::attestation::content::Usage;
use standstill::attestation::figure::Basis;
use standstill::attestation::figure::Coverage;
use standstill::attestation::figure::QuantityKind;
use standstill::ledger::Ledger;

use crate::lab::{HALF, Lab, READ};
use crate::sandbox::repository;

const DEVICES: &str = "serial,model,uuid\n1001,h100,GPU-a\n1002,h100,GPU-b\n1003,h200,GPU-c\n";
const MODELS: &str = "--model h100=h100-sxm --model h200=h200-sxm";
const DAY: &str = "2026-03-02T00:00:00Z";

/// One day of two devices, read every ten minutes; the second is lost from 10:00 to 14:00.
/// The third is never seen.
fn captured() -> String {
    let mut text = "timestamp, uuid, name, power.draw [W], utilization.gpu [%]\n".to_owned();
    for step in 0..=144 {
        let (hour, minute) = (step / 6, step % 6 * 10);
        let date = if hour < 24 {
            "2026/03/01"
        } else {
            "2026/03/02"
        };
        let time = format!("{date} {:02}:{minute:02}:00.000", hour % 24);
        text.push_str(&format!("{time}, GPU-a, NVIDIA H100, 500.00 W, 100 %\n"));
        if !(61..84).contains(&step) {
            text.push_str(&format!("{time}, GPU-b, NVIDIA H100, [N/A], 50 %\n"));
        }
    }
    text
}

fn collected() -> Lab {
    let mut lab = Lab::new();
    lab.write("devices.csv", DEVICES);
    lab.write("smi.csv", captured());
    lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    lab.at(HALF);
    lab.ok(&format!(
        "collect nvidia-smi smi.csv --devices devices.csv {MODELS} --tz UTC --workspace lab --through {DAY}"
    ));
    lab
}

fn usage(lab: &Lab) -> Usage {
    let statements = lab.statements();
    let mut usages = statements.into_iter().filter_map(|one| match one.content {
        Content::Usage(usage) => Some(usage),
        _ => None,
    });
    usages.next_back().unwrap()
}

/// The value and the coverage of a figure, as text.
fn figure(usage: &Usage, quantity: QuantityKind, model: &str, basis: Basis) -> String {
    let found = usage
        .figures
        .iter()
        .find(|one| (one.quantity, one.model.as_str(), one.basis) == (quantity, model, basis));
    let found = found.unwrap();
    let Coverage::Known { observed, gap, .. } = found.coverage else {
        panic!("unknown coverage");
    };
    let (lower, upper) = (found.value.lower(), found.value.upper());
    format!("{lower} to {upper}, {observed} seen, {gap} not")
}

// spec: red-4
// spec: red-10
// spec: red-11
// spec: red-12
// spec: red-16
#[test]
fn what_devices_showed_is_published_with_what_was_not_seen() {
    let lab = collected();
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let usage = usage(&lab);
    let seconds = QuantityKind::AcceleratorSeconds;
    // Two days of devices, less 24 readings lost: 230 of 240 minutes, for the last reading
    // before stands for its own ten.
    assert_eq!(
        figure(&usage, seconds, "h100-sxm", Basis::Present),
        "159000 to 159000, 159000 seen, 13800 not"
    );
    assert_eq!(
        figure(&usage, seconds, "h100-sxm", Basis::Active),
        "122700 to 122700, 159000 seen, 13800 not"
    );
    // 500 W of one device; of the other no power is known.
    assert_eq!(
        figure(
            &usage,
            QuantityKind::EnergyJoules,
            "h100-sxm",
            Basis::Present
        ),
        "43200000 to 43200000, 86400 seen, 86400 not"
    );
    // The device that nobody saw is all gap, never zero that was seen.
    assert_eq!(
        figure(&usage, seconds, "h200-sxm", Basis::Present),
        "0 to 0, 0 seen, 86400 not"
    );
    // Its ledger is dense over the inventory, and kept.
    let kept = lab.read("lab/ledgers/1/2026-03-01T00:00:00Z.devices.ledger");
    let ledger = Ledger::parse(kept.as_bytes()).unwrap();
    assert_eq!(ledger.count(), 3);
    assert_eq!(ledger.root(), usage.ledgers[0].root);
    let listed = lab.read("lab/ledgers/1/inventory-0000000000.ledger");
    let listed = Ledger::parse(listed.as_bytes()).unwrap();
    for (record, device) in ledger.records().zip(listed.records()) {
        assert_eq!(record.value("device"), device.value("serial"));
    }
    assert!(!kept.contains("GPU-a") && !kept.contains("1001"), "{kept}");
}

// spec: red-14 red-27
#[test]
fn two_sources_stand_beside_each_other_and_each_replaces_its_own_part() {
    let lab = collected();
    let jobs = repository("fixtures/demo/prudent.psv");
    let collect = format!(
        "collect slurm {} {READ} --workspace lab --through {DAY}",
        jobs.display()
    );
    for _ in 0..2 {
        let done = lab.run(&collect);
        assert!(
            done.err.contains("beside what `nvidia-smi` said"),
            "{}",
            done.err
        );
        // Of the days that both tell of.
        let line = done
            .err
            .lines()
            .find(|line| line.starts_with("`accelerator_seconds`: "))
            .unwrap();
        let apart = "`nvidia-smi` (present) is at least 617181 below `sacct` (allocated)";
        assert!(line.contains(apart), "{line}");
    }
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let usage = usage(&lab);
    let kinds: Vec<&str> = usage.ledgers.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["devices", "jobs"]);
    assert_eq!(usage.devices_absent, None);
    let bases: Vec<&str> = usage.figures.iter().map(|one| one.basis.as_str()).collect();
    assert!(bases.contains(&"allocated") && bases.contains(&"present"));
    // Nothing is there twice.
    assert_eq!(bases.iter().filter(|one| **one == "present").count(), 4);
    // A period collected again keeps what the other source said of it.
    lab.write("smi.csv", captured().replace("500.00 W", "600.00 W"));
    lab.ok(&format!(
        "collect nvidia-smi smi.csv --devices devices.csv {MODELS} --tz UTC --workspace lab --through {DAY} --again 2026-03-01T00:00:00Z"
    ));
    lab.ok("correct 2026-03-01T00:00:00Z lab/collected/1-again/2026-03-01T00:00:00Z.usage --reason meter --workspace lab");
    lab.ok("publish --workspace lab");
    let corrected = lab
        .statements()
        .into_iter()
        .find_map(|one| match one.content {
            Content::Correction(correction) => Some(*correction.replacement),
            _ => None,
        });
    let Some(Content::Usage(corrected)) = corrected else {
        panic!("no correction of usage");
    };
    assert_eq!(corrected.figures.len(), usage.figures.len());
    assert!(
        figure(
            &corrected,
            QuantityKind::EnergyJoules,
            "h100-sxm",
            Basis::Present
        )
        .starts_with("51840000 ")
    );
}

// spec: red-1
// spec: red-3
// spec: red-17
#[test]
fn readings_that_would_make_a_false_statement_are_refused() {
    let mut lab = Lab::new();
    lab.write("devices.csv", DEVICES);
    lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    lab.at(HALF);
    let good = captured();
    for (text, options, says) in [
        // A device that the inventory does not list.
        (good.replace("GPU-b", "GPU-x"), "--tz UTC", "GPU-x"),
        // No zone.
        (good.clone(), "", "has no zone"),
        // Units mixed.
        (
            good.replace("500.00 W", "0.5 kW"),
            "--tz UTC",
            "row 2, `power`: `0.5 kW` is not in W",
        ),
        // Out of order.
        (
            good.replace("2026/03/01 09:50", "2026/03/01 08:05"),
            "--tz UTC",
            "out of order",
        ),
        // One instant, two values.
        (
            good.replace(
                "2026/03/01 09:50:00.000, GPU-a, NVIDIA H100, 500.00",
                "2026/03/01 09:40:00.000, GPU-a, NVIDIA H100, 501.00",
            ),
            "--tz UTC",
            "of the same instant",
        ),
        // More than the whole.
        (
            good.replace("50 %", "150 %"),
            "--tz UTC",
            "more than the whole",
        ),
        (good.replace("500.00 W", "-1 W"), "--tz UTC", "is negative"),
        (
            good.replace("500.00 W", "NaN W"),
            "--tz UTC",
            "nothing was measured",
        ),
        // Cut off.
        (good.trim_end().to_owned(), "--tz UTC", "may be cut off"),
        (
            "timestamp, power.draw [W]\n".to_owned(),
            "--tz UTC",
            "`uuid` is missing",
        ),
        (String::new(), "--tz UTC", "in it"),
    ] {
        lab.write("smi.csv", &text);
        let said = lab.refused(&format!(
            "collect nvidia-smi smi.csv --devices devices.csv {MODELS} {options} --workspace lab --through {DAY}"
        ));
        assert!(said.contains(says), "{says}: {said}");
        assert!(said.contains("hint: "), "{said}");
    }
    assert!(!lab.path("lab/collected/1").exists());
    // Without the list of devices, and with one that lacks some.
    lab.write("smi.csv", good);
    lab.refused(&format!(
        "collect nvidia-smi smi.csv --tz UTC --workspace lab --through {DAY}"
    ));
    lab.write("few.csv", "serial,model,uuid\n1001,h100,GPU-a\n");
    let said = lab.refused(&format!(
        "collect nvidia-smi smi.csv --devices few.csv {MODELS} --tz UTC --workspace lab --through {DAY}"
    ));
    assert!(said.contains("2 devices of the inventory"), "{said}");
}

#[test]
fn an_inventory_that_changed_since_makes_collecting_again_necessary() {
    let lab = collected();
    lab.write("more.csv", format!("{DEVICES}1004,h100,GPU-d\n"));
    lab.ok(&format!(
        "correct 0 more.csv {MODELS} --reason \"one was missing\" --workspace lab"
    ));
    let said = lab.refused("attest --workspace lab");
    assert!(said.contains("collect again"), "{said}");
    lab.ok(&format!(
        "collect nvidia-smi smi.csv --devices more.csv {MODELS} --tz UTC --workspace lab --through {DAY}"
    ));
    lab.ok("attest --workspace lab");
}

// spec: red-2 red-13
#[test]
fn meters_of_each_boundary_stand_apart_and_silent_ones_are_a_gap() {
    let mut lab = Lab::new();
    lab.at(HALF);
    let mut table = "meter,boundary,time,power_kw\n".to_owned();
    for hour in 0..=24 {
        let time = if hour < 24 {
            format!("2026-03-01T{hour:02}:00:00Z")
        } else {
            DAY.to_owned()
        };
        table.push_str(&format!("hall,facility,{time},100\n"));
        // Two racks that have the very same readings.
        table.push_str(&format!("r1,rack,{time},40\nr2,rack,{time},40\n"));
    }
    lab.write("meters.csv", table);
    let done = lab.run(&format!(
        "collect meters meters.csv --meters rack=3 --workspace lab --through {DAY}"
    ));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.err.contains("`r2` has the very readings of `r1`"),
        "{}",
        done.err
    );
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let usage = usage(&lab);
    let energy: Vec<String> = usage
        .figures
        .iter()
        .map(|one| {
            let Coverage::Known { observed, gap, .. } = one.coverage else {
                panic!("unknown coverage");
            };
            let boundary = one.boundary.unwrap();
            format!("{boundary} {} {observed} {gap}", one.value.upper())
        })
        .collect();
    // 100 kW for a day; twice 40 kW, and a third rack that said nothing.
    assert_eq!(
        energy,
        [
            "facility 8640000000 86400 0",
            "rack 6912000000 172800 86400"
        ]
    );
    let kept = lab.read("lab/ledgers/1/2026-03-01T00:00:00Z.meters.ledger");
    let ledger = Ledger::parse(kept.as_bytes()).unwrap();
    assert_eq!(ledger.root(), usage.ledgers[0].root);
    let series: Vec<String> = ledger
        .records()
        .map(|record| record.value("series").unwrap().to_owned())
        .collect();
    assert_eq!(series.len(), 3);
    assert_eq!(series[1], series[2]);
    assert_ne!(series[0], series[1]);
}

// spec: red-15 red-19
#[test]
fn logs_of_several_machines_are_one_source_and_committed_to() {
    let mut lab = Lab::new();
    lab.write("devices.csv", DEVICES);
    lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    lab.at(HALF);
    let header = "time,uuid,serial,name,power_mw,energy_mj,utilization_percent\n";
    let mut first = header.to_owned();
    let mut second = header.to_owned();
    for minute in 0..=1440_u32 {
        let time = if minute < 1440 {
            format!("2026-03-01T{:02}:{:02}:00Z", minute / 60, minute % 60)
        } else {
            DAY.to_owned()
        };
        let energy = 5_000_000 + u64::from(minute) * 60 * 700_000;
        first.push_str(&format!("{time},GPU-a,1001,H100,700000,{energy},100\n"));
        first.push_str(&format!("{time},GPU-b,1002,H100,100000,,0\n"));
        second.push_str(&format!("{time},GPU-c,,H200,,{energy},50\n"));
    }
    // The second machine's power failed in the middle of a line.
    second.push_str("2026-03-02T00:01:00Z,GPU-c,,H2");
    lab.write("n1/2026-03-01.csv", first);
    lab.write("n2/2026-03-01.csv", second);
    let done = lab.run(&format!(
        "collect devices n1 n2 --devices devices.csv {MODELS} --class training --workspace lab --through {DAY}"
    ));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.err.contains("not yet written to their end"),
        "{}",
        done.err
    );
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let usage = usage(&lab);
    let seconds = QuantityKind::AcceleratorSeconds;
    assert_eq!(
        figure(&usage, seconds, "h100-sxm", Basis::Active),
        "86400 to 86400, 172800 seen, 0 not"
    );
    assert_eq!(
        figure(&usage, seconds, "h200-sxm", Basis::Active),
        "43200 to 43200, 86400 seen, 0 not"
    );
    // One by its counter, one by its power: 700 W and 100 W.
    assert_eq!(
        figure(
            &usage,
            QuantityKind::EnergyJoules,
            "h100-sxm",
            Basis::Present
        ),
        "69120000 to 69120000, 172800 seen, 0 not"
    );
    let source = &usage.figures[0].source;
    assert!(source.tool.starts_with("standstill-sample, standstill "));
    assert!(source.input.is_some() && source.query.is_none());
    assert!(usage.figures.iter().all(|one| &one.source == source));
    assert!(
        usage
            .figures
            .iter()
            .all(|one| one.class.as_str() == "training")
    );
}

// spec: red-5
#[test]
fn readings_that_are_still_to_come_are_refused() {
    let mut lab = Lab::new();
    lab.at("2026-03-02T00:30:00Z");
    // Local times of a zone two hours ahead, written as if they were UTC.
    let mut table = "meter,time,power_w\n".to_owned();
    for hour in 0..=26 {
        let (day, hour) = (1 + hour / 24, hour % 24);
        table.push_str(&format!("r1,2026-03-{day:02}T{hour:02}:25:00Z,40\n"));
    }
    lab.write("meters.csv", table);
    let said = lab.refused(&format!(
        "collect meters meters.csv --workspace lab --through {DAY}"
    ));
    assert!(
        said.contains("2026-03-02T02:25:00Z, which is still to come"),
        "{said}"
    );
}

/// Two devices, each active half of the time for two days, one of them unread for so many
/// minutes from noon of the first day.
fn device_log(unread: u32) -> String {
    let mut log = "time,uuid,serial,name,power_mw,energy_mj,utilization_percent\n".to_owned();
    for minute in 0..=2880_u32 {
        let (day, minute_of_day) = (1 + minute / 1440, minute % 1440);
        let time = format!(
            "2026-03-{day:02}T{:02}:{:02}:00Z",
            minute_of_day / 60,
            minute_of_day % 60
        );
        log.push_str(&format!("{time},GPU-a,,H100,350000,,50\n"));
        if !(720..720 + unread).contains(&minute) {
            log.push_str(&format!("{time},GPU-b,,H100,300000,,50\n"));
        }
    }
    log
}

// spec: red-4 red-11
#[test]
fn readings_are_reconciled_with_the_inventory_and_what_was_not_seen_is_charged() {
    let judged = |unread: u32| {
        let mut lab = Lab::with("--period 86400 --grace 86400 --first 2026-03-01T00:00:00Z");
        lab.write(
            "devices.csv",
            "serial,model,uuid\n1,h100,GPU-a\n2,h100,GPU-b\n",
        );
        lab.ok("inventory devices.csv --model h100=h100-sxm --workspace lab");
        // Half of what two devices could do in two days is 172,800 s.
        let draft = lab.ok(
            "pledge new --kind cap --basis active --start 2026-03-01T00:00:00Z --end 2026-03-03T00:00:00Z --limit 180000 --workspace lab",
        );
        lab.write("pledge.json", draft);
        lab.ok("pledge sign pledge.json --workspace lab");
        lab.ok("publish --workspace lab");
        lab.write("log.csv", device_log(unread));
        lab.at("2026-03-03T01:00:00Z");
        let done = lab.run(
            "collect devices log.csv --devices devices.csv --class training --workspace lab --through 2026-03-03T00:00:00Z",
        );
        assert_eq!(done.code, 0, "{done:?}");
        assert!(!done.err.contains("uncatalogued"), "{}", done.err);
        lab.ok("attest --workspace lab");
        lab.ok("publish --workspace lab");
        let verdict = lab.run("verify lab/log --trust trust.toml");
        verdict.out
    };
    let whole = judged(0);
    assert!(whole.starts_with("lab: CONSISTENT@E2"), "{whole}");
    assert!(
        whole.contains("quantity    172800 to 172800, limit 180000 s"),
        "{whole}"
    );
    // An hour unread: as recorded it is less, and at its peak it could be more.
    let little = judged(60);
    assert!(
        little.contains("quantity    171000 to 174600, limit 180000 s"),
        "{little}"
    );
    assert!(little.starts_with("lab: CONSISTENT@E2"), "{little}");
    // Half a day: the limit may have been broken, and is not shown to be kept.
    let much = judged(720);
    assert!(much.starts_with("lab: NOT-SHOWN"), "{much}");
    assert!(
        much.contains("quantity    151200 to 194400, limit 180000 s"),
        "{much}"
    );
}

// spec: col-23
#[test]
fn sacct_is_run_as_prescribed() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut lab = Lab::new();
    lab.at(HALF);
    let log = repository("fixtures/demo/prudent.psv");
    let script = format!(
        "#!/bin/sh\n[ \"$TZ\" = UTC ] || exit 3\n[ -z \"$SLURM_TIME_FORMAT\" ] || exit 4\n\
         echo \"$@\" > asked\nexec cat {}\n",
        log.display()
    );
    let program = lab.write("bin/sacct", script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = |options: &str| {
        format!(
            "collect slurm --run --sacct {} {options} --model h100=h100-sxm --class train=training --class infer=inference --workspace lab --through {DAY}",
            program.display()
        )
    };
    lab.ok(&run("--tz Europe/Paris"));
    let asked = lab.read("asked");
    assert!(
        asked.starts_with(
            "-a -X -D -P -S 2026-03-01T00:00:00 -E 2026-03-02T00:00:00 --format=JobIDRaw,"
        ),
        "{asked}"
    );
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let live = usage(&lab);
    assert!(live.figures.iter().all(|one| one.source.query.is_some()));
    // As from a file, in UTC.
    let mut other = Lab::new();
    other.at(HALF);
    other.ok(&format!(
        "collect slurm {} {READ} --workspace lab --through {DAY}",
        log.display()
    ));
    other.ok("attest --workspace lab");
    other.ok("publish --workspace lab");
    let values = |usage: &Usage| -> Vec<_> { usage.figures.iter().map(|one| one.value).collect() };
    assert_eq!(values(&live), values(&usage(&other)));
    // On a cluster where nothing ran there is a header and no row: the day says zero.
    lab.write(
        "bin/sacct",
        format!("#!/bin/sh\nexec head -n 1 {}\n", log.display()),
    );
    let idle = lab.run(&format!(
        "collect slurm --run --sacct {} --workspace lab --through 2026-03-03T00:00:00Z --json",
        program.display()
    ));
    assert_eq!(idle.code, 0, "{}", idle.err);
    assert!(
        idle.out.contains("\"accelerator_seconds\": \"0\""),
        "{}",
        idle.out
    );
    assert!(
        idle.err.contains("the periods will say zero"),
        "{}",
        idle.err
    );
    // What fails says why.
    lab.write(
        "bin/sacct",
        "#!/bin/sh\necho 'slurmdbd: cannot connect' >&2\nexit 1\n",
    );
    let said = lab.refused(&format!(
        "collect slurm --run --sacct {} --workspace lab --through 2026-03-03T00:00:00Z",
        program.display()
    ));
    assert!(said.contains("slurmdbd: cannot connect"), "{said}");
}

#[test]
fn the_rows_behind_a_figure_are_shown_and_nothing_is_written() {
    let lab = collected();
    let before = lab.listing("lab");
    let shown = lab.ok(&format!(
        "collect nvidia-smi smi.csv --devices devices.csv {MODELS} --tz UTC --workspace lab --through {DAY} --explain GPU-b"
    ));
    let lines: Vec<&str> = shown.lines().collect();
    // 145 readings less 23, and what they come to.
    assert_eq!(lines.len(), 122 + 1, "{shown}");
    assert_eq!(lines[0], "row 3: 2026-03-01T00:00:00Z active 0.5");
    assert_eq!(
        lines[122],
        "[2026-03-01T00:00:00Z, 2026-03-02T00:00:00Z): gpu active from 36300.000 to 36300.000 s, 72600 s seen, 13800 s not, 0 resets"
    );
    let jobs = repository("fixtures/demo/prudent.psv");
    let shown = lab.ok(&format!(
        "collect slurm {} {READ} --workspace lab --through {DAY} --explain train/1001",
        jobs.display()
    ));
    assert!(shown.contains("accelerator-seconds"), "{shown}");
    assert_eq!(lab.listing("lab"), before);
    let said = lab.refused(&format!(
        "collect slurm {} {READ} --workspace lab --through {DAY} --explain nobody",
        jobs.display()
    ));
    assert!(said.contains("no job `nobody`"), "{said}");
}

#[test]
fn a_source_without_a_reading_is_no_outage() {
    let mut lab = Lab::new();
    lab.write("devices.csv", DEVICES);
    lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    lab.at(HALF);
    lab.write(
        "meters.csv",
        "meter,time,power_w\nr1,2026-03-01T00:00:00Z,\n",
    );
    let said = lab.refused(&format!(
        "collect meters meters.csv --workspace lab --through {DAY}"
    ));
    assert!(said.contains("no reading is in it"), "{said}");
    // Who was blind says so.
    lab.ok(&format!("collect outage --workspace lab --through {DAY}"));
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    assert_eq!(
        figure(
            &usage(&lab),
            QuantityKind::AcceleratorSeconds,
            "h100-sxm",
            Basis::Present
        ),
        "0 to 0, 0 seen, 172800 not"
    );
}

#[test]
fn an_outage_says_nothing_of_what_another_source_saw() {
    let mut lab = Lab::new();
    lab.write("devices.csv", DEVICES);
    lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    lab.at(HALF);
    let jobs = repository("fixtures/demo/prudent.psv");
    lab.ok(&format!(
        "collect slurm {} {READ} --workspace lab --through {DAY}",
        jobs.display()
    ));
    lab.ok("collect outage --workspace lab --through 2026-03-03T00:00:00Z");
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let tools: Vec<Vec<String>> = lab
        .statements()
        .into_iter()
        .filter_map(|one| match one.content {
            Content::Usage(usage) => Some(usage),
            _ => None,
        })
        .map(|usage| {
            let tools = usage.figures.iter();
            let mut tools: Vec<String> = tools
                .map(|one| one.source.tool.split(", ").next().unwrap().to_owned())
                .collect();
            tools.dedup();
            tools
        })
        .collect();
    assert_eq!(tools, [["sacct"], ["outage"]]);
}

#[test]
fn machines_are_read_through_redfish_and_ipmi() {
    let mut lab = Lab::new();
    lab.at(HALF);
    let mut captures = String::new();
    let mut ipmi = String::new();
    for hour in 0..=24 {
        let (day, hour) = (1 + hour / 24, hour % 24);
        captures.push_str(&format!(
            "{{\"time\": \"2026-03-{day:02}T{hour:02}:00:00Z\", \"resource\": {{\"@odata.type\": \"#Power.v1_7_1.Power\", \"@odata.id\": \"/redfish/v1/Chassis/1U/Power\", \"PowerControl\": [{{\"PowerConsumedWatts\": 344}}]}}}}\n"
        ));
        let weekday = if day == 1 { "Sun Mar  1" } else { "Mon Mar  2" };
        ipmi.push_str(&format!(
            "\n    Instantaneous power reading:                   500 Watts\n    Minimum during sampling period:                  1 Watts\n    Maximum during sampling period:                600 Watts\n    Average power reading over sample period:      500 Watts\n    IPMI timestamp:                           {weekday} {hour:02}:00:00 2026\n    Sampling period:                          00000001 Seconds.\n    Power reading state is:                   activated\n\n"
        ));
    }
    lab.write("node-1.jsonl", captures);
    lab.write("node-2.txt", ipmi);
    lab.ok(&format!(
        "collect redfish node-1.jsonl --workspace lab --through {DAY}"
    ));
    lab.ok(&format!(
        "collect ipmi node-2.txt --tz UTC --workspace lab --through {DAY}"
    ));
    lab.ok("attest --workspace lab");
    lab.ok("publish --workspace lab");
    let energy: Vec<String> = usage(&lab)
        .figures
        .iter()
        .map(|one| format!("{} {}", one.boundary.unwrap(), one.value.upper()))
        .collect();
    assert_eq!(energy, ["node 29721600", "node 43200000"]);
}
