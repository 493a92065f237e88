//! What the auditor names on the command line, and what that names.

use std::fs;

use super::{DEPTH, Place, TOLD, VERIFY, audited, bounded, nonsense, rank, try_all};

#[test]
fn what_the_auditor_names_himself_is_refused_by_its_name() {
    let lab = audited();
    lab.write("pact", "together\n");
    lab.ok("key new auditor.key --name auditor.example/judge");
    for (file, typed) in [
        ("trust.toml", VERIFY),
        ("policy", VERIFY),
        (
            "kept-checkpoint",
            "verify lab/log --trust trust.toml --seen kept-checkpoint",
        ),
        (
            "receipt",
            "verify lab/log --trust trust.toml --seen receipt",
        ),
        (
            "march.bundle",
            "verify lab/log --trust trust.toml --seen march.bundle",
        ),
        (
            "auditor.key",
            "verify lab/log --trust trust.toml --sign auditor.key --to out",
        ),
    ] {
        try_all(
            &lab,
            &Place {
                file,
                typed,
                named: file,
                refused: true,
            },
        );
        let _ = fs::remove_dir_all(lab.path("out"));
    }
}

#[test]
fn a_bundle_is_refused_or_broken_and_never_better() {
    let lab = audited();
    try_all(
        &lab,
        &Place {
            file: "march.bundle",
            typed: "verify march.bundle --trust trust.toml",
            named: "march.bundle",
            refused: false,
        },
    );
}

/// A checkpoint of another log, or one that nobody signed, was compared with nothing: that is
/// told, and takes away no sentence.
#[test]
fn a_kept_checkpoint_that_no_log_signed_is_told() {
    let lab = audited();
    let good = bounded(&lab, VERIFY);
    let whole = lab.read("kept-checkpoint");
    let twice = format!("{whole}{whole}");
    let unsigned = whole.replacen("lab.example/log", "other.example/log", 1);
    for text in [twice, unsigned] {
        lab.write("kept-checkpoint", text);
        let done = bounded(&lab, &format!("{VERIFY} --seen kept-checkpoint"));
        assert_eq!((done.code, rank(&done)), (good.code, rank(&good)));
        let told = "`kept-checkpoint` is no checkpoint that a log of the trust file signed";
        assert!(done.out.contains(told), "{done:?}");
    }
}

/// The text of a pact may be any bytes: it is known by its digest. What is no file is refused.
#[test]
fn the_text_of_a_pact_may_be_anything_and_is_bounded() {
    let lab = audited();
    let good = bounded(&lab, VERIFY);
    let typed = "verify lab/log --trust trust.toml --pact pact";
    for (what, bytes) in nonsense() {
        lab.write("pact", bytes);
        let done = bounded(&lab, typed);
        assert_eq!(done.out, good.out, "{what}");
    }
    fs::remove_file(lab.path("pact")).unwrap();
    fs::create_dir(lab.path("pact")).unwrap();
    let done = bounded(&lab, typed);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("`pact`"), "{done:?}");
}

/// A trust file that is TOML, but for one thing; the error says in which line.
#[test]
fn a_trust_file_says_what_is_wrong_and_where() {
    let lab = audited();
    let whole = lab.read("trust.toml");
    let numbers = [
        "-1",
        "-0.0",
        "1e999999999",
        "inf",
        "nan",
        "18446744073709551616",
        "\"1\"",
        "[1]",
    ];
    for field in ["grace", "greatest_age"] {
        let line = whole.lines().find(|line| line.starts_with(field)).unwrap();
        let at = whole.lines().position(|one| one == line).unwrap() + 1;
        for number in numbers {
            lab.write(
                "trust.toml",
                whole.replace(line, &format!("{field} = {number}")),
            );
            let done = bounded(&lab, VERIFY);
            assert_eq!(done.code, 2, "{number}: {done:?}");
            let told = format!("line {at}");
            assert!(done.err.contains("trust.toml"), "{number}: {done:?}");
            assert!(done.err.contains(&told), "{number}: {done:?}");
        }
        // The ends of the range are numbers like others.
        for number in ["0", "-0", "+0", "9223372036854775807"] {
            lab.write(
                "trust.toml",
                whole.replace(line, &format!("{field} = {number}")),
            );
            let done = bounded(&lab, VERIFY);
            assert_ne!(done.code, 2, "{number}: {done:?}");
        }
        let twice = format!("{line}\n{line}");
        lab.write("trust.toml", whole.replace(line, &twice));
        let done = bounded(&lab, VERIFY);
        assert!(done.err.contains("duplicate key"), "{done:?}");
        assert!(done.err.contains(&format!("line {}", at + 1)), "{done:?}");
    }
    let id = whole
        .lines()
        .find(|line| line.starts_with("id = "))
        .unwrap();
    for (bad, why) in [
        ("id = \"00\"".to_owned(), "issuer.id"),
        (format!("id = \"{}\"", "a".repeat(1_000_000)), "issuer.id"),
        ("id = \"\\u0000\"".to_owned(), "issuer.id"),
    ] {
        lab.write("trust.toml", whole.replace(id, &bad));
        let done = bounded(&lab, VERIFY);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.err.contains(why), "{done:?}");
        assert!(done.err.len() < TOLD, "{} bytes", done.err.len());
    }
    for accounting in [
        "goal_flop = \"1e25\"",
        "goal_flop = \"-0\"",
        "goal_flop = \"100000000000000000000000000000000000000\"",
        "goal_flop = 1e999999999",
        "utilisation_ppm = 1e999999999",
        "utilisation_ppm = 4294967296",
        "utilisation_ppm = -1",
    ] {
        lab.write(
            "trust.toml",
            format!("{whole}\n[accounting]\n{accounting}\n"),
        );
        let done = bounded(&lab, VERIFY);
        assert_eq!(done.code, 2, "{accounting}: {done:?}");
        let name = accounting.split(' ').next().unwrap();
        assert!(done.err.contains(name), "{accounting}: {done:?}");
    }
}

/// The policy that the trust file names is the one that is told, with its line.
#[test]
fn a_policy_says_what_is_wrong_and_where() {
    let lab = audited();
    let whole = lab.read("policy");
    let lines = whole.lines().count();
    for (more, why) in [
        ("quorum outsiders\n".to_owned(), "second"),
        ("group again 2 w1 w2\n".to_owned(), "already"),
        ("witness w1 nonsense\n".to_owned(), "key"),
        (
            "group g 18446744073709551616 w1\n".to_owned(),
            "18446744073709551616",
        ),
        ("group g -0 w1\n".to_owned(), "-0"),
        (format!("group g any {}\n", "w1 ".repeat(100_000)), "w1"),
        (format!("{}\n", "x".repeat(1_000_000)), "begins with"),
    ] {
        lab.write("policy", format!("{whole}{more}"));
        let done = bounded(&lab, VERIFY);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.err.contains("policy"), "{done:?}");
        assert!(
            done.err.contains(&format!("line {}", lines + 1)),
            "{done:?}"
        );
        assert!(done.err.contains(why), "{why}: {done:?}");
        assert!(done.err.len() < TOLD, "{why}: {} bytes", done.err.len());
    }
    // Groups within groups, as deep as a policy may be long.
    let mut deep = whole.replace("quorum outsiders\n", "");
    for number in 0..DEPTH {
        let inner = match number {
            0 => "outsiders".to_owned(),
            _ => format!("g{}", number - 1),
        };
        deep.push_str(&format!("group g{number} any {inner}\n"));
    }
    lab.write("policy", format!("{deep}quorum g{}\n", DEPTH - 1));
    let done = bounded(&lab, VERIFY);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("policy") && done.err.contains("line "));
}
