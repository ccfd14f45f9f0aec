//! Addresses that guess: who tries wrong passwords and keys faster than people do is not let in for a while.
//!
//! Only what was wrong counts, so that a program that comes every second with the right key is no trouble. An address of
//! IPv6 counts as its network of 64 bits, which is what one customer has.

use crate::limits::{ADDRESSES, GUESS_EVERY, GUESSES, SHUT_OUT};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// What counts as one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

impl Origin {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from(network)))
            }
        }
    }
}

pub(crate) struct Guesses {
    rate: DefaultKeyedRateLimiter<Origin>,
    shut_out: Mutex<HashMap<Origin, Instant>>,
}

impl Guesses {
    pub(crate) fn new() -> Self {
        let burst = NonZeroU32::new(GUESSES).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(GUESS_EVERY).unwrap_or_else(|| Quota::per_minute(burst));
        Self { rate: RateLimiter::keyed(quota.allow_burst(burst)), shut_out: Mutex::default() }
    }

    /// Whether nobody from there is let in at this moment.
    pub(crate) fn is_shut_out(&self, origin: Origin) -> bool {
        let shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        shut_out.get(&origin).is_some_and(|until| Instant::now() < *until)
    }

    /// Counts a wrong one. True if it was one too many.
    pub(crate) fn wrong(&self, origin: Origin) -> bool {
        if self.rate.check_key(&origin).is_ok() {
            return false;
        }
        let now = Instant::now();
        let mut shut_out = self.shut_out.lock().unwrap_or_else(PoisonError::into_inner);
        shut_out.retain(|_, until| now < *until);
        // With so many addresses at work, shutting out one more is of no use.
        shut_out.len() < ADDRESSES && shut_out.insert(origin, now + SHUT_OUT).is_none()
    }

    /// Forgets addresses that have not guessed lately. Called from time to time.
    pub(crate) fn tidy(&self) {
        self.rate.retain_recent();
        self.rate.shrink_to_fit();
    }

    /// Whether it is time to tidy before it is time.
    pub(crate) fn is_crowded(&self) -> bool {
        self.rate.len() > ADDRESSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_origin_and_mapped_addresses_are_the_mapped() {
        let origin = |text: &str| Origin::of(text.parse().unwrap());
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:1:2:3"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    }

    #[test]
    fn who_guesses_too_often_is_shut_out_and_others_are_not() {
        let guesses = Guesses::new();
        let (one, other) = (Origin::of([192, 0, 2, 1].into()), Origin::of([192, 0, 2, 2].into()));
        assert!((0..GUESSES).all(|_| !guesses.wrong(one)) && !guesses.is_shut_out(one));
        assert!(guesses.wrong(one) && guesses.is_shut_out(one));
        // It is said once.
        assert!(!guesses.wrong(one));
        assert!(!guesses.is_shut_out(other) && !guesses.wrong(other));
    }
}
