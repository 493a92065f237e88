//! Evidence made while the tests run, because its nonce depends on what was logged.

use standstill::attestation::content::{About, Bytes, Evidence, EvidenceKind};
use standstill::attestation::{Content, StreamId};
use standstill::encoding::base64;
use standstill::hash::{Hash, sha256};
use standstill::key::SecretKey;
use standstill::time::Period;

use crate::common::*;

/// A verifier of accelerators, of the tests' own.
pub fn verifier() -> SecretKey {
    secret(200)
}

/// A key in PEM.
pub fn pem(key: &SecretKey) -> String {
    let prefix = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    let der = [prefix, key.public().as_bytes().as_slice()].concat();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        base64::encode(&der)
    )
}

/// A token of one device.
pub fn token(key: &SecretKey, nonce: &Hash, iat: u64, device: u64) -> String {
    let claims = format!(
        r#"{{"iat":{iat},"eat_nonce":"{nonce}","ueid":"{device}","hwmodel":"GH100","measres":"success"}}"#
    );
    signed(key, &claims)
}

fn signed(key: &SecretKey, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        base64::encode_url(br#"{"alg":"EdDSA"}"#),
        base64::encode_url(claims.as_bytes())
    );
    let signature = key.sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", base64::encode_url(&signature))
}

/// A bundle of devices.
pub fn bundle(key: &SecretKey, nonce: &Hash, iat: u64, devices: &[u64]) -> Vec<u8> {
    let named: Vec<(String, String)> = (0..)
        .zip(devices)
        .map(|(number, device)| (format!("GPU-{number}"), token(key, nonce, iat, *device)))
        .collect();
    let submods: Vec<String> = named
        .iter()
        .map(|(name, token)| {
            let digest = sha256(token.as_bytes());
            format!(r#""{name}":["DIGEST",["SHA-256","{digest}"]]"#)
        })
        .collect();
    let overall = signed(
        key,
        &format!(
            r#"{{"iat":{iat},"eat_nonce":"{nonce}","x-nvidia-overall-att-result":true,"submods":{{{}}}}}"#,
            submods.join(",")
        ),
    );
    let detached: Vec<String> = named
        .iter()
        .map(|(name, token)| format!(r#""{name}":"{token}""#))
        .collect();
    format!(r#"[["JWT","{overall}"],{{{}}}]"#, detached.join(",")).into_bytes()
}

/// A statement that names bytes, of the first area of `of`.
pub fn evidence(
    of: &Lab,
    kind: EvidenceKind,
    nonce: &Hash,
    period: Period,
    bytes: &[u8],
) -> Evidence {
    Evidence {
        kind,
        provenance: "a test".to_owned(),
        nonce: Some(nonce.as_bytes().to_vec()),
        about: About {
            issuer: of.id,
            streams: vec![StreamId::new(1)],
            period,
        },
        bytes: Bytes::Plain(sha256(bytes)),
        catalogue: None,
        figures: Vec::new(),
    }
}

pub fn gpus(of: &Lab, nonce: &Hash, period: Period, bytes: &[u8]) -> Content {
    Content::Evidence(evidence(
        of,
        EvidenceKind::GpuAttestation,
        nonce,
        period,
        bytes,
    ))
}
