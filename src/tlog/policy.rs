//! Policies: which logs count, and which witnesses are a quorum (C2SP tlog-policy).

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
const NONE: &str = "none";

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
    /// Returns the policy's name for it.
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
        let text = str::from_utf8(bytes).map_err(|_| fault(0, "is not UTF-8"))?;
        let mut reader = Reader::default();
        for (number, line) in text.lines().enumerate() {
            reader.line(line).map_err(|why| fault(number, why))?;
        }
        let quorum = reader
            .quorum
            .ok_or_else(|| fault(text.lines().count(), "ends without a `quorum` line"))?;
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

    /// Whether no witness is needed.
    pub const fn needs_no_witness(&self) -> bool {
        matches!(self.quorum, Quorum::None)
    }

    /// Whether the witnesses with these keys are a quorum.
    pub fn met_by(&self, keys: &[&PublicKey]) -> bool {
        self.quorum.met_by(&|key| keys.contains(&key))
    }

    /// Returns the earliest time T such that the cosignatures with times at or before T
    /// are a quorum: the tree existed by then (formats: 6).
    pub fn not_after(&self, cosignatures: &[Cosignature]) -> Option<UnixSeconds> {
        let times: BTreeSet<UnixSeconds> = cosignatures.iter().map(Cosignature::time).collect();
        times
            .into_iter()
            .find(|limit| self.quorum_where(cosignatures, |time| time <= *limit))
    }

    /// Returns the latest time T such that the cosignatures with times at or after T are
    /// a quorum: what names the tree did not exist before (formats: 6).
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
    /// Witnesses and groups that are a member of no group yet.
    free: BTreeMap<String, Quorum>,
    names: BTreeSet<String>,
    keys: BTreeSet<PublicKey>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim_matches([' ', '\t']);
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let keyword = words.next().unwrap_or_default();
        let words: Vec<&str> = words.collect();
        match (keyword, words.as_slice()) {
            ("log", [key]) => self.log(key, None),
            ("log", [key, url]) => self.log(key, Some(url)),
            ("witness", [name, key]) => self.witness(name, key, None),
            ("witness", [name, key, url]) => self.witness(name, key, Some(url)),
            ("group", [name, needed, members @ ..]) => self.group(name, needed, members),
            ("quorum", [name]) => self.set_quorum(name),
            ("log" | "witness" | "group" | "quorum", _) => {
                Err(format!("has a wrong number of words after `{keyword}`"))
            }
            _ => Err(format!("begins with `{keyword}`, which is not known")),
        }
    }

    fn log(&mut self, key: &str, url: Option<&str>) -> Result<(), String> {
        let key = self.key(key, Algorithm::Ed25519)?;
        if self.logs.len() == MAX_MEMBERS {
            return Err(format!("is more than {MAX_MEMBERS} logs"));
        }
        self.logs.push((key, url.map(str::to_owned)));
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), String> {
        let key = self.key(key, Algorithm::CosignatureV1)?;
        self.define(name, Quorum::Witness(key.public().clone()))?;
        self.witnesses.push(Witness {
            name: name.to_owned(),
            key,
            url: url.map(str::to_owned),
        });
        Ok(())
    }

    fn group(&mut self, name: &str, needed: &str, members: &[&str]) -> Result<(), String> {
        let needed = match needed {
            "all" => members.len(),
            "any" => 1,
            number => number
                .parse()
                .ok()
                .filter(|_| !number.starts_with(['0', '+']))
                .ok_or_else(|| format!("has `{number}` for `all`, `any` or a number"))?,
        };
        if needed == 0 || needed > members.len() {
            return Err(format!("needs {needed} of {} members", members.len()));
        }
        let members = members
            .iter()
            .map(|member| {
                self.free.remove(*member).ok_or_else(|| {
                    format!("names `{member}`, which is not defined or is already a member")
                })
            })
            .collect::<Result<_, _>>()?;
        self.define(name, Quorum::Group { needed, members })
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), String> {
        let quorum = if name == NONE {
            Quorum::None
        } else {
            self.free.remove(name).ok_or_else(|| {
                format!("names `{name}`, which is not defined or is already a member")
            })?
        };
        if self.quorum.replace(quorum).is_some() {
            return Err("is a second `quorum` line".to_owned());
        }
        Ok(())
    }

    fn key(&mut self, text: &str, algorithm: Algorithm) -> Result<VerifierKey, String> {
        let key: VerifierKey = text
            .parse()
            .map_err(|error| format!("has a key that cannot be read: {error}"))?;
        if key.algorithm() != algorithm {
            return Err("has a key of another signature type than it needs".to_owned());
        }
        if !self.keys.insert(key.public().clone()) {
            return Err("has a key that an earlier line has".to_owned());
        }
        Ok(key)
    }

    fn define(&mut self, name: &str, quorum: Quorum) -> Result<(), String> {
        if name == NONE || !self.names.insert(name.to_owned()) {
            return Err(format!("defines `{name}`, which is reserved or defined"));
        }
        if self.names.len() > MAX_MEMBERS {
            return Err(format!("is more than {MAX_MEMBERS} witnesses and groups"));
        }
        self.free.insert(name.to_owned(), quorum);
        Ok(())
    }
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
            "quorum w1 # why\n",
            "quorum w1\r\n",
            "wat\nquorum w1\n",
        ] {
            assert!(policy(tail).is_err(), "{tail}");
        }
        let twice = key(1, Algorithm::CosignatureV1).verifier();
        assert!(policy(&format!("witness again {twice}\nquorum w1\n")).is_err());
    }
}
