//! Chance that can be had again: the same seed gives the same world.

/// A stream of numbers from a seed: `SplitMix64` (Steele, Lea, Flood: Fast Splittable
/// Pseudorandom Number Generators, OOPSLA 2014). Not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Noise(u64);

impl Noise {
    /// Begins a stream. Other labels give streams that have nothing to do with each other.
    pub(super) fn new(seed: u64, label: &str) -> Self {
        let mut noise = Self(seed);
        for byte in label.bytes() {
            noise.0 = noise.next() ^ u64::from(byte);
        }
        noise
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`, each as often; 0 if there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // What lies above the last whole multiple would make small ones more frequent.
        let surplus = u64::MAX.checked_rem(bound).unwrap_or_default();
        loop {
            let number = self.next();
            if number < u64::MAX.saturating_sub(surplus) {
                return number.checked_rem(bound).unwrap_or_default();
            }
        }
    }

    /// Returns a number from -`most` to `most`, each as often.
    pub(super) fn around(&mut self, most: u32) -> i64 {
        let drawn = self.below(u64::from(most).saturating_mul(2).saturating_add(1));
        i64::try_from(drawn)
            .unwrap_or_default()
            .saturating_sub(i64::from(most))
    }

    /// Whether something happens that does so in so many of a million cases.
    pub(super) fn happens(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < u64::from(ppm)
    }

    /// Returns 32 bytes: a seed for a key.
    pub(super) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers for the seed 1234567, as the authors' reference code prints them.
    #[test]
    fn gives_the_published_numbers() {
        let mut noise = Noise(1_234_567);
        assert_eq!(noise.next(), 6_457_827_717_110_365_317);
        assert_eq!(noise.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn stays_within_its_bounds_and_reaches_them() {
        let mut noise = Noise::new(1, "a test");
        let drawn: Vec<i64> = (0..1000).map(|_| noise.around(2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
    }
}
