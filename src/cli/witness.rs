//! `standstill witness`: see a log's tree, and say when.

use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::World;
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
                let witness = WitnessDirectory::open(directory)?;
                let files = Directory::new(log);
                let reader = LogReader::new(&files);
                let cosigned = match witness.cosign(&reader, log_key.as_deref(), world.now) {
                    Err(WitnessError::UnknownLog { origin }) => {
                        let path = log.join("vkey");
                        let key: VerifierKey = failure::read_text(&path)?.trim_end().parse()?;
                        world.note(format!(
                            "`{origin}` is new here: its key is taken from `{}` and kept",
                            path.display()
                        ));
                        witness.cosign(&reader, Some(&key), world.now)
                    }
                    other => other,
                };
                let (checkpoint, line) = cosigned?;
                world.note(format!(
                    "cosigned {} entries at {}",
                    checkpoint.checkpoint().size,
                    world.now
                ));
                world.say(line.to_line())
            }
        }
    }
}

/// Makes a witness and prints its key.
pub(super) fn init(
    directory: &std::path::Path,
    name: &KeyName,
    world: &mut World<'_>,
) -> Result<(), Failure> {
    let key = SignerKey::new(
        name.clone(),
        Algorithm::CosignatureV1,
        keystore::generate()?,
    );
    WitnessDirectory::init(directory, &key)?;
    world.say(key.verifier().to_string())
}

fn boxed(text: &str) -> Result<Box<VerifierKey>, String> {
    text.parse()
        .map(Box::new)
        .map_err(|error| crate::key::NoteKeyError::to_string(&error))
}
