//! Moments and choices by chance, from a seed that is printed and can be given again.

use std::{thread, time::Duration};

/// A source of chance: splitmix64, which is enough to spread moments.
pub struct Chance(u64);

impl Chance {
    /// Each entry has a sequence of its own, whichever others run before it.
    pub fn of(seed: u64, id: &str) -> Self {
        let mixed = id.bytes().fold(seed, |mixed, byte| mixed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A moment before so long has passed.
    pub fn within(&mut self, longest: Duration) -> Duration {
        let most = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(self.next() % most)
    }

    /// Waits until such a moment.
    pub fn pause(&mut self, longest: Duration) {
        thread::sleep(self.within(longest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_moments_again_and_each_entry_its_own() {
        let moments = |seed, id| {
            let mut chance = Chance::of(seed, id);
            [0; 8].map(|_| chance.within(Duration::from_secs(10)))
        };
        assert_eq!(moments(7, "F02"), moments(7, "F02"));
        assert_ne!(moments(7, "F02"), moments(8, "F02"));
        assert_ne!(moments(7, "F02"), moments(7, "F11"));
        assert!(moments(7, "F02").iter().all(|moment| *moment < Duration::from_secs(10)));
    }
}
