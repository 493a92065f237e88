//! `standstill challenge answer` and `refuse`: what a lab does when it is challenged.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::content::Bytes;
use crate::attestation::content::ChallengeResponse;
use crate::attestation::content::Outcome;
use crate::attestation::content::Target;
use crate::challenge::Answer;
use crate::challenge::Drawn;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::attached;
use crate::cli::challenge::beacons;
use crate::cli::failure;
use crate::cli::journal::Entry;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::hash::sha256;
use crate::keystore;
use crate::ledger::Ledger;

/// Open the records that were drawn, and state that it was done
///
/// The answer stays in `evidence/` of the workspace: hand it to the auditor, and to nobody
/// else, for whoever has it can read the records. The log holds its digest only.
#[derive(Debug, clap::Args)]
pub(super) struct AnswerArgs {
    /// What was drawn: the file of `standstill challenge draw`
    #[arg(value_name = "DRAW")]
    draw: PathBuf,

    /// Whom to believe: the beacons that it names (default: drand's quicknet)
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,

    /// What is to be said of it, in words
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "the records that were drawn"
    )]
    reason: String,

    #[command(flatten)]
    place: AreaArgs,
}

/// State that a challenge is not answered, and why
#[derive(Debug, clap::Args)]
pub(super) struct RefuseArgs {
    /// Statement id of the challenge
    #[arg(value_name = "CHALLENGE")]
    challenge: StatementId,

    /// Who challenges
    #[arg(long, value_name = "ID")]
    auditor: IssuerId,

    /// The records are not there to be opened; else they are, and are not shown
    #[arg(long)]
    unable: bool,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    place: AreaArgs,
}

impl AnswerArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        let wrong = |error| {
            Failure::file(&self.draw, error).hint("`standstill challenge draw` writes such a file")
        };
        let drawn = Drawn::parse(&failure::read(&self.draw)?).map_err(wrong)?;
        let asked = drawn.asked().map_err(wrong)?;
        // The first answer counts: one to a draw that somebody made up fails for good.
        let beacons = beacons(self.trust.as_deref())?;
        let (_, round) = drawn.indices(&beacons).map_err(wrong)?;
        if asked.challenge.draw.beacon.is_some() && round.is_none() {
            let why = "it draws by a beacon that is not known here: anybody could have made it up";
            return Err(Failure::file(&self.draw, why).hint("`--trust` takes a file that names it"));
        }
        unanswered(&workspace, asked.id)?;
        let target = asked.target;
        let mut journal = workspace.journal().iter();
        let named = journal.find(|entry| entry.id == target.statement);
        let named = named.ok_or_else(|| {
            Failure::new(format!(
                "{} is no statement of this workspace",
                target.statement
            ))
            .hint("`--workspace` is the one of the lab that is challenged")
        })?;
        let payload = String::from_utf8(named.payload.clone())?;
        let ledger = ledger(&workspace, named, &target)?;
        let answer = Answer::open(drawn, payload, &ledger).map_err(wrong)?;
        // What is wrong with it is better known before it is public.
        answer.check(&beacons).map_err(|error| {
            Failure::new(format!("the auditor would refuse it: {error}"))
                .hint("`standstill challenge refuse --unable` states that it cannot be shown")
        })?;
        let text = answer.print();
        let digest = sha256(text.as_bytes());
        let kept = attached::keep(&workspace, &digest, |kept| {
            Ok(keystore::create_private(kept, &text)?)
        })?;
        let response = ChallengeResponse {
            auditor: asked.auditor,
            challenge: asked.id,
            outcome: Outcome::Answered,
            // Its salts are random: nobody can guess it.
            shown: Some(Bytes::Plain(digest)),
            reason: self.reason.clone(),
        };
        let id = workspace.append(self.place.area, Content::ChallengeResponse(response))?;
        world.answer(
            &json!({ "response": id.to_string(), "file": kept }),
            &format!(
                "response {id} queued: `standstill publish` makes it public before it is due; hand `{}` to the auditor",
                kept.display()
            ),
        )
    }
}

impl RefuseArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        unanswered(&workspace, self.challenge)?;
        let response = ChallengeResponse {
            auditor: self.auditor,
            challenge: self.challenge,
            outcome: if self.unable {
                Outcome::Unable
            } else {
                Outcome::Refused
            },
            shown: None,
            reason: self.reason.clone(),
        };
        let id = workspace.append(self.place.area, Content::ChallengeResponse(response))?;
        world.answer(
            &json!({ "response": id.to_string() }),
            &format!(
                "response {id} queued: claims of the areas it speaks of are NOT-SHOWN from then on"
            ),
        )
    }
}

/// The first answer to a challenge counts: a second one would only mislead.
fn unanswered(workspace: &Workspace, challenge: StatementId) -> Result<(), Failure> {
    let before = workspace.journal().iter().find(|entry| {
        matches!(&entry.statement.content, Content::ChallengeResponse(one) if one.challenge == challenge)
    });
    match before {
        None => Ok(()),
        Some(before) => Err(Failure::new(format!("{challenge} was answered before"))
            .hint(format!("by statement {}: the first counts", before.id))),
    }
}

/// Finds the ledger that a statement names among those that were kept.
fn ledger(workspace: &Workspace, named: &Entry, target: &Target) -> Result<Ledger, Failure> {
    let subject = &named.statement.subject;
    let directory = workspace.join(format!("ledgers/{}", subject.stream));
    let begins = match &named.statement.content {
        Content::Usage(usage) => format!("{}.", usage.period.start()),
        Content::Inventory(_) => format!("inventory-{:010}.", subject.sequence),
        _ => String::new(),
    };
    let entries = std::fs::read_dir(&directory).map_err(|error| Failure::io(&directory, error))?;
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::io(&directory, error))?
            .path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_ledger = path.extension().is_some_and(|one| one == "ledger");
        if !is_ledger || !name.is_some_and(|name| name.starts_with(&begins)) {
            continue;
        }
        let read = Ledger::parse(&failure::read(&path)?);
        if let Ok(ledger) = read
            && ledger.root() == target.root
        {
            return Ok(ledger);
        }
    }
    Err(
        Failure::new(format!("`{}` has no ledger of the root {}", directory.display(), target.root))
            .hint("bring it back from a copy, or state that it is gone: `standstill challenge refuse --unable`"),
    )
}
