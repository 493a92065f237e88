//! `standstill vsa check`: what somebody else concluded, and whether it is his.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::conclusion::KEY_HINT;
use crate::cli::failure;
use crate::cli::verify::read_trust;
use crate::key::VerifierKey;
use crate::report;
use crate::report::vsa;
use crate::report::vsa::SignedError;
use crate::report::vsa::Summary;
use crate::report::vsa::SummaryError;

/// Check what an auditor concluded and signed
#[derive(Debug, clap::Args)]
pub(super) struct VsaArgs {
    #[command(subcommand)]
    command: VsaCommand,
}

#[derive(Debug, clap::Subcommand)]
enum VsaCommand {
    /// Check a verification summary, offline, and print the verdict in it
    ///
    /// Shows who concluded what, of which log, by which trust file, and that it says one
    /// thing throughout. That the conclusion is right it does not show: that takes the log
    /// and `standstill verify`.
    ///
    /// Exits as `verify` did: with 0 if the claim HOLDS, 1 if a violation or a broken log
    /// was shown, 3 for every other verdict; with 2 if the summary is not the auditor's or
    /// contradicts itself.
    Check {
        /// Summary that `standstill verify --sign` wrote
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Key of the auditor, known from elsewhere
        #[arg(long, value_name = "VKEY")]
        key: VerifierKey,
        /// Trust file by which it must have been judged
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
}

impl VsaArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<u8, Failure> {
        let VsaCommand::Check { file, key, trust } = &self.command;
        let summary = vsa::open(&failure::read(file)?, key).map_err(|error| {
            let hint = hint(&error);
            Failure::file(file, error).hint(hint)
        })?;
        if let Some(path) = trust {
            let trust = read_trust(path)?.digest();
            if trust != summary.trust() {
                let why = format!("judged by the trust file {}, not {trust}", summary.trust());
                return Err(Failure::file(file, why)
                    .hint("whom to believe was decided otherwise than here"));
            }
        }
        let judgement = summary.judgement();
        if world.json {
            world.say(serde_json::to_string_pretty(&shown(&summary))?)?;
        } else {
            let (outcome, verifier) = (summary.outcome().as_str(), summary.verifier());
            world.say(format!("{outcome}, concluded by {verifier}\n"))?;
            world.say(report::text(&judgement).trim_end())?;
        }
        Ok(judgement.outcome(None).code())
    }
}

fn shown(summary: &Summary) -> serde_json::Value {
    let verdict = summary.verdict();
    json!({
        "verificationResult": summary.outcome().as_str(),
        "verifiedLevels": [summary.outcome().verified_level()],
        "verifier": vsa::id(summary.verifier()),
        "at": summary.judgement().at.to_string(),
        "trust": summary.trust().to_string(),
        "issuer": verdict.issuer.to_string(),
        "pledge": verdict.pledge.to_string(),
        "word": verdict.word.as_str(),
        "level": verdict.level.as_str(),
        "headline": verdict.headline(),
        "exitCode": summary.judgement().outcome(None).code().to_string(),
    })
}

const fn hint(error: &SignedError) -> &'static str {
    match error {
        SignedError::KeyType { .. } => KEY_HINT,
        SignedError::OtherKey { .. } => "ask the auditor for his key, by a way that you trust",
        SignedError::Signature | SignedError::Signatures { .. } => {
            "believe nothing in it; ask the auditor for the file again"
        }
        SignedError::Envelope(_) => {
            "a summary is one DSSE envelope, spelled as `standstill verify --sign` writes it"
        }
        SignedError::Summary(SummaryError::Inconsistent(_) | SummaryError::Member { .. }) => {
            "the auditor signed what cannot be so: ask him, or judge yourself with `standstill verify`"
        }
        SignedError::Summary(_) => {
            "it may be of another version; judge yourself with `standstill verify`"
        }
    }
}
