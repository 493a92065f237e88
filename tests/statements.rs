//! Statements: every payload of `fixtures/statements` is taken as it says, the examples of
//! the specification are among them, and no schema knows a word that the code does not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

mod fixture;
#[path = "../examples/make_statement_fixtures/made/mod.rs"]
mod make;

use std::collections::BTreeSet;

use fixture::Fixture;
use standstill::attestation::content::StatementType;
use standstill::attestation::{Content, Statement};
use standstill::verify::Word;
use standstill::verify::verdict::Axis;

/// Reads what a fixture holds, whether or not it is canonical.
fn read(one: &Fixture) -> Statement {
    Statement::parse(&one.body).unwrap_or_else(|error| {
        Statement::parse_claim(&one.body, &error)
            .unwrap_or_else(|| panic!("{}: {error}", one.path.display()))
    })
}

/// Says what is wrong with how a fixture was taken, if anything is.
fn fault(one: &Fixture, statement: &Statement) -> Option<String> {
    match (one.get("expect"), &statement.content) {
        ("ok", Content::NotUnderstood(content)) => Some(content.why.to_string()),
        ("ok", _) if one.header.contains_key("extended") => None,
        ("ok", _) => {
            let written = String::from_utf8(statement.to_payload().unwrap()).unwrap();
            (written != one.text()).then(|| format!("is written as {written}"))
        }
        ("not-understood", Content::NotUnderstood(content)) => {
            let why = content.why.to_string();
            let rest = why.strip_prefix(&format!("`{}", one.get("at")));
            let admits = content.admits.len().to_string();
            let wrong = !rest.is_some_and(|rest| rest.starts_with(['`', '.', '[']))
                || one.header.get("admits").is_some_and(|said| *said != admits);
            wrong.then(|| format!("{why}; admits {admits}"))
        }
        (expect, _) => Some(format!("is understood, and not `{expect}`")),
    }
}

#[test]
fn every_payload_is_taken_as_it_says() {
    let (mut seen, mut faults) = (BTreeSet::new(), Vec::new());
    for one in fixture::fixtures("statements") {
        let statement = read(&one);
        seen.extend(statement.content.statement_type().map(StatementType::name));
        faults.extend(fault(&one, &statement).map(|why| format!("{}: {why}", one.path.display())));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    for kind in StatementType::ALL {
        assert!(seen.contains(kind.name()), "no good `{}`", kind.name());
    }
}

#[test]
fn the_fixtures_are_those_that_the_examples_make() {
    let made = make::files();
    for folder in ["statements", "pledge"] {
        let folder = fixture::root().join("fixtures").join(folder);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(fixture::root().join("fixtures")).unwrap();
            let made = made.get(name.to_str().unwrap());
            let hint = "run `cargo run --example make_statement_fixtures`";
            assert!(
                made.is_some_and(|made| *made == std::fs::read(&path).unwrap()),
                "{} is not what is made: {hint}",
                path.display()
            );
        }
    }
    for name in made.keys() {
        let path = fixture::root().join("fixtures").join(name);
        assert!(path.exists(), "{name} is missing");
    }
}

/// The words of the code, each list with its place in the schemas.
fn words() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    use standstill::attestation::content;
    use standstill::attestation::figure::{Basis, Boundary, Class, QuantityKind};
    use standstill::claim;
    macro_rules! all {
        ($($kind:ty),* $(,)?) => {
            vec![$(<$kind>::ALL.iter().map(|one| one.as_str()).collect()),*]
        };
    }
    let places = [
        ("common", "class"),
        ("common", "basis"),
        ("common", "boundary"),
        ("common", "quantityKind"),
        ("common", "level"),
        ("recovery", "cause"),
        ("run", "event"),
        ("run", "gave"),
        ("run", "origin"),
        ("corroboration", "source"),
        ("corroboration", "cover"),
        ("evidence", "kind"),
        ("transfer", "direction"),
        ("seal", "action"),
        ("challenge", "kind"),
        ("challenge-response", "outcome"),
        ("pledge", "kind"),
        ("pledge", "counting"),
        ("pledge", "replacements"),
        ("pledge", "precision"),
    ];
    let lists: Vec<Vec<&str>> = all![
        Class,
        Basis,
        Boundary,
        QuantityKind,
        claim::Level,
        content::RecoveryCause,
        content::RunStage,
        content::Inheritance,
        content::OriginKind,
        content::CorroborationSource,
        content::Cover,
        content::EvidenceKind,
        content::Direction,
        content::SealAction,
        content::ChallengeKind,
        content::Outcome,
        claim::Kind,
        claim::Counting,
        claim::Replacements,
        claim::Precision,
    ];
    let mut words: Vec<_> = places
        .into_iter()
        .zip(lists)
        .map(|((file, name), words)| (file, name, words))
        .collect();
    let kinds = QuantityKind::ALL.iter();
    let summed = kinds.clone().filter(|kind| !kind.is_maximum());
    words.push((
        "common",
        "summedQuantityKind",
        summed.map(|kind| kind.as_str()).collect(),
    ));
    let mut units: Vec<_> = kinds.map(|kind| kind.unit()).collect();
    units.extend([claim::H100_UNIT, claim::RATIO_UNIT]);
    words.push(("pledge", "unit", units));
    let types = StatementType::ALL.iter();
    let correctable = types.filter(|kind| kind.is_correctable());
    words.push((
        "correction",
        "type",
        correctable.map(|kind| kind.name()).collect(),
    ));
    let axes = Axis::ALL.iter().map(|axis| axis.as_str());
    words.push(("verify", "axis", axes.collect()));
    let judged = Word::ALL.iter().map(|word| word.as_str());
    words.push(("verify", "word", judged.collect()));
    words.push(("verify", "exitCode", vec!["0", "1", "3"]));
    // Spelled where they are read.
    words.push(("area", "action", vec!["change", "close", "open"]));
    words.push(("challenge", "drawnKind", vec!["records", "serials"]));
    words
}

fn schema(name: &str) -> serde_json::Value {
    let path = format!("specs/schemas/{name}.schema.json");
    let bytes = std::fs::read(fixture::root().join(path)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The words of an `enum`.
fn enumerated(value: &serde_json::Value) -> BTreeSet<&str> {
    let list = value["enum"].as_array().into_iter().flatten();
    list.map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn the_schemas_have_the_words_of_the_code_and_no_others() {
    let words = words();
    for (file, name, words) in &words {
        let schema = schema(file);
        let found = enumerated(&schema["$defs"][name]);
        let expected: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(found, expected, "{file}: {name}");
    }
    let payload = schema("payload");
    let types: BTreeSet<&str> = StatementType::ALL.iter().map(|kind| kind.uri()).collect();
    assert_eq!(enumerated(&payload["properties"]["predicateType"]), types);
    // No list of words stands elsewhere, and every type has a schema.
    let folder = std::fs::read_dir(fixture::root().join("specs/schemas")).unwrap();
    let (mut lists, mut files) = (0, 0);
    for entry in folder {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        lists += text.matches("\"enum\":").count();
        files += 1;
    }
    assert_eq!(lists, words.len() + 1);
    // Those of what they share, of payloads and of verdicts.
    assert_eq!(files, StatementType::ALL.len() + 3);
}

/// Every word that stands alone (`const`) is one of the code's.
#[test]
fn a_word_that_stands_alone_in_a_schema_is_one_of_the_code() {
    fn constants<'v>(value: &'v serde_json::Value, found: &mut BTreeSet<&'v str>) {
        if let Some(object) = value.as_object() {
            found.extend(object.get("const").and_then(|word| word.as_str()));
            object.values().for_each(|value| constants(value, found));
        }
        let items = value.as_array().into_iter().flatten();
        items.for_each(|value| constants(value, found));
    }
    let mut known: BTreeSet<&str> = words()
        .into_iter()
        .flat_map(|(_, _, words)| words)
        .collect();
    for kind in standstill::ledger::Kind::ALL {
        known.extend([kind.as_str(), kind.order()]);
    }
    known.extend(StatementType::ALL.iter().map(|kind| kind.uri()));
    known.extend([
        standstill::attestation::fields::NONE,
        standstill::attestation::figure::Coverage::UNKNOWN,
        standstill::attestation::statement::STATEMENT_TYPE,
        standstill::ledger::SUITE,
        // Of a perimeter and of a transfer's counterpart.
        "all",
        "outside",
    ]);
    for entry in std::fs::read_dir(fixture::root().join("specs/schemas")).unwrap() {
        let path = entry.unwrap().path();
        let schema: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut found = BTreeSet::new();
        constants(&schema, &mut found);
        let unknown: Vec<_> = found.difference(&known).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
    }
}
