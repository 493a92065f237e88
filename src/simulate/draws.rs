//! Challenges in a simulated world, and what becomes of them: whoever measures first asks to
//! see devices of the first area's list.

use blst::min_sig::SecretKey;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::StatementId;
use crate::attestation::content::About;
use crate::attestation::content::BeaconRound;
use crate::attestation::content::Bytes;
use crate::attestation::content::Challenge;
use crate::attestation::content::ChallengeKind;
use crate::attestation::content::ChallengeResponse;
use crate::attestation::content::Draw;
use crate::attestation::content::Outcome;
use crate::attestation::content::Target;
use crate::challenge::Answer;
use crate::challenge::BEACON_SUITE;
use crate::challenge::Drawn;
use crate::challenge::Reveal;
use crate::encoding::hex;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::ledger::Ledger;
use crate::simulate::Impossible;
use crate::simulate::Scenario;
use crate::simulate::noise::Noise;
use crate::simulate::party::Party;
use crate::simulate::party::Said;
use crate::time::Period;
use crate::time::UnixSeconds;

/// How challenges are drawn and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// As they should be.
    Answered,
    /// One is left unanswered; another is answered.
    Aborted,
    /// Whoever asks does so once the round is out, and tries until the draw suits.
    Foreseen,
}

/// How many devices are drawn.
const DRAWN: u64 = 8;

/// A beacon's period, in seconds.
const PERIOD: u64 = 3;

/// How long before its round a challenge is seen, in seconds, and how long after it the answer
/// is given, and due.
const LEAD: u64 = 600;
const ANSWERED: u64 = 3600;
const DUE: u64 = 2 * 3600;

/// A beacon that the simulation keeps.
#[derive(Debug)]
pub(super) struct Beacon {
    key: SecretKey,
    genesis: UnixSeconds,
}

/// Who asks, whom, and from what is drawn.
pub(super) struct Table<'t> {
    pub(super) lab: &'t mut Party,
    pub(super) auditor: &'t mut Party,
    /// The list of devices, and the statement that names it.
    pub(super) ledger: &'t Ledger,
    pub(super) listed: &'t Said,
    /// What the challenge speaks of.
    pub(super) period: Period,
    pub(super) not_before: Option<&'t str>,
}

/// What is said of a challenge: when, and the answer.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) asked: (Vec<Vec<u8>>, UnixSeconds),
    pub(super) answered: (Vec<u8>, UnixSeconds),
    pub(super) answer: String,
}

impl Beacon {
    pub(super) fn draw(noise: &mut Noise) -> Result<Self, Impossible> {
        let seed: [u8; 32] = noise.bytes();
        let key = SecretKey::key_gen(&seed, &[]).map_err(|_| Impossible::payload())?;
        let genesis = Scenario::start()?.get().checked_sub(30 * crate::time::DAY);
        let genesis = genesis.and_then(UnixSeconds::new);
        Ok(Self {
            key,
            genesis: genesis.ok_or_else(Impossible::payload)?,
        })
    }

    fn chain(&self) -> Hash {
        sha256(&self.key.sk_to_pk().compress())
    }

    /// Returns what the trust file says of it.
    pub(super) fn lines(&self) -> String {
        format!(
            "\n[[beacon]]\nchain = \"{}\"\nkey = \"{}\"\ngenesis = \"{}\"\nperiod = {PERIOD}\n",
            self.chain(),
            hex::encode(&self.key.sk_to_pk().compress()),
            self.genesis
        )
    }

    /// Returns the first round that comes out at `time` or later, and its signature.
    fn round(&self, time: UnixSeconds) -> (u64, Vec<u8>) {
        let round = time.since(self.genesis).div_ceil(PERIOD).saturating_add(1);
        let message = sha256(&round.to_be_bytes());
        let signature = self.key.sign(message.as_bytes(), BEACON_SUITE, &[]);
        (round, signature.compress().to_vec())
    }
}

impl Draws {
    /// Has devices asked for at `now`, and answered.
    pub(super) fn play(
        self,
        beacon: &Beacon,
        table: &mut Table<'_>,
        now: UnixSeconds,
    ) -> Result<Spoken, Impossible> {
        let later = |seconds| now.plus(seconds).ok_or_else(Impossible::payload);
        let out = match self {
            Self::Foreseen => now,
            Self::Answered | Self::Aborted => later(LEAD)?,
        };
        let mut asked = Vec::new();
        let mut drawn = None;
        if self == Self::Aborted {
            let (round, _) = beacon.round(later(LEAD - PERIOD)?);
            let challenge = table.challenge(beacon, round, later(LEAD + DUE)?);
            asked.push(table.ask(challenge)?.entry);
        }
        let (round, signature) = beacon.round(out);
        // Each second that the answer may be due at is another draw.
        for second in 0..u64::from(u16::MAX) {
            let due = later(LEAD.saturating_add(DUE).saturating_add(second))?;
            let challenge = table.challenge(beacon, round, due);
            let said = table.try_asking(challenge.clone())?;
            let tried = Drawn {
                challenge: payload(&said)?,
                reveal: Reveal {
                    signature: Some(signature.clone()),
                    secret: None,
                },
            };
            let (indices, _) = tried.indices(&[]).map_err(Impossible::of)?;
            if self != Self::Foreseen || suits(&indices, table.ledger.count()) {
                asked.push(table.ask(challenge)?.entry);
                drawn = Some((said.id, tried));
                break;
            }
        }
        let (id, drawn) = drawn.ok_or_else(Impossible::payload)?;
        let listed = payload(table.listed)?;
        let answer = Answer::open(drawn, listed, table.ledger).map_err(Impossible::of)?;
        let answer = answer.print();
        let response = table.respond(id, &answer)?;
        Ok(Spoken {
            asked: (asked, now),
            answered: (response.entry, later(LEAD + ANSWERED)?),
            answer,
        })
    }
}

/// Whether a draw leaves out the first tenth of the list.
fn suits(indices: &[u64], of: u64) -> bool {
    indices.iter().all(|index| *index >= of.div_ceil(10))
}

fn payload(said: &Said) -> Result<String, Impossible> {
    let envelope = Envelope::parse(&said.entry).map_err(Impossible::of)?;
    String::from_utf8(envelope.payload().to_vec()).map_err(Impossible::of)
}

impl Table<'_> {
    fn challenge(&self, beacon: &Beacon, round: u64, due: UnixSeconds) -> Challenge {
        let stream = self.lab.areas.first().map(|area| area.stream);
        Challenge {
            kind: ChallengeKind::Serials,
            about: About {
                issuer: self.lab.id,
                streams: stream.into_iter().collect(),
                period: self.period,
            },
            target: Some(Target {
                statement: self.listed.id,
                root: self.ledger.root(),
                count: self.ledger.count(),
            }),
            draw: Draw {
                beacon: Some(BeaconRound {
                    chain: beacon.chain(),
                    round,
                }),
                commitment: None,
                count: DRAWN.min(self.ledger.count()),
            },
            due,
        }
    }

    fn ask(&mut self, challenge: Challenge) -> Result<Said, Impossible> {
        let content = Content::Challenge(challenge);
        self.auditor.say(0, content, self.not_before)
    }

    /// Signs what would be asked, and keeps no record of it.
    fn try_asking(&self, challenge: Challenge) -> Result<Said, Impossible> {
        let chain = self.auditor.areas.first().ok_or_else(Impossible::payload)?;
        let voice = self.auditor.voice(self.not_before);
        voice.say_once(chain, Content::Challenge(challenge))
    }

    fn respond(&mut self, challenge: StatementId, answer: &str) -> Result<Said, Impossible> {
        let response = ChallengeResponse {
            auditor: self.auditor.id,
            challenge,
            outcome: Outcome::Answered,
            shown: Some(Bytes::Plain(sha256(answer.as_bytes()))),
            reason: "the devices that were drawn".to_owned(),
        };
        let content = Content::ChallengeResponse(response);
        self.lab.say(0, content, self.not_before)
    }
}
