//! `standstill trust new`: write a trust file to be edited.

use std::path::PathBuf;

use crate::attestation::IssuerId;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::key::VerifierKey;
use crate::tlog::Policy;

/// Write a trust file from issuers and a policy given by hand
///
/// Nothing in it is taken from a log: whom to believe is for the auditor to say.
#[derive(Debug, clap::Args)]
pub(super) struct TrustArgs {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Debug, clap::Subcommand)]
enum TrustCommand {
    /// Write a trust file, with a comment on every line
    New {
        /// Id of an issuer (can be repeated)
        #[arg(long, value_name = "ID", required = true)]
        issuer: Vec<IssuerId>,
        /// Key of the issuers' log of record
        #[arg(long, value_name = "VKEY")]
        log: VerifierKey,
        /// C2SP policy with the witnesses and their quorum
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
}

impl TrustArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let TrustCommand::New {
            issuer,
            log,
            policy,
        } = &self.command;
        let parsed = Policy::parse(&failure::read(policy)?).map_err(|error| {
            Failure::file(policy, error).hint(
                "a C2SP policy has lines such as `log VKEY`, `witness NAME VKEY`, `quorum NAME`",
            )
        })?;
        let path = std::path::absolute(policy)?;
        world.say(format!(
            "policy = {:?} # a C2SP policy: its quorum is what counts as seen",
            path.display().to_string()
        ))?;
        world.say("required_level = \"E3\"  # HOLDS needs at least this level of evidence")?;
        world.say("required_roots = 2     # roots of trust behind it, the lab's own counted")?;
        world.say("grace = 86400          # seconds given to a silent log after a deadline")?;
        world.say("greatest_age = 604800  # seconds after which a checkpoint is stale")?;
        world.say(
            "catalogue = \"embedded\" # the accelerator catalogue of this program, or a digest",
        )?;
        for id in issuer {
            world.say("\n[[issuer]]             # one that is judged")?;
            world.say(format!("id = \"{id}\" # digest of its first statement"))?;
            world.say("name = \"lab\"           # what to call it in verdicts")?;
            world.say(
                "trust_root = \"lab\"     # who controls it; evidence counts roots, not documents",
            )?;
            world.say(format!(
                "log = \"{log}\" # the one log its history is judged in"
            ))?;
            world.say("areas = [\"1\"]          # areas that must be there")?;
            world.say("earlier = []           # earlier ids of the same party")?;
        }
        for witness in parsed.witnesses() {
            world.say("\n[[witness]]            # one of the policy's, which counts only with a root of its own")?;
            world.say(format!(
                "name = {:?} # its name in the policy",
                witness.name()
            ))?;
            world.say(
                "trust_root = \"\"        # who controls it; empty: it does not count. Fill in",
            )?;
        }
        world.say(
            "\n[[operator]]           # who runs the log; its witnesses do not count either",
        )?;
        world.say(format!("log = \"{log}\" # which log"))?;
        world.say("trust_root = \"lab\"     # who controls it")?;
        world.say("\n# [[corroborator]]     # who must measure the lab: without, nothing HOLDS")?;
        world.say("# id = \"…\"             # digest of its first statement")?;
        world.say("# name = \"…\"           # what to call it in verdicts")?;
        world.say("# trust_root = \"…\"     # who controls it")?;
        world.say("# measures = \"…\"       # the lab's id")?;
        world.say(
            "# log = \"…\"            # its log, if it has one of its own: `verify --beside`",
        )?;
        world
            .say("\n# [[hardware_root]]    # whose word on hardware is taken: bounds from below")?;
        world.say("# name = \"…\"           # what to call it in verdicts")?;
        world.say("# trust_root = \"…\"     # who controls it")?;
        world.say("# kind = \"…\"           # `gpu-attestation` or `tpm-quote`")?;
        world.say("# keys = [\"…\"]         # public keys in PEM; of machines, one each")
    }
}
