//! `standstill log init`: a log, and the operator who answers for it.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::init::Founding;
use crate::cli::init::Home;
use crate::cli::init::clear;
use crate::cli::init::make_private_directory;
use crate::cli::init::origin;
use crate::cli::init::vacant;
use crate::cli::publish;
use crate::cli::site::StoreArgs;
use crate::cli::site::create_log;
use crate::cli::workspace::Workspace;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SignerKey;
use crate::keystore;
use crate::store::site::Addresses;
use crate::tlog::Origin;

/// Make a log in a directory, with a key of its own and an operator
///
/// The operator is an issuer, whose first statement is entry 0. Its statements say whom the
/// log admits. The directory is its workspace.
#[derive(Debug, clap::Args)]
pub(super) struct LogInitArgs {
    /// Directory, which must not exist or be empty
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Name of the log, like an address without its scheme
    #[arg(long)]
    origin: String,

    /// Make a log without an operator: `serve --admit any` alone can serve it
    #[arg(long)]
    plain: bool,

    #[command(flatten)]
    store: StoreArgs,
}

impl LogInitArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let name = origin(&self.origin)?;
        Origin::new(name.as_str())?;
        let path = &self.directory;
        let store = self.store.addresses()?;
        let made = vacant(path)?;
        let done = if self.plain {
            plain(path, name, store.as_ref(), world)
        } else {
            operated(path, name, store, world)
        };
        // A key without a log is no log, and would be in the way of one.
        done.inspect_err(|_| clear(path, made))
    }
}

fn plain(
    path: &Path,
    name: KeyName,
    store: Option<&Addresses>,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    make_private_directory(&path.join("keys"))?;
    let key = SignerKey::new(name, Algorithm::Ed25519, keystore::generate()?);
    let vkey = key.verifier().to_string();
    create_log(path, store, key, world.now)?;
    world.answer(&json!({ "vkey": vkey, "directory": path }), &vkey)
}

fn operated(
    path: &Path,
    name: KeyName,
    store: Option<Addresses>,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let founding = Founding {
        home: Home::Own(name, store),
        submit: None,
        areas: Vec::new(),
        witnesses: None,
        witness: Vec::new(),
    };
    let (id, vkey) = founding.make(path, world.now)?;
    let workspace = Workspace::open(path)?;
    publish::publish(&workspace, world)?;
    world.answer(
        &json!({ "operator": id.to_string(), "vkey": vkey.to_string(), "directory": path }),
        &format!("operator {id}\nlog      {vkey}"),
    )?;
    world.note(format!(
        "`{}` is for key changes only: move it off this machine",
        path.join("keys/root.key").display()
    ));
    Ok(())
}
