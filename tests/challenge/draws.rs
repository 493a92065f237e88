//! Seeds and draws.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use standstill::attestation::StatementId;
use standstill::challenge::{MAX_DRAWN, draw, seed};
use standstill::encoding::hex;
use standstill::hash::{Hash, sha256};
use standstill::ledger::Salt;

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/challenge/draw.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

// spec: cha-5
#[test]
fn seeds_are_those_worked_out_elsewhere() {
    for one in vectors()["seeds"].as_array().unwrap() {
        let text = |name: &str| one[name].as_str().unwrap();
        let challenge: StatementId = text("challenge").parse().unwrap();
        let signature = hex::decode(text("signature")).unwrap();
        let secret = hex::decode_array(text("secret")).map(Salt::from_bytes);
        let signature = (!signature.is_empty()).then_some(signature.as_slice());
        let found = seed(challenge, signature, secret.as_ref());
        assert_eq!(found.to_string(), text("seed"));
    }
}

// spec: cha-7
#[test]
fn draws_are_those_worked_out_elsewhere() {
    for one in vectors()["draws"].as_array().unwrap() {
        let seed: Hash = one["seed"].as_str().unwrap().parse().unwrap();
        let drawn: Vec<u64> = one["drawn"]
            .as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect();
        let (of, count) = (number(&one["of"]), number(&one["count"]));
        assert_eq!(draw(&seed, of, count), drawn, "{of} {count}");
    }
}

// spec: cha-4 cha-7
#[test]
fn a_draw_is_bounded_and_begins_with_every_smaller_one() {
    let seed = sha256(b"a seed");
    assert!(draw(&seed, 0, 5).is_empty());
    let all = draw(&seed, 100, 1000);
    assert_eq!(
        all.iter().copied().collect::<BTreeSet<_>>(),
        (0..100).collect()
    );
    for count in 0..=100 {
        let drawn = draw(&seed, 100, count);
        assert_eq!(drawn, all[..drawn.len()]);
        assert_eq!(drawn.len() as u64, count);
    }
    let most = draw(&seed, u64::MAX, u64::MAX);
    assert_eq!(most.len() as u64, MAX_DRAWN);
}

// spec: cha-7
#[test]
fn no_record_is_likelier_than_another() {
    // Of 12 records, 3 drawn 20,000 times: chi-square of 11 degrees of freedom stays below
    // 31.26 with a chance of 99.9 %; of all pairs of the first two, 131 degrees below 187.
    let (of, count, times) = (12_usize, 3, 20_000_u64);
    let mut counts = vec![0_u64; of];
    let mut pairs = vec![0_u64; of * of];
    for round in 0..times {
        let drawn = draw(&sha256(&round.to_be_bytes()), of as u64, count);
        for index in &drawn {
            counts[*index as usize] += 1;
        }
        pairs[drawn[0] as usize * of + drawn[1] as usize] += 1;
    }
    let spread = |counts: &mut dyn Iterator<Item = u64>, expected: f64| -> f64 {
        counts
            .map(|found| (found as f64 - expected).powi(2) / expected)
            .sum()
    };
    let expected = (times * count) as f64 / of as f64;
    // What is drawn without putting back varies less: by (N - k) / (N - 1).
    let one = spread(&mut counts.iter().copied(), expected) * 11.0 / 9.0;
    assert!(one < 31.26, "{one}");
    let expected = times as f64 / (of * (of - 1)) as f64;
    let apart = pairs
        .iter()
        .enumerate()
        .filter(|(at, _)| at / of != at % of);
    let two = spread(&mut apart.map(|(_, found)| *found), expected);
    assert!(two < 187.0, "{two}");
    assert!((0..of).all(|at| pairs[at * of + at] == 0));
}
