//! Where a log is: its public files, its private ones, and its lock.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Lock;
use super::Objects;
use super::StoreError;
use super::fs::Directory;
use super::fs::FileLock;
use super::log::LOCK_FILE;
use super::log::Log;
use super::log::LogError;
use super::log::Quorum;
#[cfg(feature = "object")]
use super::object::Bucket;
#[cfg(feature = "object")]
use super::object::ObjectFiles;
#[cfg(feature = "object")]
use super::object::ObjectLock;
use crate::key::SignerKey;
use crate::sequencer::LockRecord;
use crate::sequencer::Refusal;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::Checkpoint;

/// Files of a store that is not known beforehand. Copies share it.
pub type Files = Arc<dyn Objects + Send + Sync>;

/// A log in such a store.
pub type SitedLog = Log<Files, AnyLock>;

/// A lock that is not known beforehand.
pub type AnyLock = Box<dyn Lock + Send>;

/// The file in a log's directory that says in which bucket the log is.
pub const STORE_FILE: &str = "store";

/// The scheme of an address in a bucket: `s3://BUCKET/PREFIX`.
const SCHEME: &str = "s3://";

/// Where a log is.
#[derive(Clone, Debug)]
pub struct Site(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Directories {
        public: PathBuf,
        private: PathBuf,
    },
    #[cfg(feature = "object")]
    Bucket {
        public: ObjectFiles,
        private: ObjectFiles,
        lock: ObjectLock,
    },
}

/// What a log's directory says of the bucket that the log is in: two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// What the paths of the public files are under, `s3://BUCKET/PREFIX`.
    pub public: String,
    /// What the staged batches and the lock are under. Not below `public`, where the world
    /// would read it.
    pub private: String,
}

impl Addresses {
    /// Takes the address of the public files, and that of the private ones, or else one
    /// beside it.
    pub fn new(public: &str, private: Option<&str>) -> Result<Self, SiteError> {
        let public = public.trim_end_matches('/').to_owned();
        let (_, prefix) = split(&public)?;
        let private = match private {
            Some(private) => private.trim_end_matches('/').to_owned(),
            None if prefix.is_empty() => return Err(SiteError::WholeBucket { public }),
            None => format!("{public}.private"),
        };
        split(&private)?;
        if private == public
            || private.starts_with(&format!("{public}/"))
            || public.starts_with(&format!("{private}/"))
        {
            return Err(SiteError::Inside { public, private });
        }
        Ok(Self { public, private })
    }

    /// Spells them as the file [`STORE_FILE`] has them.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n", self.public, self.private)
    }

    fn parse(text: &str) -> Option<Self> {
        let (public, private) = text.strip_suffix('\n')?.split_once('\n')?;
        Self::new(public, Some(private)).ok()
    }
}

/// Takes an address apart: bucket and prefix.
fn split(address: &str) -> Result<(&str, &str), SiteError> {
    let rest = address.strip_prefix(SCHEME);
    let parts = rest.map(|rest| rest.split_once('/').unwrap_or((rest, "")));
    match parts {
        Some((bucket, prefix))
            if !bucket.is_empty() && prefix.split('/').all(|part| part != "..") =>
        {
            Ok((bucket, prefix))
        }
        _ => Err(SiteError::Address {
            found: address.to_owned(),
        }),
    }
}

impl Site {
    /// A log in directories of this machine.
    pub fn directories(public: impl Into<PathBuf>, private: impl Into<PathBuf>) -> Self {
        Self(Kind::Directories {
            public: public.into(),
            private: private.into(),
        })
    }

    /// Finds the log that a directory is of: in the bucket that its file [`STORE_FILE`] names,
    /// or else in its directories `log` and `state/log`.
    pub fn of(directory: &Path) -> Result<Self, SiteError> {
        let path = directory.join(STORE_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::directories(
                    directory.join("log"),
                    directory.join("state/log"),
                ));
            }
            Err(source) => return Err(SiteError::Read { path, source }),
        };
        let addresses = Addresses::parse(&text).ok_or(SiteError::File { path })?;
        Self::bucket(&addresses)
    }

    /// A log in a bucket, with the settings of the environment that others' tools read:
    /// `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and so on.
    #[cfg(feature = "object")]
    pub fn bucket(addresses: &Addresses) -> Result<Self, SiteError> {
        let settings: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("AWS_"))
            .collect();
        let connect = |name| {
            let settings = settings.iter().map(|(key, value)| (&**key, &**value));
            Bucket::connect(name, settings)
        };
        let (bucket, prefix) = split(&addresses.public)?;
        let (other, beside) = split(&addresses.private)?;
        let public = connect(bucket)?;
        let private = if other == bucket {
            public.clone()
        } else {
            connect(other)?
        };
        Ok(Self(Kind::Bucket {
            public: ObjectFiles::new(&public, prefix),
            lock: ObjectLock::new(&private, &format!("{beside}/lock")),
            private: ObjectFiles::new(&private, beside),
        }))
    }

    /// Fails: this program was built without it.
    #[cfg(not(feature = "object"))]
    pub const fn bucket(_: &Addresses) -> Result<Self, SiteError> {
        Err(SiteError::NotBuilt)
    }

    /// Returns the public files.
    pub fn files(&self) -> Files {
        match &self.0 {
            Kind::Directories { public, .. } => Arc::new(Directory::new(public)),
            #[cfg(feature = "object")]
            Kind::Bucket { public, .. } => Arc::new(public.clone()),
        }
    }

    /// Makes the log, as [`Log::create`] does.
    pub fn create(&self, key: SignerKey, now: UnixSeconds) -> Result<SitedLog, LogError> {
        let (private, lock) = self.private()?;
        Log::create(self.files(), private, lock, key, now)
    }

    /// Opens the log, as [`Log::resume`] does.
    pub fn open(
        &self,
        key: SignerKey,
        remembered: &[Checkpoint],
        quorum: Option<Quorum>,
        now: UnixSeconds,
    ) -> Result<SitedLog, LogError> {
        if let Kind::Directories { private, .. } = &self.0
            && !private.is_dir()
        {
            return Err(Refusal::NoLock.into());
        }
        let (private, lock) = self.private()?;
        Log::resume(self.files(), private, lock, key, remembered, quorum, now)
    }

    /// Recovers the log, as [`Log::recover`] does.
    pub fn recover(
        &self,
        key: SignerKey,
        now: UnixSeconds,
    ) -> Result<(SitedLog, Option<LockRecord>), LogError> {
        let (private, lock) = self.private()?;
        Log::recover(self.files(), private, lock, key, now)
    }

    fn private(&self) -> Result<(Files, AnyLock), StoreError> {
        match &self.0 {
            Kind::Directories { private, .. } => {
                let lock = FileLock::acquire(private, LOCK_FILE)?;
                Ok((Arc::new(Directory::new(private)), Box::new(lock)))
            }
            #[cfg(feature = "object")]
            Kind::Bucket { private, lock, .. } => {
                Ok((Arc::new(private.clone()), Box::new(lock.clone())))
            }
        }
    }
}

/// Why it cannot be told where a log is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// Not an address in a bucket.
    #[error("`{found}` is not `s3://BUCKET/PREFIX`")]
    Address {
        /// What was found.
        found: String,
    },
    /// The file has other content.
    #[error("`{}` is not two lines, each `s3://BUCKET/PREFIX`", path.display())]
    File {
        /// The file.
        path: PathBuf,
    },
    /// One lies below the other.
    #[error("`{public}`, which everybody reads, and `{private}` must not lie one in the other")]
    Inside {
        /// The address of the public files.
        public: String,
        /// That of the private ones.
        private: String,
    },
    /// The feature is missing.
    #[error("the log is in a bucket, and this program was built without the feature `object`")]
    NotBuilt,
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The bucket cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No place beside a whole bucket.
    #[error("`{public}` is a whole bucket: there is no place in it for the private files")]
    WholeBucket {
        /// The address of the public files.
        public: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_files_lie_beside_the_public_ones_and_never_below() {
        let told = |public, private| Addresses::new(public, private).map(|it| it.to_text());
        for (public, private, text) in [
            ("s3://logs/a/", None, "s3://logs/a\ns3://logs/a.private\n"),
            // A bucket may be called so.
            (
                "s3://logs",
                Some("s3://logs.private"),
                "s3://logs\ns3://logs.private\n",
            ),
        ] {
            let found = told(public, private).unwrap();
            assert_eq!(found, text);
            assert_eq!(Addresses::parse(&found).unwrap().to_text(), text);
        }
        let whole = told("s3://logs", None);
        assert!(matches!(whole, Err(SiteError::WholeBucket { .. })));
        let inside = told("s3://logs", Some("s3://logs/a"));
        assert!(matches!(inside, Err(SiteError::Inside { .. })));
    }
}
