//! `standstill witness`: see a log's tree, and say when.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::drafts;
use crate::cli::failure;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SignerKey;
use crate::key::VerifierKey;
use crate::keystore;
use crate::store::fs::Directory;
use crate::store::reader::LogReader;
use crate::store::witness::WitnessDirectory;
use crate::store::witness::WitnessError;

/// Be a witness: cosign a log that only ever grows
#[derive(Debug, clap::Args)]
pub(super) struct WitnessArgs {
    #[command(subcommand)]
    command: WitnessCommand,
}

#[derive(Debug, clap::Subcommand)]
enum WitnessCommand {
    /// Make a witness in a directory
    Init {
        /// Directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Name of its key, like an address without its scheme
        #[arg(long)]
        name: KeyName,
    },
    /// Cosign the newest checkpoint of a log in a directory
    Cosign {
        /// Directory of the witness
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Directory of the log
        #[arg(value_name = "LOG")]
        log: PathBuf,
        /// Key of the log (default: the one known from before, else the log's own `vkey`
        /// file, which is then kept)
        #[arg(long, value_name = "VKEY", value_parser = boxed)]
        log_key: Option<Box<VerifierKey>>,
    },
}

impl WitnessArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        match &self.command {
            WitnessCommand::Init { directory, name } => init(directory, name, world),
            WitnessCommand::Cosign {
                directory,
                log,
                log_key,
            } => {
                let witness = WitnessDirectory::open(directory).map_err(|error| {
                    Failure::from(error).hint("`standstill witness init DIR --name NAME` makes one")
                })?;
                let files = Directory::new(log);
                let reader = LogReader::new(&files);
                let cosigned = match witness.cosign(&reader, log_key.as_deref(), world.now) {
                    Err(WitnessError::UnknownLog { origin }) => {
                        let path = log.join("vkey");
                        let key: VerifierKey = failure::read_text(&path)
                            .and_then(|text| Ok(text.trim_end().parse()?))
                            .map_err(|failure| {
                                failure.hint("give the log's key with `--log-key`")
                            })?;
                        world.note(format!(
                            "`{origin}` is new here: its key is taken from `{}` and kept",
                            path.display()
                        ));
                        witness.cosign(&reader, Some(&key), world.now)
                    }
                    other => other,
                };
                let (checkpoint, line) = cosigned.map_err(|error| explain(error, directory))?;
                let size = checkpoint.checkpoint().size;
                world.note(format!("cosigned {size} entries at {}", world.now));
                world.answer(
                    &json!({
                        "size": size,
                        "time": world.now.to_string(),
                        "cosignature": line.to_line(),
                    }),
                    &line.to_line(),
                )
            }
        }
    }
}

/// Makes a witness and prints its key.
pub(super) fn init(directory: &Path, name: &KeyName, world: &mut World<'_>) -> Result<(), Failure> {
    let key = SignerKey::new(
        name.clone(),
        Algorithm::CosignatureV1,
        keystore::generate()?,
    );
    if directory.join("key").exists() && !directory.join("vkey").exists() {
        return Err(Failure::file(directory, "an `init` was cut short there")
            .hint("it has cosigned nothing: remove the directory and run it again"));
    }
    if directory.join("key").exists() {
        return Err(Failure::file(directory, "has a witness already")
            .hint("a witness is never made anew: it would forget what it saw"));
    }
    let there = directory.exists();
    WitnessDirectory::init(directory, &key).inspect_err(|_| {
        // A key without its `vkey` is no witness, and would be in the way of one.
        if there {
            for name in ["key", "vkey"] {
                let _ = drafts::remove(&directory.join(name));
            }
        } else {
            let _ = drafts::remove(directory);
        }
    })?;
    let vkey = key.verifier().to_string();
    world.answer(&json!({ "vkey": vkey, "directory": directory }), &vkey)
}

/// What may help where a witness does not cosign.
fn explain(error: WitnessError, directory: &Path) -> Failure {
    let evidence = format!(
        "it is no mistake of this witness; what the log signed is kept in `{}`",
        directory.join("evidence").display()
    );
    let hint = match &error {
        WitnessError::NoCheckpoint => "LOG is the directory that has `checkpoint` and `tile`",
        WitnessError::Forgot { .. } | WitnessError::State { .. } => {
            "bring its `state` back from a copy as new as its last cosignature"
        }
        WitnessError::OtherKey { .. } => "a log keeps its key; ask its operator",
        WitnessError::Refused(_) => &evidence,
        _ => "let the log's operator mend it, and ask again",
    };
    let hint = hint.to_owned();
    Failure::from(error).hint(hint)
}

pub(super) fn boxed(text: &str) -> Result<Box<VerifierKey>, String> {
    text.parse()
        .map(Box::new)
        .map_err(|error| crate::key::NoteKeyError::to_string(&error))
}
