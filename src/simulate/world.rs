//! The log of a simulated world, and the witnesses who see it: files by their names.

use std::collections::BTreeMap;

use crate::attestation::content::LogOfRecord;
use crate::attestation::content::Witnesses;
use crate::key::Algorithm;
use crate::key::KeyName;
use crate::key::SecretKey;
use crate::key::SignerKey;
use crate::note::Note;
use crate::sequencer::MAX_BATCH;
use crate::sequencer::MAX_BATCH_BYTES;
use crate::sequencer::Sequencer;
use crate::sequencer::Step;
use crate::sequencer::Stored;
use crate::simulate::Impossible;
use crate::simulate::noise::Noise;
use crate::time::UnixSeconds;
use crate::tlog::checkpoint::Origin;
use crate::tlog::cosign;
use crate::tlog::tile::CHECKPOINT_PATH;
use crate::tlog::tile::cosigned_path;

/// What the log calls itself.
const ORIGIN: &str = "simulated.example/log";

/// How many witnesses there are.
pub(super) const WITNESSES: usize = 3;

/// How many of them are a quorum.
pub(super) const QUORUM: usize = 2;

/// The files of a log.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A log that grows, with its witnesses.
#[derive(Debug)]
pub(super) struct World {
    key: SignerKey,
    witnesses: Vec<SignerKey>,
    sequencer: Sequencer,
    files: Files,
    /// The newest partial tile of each place: an older one is of no more use (C2SP
    /// tlog-tiles), and of a long time they would come to more than all else.
    partial: BTreeMap<String, String>,
    cosigned: u64,
    latest: Option<Note>,
}

impl World {
    pub(super) fn create(noise: &mut Noise, now: UnixSeconds) -> Result<Self, Impossible> {
        let mut key = |name: String, algorithm| {
            let name = KeyName::new(name).map_err(Impossible::of)?;
            let secret = SecretKey::from_seed(noise.bytes());
            Ok::<_, Impossible>(SignerKey::new(name, algorithm, secret))
        };
        let log = key(ORIGIN.to_owned(), Algorithm::Ed25519)?;
        let witnesses = (1..=WITNESSES)
            .map(|number| {
                key(
                    format!("witness-{number}.example"),
                    Algorithm::CosignatureV1,
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let origin = Origin::new(ORIGIN).map_err(Impossible::of)?;
        let commit =
            Sequencer::create(origin, &log, &Stored::default(), now).map_err(Impossible::of)?;
        let mut world = Self {
            key: log,
            witnesses,
            sequencer: commit.next,
            files: Files::new(),
            partial: BTreeMap::new(),
            cosigned: 0,
            latest: None,
        };
        world.run(commit.steps);
        Ok(world)
    }

    /// Returns how issuers name the log.
    pub(super) fn log(&self) -> LogOfRecord {
        LogOfRecord {
            origin: ORIGIN.to_owned(),
            key: self.key.verifier(),
        }
    }

    /// Returns whom issuers heed.
    pub(super) fn heeded(&self) -> Witnesses {
        Witnesses {
            keys: self.witnesses.iter().map(SignerKey::verifier).collect(),
            quorum: QUORUM,
        }
    }

    /// Returns the text of `notBefore`: the last checkpoint that a quorum cosigned.
    pub(super) fn not_before(&self) -> Option<String> {
        self.latest.as_ref().map(Note::to_text)
    }

    /// Returns the last checkpoint that was cosigned.
    pub(super) const fn latest(&self) -> Option<&Note> {
        self.latest.as_ref()
    }

    /// Appends entries, signed by the log at `now`.
    pub(super) fn append(
        &mut self,
        entries: &[Vec<u8>],
        now: UnixSeconds,
    ) -> Result<(), Impossible> {
        let mut rest = entries;
        while !rest.is_empty() {
            let mut bytes: usize = 0;
            let fit = rest.iter().take(MAX_BATCH).take_while(|entry| {
                bytes = bytes.saturating_add(entry.len()).saturating_add(2);
                bytes < MAX_BATCH_BYTES / 2
            });
            let (batch, more) = rest
                .split_at_checked(fit.count().max(1))
                .unwrap_or((rest, &[]));
            let commit = self
                .sequencer
                .commit(batch, &self.key, now)
                .map_err(Impossible::of)?;
            self.sequencer = commit.next;
            self.run(commit.steps);
            rest = more;
        }
        Ok(())
    }

    /// Has the witnesses cosign the newest checkpoint, each by its own clock.
    pub(super) fn cosign(&mut self, now: UnixSeconds) -> Result<(), Impossible> {
        let bytes = self
            .files
            .get(CHECKPOINT_PATH)
            .ok_or_else(Impossible::payload)?;
        let mut note = Note::parse(bytes).map_err(Impossible::of)?;
        let log = self.key.verifier();
        note.retain(|line| line.names(&log));
        for (number, witness) in (0..).zip(&self.witnesses) {
            let time = now.plus(number).ok_or_else(Impossible::payload)?;
            let line = cosign(note.text(), witness, time).map_err(Impossible::of)?;
            note.put(line);
        }
        let bytes = note.to_text().into_bytes();
        self.files
            .insert(cosigned_path(self.cosigned), bytes.clone());
        self.files.insert(CHECKPOINT_PATH.to_owned(), bytes);
        self.cosigned = self.cosigned.saturating_add(1);
        self.latest = Some(note);
        Ok(())
    }

    pub(super) fn into_files(self) -> Files {
        self.files
    }

    fn put(&mut self, (path, bytes): (String, Vec<u8>)) {
        let (place, partial) = match path.split_once(".p/") {
            Some((place, _)) => (place.to_owned(), true),
            None => (path.clone(), false),
        };
        if let Some(older) = self.partial.remove(&place) {
            self.files.remove(&older);
        }
        if partial {
            self.partial.insert(place, path.clone());
        }
        self.files.insert(path, bytes);
    }

    fn run(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Create(files) => files.into_iter().for_each(|file| self.put(file)),
                Step::Publish(note) => {
                    self.files.insert(CHECKPOINT_PATH.to_owned(), note);
                }
                // Nothing here can be cut off half-way.
                Step::Stage(_) | Step::Swap { .. } | Step::Unstage => {}
            }
        }
    }
}
