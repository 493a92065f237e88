//! A value in a bucket that any process may swap, and of two that do so at once, one.
//!
//! S3 has conditions for that, `If-Match: <ETag>` and `If-None-Match: *`, and a lock on them
//! is as good as the server. There are servers that answer a read with the bytes of one
//! version and the `ETag` of the next: whoever then replaces what he read names a version
//! that he never saw. And there are servers that look, and then write, with nothing to keep
//! others out between: of two creations at once both succeed (so it is in versitygw 1.7.0,
//! `PutObject` of its file system, in a few of a thousand races). No probe tells such a
//! server from a good one for sure, and one lost swap is a fork of the log.
//!
//! So nothing here rests on conditions. The n-th value is decided among its proposers as
//! in Disk Paxos (Gafni and Lamport, 2003), with objects for blocks, and each of them written
//! once, so that a request that comes late, even days after it was given up, changes nothing
//! that was written since. What is relied on is that what the server has answered is seen
//! by whoever reads or *lists* after that. Below `<prefix>/<n>/`:
//!
//! - `<ballot>-1`: somebody is about to propose. A ballot is a round and a nonce: no two are
//!   alike, and any two have an order.
//! - `<ballot>-2`: the value that he proposes.
//! - `chosen`: the value that is the n-th.
//!
//! Who proposes writes `<ballot>-1` and lists. Where a higher ballot is there he begins again
//! with one that is higher still. Otherwise he takes the value of the highest `-2` that is
//! there, or his own if there is none; writes his `-2`; and lists again. If there is still
//! no higher ballot, that value is chosen.
//!
//! Why no other can be: let b choose v, and let a higher ballot, c, come to its first list.
//! Before that, c wrote its `-1`. b did not see it in its second list, so that this began
//! before c's `-1` was answered; and b's `-2` was answered before that list began. So c's
//! list, which began after its `-1` was answered, has b's `-2` in it, and perhaps others of
//! ballots between, which hold v for the same reason. c proposes v.
//!
//! Who stops half way leaves a value that the next proposer may find and complete: so a swap
//! that failed may happen all the same. Each value has the nonce of the swap that it comes
//! from: whoever lost an answer, or finds his own value completed by another, knows it for
//! his.
//!
//! No object may ever be removed: a proposer may have slept for a year. They are small, three
//! for each batch, and say what was signed when. Whoever has expiry on the bucket must except
//! them. None being missing, the last value is found by doubling and halving, and by one
//! request where the last one known still is the last.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::TryStreamExt as _;
use object_store::Error;
use object_store::ObjectStore;
use object_store::ObjectStoreExt as _;
use object_store::PutPayload;
use object_store::path::Path;

use super::Bucket;
use super::Fault;
use super::PAUSE;
use super::fetch;
use crate::encoding::hex;
use crate::hash::sha256;
use crate::store::Lock;
use crate::store::StoreError;
use crate::tlog::tile::index_path;

const HEADER: &str = "standstill object lock v1";

/// The name of the object that holds a value which is decided.
const CHOSEN: &str = "chosen";

/// How many rounds a proposer goes where others propose too.
const ROUNDS: u32 = 40;

/// A value that any process may swap. Copies share what they know of it.
#[derive(Clone, Debug)]
pub struct ObjectLock {
    bucket: Bucket,
    prefix: String,
    /// The last value seen, which stays what it was: no object changes.
    known: Arc<Mutex<Option<Version>>>,
}

/// The n-th value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    number: u64,
    nonce: Nonce,
    value: Vec<u8>,
}

/// Tells a swap from all others.
type Nonce = [u8; 16];

impl Version {
    fn to_bytes(&self) -> Vec<u8> {
        let head = format!(
            "{HEADER}\n{}\n{}\n{}\n\n",
            self.number,
            hex::encode(&self.nonce),
            hex::encode(sha256(&self.value).as_bytes())
        );
        [head.as_bytes(), &self.value].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
        let (head, value) = bytes.split_at_checked(end.checked_add(2)?)?;
        let mut lines = str::from_utf8(head).ok()?.split('\n').skip(1);
        let version = Self {
            number: lines.next()?.parse().ok()?,
            nonce: hex::decode_array(lines.next()?)?,
            value: value.to_vec(),
        };
        // Print it again and compare: the header and the digest.
        (version.to_bytes() == bytes).then_some(version)
    }
}

/// A round, and the nonce of the swap that goes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ballot {
    round: u64,
    nonce: Nonce,
}

impl Ballot {
    /// Spells the name of the object of that phase, 1 or 2.
    fn name(self, phase: u8) -> String {
        format!("{:020}-{}-{phase}", self.round, hex::encode(&self.nonce))
    }

    fn parse(name: &str) -> Option<(Self, u8)> {
        let (round, rest) = name.split_once('-')?;
        let (nonce, phase) = rest.split_once('-')?;
        let ballot = Self {
            round: round.parse().ok()?,
            nonce: hex::decode_array(nonce)?,
        };
        let phase = phase.parse().ok()?;
        (ballot.name(phase) == name).then_some((ballot, phase))
    }
}

/// What a list says to the proposer of a ballot.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// It is decided.
    Chosen,
    /// A higher ballot, of this round, is there.
    Higher(u64),
    /// There is none; this is the highest that has a value, if any has.
    Clear(Option<Ballot>),
    /// Not even what was written just now.
    Behind,
}

/// Reads the names in a list, for who has just written the object of `ours` and `phase`.
fn see<'n>(names: impl Iterator<Item = &'n str>, ours: Ballot, phase: u8) -> Seen {
    let (mut decided, mut present) = (false, false);
    let (mut highest, mut proposed) = (ours, None);
    for name in names {
        decided |= name == CHOSEN;
        let Some((ballot, of)) = Ballot::parse(name) else {
            continue;
        };
        present |= (ballot, of) == (ours, phase);
        highest = highest.max(ballot);
        if of == 2 {
            proposed = proposed.max(Some(ballot));
        }
    }
    if decided {
        Seen::Chosen
    } else if !present {
        Seen::Behind
    } else if highest > ours {
        Seen::Higher(highest.round)
    } else {
        Seen::Clear(proposed)
    }
}

/// The objects among which one value is decided.
struct Instance {
    store: Arc<dyn ObjectStore>,
    directory: Path,
    number: u64,
}

impl Instance {
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        let key = self.directory.clone().join(name);
        self.store.put(&key, PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// Reads a value, that is there.
    async fn get(&self, name: &str) -> Result<Version, Fault> {
        let key = self.directory.clone().join(name);
        let found = fetch(&*self.store, &key).await?;
        let version = found.and_then(|(bytes, _)| Version::parse(&bytes));
        version
            .filter(|version| version.number == self.number)
            .ok_or(Fault::Damaged)
    }

    async fn see(&self, ours: Ballot, phase: u8) -> Result<Seen, Fault> {
        let list = self.store.list(Some(&self.directory));
        let objects: Vec<_> = list.try_collect().await?;
        let names = objects.iter();
        let names = names.filter_map(|object| object.location.filename());
        Ok(see(names, ours, phase))
    }

    /// Proposes a value, and returns the one that is chosen.
    async fn decide(&self, ours: Version) -> Result<Version, Fault> {
        let mut round = 1;
        for attempt in 0..ROUNDS {
            if attempt > 0 {
                wait(attempt, &ours.nonce).await;
            }
            let ballot = Ballot {
                round,
                nonce: ours.nonce,
            };
            self.put(&ballot.name(1), Vec::new()).await?;
            let value = match self.see(ballot, 1).await? {
                Seen::Chosen => return self.get(CHOSEN).await,
                Seen::Behind => return Err(Fault::Behind),
                Seen::Higher(other) => {
                    round = other.saturating_add(1);
                    continue;
                }
                Seen::Clear(Some(other)) => self.get(&other.name(2)).await?,
                Seen::Clear(None) => ours.clone(),
            };
            self.put(&ballot.name(2), value.to_bytes()).await?;
            match self.see(ballot, 2).await? {
                Seen::Chosen => return self.get(CHOSEN).await,
                Seen::Behind => return Err(Fault::Behind),
                Seen::Higher(other) => round = other.saturating_add(1),
                Seen::Clear(_) => {
                    // Whoever else writes it writes the same.
                    self.put(CHOSEN, value.to_bytes()).await?;
                    return Ok(value);
                }
            }
        }
        Err(Fault::Contended)
    }
}

/// Waits for others, each process for another time.
async fn wait(attempt: u32, nonce: &Nonce) {
    let bytes = nonce.iter().cycle();
    let drawn = bytes
        .copied()
        .nth(usize::try_from(attempt).unwrap_or_default());
    let part = PAUSE.saturating_mul(attempt.min(8)).checked_div(255);
    let drawn = u32::from(drawn.unwrap_or_default());
    tokio::time::sleep(part.unwrap_or(PAUSE).saturating_mul(drawn)).await;
}

impl ObjectLock {
    /// Keeps the value in `bucket`, in objects whose keys begin with `prefix` and a `/` and
    /// that must never be removed.
    pub fn new(bucket: &Bucket, prefix: &str) -> Self {
        Self {
            bucket: bucket.clone(),
            prefix: prefix.trim_matches('/').to_owned(),
            known: Arc::default(),
        }
    }

    fn key(&self, number: u64) -> String {
        format!("{}/{}", self.prefix, index_path(number))
    }

    /// Does something about the n-th value.
    fn run<T: Send + 'static, F: Future<Output = Result<T, Fault>> + Send + 'static>(
        &self,
        doing: &'static str,
        number: u64,
        future: impl FnOnce(Instance) -> F,
    ) -> Result<T, StoreError> {
        let key = self.key(number);
        let done = match Path::parse(&key) {
            Ok(directory) => self.bucket.run(|store| {
                future(Instance {
                    store,
                    directory,
                    number,
                })
            }),
            Err(error) => Err(error.into()),
        };
        done.map_err(|fault| self.bucket.error(doing, &key, fault))
    }

    fn last_known(&self) -> Option<Version> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    fn learn(&self, version: &Version) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = |last: &Version| last.number < version.number;
        if known.as_ref().is_none_or(newer) {
            *known = Some(version.clone());
        }
    }

    fn exists(&self, number: u64) -> Result<bool, StoreError> {
        self.run("look for", number, |instance| async move {
            let chosen = instance.directory.clone().join(CHOSEN);
            match instance.store.head(&chosen).await {
                Ok(_) => Ok(true),
                Err(Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// Returns the number of the last value, by doubling and halving from one known to be
    /// there.
    fn last_number(&self) -> Result<Option<u64>, StoreError> {
        let mut low = match self.last_known() {
            Some(version) => version.number,
            None if self.exists(0)? => 0,
            None => return Ok(None),
        };
        let mut step = 1_u64;
        let mut high = loop {
            // Whoever has every object that is asked for has no lock.
            let next = low.checked_add(step).ok_or_else(|| self.damaged(low))?;
            if !self.exists(next)? {
                break next;
            }
            low = next;
            step = step.saturating_mul(2);
        };
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if self.exists(middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(Some(low))
    }

    fn damaged(&self, number: u64) -> StoreError {
        let key = self.key(number);
        self.bucket.error("read", &key, Fault::Damaged)
    }

    fn last(&self) -> Result<Option<Version>, StoreError> {
        let Some(number) = self.last_number()? else {
            return Ok(None);
        };
        if let Some(known) = self.last_known().filter(|known| known.number == number) {
            return Ok(Some(known));
        }
        let version = self.run("read", number, |instance| async move {
            instance.get(CHOSEN).await
        })?;
        self.learn(&version);
        Ok(Some(version))
    }
}

impl Lock for ObjectLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.last()?.map(|version| version.value))
    }

    /// A value that went and came back is not the one that was read: a swap from that is
    /// refused.
    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        let number = match old {
            None => 0,
            Some(old) => {
                let is_old = |version: &Version| version.value == old;
                let version = match self.last_known().filter(is_old) {
                    Some(known) => Some(known),
                    None => self.last()?.filter(is_old),
                };
                let number = version.ok_or(StoreError::Swapped)?.number;
                number.checked_add(1).ok_or_else(|| self.damaged(number))?
            }
        };
        let mut nonce = Nonce::default();
        getrandom::fill(&mut nonce).map_err(|error| StoreError::Io {
            doing: "draw a nonce for",
            path: self.bucket.url(&self.key(number)),
            source: io::Error::from(error),
        })?;
        let ours = Version {
            number,
            nonce,
            value: new.to_vec(),
        };
        let chosen = self.run("decide", number, |instance| async move {
            instance.decide(ours).await
        })?;
        self.learn(&chosen);
        if chosen.nonce == nonce {
            Ok(())
        } else {
            Err(StoreError::Swapped)
        }
    }

    fn is_shared(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "a test may stop"
    )]

    use std::time::Duration;

    use futures_util::future::join_all;
    use object_store::memory::InMemory;
    use object_store::throttle::ThrottleConfig;
    use object_store::throttle::ThrottledStore;

    use super::*;

    fn ballot(round: u64, nonce: u8) -> Ballot {
        Ballot {
            round,
            nonce: [nonce; 16],
        }
    }

    #[test]
    fn a_value_is_read_as_it_was_written_or_not_at_all() {
        let version = Version {
            number: 7,
            nonce: [9; 16],
            value: b"one\n\ntwo".to_vec(),
        };
        let bytes = version.to_bytes();
        assert_eq!(Version::parse(&bytes).as_ref(), Some(&version));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let parsed = Version::parse(&other);
            assert!(parsed.is_none_or(|other| other.value == version.value));
            assert_eq!(Version::parse(&bytes[..at]), None, "{at}");
        }
    }

    /// Numbers that look random, the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % bound
        }

        fn pause(&mut self) -> Duration {
            Duration::from_micros(self.below(6000))
        }
    }

    /// Proposes a value of its own, each kind of request taking some time of its own, and
    /// perhaps gives up half way.
    async fn propose(bucket: Arc<InMemory>, seed: u64, steady: bool) -> Option<Version> {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let times = ThrottleConfig {
            wait_put_per_call: dice.pause(),
            wait_list_per_call: dice.pause(),
            wait_get_per_call: dice.pause(),
            ..ThrottleConfig::default()
        };
        let instance = Instance {
            store: Arc::new(ThrottledStore::new(bucket, times)),
            directory: Path::from("lock/000"),
            number: 0,
        };
        let mut nonce = Nonce::default();
        nonce.fill_with(|| u8::try_from(dice.below(256)).unwrap());
        let ours = Version {
            number: 0,
            nonce,
            value: seed.to_string().into_bytes(),
        };
        tokio::time::sleep(dice.pause() * 2).await;
        if steady || dice.below(3) > 0 {
            return Some(instance.decide(ours).await.ok().unwrap());
        }
        let patience = dice.pause() * 5;
        let decided = tokio::time::timeout(patience, instance.decide(ours)).await;
        decided.ok().map(|decided| decided.ok().unwrap())
    }

    // spec: log-40
    #[test]
    fn whoever_gives_up_wherever_all_that_are_answered_are_answered_alike() {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().build().unwrap();
        let case = |case: u64| async move {
            let bucket = Arc::new(InMemory::new());
            let proposers = (0..4).map(|n| propose(bucket.clone(), case * 10 + n, false));
            let mut answers = join_all(proposers).await;
            answers.push(propose(bucket, case * 10 + 9, true).await);
            let given_up = answers.iter().filter(|answer| answer.is_none()).count();
            let mut answers: Vec<Version> = answers.into_iter().flatten().collect();
            answers.dedup();
            assert_eq!(answers.len(), 1, "case {case}: {answers:?}");
            given_up
        };
        let given_up = runtime.block_on(join_all((1..1000).map(case)));
        assert!(given_up.iter().sum::<usize>() > 100, "{given_up:?}");
    }

    #[test]
    fn a_proposer_goes_on_only_where_no_higher_ballot_is_and_takes_the_highest_value() {
        let names = |objects: &[(u64, u8, u8)]| -> Vec<String> {
            let name = |(round, nonce, phase): &(u64, u8, u8)| ballot(*round, *nonce).name(*phase);
            objects.iter().map(name).collect()
        };
        let ours = ballot(10, 5);
        let seen = |objects: &[(u64, u8, u8)], more: &[&str]| {
            let names = names(objects);
            let all = names.iter().map(String::as_str).chain(more.iter().copied());
            see(all, ours, 1)
        };
        let alone = seen(&[(10, 5, 1)], &[".temporary", "10-05-2"]);
        assert_eq!(alone, Seen::Clear(None));
        let lower = [(2, 9, 2), (10, 5, 1), (9, 1, 1), (9, 0, 2), (1, 1, 2)];
        assert_eq!(seen(&lower, &[]), Seen::Clear(Some(ballot(9, 0))));
        // Rounds are numbers, and nonces decide between two of one round.
        for (higher, phase) in [(ballot(10, 6), 1), (ballot(100, 0), 2)] {
            let name = higher.name(phase);
            assert_eq!(seen(&lower, &[&name]), Seen::Higher(higher.round));
            assert_eq!(seen(&lower, &[&name, "chosen"]), Seen::Chosen);
        }
        // A list that has not what was answered is of no use.
        assert_eq!(seen(&[(9, 5, 1), (10, 5, 2)], &[]), Seen::Behind);
    }
}
