//! Policies: which logs count, and which witnesses are a quorum (C2SP tlog-policy).
//!
//! Specified in `specs/log.md`, section "Policies". A file of octets, not of text: names
//! are compared byte by byte, and whatever has the high bit set is opaque.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::key::Algorithm;
use crate::key::PublicKey;
use crate::key::VerifierKey;
use crate::time::UnixSeconds;
use crate::tlog::cosignature::Cosignature;

/// The most logs, and the most witnesses and groups, of a policy (C2SP asks for 32).
pub const MAX_MEMBERS: usize = 256;

/// What stands for no quorum.
const NONE: &[u8] = b"none";

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<(VerifierKey, Option<String>)>,
    witnesses: Vec<Witness>,
    quorum: Quorum,
}

/// A witness of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: String,
    key: VerifierKey,
    url: Option<String>,
}

impl Witness {
    /// Returns the policy's name for it. Bytes that are not UTF-8 are replaced, for
    /// display: the policy itself tells names apart by their bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its key, of type 0x04.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Returns where it can be asked.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

/// What must be met: a witness, so many of some quorums, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Quorum {
    Group { needed: usize, members: Vec<Quorum> },
    None,
    Witness(PublicKey),
}

impl Policy {
    /// Parses a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let allowed = |byte: &u8| matches!(byte, b'\t' | b'\n' | 0x20..=0x7e | 0x80..);
        if let Some(at) = bytes.iter().position(|byte| !allowed(byte)) {
            let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
            return Err(fault(line, "has a byte that no policy may have"));
        }
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        // What follows the last newline is a line cut short: the end of a name that
        // was lost could make it another name.
        if lines.pop().is_some_and(|rest| !rest.is_empty()) {
            return Err(fault(lines.len(), "does not end with a newline"));
        }
        let mut reader = Reader::default();
        for (number, line) in lines.iter().enumerate() {
            reader.line(line).map_err(|why| fault(number, why))?;
        }
        let quorum = reader
            .quorum
            .ok_or_else(|| fault(lines.len(), "ends without a `quorum` line"))?;
        Ok(Self {
            logs: reader.logs,
            witnesses: reader.witnesses,
            quorum,
        })
    }

    /// Returns the logs' keys.
    pub fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().map(|(key, _)| key)
    }

    /// Returns the witnesses.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Returns the witnesses of the quorum and how many of them are needed, if the quorum is
    /// one witness or one group of witnesses, and not of groups.
    pub fn as_one_group(&self) -> Option<(Vec<&VerifierKey>, usize)> {
        let (members, needed) = match &self.quorum {
            Quorum::None => return None,
            one @ Quorum::Witness(_) => (std::slice::from_ref(one), 1),
            Quorum::Group { needed, members } => (members.as_slice(), *needed),
        };
        let key = |member: &Quorum| match member {
            Quorum::Witness(key) => {
                let of = |witness: &&Witness| witness.key.public() == key;
                self.witnesses.iter().find(of).map(Witness::key)
            }
            Quorum::Group { .. } | Quorum::None => None,
        };
        let keys: Option<Vec<_>> = members.iter().map(key).collect();
        Some((keys?, needed))
    }

    /// Whether no witness is needed.
    pub const fn needs_no_witness(&self) -> bool {
        matches!(self.quorum, Quorum::None)
    }

    /// Whether the witnesses with these keys are a quorum.
    pub fn met_by(&self, keys: &[&PublicKey]) -> bool {
        self.quorum.met_by(&|key| keys.contains(&key))
    }

    /// Returns the earliest time T such that the cosignatures with times at or before T
    /// are a quorum: the tree existed by then (`specs/log.md`, "Policies").
    pub fn not_after(&self, cosignatures: &[Cosignature]) -> Option<UnixSeconds> {
        let times: BTreeSet<UnixSeconds> = cosignatures.iter().map(Cosignature::time).collect();
        times
            .into_iter()
            .find(|limit| self.quorum_where(cosignatures, |time| time <= *limit))
    }

    /// Returns the latest time T such that the cosignatures with times at or after T are
    /// a quorum: what names the tree did not exist before (`specs/log.md`, "Policies").
    pub fn not_before(&self, cosignatures: &[Cosignature]) -> Option<UnixSeconds> {
        let times: BTreeSet<UnixSeconds> = cosignatures.iter().map(Cosignature::time).collect();
        times
            .into_iter()
            .rev()
            .find(|limit| self.quorum_where(cosignatures, |time| time >= *limit))
    }

    /// Returns the same policy without the witnesses that `counts` does not want: they
    /// can no longer be part of a quorum.
    #[must_use]
    pub fn retain(&self, counts: impl Fn(&PublicKey) -> bool) -> Self {
        let mut policy = self.clone();
        policy
            .witnesses
            .retain(|witness| counts(witness.key.public()));
        policy
    }

    fn quorum_where(
        &self,
        cosignatures: &[Cosignature],
        wanted: impl Fn(UnixSeconds) -> bool,
    ) -> bool {
        if self.needs_no_witness() {
            return false;
        }
        self.quorum.met_by(&|key| {
            let counted = |witness: &Witness| witness.key.public() == key;
            self.witnesses.iter().any(counted)
                && cosignatures
                    .iter()
                    .any(|one| one.key() == key && wanted(one.time()))
        })
    }
}

impl Quorum {
    fn met_by(&self, cosigned: &impl Fn(&PublicKey) -> bool) -> bool {
        match self {
            Self::Group { needed, members } => {
                members.iter().filter(|one| one.met_by(cosigned)).count() >= *needed
            }
            Self::None => true,
            Self::Witness(key) => cosigned(key),
        }
    }
}

/// Why a policy cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {why}")]
pub struct PolicyError {
    line: usize,
    why: String,
}

fn fault(line: usize, why: impl Into<String>) -> PolicyError {
    PolicyError {
        line: line.saturating_add(1),
        why: why.into(),
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<(VerifierKey, Option<String>)>,
    witnesses: Vec<Witness>,
    /// Witnesses and groups, by name.
    defined: BTreeMap<Vec<u8>, Quorum>,
    /// The names that a group lists.
    members: BTreeSet<Vec<u8>>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let mut words = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty());
        let Some(keyword) = words.next() else {
            return Ok(());
        };
        if keyword.starts_with(b"#") {
            return Ok(());
        }
        let words: Vec<&[u8]> = words.collect();
        match (keyword, words.as_slice()) {
            (b"log", [key]) => self.log(key, None),
            (b"log", [key, url]) => self.log(key, Some(url)),
            (b"witness", [name, key]) => self.witness(name, key, None),
            (b"witness", [name, key, url]) => self.witness(name, key, Some(url)),
            (b"group", [name, needed, members @ ..]) => self.group(name, needed, members),
            (b"quorum", [name]) => self.set_quorum(name),
            (b"log" | b"witness" | b"group" | b"quorum", _) => Err(format!(
                "has a wrong number of words after `{}`",
                show(keyword)
            )),
            _ => Err(format!(
                "begins with `{}`, which is not known",
                show(keyword)
            )),
        }
    }

    fn log(&mut self, key: &[u8], url: Option<&[u8]>) -> Result<(), String> {
        let key = parse_key(key, Algorithm::Ed25519)?;
        if self
            .logs
            .iter()
            .any(|(log, _)| log.public() == key.public())
        {
            return Err("has the key of an earlier log".to_owned());
        }
        if self.logs.len() == MAX_MEMBERS {
            return Err(format!("is more than {MAX_MEMBERS} logs"));
        }
        self.logs.push((key, url.map(show)));
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), String> {
        let key = parse_key(key, Algorithm::CosignatureV1)?;
        if self
            .witnesses
            .iter()
            .any(|witness| witness.key.public() == key.public())
        {
            return Err("has the key of an earlier witness".to_owned());
        }
        self.define(name, Quorum::Witness(key.public().clone()))?;
        self.witnesses.push(Witness {
            name: show(name),
            key,
            url: url.map(show),
        });
        Ok(())
    }

    fn group(&mut self, name: &[u8], needed: &[u8], members: &[&[u8]]) -> Result<(), String> {
        let needed = match needed {
            b"all" => members.len(),
            b"any" => 1,
            number => parse_count(number)
                .ok_or_else(|| format!("has `{}` for `all`, `any` or a number", show(number)))?,
        };
        if needed == 0 || needed > members.len() {
            return Err(format!("needs {needed} of {} members", members.len()));
        }
        let mut quorums = Vec::new();
        for member in members {
            quorums.push(self.find(member)?);
            // Otherwise a witness could count twice.
            if !self.members.insert(member.to_vec()) {
                return Err(format!("lists `{}`, which is listed already", show(member)));
            }
        }
        let members = quorums;
        self.define(name, Quorum::Group { needed, members })
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<(), String> {
        let quorum = if name == NONE {
            Quorum::None
        } else {
            self.find(name)?
        };
        if self.quorum.replace(quorum).is_some() {
            return Err("is a second `quorum` line".to_owned());
        }
        Ok(())
    }

    fn define(&mut self, name: &[u8], quorum: Quorum) -> Result<(), String> {
        if name == NONE || self.defined.contains_key(name) {
            return Err(format!(
                "defines `{}`, which is reserved or defined",
                show(name)
            ));
        }
        if self.defined.len() == MAX_MEMBERS {
            return Err(format!("is more than {MAX_MEMBERS} witnesses and groups"));
        }
        self.defined.insert(name.to_vec(), quorum);
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<Quorum, String> {
        self.defined
            .get(name)
            .cloned()
            .ok_or_else(|| format!("names `{}`, which no earlier line defines", show(name)))
    }
}

fn parse_key(text: &[u8], algorithm: Algorithm) -> Result<VerifierKey, String> {
    // Not replaced where it is no UTF-8: that would be a key of another name.
    let text = str::from_utf8(text).map_err(|_| "has a key that is not UTF-8".to_owned())?;
    let key: VerifierKey = text
        .parse()
        .map_err(|error| format!("has a key that cannot be read: {error}"))?;
    if key.algorithm() != algorithm {
        return Err("has a key of another signature type than it needs".to_owned());
    }
    Ok(key)
}

/// Parses a number of members: decimal, without sign or leading zero.
fn parse_count(digits: &[u8]) -> Option<usize> {
    let text = str::from_utf8(digits).ok()?;
    text.parse()
        .ok()
        .filter(|count: &usize| count.to_string() == text)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyName;
    use crate::key::SecretKey;
    use crate::key::SignerKey;
    use crate::note::Note;
    use crate::tlog::cosignature::cosign;

    fn key(seed: u8, algorithm: Algorithm) -> SignerKey {
        let name = KeyName::new(format!("example/{seed}")).unwrap();
        SignerKey::new(name, algorithm, SecretKey::from_seed([seed; 32]))
    }

    fn policy(tail: &str) -> Result<Policy, PolicyError> {
        let log = key(9, Algorithm::Ed25519).verifier();
        let [one, two, three] = [1, 2, 3].map(|seed| {
            let key = key(seed, Algorithm::CosignatureV1).verifier();
            format!("witness w{seed} {key} https://example/{seed}")
        });
        let text = format!("# a comment\n\nlog {log}\n{one}\n{two}\n{three}\n{tail}");
        Policy::parse(text.as_bytes())
    }

    fn cosignatures(times: &[(u8, u64)]) -> Vec<Cosignature> {
        times
            .iter()
            .map(|(seed, time)| {
                let key = key(*seed, Algorithm::CosignatureV1);
                let mut note = Note::sign("a\n", &self::key(9, Algorithm::Ed25519)).unwrap();
                let time = UnixSeconds::new(*time).unwrap();
                note.put(cosign(note.text(), &key, time).unwrap());
                Cosignature::open(&note, &key.verifier()).unwrap().unwrap()
            })
            .collect()
    }

    // spec: log-32
    #[test]
    fn a_quorum_bounds_time_on_both_sides() {
        let policy = policy("group g 2 w1 w2 w3\nquorum g\n").unwrap();
        let seen = cosignatures(&[(1, 100), (2, 300), (3, 200)]);
        assert_eq!(policy.not_after(&seen), UnixSeconds::new(200));
        assert_eq!(policy.not_before(&seen), UnixSeconds::new(200));
        let two = cosignatures(&[(1, 100), (2, 300)]);
        assert_eq!(policy.not_after(&two), UnixSeconds::new(300));
        assert_eq!(policy.not_before(&two), UnixSeconds::new(100));
        assert_eq!(policy.not_after(&cosignatures(&[(1, 100)])), None);
        assert_eq!(policy.not_after(&cosignatures(&[(1, 100), (1, 300)])), None);
    }

    #[test]
    fn a_witness_that_does_not_count_is_no_part_of_a_quorum() {
        let policy = policy("group g 2 w1 w2 w3\nquorum g\n").unwrap();
        let first = key(1, Algorithm::CosignatureV1).verifier();
        let policy = policy.retain(|key| key != first.public());
        assert_eq!(policy.not_after(&cosignatures(&[(1, 100), (2, 300)])), None);
        assert!(
            policy
                .not_after(&cosignatures(&[(3, 100), (2, 300)]))
                .is_some()
        );
    }

    #[test]
    fn no_quorum_gives_no_time() {
        let policy = policy("quorum none\n").unwrap();
        assert_eq!(policy.not_after(&cosignatures(&[(1, 100)])), None);
        assert!(policy.met_by(&[]));
    }

    #[test]
    fn what_c2sp_forbids_is_refused() {
        for tail in [
            "",
            "quorum w4\n",
            "quorum w1\nquorum w2\n",
            "group g 0 w1\nquorum g\n",
            "group g 2 w1\nquorum g\n",
            "group g any\nquorum g\n",
            "group g any w1 w1\nquorum g\n",
            "group g any w1\ngroup h any w1\nquorum g\n",
            "group none any w1\nquorum none\n",
            "group w1 any w2\nquorum w1\n",
            "group g +1 w1\nquorum g\n",
            "group g any w1\ngroup h any g\ngroup i any g\nquorum i\n",
            "group g 01 w1\nquorum g\n",
            "group g 1\u{660} w1\nquorum g\n",
            "quorum g\ngroup g any w1\n",
            "quorum none\u{a0}\n",
            "quorum W1\n",
            "quorum w1",
            "quorum\n",
            "quorum w1 w2\n",
            "quorum w1 # why\n",
            "quorum w1\r\n",
            "wat\nquorum w1\n",
        ] {
            assert!(policy(tail).is_err(), "{tail}");
        }
        let twice = key(1, Algorithm::CosignatureV1).verifier();
        assert!(policy(&format!("witness again {twice}\nquorum w1\n")).is_err());
        let twice = key(9, Algorithm::Ed25519).verifier();
        assert!(policy(&format!("log {twice}\nquorum w1\n")).is_err());
        let wrong = key(8, Algorithm::Ed25519).verifier();
        assert!(policy(&format!("witness w8 {wrong}\nquorum w1\n")).is_err());
    }

    #[test]
    fn the_quorum_may_be_a_member_of_a_group() {
        assert!(policy("group g 2 w1 w2\nquorum w1\n").is_ok());
        assert!(policy("group g any w1\ngroup h any g\nquorum g\n").is_ok());
        assert!(policy("\t quorum \t w1 \t\n  # why\n").is_ok());
    }

    #[test]
    fn names_are_octets() {
        let witness = key(4, Algorithm::CosignatureV1).verifier();
        let mut text = b"# caf\xe9\nwitness \xe9 ".to_vec();
        text.extend_from_slice(witness.to_string().as_bytes());
        let read = |tail: &[u8]| Policy::parse(&[&text[..], tail].concat());
        assert!(read(b"\nquorum \xe9\n").is_ok());
        assert!(read(b"\nquorum \xe8\n").is_err());
    }

    #[test]
    fn groups_nest() {
        let tail = "group x 2 w1 w2\ngroup g all x w3\nquorum g\n";
        let policy = policy(tail).unwrap();
        let met = |seeds: &[u8]| {
            let keys: Vec<_> = seeds
                .iter()
                .map(|seed| key(*seed, Algorithm::CosignatureV1).verifier())
                .collect();
            policy.met_by(&keys.iter().map(VerifierKey::public).collect::<Vec<_>>())
        };
        assert!(met(&[1, 2, 3]));
        for missing in [&[1, 2][..], &[1, 3], &[2, 3], &[3], &[]] {
            assert!(!met(missing), "{missing:?}");
        }
        let seen = cosignatures(&[(1, 100), (2, 300), (3, 200)]);
        assert_eq!(policy.not_after(&seen), UnixSeconds::new(300));
        assert_eq!(policy.not_before(&seen), UnixSeconds::new(100));
    }
}
