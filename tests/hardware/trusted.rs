//! Hardware roots of a trust file.

use standstill::verify::hardware::HardwareKey;
use standstill::verify::{Trust, TrustError};

use crate::common::*;
use crate::fixture::fixtures;
use crate::made::{pem, verifier};

/// A root of the usual key.
pub fn root(name: &str, kind: &str, pem: &str, more: &str) -> String {
    format!(
        "\n[[hardware_root]]\nname = \"{name}\"\ntrust_root = \"maker\"\nkind = \"{kind}\"\nkeys = [\"\"\"\n{pem}\"\"\"]\n{more}\n"
    )
}

fn read(roots: &str) -> Result<Trust, TrustError> {
    let lab = Lab::new(100);
    let vkey = log_key().verifier();
    let text = format!(
        "policy = \"policy\"\ngreatest_age = 1\n[[issuer]]\nid = \"{}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n{roots}",
        lab.id
    );
    Trust::parse(&text, format!("log {vkey}\nquorum none\n").as_bytes())
}

/// A key of the fixtures.
fn fixed(name: &str) -> String {
    let fixtures = fixtures("hardware");
    let found = fixtures.iter().find(|one| one.path.ends_with(name));
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        found.unwrap().get("keys")
    )
}

// spec: ver-67 hw-16
#[test]
fn a_root_signs_what_its_keys_can_sign() {
    let own = pem(&verifier());
    for (kind, key, taken) in [
        ("gpu-attestation", own.clone(), true),
        ("gpu-attestation", fixed("es256.txt"), true),
        ("gpu-attestation", fixed("es384.txt"), true),
        ("gpu-attestation", fixed("quote_rsapss.txt"), false),
        ("tpm-quote", fixed("quote_rsapss.txt"), true),
        ("tpm-quote", fixed("quote_ecdsa.txt"), true),
        ("tpm-quote", fixed("es384.txt"), false),
        ("tpm-quote", own.clone(), false),
        ("inspection", own.clone(), false),
    ] {
        let found = read(&root("maker", kind, &key, ""));
        assert_eq!(found.is_ok(), taken, "{kind} {key}: {found:?}");
    }
}

// spec: ver-67
#[test]
fn a_root_has_a_name_a_controller_and_a_key() {
    let own = pem(&verifier());
    let one = root("maker", "gpu-attestation", &own, "");
    assert!(read(&one).is_ok());
    for wrong in [
        one.clone() + &one,
        one.replace("\"maker\"\nkind", "\"\"\nkind"),
        root("maker", "gpu-attestation", &own, "colour = \"red\""),
        one.replace(&format!("[\"\"\"\n{own}\"\"\"]"), "[]"),
        one.replace("PUBLIC KEY", "PRIVATE KEY"),
        one.replace("keys = [", &format!("keys = [\"\"\"\n{own}\"\"\", ")),
    ] {
        assert!(read(&wrong).is_err(), "{wrong}");
    }
    let other = root(
        "other",
        "gpu-attestation",
        &own,
        "[hardware_root.models]\nGH100 = \"h100-sxm\"",
    );
    assert_eq!(read(&(one + &other)).unwrap().hardware.len(), 2);
}

// spec: hw-16
#[test]
fn a_key_has_one_encoding() {
    let good = fixed("quote_rsapss.txt");
    assert!(HardwareKey::from_pem(&good).is_ok());
    assert!(HardwareKey::from_pem(&format!("{good}\n\n")).is_ok());
    for name in ["quote_rsapss.txt", "es256.txt", "es384.txt", "eddsa.txt"] {
        let key = fixed(name);
        let body = key.lines().nth(1).unwrap();
        let der = standstill::encoding::base64::decode(body).unwrap();
        let read = |der: &[u8]| {
            let body = standstill::encoding::base64::encode(der);
            HardwareKey::from_pem(&key.replace(key.lines().nth(1).unwrap(), &body))
        };
        assert!(read(&der).is_ok());
        // What is cut, longer, or says another length.
        for length in 0..der.len() {
            assert!(read(&der[..length]).is_err(), "{name} cut to {length}");
        }
        assert!(read(&[der.as_slice(), &[0]].concat()).is_err(), "{name}");
        for at in 0..12 {
            let mut changed = der.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{name} changed at {at}");
        }
    }
    // 1024 bits, and 8192.
    for name in ["rsa_short", "rsa_long"] {
        let path = crate::fixture::root().join(format!("fixtures/hardware/keys/{name}.pem"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(HardwareKey::from_pem(&text).is_err(), "{name}");
    }
    for wrong in [
        "",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        &format!("{good}{good}"),
    ] {
        assert!(HardwareKey::from_pem(wrong).is_err(), "{wrong}");
    }
}
