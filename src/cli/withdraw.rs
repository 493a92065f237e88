//! `standstill withdraw`: end the duty of a pledge.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Withdrawal;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::workspace::Workspace;

/// Withdraw a pledge: its duty ends after its notice, never its judgement before
#[derive(Debug, clap::Args)]
pub(super) struct WithdrawArgs {
    /// Statement id of the pledge
    #[arg(value_name = "PLEDGE")]
    pledge: StatementId,

    /// Why
    #[arg(long)]
    reason: String,

    /// Workspace that `standstill init` made
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
}

impl WithdrawArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.workspace)?;
        let pledges: Vec<StatementId> = workspace
            .stream(StreamId::GOVERNANCE)
            .filter(|entry| matches!(entry.statement.content, Content::Pledge(_)))
            .map(|entry| entry.id)
            .collect();
        if !pledges.contains(&self.pledge) {
            let known: Vec<String> = pledges.iter().map(ToString::to_string).collect();
            return Err(
                Failure::new(format!("{} is no pledge of this workspace", self.pledge)).hint(
                    if known.is_empty() {
                        "it has none".to_owned()
                    } else {
                        format!("it has: {}", known.join(", "))
                    },
                ),
            );
        }
        let before = workspace.stream(StreamId::GOVERNANCE).find(|entry| {
            matches!(&entry.statement.content, Content::Withdrawal(one) if one.pledge == self.pledge)
        });
        if let Some(before) = before {
            return Err(
                Failure::new(format!("{} was withdrawn before", self.pledge))
                    .hint(format!("by statement {}", before.id)),
            );
        }
        let withdrawal = Withdrawal {
            pledge: self.pledge,
            reason: self.reason.clone(),
        };
        let id = workspace.append(StreamId::GOVERNANCE, Content::Withdrawal(withdrawal))?;
        world.answer(
            &json!({ "withdrawal": id.to_string(), "pledge": self.pledge.to_string() }),
            &format!("withdrawal {id}"),
        )
    }
}
