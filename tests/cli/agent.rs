//! The agent: period after period, after downtime, without a source, killed at any time.

use std::process::Stdio;
use std::time::Duration;

use standstill::attestation::Content;
use standstill::attestation::content::Usage;
use standstill::attestation::figure::Coverage;

use crate::lab::Lab;

const DEVICES: &str = "serial,model\n1,h100\n2,h100\n";

/// A job of one device on each of the first days of March, so many seconds long.
fn jobs(seconds: u32) -> String {
    let mut table = "job,start,duration,accelerators,model,class\n".to_owned();
    for day in 1..=20 {
        table.push_str(&format!(
            "j{day},2026-03-{day:02}T06:00:00Z,{seconds},1,h100,training\n"
        ));
    }
    table
}

fn lab() -> Lab {
    let lab = Lab::with("--period 86400 --grace 172800 --first 2026-03-01T00:00:00Z");
    lab.write("devices.csv", DEVICES);
    lab.ok("inventory devices.csv --model h100=h100-sxm --workspace lab");
    lab.write("jobs.csv", jobs(3600));
    lab.write(
        "agent.toml",
        "workspace = \"lab\"\nretain_days = 400\n\n[[area]]\narea = \"1\"\n\
         collect = [[\"jobs\", \"jobs.csv\", \"--model\", \"h100=h100-sxm\"]]\n",
    );
    lab
}

fn usages(lab: &Lab) -> Vec<Usage> {
    let statements = lab.statements().into_iter();
    let usages = statements.filter_map(|one| match one.content {
        Content::Usage(usage) => Some(usage),
        _ => None,
    });
    usages.collect()
}

// spec: age-1
#[test]
fn it_catches_up_after_downtime_and_says_nothing_twice() {
    let mut lab = lab();
    let check = lab.run("agent agent.toml --check");
    assert_eq!(check.code, 0, "{check:?}");
    assert!(check.err.contains("kept for 400 days"), "{}", check.err);
    // A period is collected once its last seconds have come in, not before.
    lab.at("2026-03-02T00:01:59Z");
    lab.ok("agent agent.toml --once");
    assert_eq!(usages(&lab).len(), 0);
    lab.at("2026-03-02T00:02:00Z");
    lab.ok("agent agent.toml --once");
    assert_eq!(usages(&lab).len(), 1);
    // Down for five days: all of them come, each once, in order.
    lab.at("2026-03-07T12:00:00Z");
    for _ in 0..3 {
        let done = lab.run("agent agent.toml --once");
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(done.out, "");
    }
    let usages = usages(&lab);
    assert_eq!(usages.len(), 6);
    for (one, next) in usages.iter().zip(usages.iter().skip(1)) {
        assert_eq!(one.period.end(), next.period.start());
    }
}

// spec: age-3
#[test]
fn a_second_agent_is_refused() {
    let lab = lab();
    let mut first = lab
        .command("agent agent.toml")
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(50));
        let done = lab.run("agent agent.toml --once");
        if done.code != 0 {
            said = done.err;
            if said.contains("held by another agent") {
                break;
            }
        }
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(said.contains("held by another agent"), "{said}");
    // The lock goes with the process, however it ended.
    lab.ok("agent agent.toml --once");
}

// spec: age-2
#[test]
fn a_source_that_fails_is_waited_for_and_then_the_period_is_a_gap() {
    let mut lab = lab();
    std::fs::remove_file(lab.path("jobs.csv")).unwrap();
    // Within the patience, half the grace, nothing is attested.
    lab.at("2026-03-02T12:00:00Z");
    let done = lab.run("agent agent.toml --once");
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("jobs.csv"), "{}", done.err);
    assert_eq!(usages(&lab).len(), 0);
    // After it the period is said to be a gap, never left out and never zero that was
    // seen; the one after it is still waited for.
    lab.at("2026-03-03T06:00:00Z");
    let done = lab.run("agent agent.toml --once");
    assert_eq!(done.code, 2, "{done:?}");
    let gaps = usages(&lab);
    let [gap] = gaps.as_slice() else {
        panic!("{} periods", gaps.len());
    };
    assert_eq!(gap.period.start().to_string(), "2026-03-01T00:00:00Z");
    let [figure] = gap.figures.as_slice() else {
        panic!("{:?}", gap.figures);
    };
    let Coverage::Known { observed, gap, .. } = figure.coverage else {
        panic!("unknown coverage");
    };
    assert_eq!((observed.get(), gap.get()), (0, 2 * 86_400));
    // It comes back: the rest is collected from it.
    lab.write("jobs.csv", jobs(3600));
    lab.ok("agent agent.toml --once");
    assert_eq!(usages(&lab).len(), 2);
    assert!(
        usages(&lab)[1]
            .figures
            .iter()
            .any(|one| one.value.upper().get() == 3600)
    );
}

// spec: age-4
#[test]
fn killed_at_any_time_no_period_is_attested_twice() {
    let mut lab = lab();
    lab.at("2026-03-21T12:00:00Z");
    // What a run takes, so that the kills fall everywhere in it.
    let mut killed = 0;
    for attempt in 0..24_u32 {
        // Other figures each time: had a period been attested twice, it would show.
        lab.write("jobs.csv", jobs(3600 + attempt));
        let mut agent = lab
            .command("agent agent.toml --once")
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(u64::from(attempt) * 6));
        agent.kill().unwrap();
        if !agent.wait().unwrap().success() {
            killed += 1;
        }
    }
    assert!(killed > 3, "only {killed} of 24 were still running");
    lab.ok("agent agent.toml --once");
    let usages = usages(&lab);
    assert_eq!(usages.len(), 20);
    for (one, next) in usages.iter().zip(usages.iter().skip(1)) {
        assert_eq!(one.period.end(), next.period.start());
    }
    // All of a period's figures are of one collection, and its ledger is there.
    for usage in &usages {
        let name = format!("lab/ledgers/1/{}.ledger", usage.period.start());
        let kept = standstill::ledger::Ledger::parse(lab.read(&name).as_bytes()).unwrap();
        assert_eq!(kept.root(), usage.ledgers[0].root, "{name}");
    }
}

// spec: age-5
#[test]
fn ledgers_are_kept_for_their_term_and_no_longer() {
    let mut lab = lab();
    lab.at("2026-03-05T12:00:00Z");
    lab.ok("agent agent.toml --once");
    let count = |lab: &Lab| {
        std::fs::read_dir(lab.path("lab/ledgers/1"))
            .unwrap()
            .count()
    };
    assert_eq!(count(&lab), 5);
    // 400 days after the second of March, less a second: one of the first of March goes.
    lab.at("2027-04-06T00:00:00Z");
    let done = lab.run("agent agent.toml --once");
    assert!(done.err.contains("1 ledgers of area 1"), "{}", done.err);
    assert!(
        !lab.path("lab/ledgers/1/2026-03-01T00:00:00Z.ledger")
            .exists()
    );
    assert!(
        lab.path("lab/ledgers/1/2026-03-02T00:00:00Z.ledger")
            .exists()
    );
    assert!(
        lab.path("lab/ledgers/1/inventory-0000000000.ledger")
            .exists()
    );
}

#[test]
fn a_wrong_configuration_is_refused() {
    let lab = lab();
    let good = lab.read("agent.toml");
    for (from, to, says) in [
        ("\"lab\"", "\"elsewhere\"", "elsewhere"),
        ("area = \"1\"", "area = \"7\"", "area 7"),
        ("\"jobs\"", "\"nothing\"", "unrecognized subcommand"),
        ("\"--model\"", "\"--modell\"", "--modell"),
        ("400", "30", "180 are the least"),
        ("[[\"jobs\"", "[] #", "nothing is collected"),
        ("retain_days", "retain", "unknown field `retain`"),
    ] {
        assert!(good.contains(from), "{from}");
        lab.write("agent.toml", good.replace(from, to));
        let said = lab.refused("agent agent.toml --once");
        assert!(said.contains(says), "{says}: {said}");
    }
}
