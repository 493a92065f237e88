//! What `standstill verify` hands on beside its answer: signed summaries and exports.

use std::path::Path;
use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::World;
use crate::cli::failure;
use crate::key::SignerKey;
use crate::keystore;
use crate::report::cyclonedx;
use crate::report::ear;
use crate::report::vsa;
use crate::report::vsa::SignedError;
use crate::verify::Judgement;

/// What judged, with its version.
const PROGRAM: &str = concat!("standstill ", env!("CARGO_PKG_VERSION"));

/// What to call who judged, where no key says it.
const UNNAMED: &str = "not named";

pub(super) const KEY_HINT: &str = "`standstill key new FILE --name NAME` makes an auditor's key";

#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct HandOnArgs {
    /// Directory for `--sign` and `--export`; made if it is not there
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,

    /// Sign a conclusion on each pledge with this key: a SLSA verification summary, to be
    /// checked with `standstill vsa check`
    #[arg(long, value_name = "KEYFILE", requires = "to")]
    sign: Option<PathBuf>,

    /// Write the verdicts in a format of others (can be repeated)
    #[arg(long, value_name = "FORMAT", requires = "to")]
    export: Vec<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// CycloneDX 1.6 attestations, in `cyclonedx.json`
    Cyclonedx,
    /// Attestation results of the IETF (EAR), in `ear.jwt` with `--sign`, else in `ear.json`
    Ear,
}

/// Where to hand on to, and with which key: read before anything is judged.
pub(super) struct HandOn<'a> {
    args: &'a HandOnArgs,
    place: Option<&'a Path>,
    key: Option<SignerKey>,
}

impl HandOnArgs {
    pub(super) fn open(&self) -> Result<HandOn<'_>, Failure> {
        let place = self.to.as_deref();
        if place.is_some() && self.sign.is_none() && self.export.is_empty() {
            return Err(Failure::new("`--to` says where, and nothing says what")
                .hint("`--sign KEYFILE`, `--export FORMAT`, or both"));
        }
        let read = |path: &PathBuf| keystore::read_note_key(path);
        let key = self.sign.as_ref().map(read).transpose();
        let key = key.map_err(|error| Failure::from(error).hint(KEY_HINT))?;
        Ok(HandOn {
            args: self,
            place,
            key,
        })
    }
}

impl HandOn<'_> {
    /// Writes everything that was asked for. Nothing is overwritten; what is there already,
    /// byte for byte, is left as it is.
    pub(super) fn write(
        &self,
        judgement: &Judgement,
        world: &mut World<'_>,
    ) -> Result<(), Failure> {
        let Some(place) = self.place else {
            return Ok(());
        };
        let files = self.files(judgement, world)?;
        failure::make_directory(place)
            .map_err(|failure| failure.hint("`--to` names a directory"))?;
        let mut new = Vec::new();
        for (name, bytes) in files {
            let path = place.join(name);
            if !path.exists() {
                new.push((path, bytes));
            } else if failure::read(&path)? != bytes {
                return Err(
                    Failure::file(&path, "is there already and says something else")
                        .hint("give each judgement a directory of its own"),
                );
            }
        }
        for (path, bytes) in &new {
            failure::create(path, bytes)?;
            world.note(format!("wrote `{}`", path.display()));
        }
        failure::sync_directory(place)
    }

    fn files(
        &self,
        judgement: &Judgement,
        world: &mut World<'_>,
    ) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let mut files = Vec::new();
        if let Some(key) = &self.key {
            for verdict in &judgement.verdicts {
                let signed = vsa::sign(judgement, verdict, PROGRAM, key).map_err(explain)?;
                files.push((format!("{}.intoto.jsonl", verdict.pledge), signed));
            }
            if judgement.verdicts.is_empty() {
                world.note("no claim was judged: there is no conclusion to sign");
            }
        }
        for format in &self.args.export {
            let file = match format {
                Format::Ear if judgement.verdicts.is_empty() => {
                    world.note("no claim was judged: there is no attestation result");
                    continue;
                }
                Format::Cyclonedx => {
                    let name = self.key.as_ref().map(|key| vsa::id(key.verifier().name()));
                    let assessor = name.as_deref().unwrap_or(UNNAMED);
                    let document = cyclonedx::document(judgement, assessor, PROGRAM);
                    ("cyclonedx.json".to_owned(), pretty(&document)?)
                }
                Format::Ear => {
                    let claims = ear::claims(judgement, PROGRAM)?;
                    match &self.key {
                        Some(key) => {
                            let token = ear::jwt(&claims, key)
                                .map_err(|error| Failure::from(error).hint(KEY_HINT))?;
                            ("ear.jwt".to_owned(), token.into_bytes())
                        }
                        None => ("ear.json".to_owned(), pretty(&claims)?),
                    }
                }
            };
            files.push(file);
        }
        Ok(files)
    }
}

fn pretty(value: &serde_json::Value) -> Result<Vec<u8>, Failure> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text.into_bytes())
}

/// What may help where a conclusion cannot be signed.
fn explain(error: SignedError) -> Failure {
    let hint = match &error {
        SignedError::KeyType { .. } => KEY_HINT,
        _ => "nothing was written; this is a fault of the program: please report it",
    };
    Failure::from(error).hint(hint)
}
