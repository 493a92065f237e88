//! `standstill challenge`: ask to see records that nobody could choose, and show them.

mod answer;
mod ask;
mod find;
mod plan;

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::attestation::StatementId;
use crate::attestation::content::Draw;
use crate::challenge::Answer;
use crate::challenge::Beacon;
use crate::challenge::Drawn;
use crate::challenge::Reveal;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::cli::verify::read_trust;
use crate::encoding::hex;

/// Ask a lab to show records that nobody could choose, and see whether they are those
///
/// `plan` says how many to draw. The auditor asks (`ask`) and publishes that before the
/// beacon's round is out; once it is, anybody sees what is drawn (`draw`); the lab opens it
/// (`answer`) and publishes that it did; anybody who has the answer checks it (`check`), and
/// `standstill verify --attached` says what it does to a claim. An opened record is what the
/// lab wrote before: that it is true is not shown.
#[derive(Debug, clap::Args)]
pub(super) struct ChallengeArgs {
    #[command(subcommand)]
    command: ChallengeCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ChallengeCommand {
    Plan(plan::PlanArgs),
    Ask(ask::AskArgs),
    Draw(DrawArgs),
    Answer(answer::AnswerArgs),
    Refuse(answer::RefuseArgs),
    Check(CheckArgs),
}

/// Say what a challenge draws, once the beacon's round is out
///
/// Writes the file that the lab answers. Where the auditor committed to a secret, only he can
/// make it, in his workspace.
#[derive(Debug, clap::Args)]
struct DrawArgs {
    /// Statement id of the challenge
    #[arg(value_name = "CHALLENGE")]
    challenge: StatementId,

    /// Log in which the challenge stands: a directory or an address
    #[arg(long, value_name = "LOG")]
    log: String,

    /// What the beacon published of the round: drand's JSON, with `signature`
    #[arg(long, value_name = "FILE")]
    round: Option<PathBuf>,

    /// Workspace of the auditor, where the secret lies that he committed to
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,

    /// File to be written
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Check an answer, alone and offline: whether it shows what was drawn
///
/// Prints the records. That the statements in it are in the log, signed, and were seen before
/// the round, `standstill verify --attached` says.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The answer, as the lab handed it over
    #[arg(value_name = "ANSWER")]
    answer: PathBuf,

    /// Whom to believe: the beacons that it names (default: drand's quicknet)
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

impl ChallengeArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.command {
            ChallengeCommand::Plan(args) => args.run(world),
            ChallengeCommand::Ask(args) => args.run(world),
            ChallengeCommand::Draw(args) => args.run(world),
            ChallengeCommand::Answer(args) => args.run(world),
            ChallengeCommand::Refuse(args) => args.run(world),
            ChallengeCommand::Check(args) => args.run(world),
        }
    }
}

impl DrawArgs {
    fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let challenge = find::payload(&self.log, self.challenge)?;
        let mut drawn = Drawn {
            challenge,
            reveal: Reveal::default(),
        };
        let asked = drawn.asked()?.challenge;
        drawn.reveal = Reveal {
            signature: self.signature(&asked.draw)?,
            secret: match asked.draw.commitment {
                Some(committed) => Some(ask::read_secret(&self.workspace, &committed)?),
                None => None,
            },
        };
        let (indices, round) = drawn.indices(&beacons(None)?)?;
        failure::create(&self.output, drawn.print().as_bytes())?;
        let known = match (round, asked.draw.beacon) {
            (Some(time), _) => format!(", by the round of {time}"),
            (None, Some(_)) => {
                ", by a beacon that is not known here: `verify` judges it".to_owned()
            }
            (None, None) => ", by the auditor's secret alone".to_owned(),
        };
        let drawn: Vec<String> = indices.iter().map(u64::to_string).collect();
        world.answer(
            &json!({ "drawn": drawn, "file": self.output }),
            &format!(
                "records {} are drawn{known}: `{}` is what the lab answers",
                drawn.join(", "),
                self.output.display()
            ),
        )
    }

    /// Reads the signature of the round that the challenge names.
    fn signature(&self, draw: &Draw) -> Result<Option<Vec<u8>>, Failure> {
        let Some(round) = draw.beacon else {
            return Ok(None);
        };
        let hint = format!(
            "save https://api.drand.sh/{}/public/{} once it is out",
            round.chain, round.round
        );
        let Some(path) = &self.round else {
            let why = format!("the challenge draws by round {}", round.round);
            return Err(Failure::new(why).hint(format!("`--round FILE`: {hint}")));
        };
        let text = failure::read_text(path)?;
        let published: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| Failure::file(path, error).hint(hint.clone()))?;
        let found = published.get("round").and_then(serde_json::Value::as_u64);
        if found.is_some_and(|found| found != round.round) {
            let why = format!("is not of round {}", round.round);
            return Err(Failure::file(path, why).hint(hint));
        }
        let signature = published.get("signature").and_then(|one| one.as_str());
        let signature = signature.and_then(hex::decode);
        let signature = signature
            .ok_or_else(|| Failure::file(path, "has no `signature` in hexadecimal").hint(hint));
        signature.map(Some)
    }
}

/// Returns the beacons that a trust file names; without one, drand's quicknet.
fn beacons(trust: Option<&Path>) -> Result<Vec<Beacon>, Failure> {
    match trust {
        Some(path) => Ok(read_trust(path)?.beacons),
        None => Ok(Beacon::quicknet().into_iter().collect()),
    }
}

impl CheckArgs {
    fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let beacons = beacons(self.trust.as_deref())?;
        let wrong = |error| Failure::file(&self.answer, error);
        let answer = Answer::parse(&failure::read(&self.answer)?).map_err(wrong)?;
        let shown = answer.check(&beacons).map_err(wrong)?;
        let of = shown.asked.target.map_or(0, |target| target.count);
        let round = shown.round.map(|time| time.to_string());
        let mut records = Vec::new();
        for opening in answer.openings() {
            let fields = opening.shown();
            let named = fields.map(|(name, value)| (name.to_owned(), value.into()));
            let mut record: serde_json::Map<String, serde_json::Value> = named.collect();
            record.insert("index".to_owned(), opening.index().to_string().into());
            records.push(record);
        }
        let lines = answer.openings().iter().map(|opening| {
            let fields: Vec<String> = opening
                .shown()
                .map(|(name, value)| format!("{name} {}", value.escape_debug()))
                .collect();
            format!("{}: {}", opening.index(), fields.join(", "))
        });
        let mut lines: Vec<String> = lines.collect();
        let drawn = shown.indices.len();
        let by = round.as_ref().map_or_else(
            || "by no beacon that is known here".to_owned(),
            |round| format!("by the round of {round}"),
        );
        lines.push(format!(
            "{drawn} of {of} records of `{}` of stream {} (statement {}) were drawn {by}, and all open. That they are true, and that the statements are in the log, is not shown here",
            shown.kind, shown.target.stream, shown.target.sequence
        ));
        world.answer(
            &json!({
                "challenge": shown.challenge.to_string(),
                "drawn": drawn,
                "of": of.to_string(),
                "kind": shown.kind.as_str(),
                "round": round,
                "records": records,
            }),
            &lines.join("\n"),
        )
    }
}
