//! A beacon whose rounds a test can sign, a ledger of devices, and challenges that draw of it.

use blst::min_sig::SecretKey;
use standstill::attestation::content::{
    About, BeaconRound, Bytes, Challenge, ChallengeKind, ChallengeResponse, Draw, Outcome, Target,
};
use standstill::attestation::figure::{Basis, QuantityKind};
use standstill::attestation::{Envelope, StatementId, StreamId};
use standstill::challenge::{BEACON_SUITE, Drawn, Reveal};
use standstill::encoding::hex;
use standstill::hash::{Hash, sha256};
use standstill::ledger::{Amount, DeviceRecord, InventoryRecord, Kind, Ledger, Secret};
use standstill::quantity::{Interval, Quantity};
use standstill::time::Period;

use super::*;

/// The first second of the test's beacon, and its period.
const GENESIS: u64 = START - 365 * DAY;
const PERIOD: u64 = 3;

fn beacon_key() -> SecretKey {
    SecretKey::key_gen(&[7; 32], &[]).unwrap()
}

/// The chain of the test's beacon.
pub fn chain() -> Hash {
    sha256(b"a beacon")
}

/// What a trust file says of it.
pub fn beacon_lines() -> String {
    let key = hex::encode(&beacon_key().sk_to_pk().compress());
    format!(
        "[[beacon]]\nchain = \"{}\"\nkey = \"{key}\"\ngenesis = \"{}\"\nperiod = {PERIOD}\n",
        chain(),
        at(GENESIS)
    )
}

/// The round that comes out at a time, or just after it.
pub fn round_at(time: u64) -> u64 {
    (time - GENESIS).div_ceil(PERIOD) + 1
}

/// What the beacon signs of a round.
pub fn signature(round: u64) -> Vec<u8> {
    let message = sha256(&round.to_be_bytes());
    let signature = beacon_key().sign(message.as_bytes(), BEACON_SUITE, &[]);
    signature.compress().to_vec()
}

/// The commitment to a device.
pub fn device(number: u64) -> Hash {
    sha256(format!("device {number:03}").as_bytes())
}

/// The devices of an inventory, as it lists them.
pub fn serials(count: u64) -> Ledger {
    let mut ledger = Ledger::new(Kind::Inventory, Secret::from_bytes([1; 32]));
    let mut all: Vec<Hash> = (0..count).map(device).collect();
    all.sort_by_key(ToString::to_string);
    for serial in all {
        let record = InventoryRecord {
            serial,
            model: "h100-sxm",
            vendor: None,
        };
        ledger.push_inventory(&record).unwrap();
    }
    ledger
}

/// What each of so many devices did in a day: trained for `seconds`.
pub fn each_device(period: Period, count: u64, seconds: u64) -> Ledger {
    let mut ledger = Ledger::new(Kind::Devices, Secret::from_bytes([2; 32]));
    let listed = serials(count);
    for listed in listed.records() {
        let figures = [Amount {
            quantity: QuantityKind::AcceleratorSeconds,
            basis: Basis::Allocated,
            value: Interval::exactly(Quantity::from(seconds)),
        }];
        let record = DeviceRecord {
            device: listed.value("serial").unwrap().parse().unwrap(),
            model: "h100-sxm",
            figures: &figures,
            coverage: seen(period.seconds(), 0),
        };
        ledger.push_device(&record).unwrap();
    }
    ledger
}

/// The payload of a statement that a party made.
pub fn payload(of: &Lab, id: StatementId) -> String {
    let mut envelopes = of
        .entries
        .iter()
        .map(|bytes| Envelope::parse(bytes).unwrap());
    let found = envelopes.find(|one| one.statement_id() == id).unwrap();
    String::from_utf8(found.payload().to_vec()).unwrap()
}

/// A challenge that draws so many records of a ledger by the round of a time.
pub fn challenge(
    of: &Lab,
    (statement, ledger): (StatementId, &Ledger),
    count: u64,
    round: u64,
    due: u64,
) -> Challenge {
    Challenge {
        kind: match ledger.kind() {
            Kind::Inventory => ChallengeKind::Serials,
            _ => ChallengeKind::Records,
        },
        about: About {
            issuer: of.id,
            streams: vec![StreamId::new(1)],
            period: Period::new(at(START), at(START + 2 * DAY)).unwrap(),
        },
        target: Some(Target {
            statement,
            root: ledger.root(),
            count: ledger.count(),
        }),
        draw: Draw {
            beacon: Some(BeaconRound {
                chain: chain(),
                round,
            }),
            commitment: None,
            count,
        },
        due: at(due),
    }
}

/// What was drawn for a challenge that somebody made, by its round.
pub fn drawn(by: &Lab, id: StatementId, round: u64) -> Drawn {
    Drawn {
        challenge: payload(by, id),
        reveal: Reveal {
            signature: Some(signature(round)),
            secret: None,
        },
    }
}

/// What a lab says of an answer.
pub fn response(auditor: &Lab, challenge: StatementId, answer: &str) -> ChallengeResponse {
    ChallengeResponse {
        auditor: auditor.id,
        challenge,
        outcome: Outcome::Answered,
        shown: Some(Bytes::Plain(sha256(answer.as_bytes()))),
        reason: "a test".to_owned(),
    }
}
