//! Random numbers for waits and phases: SplitMix64 (Steele, Lea, Flood 2014), seeded by the agent.
//! They spread load; nothing secret depends on them.

use std::time::Duration;

/// A generator. Equal seeds give equal numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator whose numbers are always the same for the same text, by FNV-1a.
    pub fn of_text(text: &str) -> Self {
        let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        Self(text.bytes().fold(0xCBF2_9CE4_8422_2325, mix))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `low..=high`, in milliseconds; `low` if `high` is less.
    pub fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = high.saturating_sub(low).as_millis();
        let share = (u128::from(self.next()) * (span + 1)) >> 64;
        low.saturating_add(Duration::from_millis(
            u64::try_from(share).unwrap_or(u64::MAX),
        ))
    }
}
