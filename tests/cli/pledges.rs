//! Drafts of every kind of claim, and what is refused before one is written.

use standstill::claim::Preset;

use crate::lab::Lab;

const WINDOW: &str = "--start 2026-06-01T00:00:00Z --end 2026-07-01T00:00:00Z --workspace lab";

/// What each kind takes beside the window.
const KINDS: [(&str, &str); 12] = [
    ("cap", "--limit 1000"),
    ("cap", "--limit 1000 --sliding 604800"),
    ("cap", "--limit 1000 --quantity flop"),
    ("cap", "--limit 1000 --quantity energy_joules"),
    (
        "ramp-down",
        "--step 2026-06-15T00:00:00Z=1000 --step 2026-07-01T00:00:00Z=500",
    ),
    ("run-cap", "--preset us-ca-sb53"),
    ("accelerators", "--limit 512"),
    (
        "accelerators",
        "--limit 512 --counting in-use --h100-equivalents",
    ),
    ("halted", "--limit 3600000 --seal-cadence 43200"),
    ("inference-only", "--limit 1000000"),
    ("job-size", "--max-accelerators 64 --max-seconds 86400"),
    ("job-size", "--max-seconds 86400"),
];

#[test]
fn a_draft_of_every_kind_is_without_errors_and_can_be_signed() {
    let lab = Lab::new();
    let check = |kind: &str, options: &str| {
        let draft = lab.ok(&format!("pledge new --kind {kind} {options} {WINDOW}"));
        lab.write("pledge.json", draft);
        let done = lab.run("pledge lint pledge.json");
        assert_eq!(done.code, 0, "{kind} {options}: {done:?}");
        lab.ok("pledge sign pledge.json --workspace lab");
    };
    for (kind, options) in KINDS {
        check(kind, options);
    }
    // What starts from an inventory takes that in force.
    let said = lab.refused(&format!("pledge new --kind no-new-capacity {WINDOW}"));
    assert!(said.contains("starts from inventories"), "{said}");
    lab.write("devices.csv", "serial,model\nSN-1,h100-sxm\n");
    lab.ok("inventory devices.csv --workspace lab");
    check("no-new-capacity", "--replacements counted");
    // While others hold theirs.
    lab.write("pact.txt", "Neither trains more than the other.\n");
    let party =
        "--pact pact.txt --party 0000000000000000000000000000000000000000000000000000000000000001";
    check(
        "cap",
        &format!("--limit 900 {party} --quorum 1 --party-grace 86400"),
    );
}

#[test]
fn presets_are_powers_of_ten_with_a_source() {
    let powers: Vec<u32> = Preset::ALL
        .iter()
        .map(|preset| {
            assert!(!preset.source().is_empty());
            preset.limit().get().ilog10()
        })
        .collect();
    assert_eq!(powers, [23, 25, 24, 26]);
}

#[test]
fn what_a_kind_does_not_have_is_asked_for() {
    let lab = Lab::new();
    for (options, why) in [
        ("--kind cap", "takes a limit"),
        ("--kind run-cap", "or `--preset`"),
        ("--kind job-size", "bounds nothing"),
        ("--kind ramp-down", "has no step"),
        (
            "--kind ramp-down --step 2026-05-01T00:00:00Z=5",
            "does not follow",
        ),
        ("--kind ramp-down --step tomorrow", "is not END=LIMIT"),
        ("--kind conditional --limit 1", "wraps another kind"),
        ("--kind vow --limit 1", "`vow` is not a kind of claim"),
        ("--kind run-cap --preset gdpr", "`gdpr` is not"),
    ] {
        let said = lab.refused(&format!("pledge new {options} {WINDOW}"));
        assert!(said.contains(why), "{options}: {said}");
    }
}
