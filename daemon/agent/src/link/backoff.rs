//! How long to wait before the next attempt: exponential, with full jitter.
//!
//! The pause is drawn from the whole range below a bound that doubles, which spreads the nodes of a restarted control
//! plane evenly. A control plane is up again within a second or two: a first bound that were much shorter would bring all of
//! them back in one second, a much longer one would make a short cut long.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// The longest that a control plane may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);
/// Never hammer, whatever the draw.
const SHORTEST: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure. What the control plane asked for comes before the drawn part: those whom it asks
    /// together must not come together.
    pub(super) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        asked.unwrap_or_default().min(LONGEST_ASKED) + self.drawn()
    }

    fn drawn(&mut self) -> Duration {
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
    fn bound_doubles_from_a_second_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let bounds: Vec<_> = (0..7).map(|_| backoff.draw(u32::MAX).as_secs()).collect();
        assert_eq!(bounds, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn pause_is_drawn_from_the_whole_range() {
        let mut backoff = Backoff { failures: 8 };
        assert_eq!(backoff.draw(0), SHORTEST);
        assert_eq!(backoff.draw(u32::MAX / 2).as_secs(), 14);
    }

    #[test]
    fn what_the_control_plane_asks_for_is_waited_for_within_reason() {
        let asked = |seconds| Backoff::default().pause(Some(Duration::from_secs(seconds)));
        assert!((5..=6).contains(&asked(5).as_secs()));
        assert!(asked(86_400) <= LONGEST_ASKED + FIRST);
    }

    #[test]
    fn years_of_failure_do_not_overflow() {
        assert_eq!(Backoff { failures: u32::MAX }.draw(u32::MAX), LONGEST);
    }
}
