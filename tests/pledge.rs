//! Pledges: every draft of `fixtures/pledge` is read and linted as it says, and the
//! specification lists every rule of lint.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod fixture;

use std::collections::BTreeSet;

use fixture::Fixture;
use standstill::claim::lint::{Rule, Severity, lint};
use standstill::claim::{Kind, Pledge};

/// Says what is wrong with how a draft was taken, if anything is.
fn fault(one: &Fixture, rules: &mut BTreeSet<Rule>) -> Option<String> {
    let expect = one.get("expect");
    let pledge = match Pledge::parse_draft(&one.body) {
        Ok(_) if expect == "parse" => return Some("is read".to_owned()),
        Ok(pledge) => pledge,
        Err(_) if expect == "parse" && one.get("at").is_empty() => return None,
        Err(error) if expect == "parse" => {
            let why = error.to_string();
            let (_, rest) = why
                .split_once(&format!("`{}", one.get("at")))
                .unwrap_or_default();
            return (!rest.starts_with(['`', '.', '['])).then_some(why);
        }
        Err(error) => return Some(error.to_string()),
    };
    let found = lint(&pledge);
    rules.extend(found.iter().map(|finding| finding.rule));
    let names: Vec<_> = found.iter().map(|finding| finding.rule.as_str()).collect();
    let said = one.header.get("rules").map_or("", String::as_str);
    let member = found.first().map_or_else(
        || "ok".to_owned(),
        |finding| format!("lint:{}", finding.member),
    );
    (names.join(" ") != said || member != expect).then(|| format!("{member}: {found:#?}"))
}

#[test]
fn every_draft_is_read_and_linted_as_it_says() {
    let (mut rules, mut faults) = (BTreeSet::new(), Vec::new());
    for one in fixture::fixtures("pledge") {
        let fault = fault(&one, &mut rules);
        faults.extend(fault.map(|why| format!("{}: {why}", one.path.display())));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    for rule in Rule::ALL {
        assert!(rules.contains(rule), "no draft breaks `{rule}`");
    }
}

#[test]
fn a_pledge_of_every_kind_is_read() {
    let drafts = fixture::fixtures("pledge");
    let kinds = drafts
        .iter()
        .filter_map(|one| Pledge::parse_draft(&one.body).ok())
        .map(|pledge| pledge.terms.kind())
        .collect::<BTreeSet<_>>();
    assert_eq!(kinds.len(), Kind::ALL.len());
}

// spec: ple-12
#[test]
fn a_pledge_is_never_corrected() {
    use standstill::attestation::content::StatementType;
    let kinds = StatementType::ALL.iter();
    let correctable: Vec<_> = kinds.filter(|kind| kind.is_correctable()).collect();
    assert_eq!(correctable.len(), 4);
    assert!(!StatementType::Pledge.is_correctable());
}

#[test]
fn the_specification_lists_every_rule_with_its_severity() {
    let text = std::fs::read_to_string(fixture::root().join("specs/pledge.md")).unwrap();
    let listed: BTreeSet<(String, String)> = text
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, rule, severity @ ("error" | "warning"), ..] = cells.as_slice() else {
                return None;
            };
            Some((rule.trim_matches('`').to_owned(), (*severity).to_owned()))
        })
        .collect();
    let rules: BTreeSet<(String, String)> = Rule::ALL
        .iter()
        .map(|rule| {
            let severity = match rule.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            (rule.to_string(), severity.to_owned())
        })
        .collect();
    assert_eq!(listed, rules);
}
