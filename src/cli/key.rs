//! `standstill key`: see and change an issuer's keys.

use std::path::PathBuf;

use crate::attestation::Content;
use crate::attestation::StreamId;
use crate::attestation::content::KeySet;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::init::new_key;
use crate::cli::workspace::Workspace;
use crate::time::UnixSeconds;

/// Show or rotate signing keys
#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeyCommand {
    /// Show the public keys in force
    Show {
        /// Workspace
        #[arg(long, value_name = "DIR", default_value = ".")]
        workspace: PathBuf,
    },
    /// Replace a role's key; the root key signs the change when it is published
    Rotate {
        /// Role
        #[arg(long, value_name = "governance|operations")]
        role: String,
        /// Since when the old key may have been in other hands; it informs, it erases
        /// nothing
        #[arg(long, value_name = "TIME")]
        suspected_since: Option<UnixSeconds>,
        /// Workspace
        #[arg(long, value_name = "DIR", default_value = ".")]
        workspace: PathBuf,
    },
}

impl KeyArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.command {
            KeyCommand::Show { workspace } => {
                let workspace = Workspace::open(workspace)?;
                let identity = workspace.identity()?;
                for (role, set) in [
                    ("root", &identity.root),
                    ("governance", &identity.roles.governance),
                    ("operations", &identity.roles.operations),
                ] {
                    show(role, set, world)?;
                }
                world.say(format!("log        {}", identity.log.key))
            }
            KeyCommand::Rotate {
                role,
                suspected_since,
                workspace,
            } => rotate(role, *suspected_since, workspace, world),
        }
    }
}

fn show(role: &str, set: &KeySet, world: &mut World<'_>) -> Result<(), Failure> {
    for key in set.keys() {
        world.say(format!("{role:10} {key} ({} needed)", set.threshold()))?;
    }
    Ok(())
}

fn rotate(
    role: &str,
    suspected_since: Option<UnixSeconds>,
    path: &std::path::Path,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let mut workspace = Workspace::open(path)?;
    let mut issuer = workspace.identity()?.clone();
    let set = match role {
        "governance" => &mut issuer.roles.governance,
        "operations" => &mut issuer.roles.operations,
        other => {
            return Err(
                Failure::new(format!("`{other}` is no role that can be rotated here"))
                    .hint("choose `governance` or `operations`"),
            );
        }
    };
    let number = workspace.journal().len();
    let name = format!("{role}-{number}");
    *set = new_key(&workspace.join("keys"), &name)?;
    issuer.suspected_since = suspected_since;
    issuer.moved = None;
    let entry = workspace
        .append(StreamId::GOVERNANCE, Content::Issuer(Box::new(issuer)))?
        .id;
    workspace.sync()?;
    world.say(format!("key change {entry}"))?;
    world.note(format!(
        "keys/{name}.key takes effect where the change is published; the old key may go once it is"
    ));
    Ok(())
}
