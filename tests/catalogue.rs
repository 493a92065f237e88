//! The accelerator catalogue: its vectors, its figures, and what must never change.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may stop"
)]

mod fixture;

use fixture::Fixture;
use standstill::catalogue::{Accelerator, Catalogue, CatalogueError, Confidence, Format};
use standstill::quantity::Quantity;

/// One fixture of the catalogue.
fn vector(name: &str) -> Fixture {
    Fixture::read(&fixture::root().join("fixtures/catalogue").join(name))
}

/// The class of an answer, as vectors name it.
fn class(answer: &Result<Catalogue, CatalogueError>) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(CatalogueError::DuplicateId { .. }) => "duplicate-id",
        Err(CatalogueError::Id { .. }) => "id",
        Err(CatalogueError::NoReference) => "no-reference",
        Err(CatalogueError::NoSource { .. }) => "no-source",
        Err(CatalogueError::NoUnit { .. }) => "no-unit",
        Err(CatalogueError::Sparse { .. }) => "sparse",
        Err(CatalogueError::Toml(_)) => "toml",
        Err(CatalogueError::Unexplained { .. }) => "unexplained",
        Err(CatalogueError::Value { .. }) => "value",
        Err(_) => "unknown",
    }
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let mut seen = 0;
    for one in fixture::fixtures("catalogue/parse") {
        let answer = Catalogue::parse(one.text());
        let found = class(&answer);
        assert_eq!(
            found,
            one.get("expect"),
            "{}: {answer:?}",
            one.path.display()
        );
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} vectors");
}

const TERA: u128 = 1_000_000_000_000;

fn stated(model: &str, format: Format) -> Option<u128> {
    let catalogue = Catalogue::embedded();
    let peak = catalogue.get(model).unwrap().peak(format)?;
    Some(peak.stated().get())
}

#[test]
fn figures_are_those_of_the_data_sheets() {
    for (model, format, expected) in [
        ("a100-sxm-80", Format::Bf16, Some(312 * TERA)),
        ("a100-sxm-80", Format::Fp8, None),
        ("h100-sxm", Format::Bf16, Some(989_400_000_000_000)),
        ("h100-sxm", Format::Fp8, Some(1979 * TERA)),
        ("h100-pcie", Format::Bf16, Some(756 * TERA)),
        ("h20", Format::Int8, Some(296 * TERA)),
        ("b200", Format::Fp4, Some(9000 * TERA)),
        ("b300", Format::Int8, Some(157_500_000_000_000)),
        ("gb300", Format::Fp4, Some(15_000 * TERA)),
        ("mi300x", Format::Bf16, Some(1_307_400_000_000_000)),
        ("tpu-v5e", Format::Int8, Some(393 * TERA)),
        ("tpu-v7", Format::Fp8, Some(4614 * TERA)),
        ("trainium3", Format::Fp4, Some(2517 * TERA)),
        ("ascend-910c", Format::Bf16, Some(800 * TERA)),
    ] {
        assert_eq!(stated(model, format), expected, "{model} {format}");
    }
    assert_eq!(Catalogue::embedded().iter().count(), 32);
}

#[test]
fn a_gb200_is_one_gpu_and_its_superchip_is_two() {
    let catalogue = Catalogue::embedded();
    let gpu = catalogue.get("gb200").unwrap();
    assert!(gpu.unit_definition().starts_with("one GPU"));
    assert!(gpu.unit_definition().contains("superchip is two"));
    assert_eq!(gpu.peak_any().get(), 10_000 * TERA);
    // A tray of four GPUs, which is two superchips, is four units and never two.
    let four = catalogue.h100_equivalents("gb200", 4).unwrap();
    assert_eq!(four.lower(), Quantity::from(20_212));
    assert_eq!(four.upper(), Quantity::from(20_213));
}

// spec: cat-8
#[test]
fn where_sources_differ_the_higher_reading_bounds() {
    let catalogue = Catalogue::embedded();
    let mi355x = catalogue.get("mi355x").unwrap();
    let fp8 = mi355x.peak(Format::Fp8).unwrap();
    assert_eq!(fp8.confidence(), Confidence::Conflict);
    assert_eq!(fp8.lower().get(), 4600 * TERA);
    assert_eq!(fp8.upper().get(), 5033 * TERA);
    assert_eq!(catalogue.peak_any("mi355x"), Some(10_066 * TERA));
    assert_eq!(mi355x.least_peak_any().get(), 9200 * TERA);
    assert_eq!(catalogue.peak_any("gaudi3"), Some(1835 * TERA));
    // Integer operations bound too.
    assert_eq!(catalogue.peak_any("tpu-v5p"), Some(918 * TERA));
    // A rejected reading does not.
    let b300 = catalogue.get("b300").unwrap().peak(Format::Bf16).unwrap();
    assert_eq!(b300.upper().get(), 2250 * TERA);
}

// spec: cat-9
#[test]
fn a_model_that_is_not_catalogued_has_no_peak() {
    let catalogue = Catalogue::embedded();
    for model in ["h100", "H100-SXM", "uncatalogued:gpu", "none", ""] {
        assert_eq!(catalogue.peak_any(model), None, "{model}");
        assert_eq!(catalogue.h100_equivalents(model, 1), None, "{model}");
    }
}

// spec: cat-10
#[test]
fn h100_equivalents_are_thousandths_rounded_outward() {
    let catalogue = Catalogue::embedded();
    let bounds = |model: &str, units| {
        let interval = catalogue.h100_equivalents(model, units).unwrap();
        (interval.lower().get(), interval.upper().get())
    };
    assert_eq!(bounds("h100-sxm", 1), (1000, 1000));
    assert_eq!(bounds("h100-sxm", 0), (0, 0));
    // 624 / 1979 = 0.31531...: one unit is rounded, a million units before the division.
    assert_eq!(bounds("a100-sxm-80", 1), (315, 316));
    assert_eq!(bounds("a100-sxm-80", 1_000_000), (315_310_763, 315_310_764));
    assert_eq!(bounds("mi355x", 1), (4648, 5087));
    // Beyond what a quantity can hold there is no answer, never a wrong one.
    assert_eq!(catalogue.h100_equivalents("gb300", u64::MAX), None);
}

#[test]
fn every_entry_has_a_source_and_every_source_is_cited() {
    let catalogue = Catalogue::embedded();
    for one in catalogue.iter() {
        assert!(one.sources().count() > 0, "{}", one.id());
    }
    for source in catalogue.sources() {
        let cited = catalogue
            .iter()
            .any(|one| one.sources().any(|id| id == source.id()));
        assert!(cited, "{} is cited by nothing", source.id());
    }
}

// spec: cat-6
#[test]
fn an_id_never_changes_its_unit() {
    let units = vector("units.txt");
    let published: Vec<(&str, &str)> = units
        .text()
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .collect();
    let catalogue = Catalogue::embedded();
    for (id, unit) in &published {
        let now = catalogue.get(id).map(Accelerator::unit_definition);
        assert_eq!(now, Some(*unit), "{id}");
    }
    for one in catalogue.iter() {
        let listed = published.iter().any(|(id, _)| *id == one.id());
        assert!(listed, "add {} to units.txt", one.id());
    }
}

// spec: cat-11
#[test]
fn the_digest_is_that_of_the_meaning_and_not_of_the_spelling() {
    let smallest = vector("parse/smallest.txt");
    let text = smallest.text();
    let digest = |text: &str| Catalogue::parse(text).unwrap().digest();
    let spelled = text.replace("id = \"maker\"", "id   =   'maker' # whose");
    assert_ne!(text, spelled);
    assert_eq!(digest(text), digest(&spelled));
    let explicit = text.replace("2022-09-20\"", "2022-09-20\", confidence = \"sourced\"");
    assert_ne!(text, explicit);
    assert_eq!(digest(text), digest(&explicit));
    let other = text.replace("1979", "1980");
    assert_ne!(digest(text), digest(&other));
    let canonical = Catalogue::parse(text).unwrap().to_canonical();
    assert_eq!(standstill::hash::sha256(canonical.as_bytes()), digest(text));
}

#[test]
fn the_digests_are_the_published_ones() {
    let digests = vector("digest.txt");
    let smallest = Catalogue::parse(vector("parse/smallest.txt").text()).unwrap();
    assert_eq!(digests.get("smallest"), smallest.digest().to_string());
    assert_eq!(digests.text().trim_end(), smallest.to_canonical());
    assert_eq!(
        digests.get("embedded"),
        Catalogue::embedded().digest().to_string(),
        "a changed catalogue is a new one: say so in CHANGELOG.md and put its digest here"
    );
}
