//! A value in a bucket that any process may swap, and of two that do so at once, one.
//!
//! The obvious way is one object, replaced with `If-Match: <ETag>`. It is only as good as
//! the pairs that a read returns, and there are servers that answer with the bytes of one
//! version and the `ETag` of the next. Whoever then makes a successor of the bytes names
//! the `ETag`, and the server agrees: the version between is lost, and for a log that is a
//! fork. No further reading excludes it, since each may be answered so, and an `ETag` need
//! not be a digest that could be compared with the bytes.
//!
//! So there is no object that changes. The n-th value is an object of its own, with n in its
//! name, created with `If-None-Match: *`. To swap the n-th value for another is to create
//! object n + 1: who builds on a value that is not the last one finds it taken, however old
//! or wrong what he read was. That rests on nothing but the condition, and holds as long as
//! no object is ever removed or replaced: a writer may have slept for a year between reading
//! and creating, so there is no age at which one could go. They are small (a checkpoint and
//! three lines), one for each batch, and say what was signed when. Whoever has expiry on the
//! bucket must except them.
//!
//! None being missing, the last one is found by doubling and halving, and by one request
//! where the last one known still is the last. A read that is behind finds too early a value
//! as the last one, and no more comes of it than that the next swap is refused.
//!
//! Each object has a nonce, so that who lost an answer can tell whether it was his swap that
//! happened or another's from the same value to the same.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use object_store::Error;
use object_store::ObjectStoreExt as _;
use object_store::PutMode;
use object_store::PutPayload;
use object_store::path::Path;

use super::ATTEMPTS;
use super::Bucket;
use super::Fault;
use super::create;
use super::fetch;
use super::pause;
use crate::encoding::hex;
use crate::hash::sha256;
use crate::store::Lock;
use crate::store::StoreError;
use crate::tlog::tile::index_path;

const HEADER: &str = "standstill object lock v1";

/// A value that any process may swap. Copies share what they know of it.
#[derive(Clone, Debug)]
pub struct ObjectLock {
    bucket: Bucket,
    prefix: String,
    known: Arc<Mutex<Known>>,
}

/// What was seen, all of which stays true: no object changes.
#[derive(Debug, Default)]
struct Known {
    /// The last value seen.
    last: Option<Version>,
    /// Whether the server refuses to create what is there.
    conditional: bool,
}

/// The n-th value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    number: u64,
    nonce: [u8; 16],
    value: Vec<u8>,
}

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

    fn path(&self, number: u64) -> Result<Path, StoreError> {
        let key = self.key(number);
        Path::parse(&key).map_err(|error| self.bucket.error("name", &key, error.into()))
    }

    fn damaged(&self, number: u64) -> StoreError {
        let source = io::Error::other("it is not what a lock wrote there");
        StoreError::Io {
            doing: "read",
            path: self.bucket.url(&self.key(number)),
            source,
        }
    }

    fn last_known(&self) -> Option<Version> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.last.clone()
    }

    fn learn(&self, version: &Version) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = |last: &Version| last.number < version.number;
        if known.last.as_ref().is_none_or(newer) {
            known.last = Some(version.clone());
        }
    }

    fn exists(&self, number: u64) -> Result<bool, StoreError> {
        let path = self.path(number)?;
        let head = self.bucket.run(|store| async move {
            match store.head(&path).await {
                Ok(_) => Ok(true),
                Err(Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(error.into()),
            }
        });
        head.map_err(|fault| self.bucket.error("look for", &self.key(number), fault))
    }

    /// Returns the number of the last version, by doubling and halving from one known to be
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

    fn version(&self, number: u64) -> Result<Version, StoreError> {
        let path = self.path(number)?;
        let read = self.bucket.run(|store| async move {
            let mut attempt = 1;
            loop {
                let found = fetch(&*store, &path).await?;
                let version = found.and_then(|(bytes, _)| Version::parse(&bytes));
                if version
                    .as_ref()
                    .is_some_and(|version| version.number == number)
                {
                    return Ok(version);
                }
                // It is there, so that a server that says otherwise is behind.
                if attempt == ATTEMPTS {
                    return Ok(None);
                }
                pause(attempt).await;
                attempt = attempt.saturating_add(1);
            }
        });
        let read = read.map_err(|fault| self.bucket.error("read", &self.key(number), fault))?;
        read.ok_or_else(|| self.damaged(number))
    }

    fn last(&self) -> Result<Option<Version>, StoreError> {
        let Some(number) = self.last_number()? else {
            return Ok(None);
        };
        let version = match self.last_known() {
            Some(known) if known.number == number => known,
            _ => self.version(number)?,
        };
        self.check_server(&version)?;
        self.learn(&version);
        Ok(Some(version))
    }

    /// Creates what is there already, with its own bytes, which must be refused: once for
    /// each server that is connected to.
    fn check_server(&self, version: &Version) -> Result<(), StoreError> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known().conditional {
            return Ok(());
        }
        let path = self.path(version.number)?;
        let payload = PutPayload::from(version.to_bytes());
        let put = self.bucket.run(|store| async move {
            match store.put_opts(&path, payload, PutMode::Create.into()).await {
                Ok(_) => Err(Fault::Unconditional),
                Err(Error::AlreadyExists { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        });
        put.map_err(|fault| {
            self.bucket
                .error("create anew", &self.key(version.number), fault)
        })?;
        known().conditional = true;
        Ok(())
    }
}

impl Lock for ObjectLock {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.last()?.map(|version| version.value))
    }

    /// A value that came back is not the one that was read: a swap from that is refused.
    fn swap(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), StoreError> {
        let number = match old {
            None => 0,
            Some(old) => {
                let is_old = |version: &Version| version.value == old;
                let known = self.last_known().filter(is_old);
                let version = match known {
                    Some(known) => Some(known),
                    None => self.last()?.filter(is_old),
                };
                let number = version.ok_or(StoreError::Swapped)?.number;
                number.checked_add(1).ok_or_else(|| self.damaged(number))?
            }
        };
        let key = self.key(number);
        let path = self.path(number)?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| StoreError::Io {
            doing: "draw a nonce for",
            path: self.bucket.url(&key),
            source: error.into(),
        })?;
        let version = Version {
            number,
            nonce,
            value: new.to_vec(),
        };
        let bytes = version.to_bytes();
        let created = self
            .bucket
            .run(|store| async move { create(&*store, &path, bytes).await });
        match created {
            Ok(()) => {}
            Err(Fault::Differs) => return Err(StoreError::Swapped),
            Err(fault) => return Err(self.bucket.error("create", &key, fault)),
        }
        self.check_server(&version)?;
        self.learn(&version);
        Ok(())
    }

    fn is_shared(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_was_written_or_not_at_all() {
        let version = Version {
            number: 7,
            nonce: [9; 16],
            value: b"one\n\ntwo".to_vec(),
        };
        let bytes = version.to_bytes();
        assert_eq!(Version::parse(&bytes), Some(version));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let parsed = Version::parse(&other);
            // A nonce may be any; all else is bound.
            let nonce = HEADER.len() + 3..HEADER.len() + 3 + 32;
            assert_eq!(
                parsed.is_some(),
                nonce.contains(&at) && parsed.is_some(),
                "{at}"
            );
            assert_eq!(Version::parse(&bytes[..at]), None, "{at}");
        }
    }
}
