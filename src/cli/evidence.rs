//! `standstill evidence`: have hardware speak of an area.

use std::path::PathBuf;

use serde_json::json;

use crate::attestation::Content;
use crate::attestation::IssuerId;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::About;
use crate::attestation::content::Bytes;
use crate::attestation::content::Evidence;
use crate::attestation::content::EvidenceKind;
use crate::cli::Failure;
use crate::cli::World;
use crate::cli::attached;
use crate::cli::attached::SALT;
use crate::cli::devices;
use crate::cli::drafts;
use crate::cli::failure;
use crate::cli::workspace::AreaArgs;
use crate::cli::workspace::Workspace;
use crate::encoding::hex;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::keystore;
use crate::ledger::commitment;
use crate::note::Note;
use crate::time::Period;
use crate::time::UnixSeconds;
use crate::tlog::Checkpoint;
use crate::verify::hardware::nonce;
use crate::verify::hardware::quote;
use crate::verify::hardware::token;

/// Have hardware speak of an area: attested accelerators, quoted machines
///
/// Ask for the nonce, have the devices or the machine answer it, and state what they
/// answered. It shows which firmware ran on which chip: at least so many devices were there.
/// It shows neither how much they computed nor how many others there are.
#[derive(Debug, clap::Args)]
pub(super) struct EvidenceArgs {
    #[command(subcommand)]
    command: EvidenceCommand,
}

#[derive(Debug, clap::Subcommand)]
enum EvidenceCommand {
    Nonce(NonceArgs),
    State(StateArgs),
}

/// Print what devices or a machine must answer now, in hexadecimal
///
/// It follows from the last checkpoint that a quorum of witnesses cosigned, or from an
/// auditor's challenge: state the answer before the log is cosigned again.
#[derive(Debug, clap::Args)]
struct NonceArgs {
    /// Challenge of an auditor that is answered
    #[arg(long, value_name = "STATEMENT")]
    challenge: Option<StatementId>,

    /// Print what a TPM must quote to bind this workspace's operations key to its machine
    #[arg(long)]
    bind: bool,

    #[command(flatten)]
    place: AreaArgs,
}

/// State what devices or a machine answered
///
/// The bytes stay in `evidence/` of the workspace, for `standstill verify --attached`; the
/// log holds their digest only.
#[derive(Debug, clap::Args)]
struct StateArgs {
    /// Token or bundle of tokens; of a TPM, what it attested (`tpm2_quote --message`)
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What it is: gpu-attestation or tpm-quote
    #[arg(long, value_name = "KIND")]
    kind: EvidenceKind,

    /// The TPM's signature (`tpm2_quote --signature`)
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,

    /// Where it comes from, in words
    #[arg(long, value_name = "TEXT")]
    provenance: String,

    /// When the devices began to answer
    #[arg(long, value_name = "TIME")]
    start: UnixSeconds,

    /// When they had answered; the shorter, the more it shows
    #[arg(long, value_name = "TIME")]
    end: UnixSeconds,

    /// Challenge of an auditor that is answered
    #[arg(long, value_name = "STATEMENT")]
    challenge: Option<StatementId>,

    /// Commit to the bytes with a salt, which stays beside them
    #[arg(long)]
    salted: bool,

    #[command(flatten)]
    place: AreaArgs,
}

impl EvidenceArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.command {
            EvidenceCommand::Nonce(args) => args.run(world),
            EvidenceCommand::State(args) => args.run(world),
        }
    }
}

impl NonceArgs {
    fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let workspace = Workspace::open(&self.place.workspace)?;
        let nonce = asked(&workspace, self.place.area, self.challenge)?;
        let answer = if self.bind {
            bindings(&workspace, &nonce)?.into_iter().next()
        } else {
            None
        };
        let answer = answer.unwrap_or(nonce);
        world.answer(&json!({ "nonce": answer.to_string() }), &answer.to_string())
    }
}

impl StateArgs {
    fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let mut workspace = Workspace::open(&self.place.workspace)?;
        let nonce = asked(&workspace, self.place.area, self.challenge)?;
        let bytes = self.bytes()?;
        self.check(&workspace, &bytes, &nonce)?;
        let period = Period::new(self.start, self.end).ok_or_else(|| {
            Failure::new(format!(
                "{} is not after the start {}",
                self.end, self.start
            ))
            .hint("`--end` comes after `--start`")
        })?;
        let (issuer, stream) = self.of(&workspace)?;
        let digest = sha256(&bytes);
        let salt = if self.salted {
            let secret = devices::device_secret(&workspace)?;
            Some(secret.commitment_salt("evidence", digest.as_bytes()))
        } else {
            None
        };
        let named = match &salt {
            Some(salt) => Bytes::Salted(commitment("evidence", salt, &bytes)),
            None => Bytes::Plain(digest),
        };
        let kept = attached::keep(&workspace, &digest, |kept| {
            failure::create(kept, &bytes)?;
            if let Some(salt) = &salt {
                let beside = kept.with_added_extension(SALT);
                drafts::remove(&beside)?;
                keystore::create_private(&beside, &format!("{salt}\n"))?;
            }
            Ok(())
        })?;
        let id = workspace.append(
            self.place.area,
            Content::Evidence(Evidence {
                kind: self.kind,
                provenance: self.provenance.clone(),
                nonce: Some(nonce.as_bytes().to_vec()),
                about: About {
                    issuer,
                    streams: vec![stream],
                    period,
                },
                bytes: named,
                catalogue: None,
                figures: Vec::new(),
            }),
        )?;
        world.answer(
            &json!({ "evidence": id.to_string(), "file": kept.display().to_string() }),
            &format!(
                "evidence {id} queued, its bytes are `{}`: `standstill publish` makes its digest public",
                kept.display()
            ),
        )
    }

    /// Returns the bytes that are named: of a TPM, what it attested and its signature.
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let bytes = failure::read(&self.file)?;
        let Some(signature) = &self.signature else {
            return Ok(bytes);
        };
        quote::join(&bytes, &failure::read(signature)?)
            .ok_or_else(|| Failure::file(&self.file, "is too long for a quote").hint(TPM_HINT))
    }

    /// Checks what can be checked without anybody's key, before it becomes public.
    fn check(&self, workspace: &Workspace, bytes: &[u8], nonce: &Hash) -> Result<(), Failure> {
        let wrong = |why: String, hint| Failure::file(&self.file, why).hint(hint);
        let answers = match self.kind {
            EvidenceKind::GpuAttestation => token::claims_to_answer(bytes, nonce.as_bytes())
                .map_err(|error| wrong(error.to_string(), GPU_HINT))?,
            EvidenceKind::TpmQuote => {
                let extra = quote::claimed_extra(bytes)
                    .map_err(|error| wrong(error.to_string(), TPM_HINT))?;
                let bound = bindings(workspace, nonce)?;
                let answers = |asked: &Hash| extra == asked.as_bytes();
                answers(nonce) || bound.iter().any(answers)
            }
            EvidenceKind::External | EvidenceKind::Inspection => {
                let why = format!("evidence of the kind `{}` is no hardware's", self.kind);
                return Err(Failure::new(why).hint("it is gpu-attestation or tpm-quote"));
            }
        };
        if answers {
            return Ok(());
        }
        let why = format!(
            "does not answer the nonce {}",
            hex::encode(nonce.as_bytes())
        );
        Err(wrong(
            why,
            "the log may have been cosigned since it was asked for: `standstill evidence nonce`, and again",
        ))
    }

    /// Returns whose area it speaks of: the one that this area measures, or itself.
    fn of(&self, workspace: &Workspace) -> Result<(IssuerId, StreamId), Failure> {
        let area = workspace.area(self.place.area)?;
        Ok(match &area.schedule.open.measures {
            Some(measured) => (measured.issuer, measured.stream),
            None => (workspace.issuer()?, self.place.area),
        })
    }
}

const GPU_HINT: &str = "a file is one signed token or a bundle of them, and no byte more";
const TPM_HINT: &str = "`tpm2_quote --message FILE --signature FILE` writes both";

/// Returns the nonce that is to be answered.
fn asked(
    workspace: &Workspace,
    area: StreamId,
    challenge: Option<StatementId>,
) -> Result<Hash, Failure> {
    if let Some(challenge) = challenge {
        return Ok(nonce::of_challenge(challenge));
    }
    workspace.area(area)?;
    let text = workspace.not_before(area)?;
    let checkpoint = text.and_then(|text| {
        let note = Note::parse(text.as_bytes()).ok()?;
        Checkpoint::parse(note.text()).ok()
    });
    let checkpoint = checkpoint.ok_or_else(|| {
        Failure::new("no quorum of witnesses has cosigned the log yet: nothing makes a nonce fresh")
            .hint("`standstill publish` asks the witnesses; or answer a challenge, `--challenge`")
    })?;
    Ok(nonce::of_checkpoint(
        workspace.issuer()?,
        area,
        &checkpoint.root,
    ))
}

/// Returns what would bind each operations key.
fn bindings(workspace: &Workspace, asked: &Hash) -> Result<Vec<Hash>, Failure> {
    let keys = workspace.identity()?.roles.operations.keys();
    let bound = keys.iter().map(|key| nonce::binding(key, asked.as_bytes()));
    Ok(bound.collect())
}
