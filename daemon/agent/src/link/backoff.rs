//! How long to wait before the next attempt: exponential, with full jitter.
//!
//! The pause is drawn from the whole range below a bound that doubles, which spreads the nodes of a restarted control
//! plane evenly; the first is short, because most cuts are.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// Never hammer, whatever the draw.
const SHORTEST: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure.
    pub(super) fn pause(&mut self) -> Duration {
        let mut random = [0; 4];
        // Without randomness the longest pause of the range is right too.
        let draw = getrandom::fill(&mut random).map_or(u32::MAX, |()| u32::from_le_bytes(random));
        self.draw(draw)
    }

    fn draw(&mut self, draw: u32) -> Duration {
        let bound = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        bound.mul_f64(f64::from(draw) / f64::from(u32::MAX)).max(SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_doubles_from_a_fifth_of_a_second_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let bounds: Vec<_> = (0..10).map(|_| backoff.draw(u32::MAX).as_millis()).collect();
        assert_eq!(bounds, [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
    }

    #[test]
    fn pause_is_drawn_from_the_whole_range() {
        let mut backoff = Backoff { failures: 8 };
        assert_eq!(backoff.draw(0), SHORTEST);
        assert_eq!(backoff.draw(u32::MAX / 2).as_secs(), 14);
    }

    #[test]
    fn years_of_failure_do_not_overflow() {
        assert_eq!(Backoff { failures: u32::MAX }.draw(u32::MAX), LONGEST);
    }
}
