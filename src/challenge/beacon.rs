//! Rounds of a drand beacon: randomness that nobody knows before its time.
//!
//! Specified in `specs/challenge.md`, section "The beacon". One scheme of drand's is read,
//! `bls-unchained-g1-rfc9380`: a round's signature is over the round's number alone, in G1 of
//! BLS12-381, and there is only one that is valid, so that whoever makes it cannot choose.

use std::num::NonZeroU64;

use blst::BLST_ERROR;
use blst::min_sig::PublicKey;
use blst::min_sig::Signature;

use crate::encoding::hex;
use crate::hash::Hash;
use crate::hash::sha256;
use crate::time::UnixSeconds;

/// What a round is hashed to the curve with (drand, scheme `bls-unchained-g1-rfc9380`).
pub const BEACON_SUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// How many seconds before a round everything that is drawn by it must have been seen: clocks
/// of witnesses and of the beacon differ, and a round may come early.
pub const LEAD: u64 = 300;

/// The least time in seconds that a lab must be given to answer in, once it is seen what is
/// asked for and drawn: it may have to fetch the records.
pub const NOTICE: u64 = 3600;

/// drand's `quicknet`, run by the League of Entropy: its chain, key, first second, period.
const QUICKNET: (&str, &str, u64, NonZeroU64) = (
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451\
     0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    1_692_803_367,
    NonZeroU64::new(3).unwrap(),
);

/// A beacon, as the auditor believes it.
#[derive(Clone, Debug)]
pub struct Beacon {
    chain: Hash,
    key: PublicKey,
    genesis: UnixSeconds,
    period: NonZeroU64,
}

impl Beacon {
    /// Returns the beacon of that chain; `key` is its group's public key, 96 bytes in
    /// hexadecimal, `genesis` the time of round 1, `period` the seconds from round to round.
    pub fn new(
        chain: Hash,
        key: &str,
        genesis: UnixSeconds,
        period: NonZeroU64,
    ) -> Result<Self, BeaconError> {
        let bytes = hex::decode(key).ok_or(BeaconError::Key)?;
        let key = PublicKey::key_validate(&bytes).map_err(|_| BeaconError::Key)?;
        Ok(Self {
            chain,
            key,
            genesis,
            period,
        })
    }

    /// Returns drand's `quicknet`.
    pub fn quicknet() -> Option<Self> {
        let (chain, key, genesis, period) = QUICKNET;
        Self::new(chain.parse().ok()?, key, UnixSeconds::new(genesis)?, period).ok()
    }

    /// Returns its chain's hash, by which challenges name it.
    pub const fn chain(&self) -> &Hash {
        &self.chain
    }

    /// Returns when a round comes out; `None` of round 0, and beyond the range of time.
    pub fn time_of(&self, round: u64) -> Option<UnixSeconds> {
        let periods = round.checked_sub(1)?;
        self.genesis.plus(periods.checked_mul(self.period.get())?)
    }

    /// Returns the first round that comes out at `time` or later.
    pub const fn round_from(&self, time: UnixSeconds) -> u64 {
        let passed = time.since(self.genesis);
        passed.div_ceil(self.period.get()).saturating_add(1)
    }

    /// Checks that `signature` is that of the round.
    pub fn verify(&self, round: u64, signature: &[u8]) -> Result<(), BeaconError> {
        let wrong = BeaconError::Signature { round };
        // In G1 itself: a point beside it would be a second valid signature.
        let Ok(signature) = Signature::sig_validate(signature, true) else {
            return Err(wrong);
        };
        let message = sha256(&round.to_be_bytes());
        match signature.verify(
            false,
            message.as_bytes(),
            BEACON_SUITE,
            &[],
            &self.key,
            false,
        ) {
            BLST_ERROR::BLST_SUCCESS => Ok(()),
            _ => Err(wrong),
        }
    }
}

/// Why something is no beacon, or not its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// Not a key.
    #[error("the beacon's key is not a point of G2 in 192 digits of lower-case hexadecimal")]
    Key,
    /// Not the signature of the round.
    #[error("the beacon did not sign that of round {round}")]
    Signature {
        /// The round.
        round: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be\
                             41076862b98fad56e91a6b85b89cd97b";

    // spec: cha-1 cha-2
    #[test]
    fn a_round_of_quicknet_verifies_as_its_own_only() {
        let beacon = Beacon::quicknet().unwrap();
        let signature = hex::decode(SIGNATURE).unwrap();
        assert_eq!(beacon.verify(657_413, &signature), Ok(()));
        // What drand publishes of the round as its randomness.
        assert_eq!(
            sha256(&signature).to_string(),
            "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
        );
        let wrong = |round| Err(BeaconError::Signature { round });
        assert_eq!(beacon.verify(657_414, &signature), wrong(657_414));
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert_eq!(beacon.verify(657_413, &changed), wrong(657_413), "{at}");
        }
        assert_eq!(beacon.verify(657_413, &signature[1..]), wrong(657_413));
        // Infinity is on the curve, and nobody's signature.
        let mut infinity = vec![0; 48];
        infinity[0] = 0xc0;
        assert_eq!(beacon.verify(657_413, &infinity), wrong(657_413));
    }

    // spec: cha-1
    #[test]
    fn what_is_no_point_of_g2_is_no_key() {
        let beacon = |key: &str| {
            let (chain, _, genesis, period) = QUICKNET;
            Beacon::new(
                chain.parse().unwrap(),
                key,
                UnixSeconds::new(genesis).unwrap(),
                period,
            )
        };
        assert!(beacon(QUICKNET.1).is_ok());
        let infinity = format!("c0{}", "00".repeat(95));
        for key in [
            "",
            "83cf",
            &QUICKNET.1.replace('8', "9"),
            SIGNATURE,
            &infinity,
        ] {
            assert_eq!(beacon(key).err(), Some(BeaconError::Key), "{key}");
        }
    }

    // spec: cha-3
    #[test]
    fn rounds_come_at_their_times() {
        let beacon = Beacon::quicknet().unwrap();
        let time = |seconds| UnixSeconds::new(seconds).unwrap();
        assert_eq!(beacon.time_of(0), None);
        assert_eq!(beacon.time_of(1), Some(time(1_692_803_367)));
        assert_eq!(beacon.time_of(2), Some(time(1_692_803_370)));
        assert_eq!(beacon.time_of(u64::MAX), None);
        for (seconds, round) in [
            (0, 1),
            (1_692_803_367, 1),
            (1_692_803_368, 2),
            (1_692_803_370, 2),
            (1_692_803_371, 3),
        ] {
            assert_eq!(beacon.round_from(time(seconds)), round, "{seconds}");
        }
    }
}
