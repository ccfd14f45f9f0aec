//! How often: one bucket per client and preset, refilled evenly.
//!
//! Signed-in people count by account and strangers by network, so that one household does not share a limit once its
//! members are signed in, and nobody gains by signing out. What tries a secret before anybody is known counts by network
//! and route: guessing one secret takes nothing from whoever has another, so a daemon with a wrong token never keeps
//! people from signing in. For the same reason daemons have buckets apart from those of people at the same address.
//!
//! First set-up has the limit of signing in and not the stricter one: its token cannot be guessed, and whoever founds an
//! installation may mistype a password three times.

use gantry_app::Network;
use gantry_types::UserId;
use governor::{
    Quota, RateLimiter, clock::Clock, clock::DefaultClock, middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    num::NonZeroU32,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

/// Which limit a route has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// None: probes of machines.
    Open,
    /// 5 a minute by network and route: what tries passwords or tokens.
    Auth,
    /// 3 in 15 minutes by account: what tries the password of somebody whose session is open.
    Sensitive,
    /// 100 a minute unless configured.
    General,
    /// 10 a minute by account and server unless configured, besides the general limit: who may not switch a server on or
    /// off cannot use up what its owner has.
    Power,
    /// 30 a minute by account unless configured: what moves files.
    Files,
    /// 20 an hour by account unless configured: what tells whether an address has an account here.
    Addresses,
}

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Network(Network),
    /// A network on one route alone, by the route's name.
    Route(Network, &'static str),
    User(UserId),
    /// An account and the thing that the path names.
    Thing(UserId, Uuid),
    /// All that a full table has no room for.
    Overflow,
}

/// Clients that one table tells apart. Beyond it they share one bucket until the next sweep.
const CLIENTS: usize = 100_000;

type Table = RateLimiter<Key, DashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

/// The buckets.
pub(crate) struct Rates {
    clock: DefaultClock,
    auth: Table,
    sensitive: Table,
    general: Table,
    power: Table,
    files: Table,
    addresses: Table,
}

/// What is left, for the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    /// When the bucket is full again.
    reset: SystemTime,
    /// How long to wait, if there is nothing left.
    pub(crate) wait: Option<Duration>,
}

fn table(count: NonZeroU32, window: Duration) -> Table {
    let quota = Quota::with_period(window / count.get())
        .unwrap_or_else(|| Quota::per_second(count))
        .allow_burst(count);
    RateLimiter::dashmap(quota).with_middleware()
}

const MINUTE: Duration = Duration::from_secs(60);

const fn count(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Rates {
    pub(crate) fn new(
        general_per_minute: NonZeroU32,
        files_per_minute: NonZeroU32,
        power_per_minute: NonZeroU32,
        addresses_per_hour: NonZeroU32,
    ) -> Self {
        Self {
            clock: DefaultClock::default(),
            auth: table(count(5), MINUTE),
            sensitive: table(count(3), 15 * MINUTE),
            general: table(general_per_minute, MINUTE),
            power: table(power_per_minute, MINUTE),
            files: table(files_per_minute, MINUTE),
            addresses: table(addresses_per_hour, 60 * MINUTE),
        }
    }

    fn table(&self, preset: Preset) -> Option<&Table> {
        match preset {
            Preset::Open => None,
            Preset::Auth => Some(&self.auth),
            Preset::Sensitive => Some(&self.sensitive),
            Preset::General => Some(&self.general),
            Preset::Power => Some(&self.power),
            Preset::Files => Some(&self.files),
            Preset::Addresses => Some(&self.addresses),
        }
    }

    /// Takes one from the bucket; none if the preset has no limit.
    pub(crate) fn take(&self, preset: Preset, key: Key) -> Option<Standing> {
        let table = self.table(preset)?;
        let key = if table.len() < CLIENTS { key } else { Key::Overflow };
        Some(match table.check_key(&key) {
            Ok(snapshot) => {
                let (quota, remaining) = (snapshot.quota(), snapshot.remaining_burst_capacity());
                standing(quota, remaining, None)
            }
            Err(refused) => standing(refused.quota(), 0, Some(refused.wait_time_from(self.clock.now()))),
        })
    }

    /// Forgets clients whose buckets are full again.
    pub(crate) fn sweep(&self) {
        let Self { clock: _, auth, sensitive, general, power, files, addresses } = self;
        for table in [auth, sensitive, general, power, files, addresses] {
            table.retain_recent();
        }
    }
}

fn standing(quota: Quota, remaining: u32, wait: Option<Duration>) -> Standing {
    let limit = quota.burst_size().get();
    let used = limit.saturating_sub(remaining);
    let reset = SystemTime::now() + quota.replenish_interval() * used;
    Standing { limit, remaining, reset, wait }
}

impl Standing {
    /// `X-RateLimit-*`: requests, requests, Unix seconds.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let reset = self.reset.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(self.limit));
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(self.remaining));
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(last: u8) -> Key {
        Key::Network(Network::of([192, 0, 2, last].into()))
    }

    #[test]
    fn the_fourth_sensitive_change_waits_for_five_minutes_at_most() {
        let rates = Rates::new(count(100), count(30), count(10), count(20));
        let waits: Vec<_> = (0..4).map(|_| rates.take(Preset::Sensitive, key(1)).unwrap().wait).collect();
        assert_eq!(waits[..3], [None, None, None]);
        let wait = waits[3].unwrap();
        assert!(wait > MINUTE && wait <= 5 * MINUTE, "{wait:?}");
    }

    #[test]
    fn the_sixth_attempt_in_a_minute_waits() {
        let rates = Rates::new(count(100), count(30), count(10), count(20));
        let left: Vec<_> = (0..5).map(|_| rates.take(Preset::Auth, key(1)).unwrap().remaining).collect();
        assert_eq!(left, [4, 3, 2, 1, 0]);
        let wait = rates.take(Preset::Auth, key(1)).unwrap().wait.unwrap();
        assert!(wait <= Duration::from_secs(12), "{wait:?}");
    }

    #[test]
    fn others_are_not_held_up() {
        let rates = Rates::new(count(1), count(30), count(10), count(20));
        assert!(rates.take(Preset::General, key(1)).unwrap().wait.is_none());
        assert!(rates.take(Preset::General, key(1)).unwrap().wait.is_some());
        assert!(rates.take(Preset::General, key(2)).unwrap().wait.is_none());
        assert!(rates.take(Preset::Files, key(1)).unwrap().wait.is_none());
    }

    #[test]
    fn probes_have_no_limit() {
        assert_eq!(Rates::new(count(1), count(30), count(10), count(20)).take(Preset::Open, key(1)), None);
    }
}
