//! Stores in a bucket of S3, or of a server that speaks it: for logs that outgrow one
//! machine, and that several processes may write.
//!
//! What is promised rests on one thing that the server must do: what it has answered is
//! durable, and whoever reads or lists after that sees it, whole. S3 does so, and so do
//! others that say they do.
//!
//! Conditions (`If-Match`, `If-None-Match`) are relied on for what can be mended, since there
//! are servers that keep them only where nobody else writes at that moment, see
//! [`ObjectLock`]: that a file is not created over another, which only a fork would do; and
//! that a newer `checkpoint` is not replaced by an older one ([`Objects::renew`]). On
//! such a server the older one may be shown, just as two processes publish, until the next is
//! published. The log opens all the same.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use futures_util::stream;
use object_store::Error;
use object_store::ObjectStore;
use object_store::ObjectStoreExt as _;
use object_store::PutMode;
use object_store::PutPayload;
use object_store::RetryConfig;
use object_store::UpdateVersion;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use tokio::runtime::Runtime;

use super::LogFiles;
use super::MAX_FILE;
use super::Objects;
use super::StoreError;

mod lock;

pub use lock::ObjectLock;

/// How long one request may take: time for the longest file on a slow line.
const TIMEOUT: Duration = Duration::from_mins(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often, and for how long, a request is made again where that is known to be harmless.
const RETRIES: usize = 4;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

/// How often something is tried again that failed for another's write, or may have happened.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(50);

/// How many requests are made at once.
const AT_ONCE: usize = 16;

/// A bucket. Copies share its connections.
#[derive(Clone)]
pub struct Bucket(Arc<Client>);

struct Client {
    name: String,
    store: Arc<dyn ObjectStore>,
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
}

impl Drop for Client {
    fn drop(&mut self) {
        // To wait for it would be a panic where this is dropped inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    /// Connects to the bucket `name` of S3, or of what the settings say. They are those of
    /// the environment that others' tools read: `AWS_ENDPOINT_URL`, `AWS_REGION`,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and so on. What is not known is passed
    /// over.
    pub fn connect<'s>(
        name: &str,
        settings: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Io {
            doing: "connect to",
            path: format!("s3://{name}"),
            source,
        };
        // Another part of the program may have chosen before; that is as good.
        let provider = tokio_rustls::rustls::crypto::ring::default_provider();
        let _ = provider.install_default();
        let mut builder = AmazonS3Builder::new();
        for (key, value) in settings {
            if let Ok(key) = key.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        // Whoever gives an address without TLS means it.
        let plain = builder
            .get_config_value(&object_store::aws::AmazonS3ConfigKey::Endpoint)
            .is_some_and(|endpoint| endpoint.starts_with("http://"));
        let options = object_store::ClientOptions::new()
            .with_allow_http(plain)
            .with_timeout(TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT);
        let retry = RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_TIMEOUT,
            ..RetryConfig::default()
        };
        let store = builder
            .with_bucket_name(name)
            .with_client_options(options)
            .with_retry(retry)
            .build()
            .map_err(|error| failed(io::Error::other(error)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("object store")
            .enable_all()
            .build()
            .map_err(failed)?;
        Ok(Self(Arc::new(Client {
            name: name.to_owned(),
            store: Arc::new(store),
            runtime: Some(runtime),
        })))
    }

    /// Has the runtime's own thread do it, and waits: so this may be called anywhere.
    fn run<T: Send + 'static, F: Future<Output = Result<T, Fault>> + Send + 'static>(
        &self,
        future: impl FnOnce(Arc<dyn ObjectStore>) -> F,
    ) -> Result<T, Fault> {
        let (answer, answered) = mpsc::channel();
        let future = future(Arc::clone(&self.0.store));
        if let Some(runtime) = &self.0.runtime {
            runtime.spawn(async move {
                let _ = answer.send(future.await);
            });
        } else {
            drop(answer);
        }
        answered.recv().map_err(|_| Fault::Ended)?
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.0.name)
    }

    fn error(&self, doing: &'static str, key: &str, fault: Fault) -> StoreError {
        let path = self.url(key);
        let io = |why: &str| StoreError::Io {
            doing,
            path: self.url(key),
            source: io::Error::other(why),
        };
        match fault {
            Fault::Differs => StoreError::Differs { path },
            Fault::TooLong => StoreError::TooLong { path },
            Fault::Behind => io("the server does not list what it has answered for"),
            Fault::Contended => io("others write to it all the time"),
            Fault::Damaged => io("it is not there, or not as it was written"),
            Fault::Ended => io("the program is ending"),
            Fault::Store(source) => StoreError::Io {
                doing,
                path,
                source: io::Error::other(source),
            },
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest may be secret.
        f.debug_tuple("Bucket").field(&self.0.name).finish()
    }
}

/// Why a request came to nothing.
enum Fault {
    Behind,
    Contended,
    Damaged,
    Differs,
    Ended,
    TooLong,
    Store(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<object_store::path::Error> for Fault {
    fn from(error: object_store::path::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Whether to ask again would bring the same answer.
const fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
            | Error::NotImplemented { .. }
            | Error::InvalidPath { .. }
            | Error::UnknownConfigurationKey { .. }
    )
}

/// Reads an object, and no more of it than shows that it is too long; with what names its
/// version, perhaps wrongly.
async fn fetch(
    store: &dyn ObjectStore,
    key: &Path,
) -> Result<Option<(Vec<u8>, UpdateVersion)>, Fault> {
    let found = match store.get(key).await {
        Err(Error::NotFound { .. }) => return Ok(None),
        found => found?,
    };
    if found.meta.size > MAX_FILE {
        return Err(Fault::TooLong);
    }
    let version = UpdateVersion {
        e_tag: found.meta.e_tag.clone(),
        version: found.meta.version.clone(),
    };
    let mut bytes = Vec::new();
    let mut pieces = found.into_stream();
    while let Some(piece) = pieces.try_next().await? {
        bytes.extend_from_slice(&piece);
        if u64::try_from(bytes.len()).map_or(true, |length| length > MAX_FILE) {
            return Err(Fault::TooLong);
        }
    }
    Ok(Some((bytes, version)))
}

/// Creates an object that is not there. Where it is, with the same bytes, that is as good:
/// perhaps the answer to an earlier attempt was lost.
async fn create(store: &dyn ObjectStore, key: &Path, bytes: Vec<u8>) -> Result<(), Fault> {
    let payload = PutPayload::from(bytes.clone());
    let mut attempt = 1;
    loop {
        let put = store.put_opts(key, payload.clone(), PutMode::Create.into());
        let error = match put.await {
            Ok(_) => return Ok(()),
            Err(error) if is_final(&error) => return Err(error.into()),
            Err(error) => error,
        };
        // Whatever the error says, the object says more: "exists" is also how a conflict is
        // told, with another attempt that may then have come to nothing.
        match fetch(store, key).await {
            Ok(Some((found, _))) if found == bytes => return Ok(()),
            Ok(Some(_)) | Err(Fault::TooLong) => return Err(Fault::Differs),
            Ok(None) | Err(_) => {}
        }
        if attempt == ATTEMPTS {
            return Err(error.into());
        }
        pause(attempt).await;
        attempt = attempt.saturating_add(1);
    }
}

/// Waits longer each time.
async fn pause(attempt: u32) {
    tokio::time::sleep(PAUSE.saturating_mul(attempt)).await;
}

/// Objects of a bucket, below a prefix.
#[derive(Clone, Debug)]
pub struct ObjectFiles {
    bucket: Bucket,
    prefix: String,
}

impl ObjectFiles {
    /// Keeps files in `bucket`, as objects whose keys begin with `prefix` and a `/`.
    pub fn new(bucket: &Bucket, prefix: &str) -> Self {
        Self {
            bucket: bucket.clone(),
            prefix: prefix.trim_matches('/').to_owned(),
        }
    }

    fn key(&self, path: &str) -> String {
        if self.prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        }
    }

    /// Does something with one object.
    fn run<T: Send + 'static, F: Future<Output = Result<T, Fault>> + Send + 'static>(
        &self,
        doing: &'static str,
        path: &str,
        future: impl FnOnce(Arc<dyn ObjectStore>, Path) -> F,
    ) -> Result<T, StoreError> {
        let key = self.key(path);
        let done = match Path::parse(&key) {
            Ok(parsed) => self.bucket.run(|store| future(store, parsed)),
            Err(error) => Err(error.into()),
        };
        done.map_err(|fault| self.bucket.error(doing, &key, fault))
    }

    /// Does something with many, some at a time; the first that fails ends it.
    fn run_all<T: Send + 'static, F: Future<Output = Result<T, Fault>> + Send + 'static>(
        &self,
        doing: &'static str,
        files: &[(String, Vec<u8>)],
        one: impl Fn(Arc<dyn ObjectStore>, Path, Vec<u8>) -> F + Send + Sync + 'static,
    ) -> Result<Vec<(String, T)>, StoreError> {
        let files: Vec<(String, Vec<u8>)> = files
            .iter()
            .map(|(path, bytes)| (self.key(path), bytes.clone()))
            .collect();
        let done = self.bucket.run(|store| async move {
            let all = files.into_iter().map(|(key, bytes)| {
                let parsed = Path::parse(&key);
                let future = parsed.map(|path| one(Arc::clone(&store), path, bytes));
                async move {
                    let done = match future {
                        Ok(future) => future.await,
                        Err(error) => Err(error.into()),
                    };
                    (key, done)
                }
            });
            let done = stream::iter(all).buffer_unordered(AT_ONCE);
            Ok(done.collect::<Vec<_>>().await)
        });
        let done = done.map_err(|fault| self.bucket.error(doing, &self.prefix, fault))?;
        done.into_iter()
            .map(|(key, done)| match done {
                Ok(done) => Ok((key, done)),
                Err(fault) => Err(self.bucket.error(doing, &key, fault)),
            })
            .collect()
    }
}

impl LogFiles for ObjectFiles {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.run("read", path, |store, key| async move {
            fetch(&*store, &key).await
        });
        Ok(read?.map(|(bytes, _)| bytes))
    }
}

impl Objects for ObjectFiles {
    fn length(&self, path: &str) -> Result<Option<u64>, StoreError> {
        self.run("look for", path, |store, key| async move {
            match store.head(&key).await {
                Ok(found) => Ok(Some(found.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let bytes = bytes.to_vec();
        self.run("create", path, |store, key| async move {
            create(&*store, &key, bytes).await
        })
    }

    fn create_all(&self, files: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        let one = |store: Arc<dyn ObjectStore>, key: Path, bytes| async move {
            create(&*store, &key, bytes).await
        };
        self.run_all("create", files, one).map(|_| ())
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let payload = PutPayload::from(bytes.to_vec());
        self.run("replace", path, |store, key| async move {
            store.put(&key, payload).await?;
            Ok(())
        })
    }

    fn renew(
        &self,
        path: &str,
        bytes: &[u8],
        stays: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            let found = self.run("read", path, |store, key| async move {
                fetch(&*store, &key).await
            })?;
            let mode = match found {
                // Perhaps the answer to an earlier attempt was lost.
                Some((found, _)) if found == bytes || stays(&found) => return Ok(()),
                Some((_, version)) => PutMode::Update(version),
                None => PutMode::Create,
            };
            let payload = PutPayload::from(bytes.to_vec());
            let put = self.run("replace", path, |store, key| async move {
                match store.put_opts(&key, payload, mode.into()).await {
                    Ok(_) => Ok(None),
                    Err(error) if is_final(&error) => Err(error.into()),
                    Err(error) => {
                        pause(attempt).await;
                        Ok(Some(error))
                    }
                }
            })?;
            match put {
                None => return Ok(()),
                Some(error) if attempt == ATTEMPTS => {
                    let key = self.key(path);
                    return Err(self.bucket.error("replace", &key, error.into()));
                }
                Some(_) => attempt = attempt.saturating_add(1),
            }
        }
    }

    fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.run("remove", path, |store, key| async move {
            match store.delete(&key).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn sweep(&self, directory: &str, old: &dyn Fn(&str) -> bool) -> Result<(), StoreError> {
        let names = self.run("list", directory, |store, key| async move {
            let found = store.list_with_delimiter(Some(&key)).await?;
            let names = found.objects.iter();
            let names = names.filter_map(|object| object.location.filename());
            Ok(names.map(str::to_owned).collect::<Vec<_>>())
        })?;
        names
            .iter()
            .filter(|name| old(name))
            .try_for_each(|name| self.remove(&format!("{directory}/{name}")))
    }

    fn other(&self, files: &[(String, Vec<u8>)]) -> Result<Option<String>, StoreError> {
        let one = |store: Arc<dyn ObjectStore>, key: Path, bytes: Vec<u8>| async move {
            let found = fetch(&*store, &key).await?;
            Ok(found.is_some_and(|(found, _)| found != bytes))
        };
        let found = self.run_all("read", files, one)?;
        Ok(found
            .into_iter()
            .find_map(|(key, other)| other.then_some(key)))
    }
}
