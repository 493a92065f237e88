//! Attestation results of accelerators: signed tokens of who verified them.
//!
//! Specified in `specs/hardware.md`, section "Tokens". Three shapes are read: the token of
//! one device (RFC 9711, RFC 7519, as NVIDIA's verifiers spell it), a detached bundle
//! `[["JWT", overall], {name: token, …}]`, and an attestation result of several devices
//! (draft-ietf-rats-ear). The keys are the auditor's; what a token says of keys is not read.
//!
//! A token shows that a device was there and which firmware it ran. It does not show how
//! much was computed, nor how many other devices there are.

use std::collections::BTreeMap;

use crate::encoding::base64;
use crate::encoding::hex;
use crate::encoding::json::JsonError;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::encoding::json::parse_foreign;
use crate::hash::sha256;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::verify::hardware::key::HardwareKey;

/// The most bytes of a file. Ours: what NVIDIA's service answers of eight devices has 17,228
/// bytes (seen in 2026), and a rack has 72 devices.
pub const MAX_BYTES: usize = 1 << 20;

/// The most devices of a file. Ours: more than a rack, so that signatures are few.
pub const MAX_DEVICES: usize = 256;

/// The longest identity and the longest model, in bytes. RFC 9711, section 4.2.1, allows an
/// identity 33 bytes, which is 44 characters; NVIDIA's are decimal numbers of 160 bits.
const MAX_NAME: usize = 256;

/// What a verifier says of measurements that are as they should be (NVIDIA, `measres`).
const SUCCESS: &str = "success";

/// What an appraisal says of a device that it recognises (draft-ietf-rats-ear, `ear.status`;
/// draft-ietf-rats-ar4si, tier 2).
const AFFIRMING: [&str; 2] = ["affirming", "2"];

/// A device that a token showed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// Its identity, as its verifier spells it (RFC 9711, `ueid`).
    pub ueid: String,
    /// What it is, as its verifier spells it (RFC 9711, `hwmodel`).
    pub model: String,
}

/// What a file shows: that these devices were there. Had only from [`open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    devices: BTreeMap<String, String>,
    failed: usize,
}

impl Shown {
    /// Returns the devices, each once.
    pub fn devices(&self) -> impl Iterator<Item = Device> {
        self.devices.iter().map(|(ueid, model)| Device {
            ueid: ueid.clone(),
            model: model.clone(),
        })
    }

    /// Returns how many were named whose measurements are not as they should be: they count
    /// for nothing.
    pub const fn failed(&self) -> usize {
        self.failed
    }
}

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'d> {
    /// The keys of one root.
    pub keys: &'d [HardwareKey],
    /// What every token must answer.
    pub nonce: &'d [u8],
    /// Within which every token must have been made.
    pub period: Period,
}

/// Opens a file: every token in it must be signed by one of the keys, by that key's own
/// algorithm, answer the nonce, and be made within the period.
pub fn open(bytes: &[u8], demand: &Demand<'_>) -> Result<Shown, TokenError> {
    if bytes.len() > MAX_BYTES {
        return Err(TokenError::Size);
    }
    let mut shown = Shown {
        devices: BTreeMap::new(),
        failed: 0,
    };
    if bytes.first() == Some(&b'[') {
        bundle(bytes, demand, &mut shown)?;
    } else {
        let text = std::str::from_utf8(bytes).map_err(|_| TokenError::Shape)?;
        let claims = verified(text, demand)?;
        let claims = object(&claims)?;
        match claims.get("submods") {
            Some(submods) => appraisals(submods, &mut shown)?,
            None => device(claims, &mut shown)?,
        }
    }
    Ok(shown)
}

/// Whether a file claims to answer a nonce: for whoever is about to publish it, and holds no
/// key. It shows nothing.
pub fn claims_to_answer(bytes: &[u8], nonce: &[u8]) -> Result<bool, TokenError> {
    let outer;
    let token = if bytes.first() == Some(&b'[') {
        outer = parse_foreign(bytes)?;
        let overall = outer.as_list().and_then(|parts| parts.first()?.as_list());
        overall.and_then(|overall| overall.get(1)?.as_text())
    } else {
        std::str::from_utf8(bytes).ok()
    };
    let claims = token.and_then(|token| base64::decode_url(token.split('.').nth(1)?));
    let claims = claims.ok_or(TokenError::Shape)?;
    let claims = parse_foreign(&claims)?;
    Ok(answers(object(&claims)?.get("eat_nonce"), nonce))
}

/// Opens a detached bundle: the overall token names the digest of each device's.
fn bundle(bytes: &[u8], demand: &Demand<'_>, shown: &mut Shown) -> Result<(), TokenError> {
    let value = parse_foreign(bytes)?;
    let Some([overall, detached]) = value.as_list() else {
        return Err(TokenError::Shape);
    };
    let Some([kind, overall]) = overall.as_list() else {
        return Err(TokenError::Shape);
    };
    if kind.as_text() != Some("JWT") {
        return Err(TokenError::Shape);
    }
    let detached = object(detached)?;
    let overall = verified(overall.as_text().ok_or(TokenError::Shape)?, demand)?;
    let overall = object(&overall)?;
    let named = object(overall.get("submods").ok_or(TokenError::Claim("submods"))?)?;
    if named.iter().count() > MAX_DEVICES {
        return Err(TokenError::Devices);
    }
    if !named
        .iter()
        .map(|(name, _)| name)
        .eq(detached.iter().map(|(name, _)| name))
    {
        return Err(TokenError::Digest);
    }
    let passed = match overall.get("x-nvidia-overall-att-result") {
        Some(Value::Bool(passed)) => *passed,
        _ => return Err(TokenError::Claim("x-nvidia-overall-att-result")),
    };
    for ((_, digest), (_, token)) in named.iter().zip(detached.iter()) {
        let token = token.as_text().ok_or(TokenError::Shape)?;
        if !names(digest, token) {
            return Err(TokenError::Digest);
        }
        let claims = verified(token, demand)?;
        if passed {
            device(object(&claims)?, shown)?;
        } else {
            shown.failed = shown.failed.saturating_add(1);
        }
    }
    Ok(())
}

/// Whether `["DIGEST", ["SHA-256", hex]]` is of a token's text.
fn names(digest: &Value<'_>, token: &str) -> bool {
    let Some([kind, digest]) = digest.as_list() else {
        return false;
    };
    let Some([algorithm, digest]) = digest.as_list() else {
        return false;
    };
    kind.as_text() == Some("DIGEST")
        && algorithm.as_text() == Some("SHA-256")
        && digest.as_text() == Some(&*sha256(token.as_bytes()).to_string())
}

/// Reads the device that a claims set is of.
fn device(claims: &Object<'_>, shown: &mut Shown) -> Result<(), TokenError> {
    let passed = claims.get("measres").and_then(Value::as_text) == Some(SUCCESS);
    count(claims, passed, shown)
}

/// Reads the appraisals of an attestation result, one a device.
fn appraisals(submods: &Value<'_>, shown: &mut Shown) -> Result<(), TokenError> {
    let submods = object(submods)?;
    if submods.iter().count() > MAX_DEVICES {
        return Err(TokenError::Devices);
    }
    for (_, appraisal) in submods.iter() {
        let appraisal = object(appraisal)?;
        let status = appraisal.get("ear.status").and_then(Value::as_text);
        let status = status.ok_or(TokenError::Claim("ear.status"))?;
        count(appraisal, AFFIRMING.contains(&status), shown)?;
    }
    Ok(())
}

fn count(claims: &Object<'_>, passed: bool, shown: &mut Shown) -> Result<(), TokenError> {
    let text = |name: &'static str| {
        let text = claims.get(name).and_then(Value::as_text);
        let text = text.filter(|text| !text.is_empty() && text.len() <= MAX_NAME);
        text.map(str::to_owned).ok_or(TokenError::Claim(name))
    };
    if passed {
        shown.devices.insert(text("ueid")?, text("hwmodel")?);
    } else {
        shown.failed = shown.failed.saturating_add(1);
    }
    Ok(())
}

/// Returns the claims of a token that meets the demand (RFC 7515, section 5.2).
fn verified(token: &str, demand: &Demand<'_>) -> Result<Value<'static>, TokenError> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Shape);
    };
    let decoded = |part| base64::decode_url(part).ok_or(TokenError::Shape);
    check_signature(token, &decoded(header)?, &decoded(signature)?, demand.keys)?;
    let claims = parse_foreign(&decoded(claims)?)?.into_owned();
    let set = object(&claims)?;
    if !answers(set.get("eat_nonce"), demand.nonce) {
        return Err(TokenError::Nonce);
    }
    check_time(set, demand.period)?;
    Ok(claims)
}

/// Checks the signature with every key whose algorithm the header names. An algorithm of no
/// supplied key, `none` among them, has none that could verify it.
fn check_signature(
    token: &str,
    header: &[u8],
    signature: &[u8],
    keys: &[HardwareKey],
) -> Result<(), TokenError> {
    let header = parse_foreign(header)?;
    let header = object(&header)?;
    if header.get("crit").is_some() {
        return Err(TokenError::Critical);
    }
    let algorithm = header.get("alg").and_then(Value::as_text);
    let algorithm = algorithm.ok_or(TokenError::Algorithm)?;
    let mut able = keys
        .iter()
        .filter(|key| key.token_algorithm() == Some(algorithm))
        .peekable();
    if able.peek().is_none() {
        return Err(TokenError::Algorithm);
    }
    let (message, _) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
    if able.any(|key| key.verifies_token(message.as_bytes(), signature)) {
        return Ok(());
    }
    Err(TokenError::Signature)
}

/// Whether a claim is the nonce, in hexadecimal as NVIDIA spells it or in base64 as RFC 9711
/// does, alone or as the only one of a list.
fn answers(claim: Option<&Value<'_>>, nonce: &[u8]) -> bool {
    let claim = match claim {
        Some(Value::List(items)) => match &**items {
            [only] => only.as_text(),
            _ => None,
        },
        claim => claim.and_then(Value::as_text),
    };
    claim.is_some_and(|claim| claim == hex::encode(nonce) || claim == base64::encode_url(nonce))
}

/// Checks that a token was made within a period, and was valid when it was made.
fn check_time(claims: &Object<'_>, period: Period) -> Result<(), TokenError> {
    let made = instant(claims, "iat")?.ok_or(TokenError::Claim("iat"))?;
    let valid = instant(claims, "nbf")?.is_none_or(|from| from <= made)
        && instant(claims, "exp")?.is_none_or(|until| made < until);
    if !valid {
        return Err(TokenError::Expired);
    }
    if made < period.start() || made >= period.end() {
        return Err(TokenError::Time { made, period });
    }
    Ok(())
}

fn instant(claims: &Object<'_>, name: &'static str) -> Result<Option<UnixSeconds>, TokenError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = value.as_text().filter(digits);
    let seconds = seconds.and_then(|text| text.parse().ok());
    let instant = seconds.and_then(UnixSeconds::new);
    instant.map(Some).ok_or(TokenError::Claim(name))
}

fn object<'v, 'a>(value: &'v Value<'a>) -> Result<&'v Object<'a>, TokenError> {
    value.as_object().ok_or(TokenError::Shape)
}

/// Why a file shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The algorithm is that of no supplied key.
    #[error("a token names an algorithm of none of the keys")]
    Algorithm,
    /// A claim is missing, or not what it must be.
    #[error("a token's `{0}` is missing, or not what it must be")]
    Claim(&'static str),
    /// The header asks for what is not understood.
    #[error("a token has `crit` in its header")]
    Critical,
    /// Too many devices.
    #[error("more than {MAX_DEVICES} devices in one file")]
    Devices,
    /// The overall token and the devices' do not belong together.
    #[error("the devices' tokens are not those that the overall token names")]
    Digest,
    /// It was not valid when it was made.
    #[error("a token was not valid when it was made")]
    Expired,
    /// No JSON, or JSON with two meanings.
    #[error("a token's JSON, {0}")]
    Json(#[from] JsonError),
    /// It answers something else.
    #[error("a token answers another nonce")]
    Nonce,
    /// Neither a token nor a bundle of tokens.
    #[error("is neither a signed token nor a bundle of such")]
    Shape,
    /// No supplied key made the signature.
    #[error("a token is signed by none of the keys")]
    Signature,
    /// Too long.
    #[error("has more than {MAX_BYTES} bytes")]
    Size,
    /// Of another time.
    #[error("a token was made at {made}, not in {period}")]
    Time {
        /// When.
        made: UnixSeconds,
        /// Within which it ought to have been.
        period: Period,
    },
}
