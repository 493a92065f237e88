//! Every fixture is read, or refused for the reason that it names.

use standstill::encoding::{base64, hex};
use standstill::hash::Hash;
use standstill::time::{Period, UnixSeconds};
use standstill::verify::hardware::quote::{Quote, QuoteError};
use standstill::verify::hardware::token::{self, Demand, TokenError};
use standstill::verify::hardware::{HardwareKey, nonce};

use crate::fixture::{Fixture, fixtures};

/// The keys that a fixture is opened with.
pub fn keys(fixture: &Fixture) -> Vec<HardwareKey> {
    let keys = fixture.get("keys").split(' ');
    keys.map(|der| {
        HardwareKey::from_pem(&format!(
            "-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n"
        ))
        .unwrap()
    })
    .collect()
}

/// Opens other bytes as those of a fixture; returns the class of the refusal.
pub fn open(fixture: &Fixture, bytes: &[u8]) -> Result<(usize, usize), &'static str> {
    if let Some(derived) = derived(fixture) {
        let said = std::str::from_utf8(bytes).map_err(|_| "text")?;
        return if said == format!("{derived}\n") {
            Ok((0, 0))
        } else {
            Err("derived")
        };
    }
    let keys = keys(fixture);
    if fixture.get("kind") == "tpm-quote" {
        let quote = Quote::open(bytes, &keys).map_err(|error| quote_class(&error))?;
        assert!(keys.iter().any(|key| key.id() == quote.machine()));
        if hex::encode(quote.extra()) != fixture.get("extra") {
            return Err("nonce");
        }
        return Ok((quote.selection().len(), quote.digest().len()));
    }
    let instant = |name| UnixSeconds::new(fixture.get(name).parse().unwrap()).unwrap();
    let demand = Demand {
        keys: &keys,
        nonce: &hex::decode(fixture.get("nonce")).unwrap(),
        period: Period::new(instant("start"), instant("end")).unwrap(),
    };
    let shown = token::open(bytes, &demand).map_err(|error| token_class(&error))?;
    Ok((shown.devices().count(), shown.failed()))
}

/// What follows from the values of a fixture, if it is of something derived.
fn derived(fixture: &Fixture) -> Option<Hash> {
    let hash = |name| fixture.get(name).parse::<Hash>().unwrap();
    Some(match fixture.get("kind") {
        "checkpoint" => nonce::of_checkpoint(
            fixture.get("issuer").parse().unwrap(),
            fixture.get("stream").parse().unwrap(),
            &hash("root"),
        ),
        "challenge" => nonce::of_challenge(fixture.get("challenge").parse().unwrap()),
        "binding" => {
            let key = fixture.get("key").parse().unwrap();
            nonce::binding(&key, hash("nonce").as_bytes())
        }
        _ => return None,
    })
}

fn token_class(error: &TokenError) -> &'static str {
    match error {
        TokenError::Algorithm => "algorithm",
        TokenError::Claim(_) => "claim",
        TokenError::Critical => "critical",
        TokenError::Devices => "devices",
        TokenError::Digest => "digest",
        TokenError::Expired => "expired",
        TokenError::Json(_) => "json",
        TokenError::Nonce => "nonce",
        TokenError::Shape => "shape",
        TokenError::Signature => "signature",
        TokenError::Size => "size",
        TokenError::Time { .. } => "time",
        _ => "unknown",
    }
}

fn quote_class(error: &QuoteError) -> &'static str {
    match error {
        QuoteError::Field(_) => "field",
        QuoteError::Kind => "kind",
        QuoteError::Magic => "magic",
        QuoteError::Scheme(_) => "scheme",
        QuoteError::Short(_) => "short",
        QuoteError::Signature => "signature",
        QuoteError::Surplus(_) => "surplus",
        _ => "unknown",
    }
}

#[test]
fn every_fixture_is_read_or_refused_as_it_says() {
    let mut faults = Vec::new();
    for one in fixtures("hardware") {
        let found = open(&one, &one.body);
        let class = found.err().unwrap_or("ok");
        if class != one.get("expect") {
            faults.push(format!("{}: {class}", one.path.display()));
        }
        if let (Ok(found), Some(devices)) = (found, one.header.get("devices")) {
            let said = (devices.parse().unwrap(), one.get("failed").parse().unwrap());
            assert_eq!(found, said, "{}", one.path.display());
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

// spec: hw-3
#[test]
fn a_file_has_a_greatest_size() {
    let fixtures = fixtures("hardware");
    let demand = fixtures
        .iter()
        .find(|one| one.get("kind") == "gpu-attestation")
        .unwrap();
    let large = vec![b' '; token::MAX_BYTES + 1];
    assert_eq!(open(demand, &large), Err("size"));
    assert_eq!(open(demand, &large[1..]), Err("shape"));
}

// spec: hw-12
#[test]
fn a_machine_is_known_by_its_key() {
    let fixtures = fixtures("hardware");
    let one = fixtures
        .iter()
        .find(|one| one.path.ends_with("quote_ecdsa.txt"))
        .unwrap();
    let quote = Quote::open(&one.body, &keys(one)).unwrap();
    let der = base64::decode(one.get("keys")).unwrap();
    assert_eq!(quote.machine(), standstill::hash::sha256(&der));
    // Registers 0 to 3 and 7 of the bank of SHA-256.
    assert_eq!(quote.selection().len(), 1);
    assert_eq!(quote.selection()[0].algorithm, 0x000b);
    assert_eq!(quote.selection()[0].registers, [0b1000_1111, 0, 0]);
    assert_eq!(quote.digest().len(), 32);
    assert!(quote.clock().safe);
}
