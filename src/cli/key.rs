//! `standstill key`: see and change an issuer's keys.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StreamId;
use crate::attestation::content::KeySet;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::init::new_key;
use crate::cli::workspace::Workspace;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SignerKey;
use crate::keystore;
use crate::time::UnixSeconds;

/// Make, show, rotate or revoke signing keys
#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Make an auditor's key, with which `verify --sign` signs, and print its public key
    ///
    /// Hand the public key to whoever is to believe what is signed, by a way that they
    /// trust. FILE is the private key: keep it out of every repository.
    New {
        /// File for the private key, which must not be there yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Name of the key, like an address without its scheme
        #[arg(long)]
        name: KeyName,
    },
    /// Show the public keys in force, and the issuer's id
    Show {
        /// Workspace that `standstill init` made
        #[arg(long, value_name = "DIR", default_value = ".")]
        workspace: PathBuf,
    },
    /// Replace a role's key; the root key signs the change when it is published
    ///
    /// The new key takes effect where the change stands in the log. What was queued before
    /// it still gets out: in an area's stream signed by the new key, in stream 0 by the
    /// root key.
    Rotate(ChangeArgs),
    /// Replace a role's key that may be in other hands
    ///
    /// Like `rotate`, and says since when. It informs, it erases nothing: what the old key
    /// signed before the change stands in the log counts as the lab's.
    Revoke {
        #[command(flatten)]
        change: ChangeArgs,
        /// Since when the old key may have been in other hands
        #[arg(long, value_name = "TIME")]
        suspected_since: UnixSeconds,
    },
}

#[derive(Debug, clap::Args)]
struct ChangeArgs {
    /// Which key
    #[arg(long)]
    role: Role,
    /// Workspace that `standstill init` made
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// Changes keys, closes areas, may sign in place of every other
    Root,
    /// Signs pledges and areas
    Governance,
    /// Signs usage
    Operations,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Governance => "governance",
            Self::Operations => "operations",
        }
    }
}

impl KeyArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.command {
            KeyCommand::New { file, name } => new(file, name, world),
            KeyCommand::Show { workspace } => show(workspace, world),
            KeyCommand::Rotate(change) => change.run(None, world),
            KeyCommand::Revoke {
                change,
                suspected_since,
            } => change.run(Some(*suspected_since), world),
        }
    }
}

fn new(file: &Path, name: &KeyName, world: &mut World<'_>) -> Result<(), Failure> {
    let key = SignerKey::new(name.clone(), Algorithm::Ed25519, keystore::generate()?);
    if file.exists() {
        return Err(Failure::file(file, "is there already")
            .hint("a key is never overwritten: name another"));
    }
    keystore::write_note_key(file, &key)?;
    let vkey = key.verifier().to_string();
    world.answer(&json!({ "vkey": vkey, "file": file }), &vkey)
}

fn show(path: &Path, world: &mut World<'_>) -> Result<(), Failure> {
    let workspace = Workspace::open(path)?;
    let identity = workspace.identity()?;
    let sets = [
        ("root", &identity.root),
        ("governance", &identity.roles.governance),
        ("operations", &identity.roles.operations),
    ];
    if world.json {
        let value = |set: &KeySet| {
            let keys: Vec<String> = set.keys().iter().map(ToString::to_string).collect();
            json!({ "keys": keys, "threshold": set.threshold() })
        };
        let mut shown: serde_json::Map<String, serde_json::Value> = sets
            .iter()
            .map(|(role, set)| ((*role).to_owned(), value(set)))
            .collect();
        shown.insert("issuer".to_owned(), json!(workspace.issuer()?.to_string()));
        shown.insert("log".to_owned(), json!(identity.log.key.to_string()));
        return world.say(serde_json::to_string_pretty(&shown)?);
    }
    for (role, set) in sets {
        for key in set.keys() {
            world.say(format!("{role:10} {key} ({} needed)", set.threshold()))?;
        }
    }
    world.say(format!("log        {}", identity.log.key))?;
    world.say(format!("issuer     {}", workspace.issuer()?))
}

impl ChangeArgs {
    fn run(
        &self,
        suspected_since: Option<UnixSeconds>,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.workspace)?;
        if let Some(since) = suspected_since.filter(|since| *since > world.now) {
            return Err(Failure::new(format!("{since} is not past"))
                .hint("say since when the key may have been in other hands"));
        }
        let mut issuer = workspace.identity()?.clone();
        let role = self.role.name();
        let name = format!("{role}-{}", workspace.journal().len());
        let file = workspace.join(format!("keys/{name}.key"));
        // Named like this, it can only be what a dead process left: no statement has it.
        if file.exists() {
            std::fs::remove_file(&file).map_err(|error| Failure::io(&file, error))?;
        }
        let set = match self.role {
            Role::Root => &mut issuer.root,
            Role::Governance => &mut issuer.roles.governance,
            Role::Operations => &mut issuer.roles.operations,
        };
        *set = new_key(&workspace.join("keys"), &name)?;
        issuer.suspected_since = suspected_since;
        issuer.moved = None;
        let id = workspace
            .append(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer)))
            .inspect_err(|_| {
                let _ = std::fs::remove_file(&file);
            })?;
        world.answer(
            &json!({ "statement": id.to_string(), "role": role, "key": file }),
            &format!("key change {id}"),
        )?;
        world.note(format!(
            "`{}` takes effect where the change is published; the root key of before signs it",
            file.display()
        ));
        Ok(())
    }
}
