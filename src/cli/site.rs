//! Where the log of a directory is: beside the keys, or in a bucket.

use std::path::Path;

use crate::cli::Failure;
use crate::cli::failure;
use crate::key::SignerKey;
use crate::keystore;
use crate::store::Objects as _;
use crate::store::site::Addresses;
use crate::store::site::STORE_FILE;
use crate::store::site::Site;
use crate::store::site::SiteError;
use crate::time::UnixSeconds;

/// The file of a log's key, for whoever checks its signatures.
const VKEY_FILE: &str = "vkey";

/// Puts a new log in a bucket.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct StoreArgs {
    /// Keep the log in a bucket of S3, or of a server that speaks it (`AWS_ENDPOINT_URL`):
    /// where its public files are, `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "URL")]
    store: Option<String>,

    /// Where its lock and what waits to become public are (default: PREFIX.private in the
    /// same bucket)
    #[arg(long, value_name = "URL", requires = "store")]
    private_store: Option<String>,
}

impl StoreArgs {
    pub(super) fn addresses(&self) -> Result<Option<Addresses>, Failure> {
        let private = self.private_store.as_deref();
        let addresses = self.store.as_deref();
        let addresses = addresses.map(|public| Addresses::new(public, private));
        addresses.transpose().map_err(unusable)
    }
}

/// Finds the log of a directory.
pub(super) fn site(directory: &Path) -> Result<Site, Failure> {
    Site::of(directory).map_err(unusable)
}

/// Makes an empty log, with its key, of a directory that has `keys`.
pub(super) fn create_log(
    directory: &Path,
    store: Option<&Addresses>,
    key: SignerKey,
    now: UnixSeconds,
) -> Result<(), Failure> {
    let vkey = key.verifier();
    keystore::write_note_key(&directory.join("keys/log.key"), &key)?;
    if let Some(addresses) = store {
        // Before anything is in the bucket: it would be nobody's.
        Site::bucket(addresses).map_err(unusable)?;
        failure::create(&directory.join(STORE_FILE), addresses.to_text().as_bytes())?;
    }
    let site = site(directory)?;
    site.create(key, now)?;
    site.files()
        .create(VKEY_FILE, format!("{vkey}\n").as_bytes())?;
    Ok(())
}

fn unusable(error: SiteError) -> Failure {
    let hint = match &error {
        SiteError::NotBuilt => "`cargo build --release --features object` builds one that has it",
        SiteError::WholeBucket { .. } => "`--private-store s3://OTHER/PREFIX` names one",
        SiteError::Inside { .. } => "`--private-store` names another place",
        SiteError::Store(_) => {
            "AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say which server, and who asks"
        }
        _ => {
            "the first line says where the public files are, the second where lock and staged batches"
        }
    };
    Failure::from(error).hint(hint)
}
