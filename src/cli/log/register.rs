//! `standstill log register`: whom the log admits.

use std::path::Path;
use std::time::Duration;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::StreamId;
use crate::attestation::content::Registration;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::publish::PublishArgs;
use crate::cli::workspace::Workspace;

/// How long a server that is busy is tried again.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn register(
    directory: &Path,
    admit: &[IssuerId],
    remove: &[IssuerId],
    to: Option<&str>,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let sorted = |ids: &[IssuerId]| {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    {
        let mut workspace = Workspace::open(directory)?;
        let registration = Registration {
            log: workspace.identity()?.log.clone(),
            admits: sorted(admit),
            removes: sorted(remove),
        };
        if let Some(both) = registration.admits.iter().find(|id| remove.contains(id)) {
            return Err(
                Failure::new(format!("{both} is to be admitted and removed"))
                    .hint("say one of the two"),
            );
        }
        workspace.append(StreamId::GOVERNANCE, Content::Registration(registration))?;
    }
    let publish = PublishArgs {
        to: to.map(str::to_owned),
        patience: PATIENCE.as_secs(),
        ..PublishArgs::of(directory.to_owned())
    };
    publish.run(world)
}
