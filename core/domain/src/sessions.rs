//! Signed-in browsers and clients.
//!
//! A session lives seven days from its last refresh and is refreshed at most once a day, so that an active person
//! stays signed in and the table is not written at each request.

use chrono::{DateTime, Duration, Utc};
use gantry_types::{SessionId, UserId};

/// How long a session lives without being used.
pub const LIFETIME: Duration = Duration::days(7);
/// How old a refresh must be before the next.
pub const REFRESH_AFTER: Duration = Duration::days(1);
/// However often it is used, a session ends this long after signing in.
pub const ABSOLUTE: Duration = Duration::days(30);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: DateTime<Utc>,
    pub refreshed_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

impl Session {
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// When the session would end if it were refreshed at `now`; none while a refresh is not due.
    pub fn refreshed_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.is_alive(now) || now - self.refreshed_at < REFRESH_AFTER {
            return None;
        }
        let until = (now + LIFETIME).min(self.created_at + ABSOLUTE);
        (until > self.expires_at).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::UserId;

    fn session(at: DateTime<Utc>) -> Session {
        Session {
            id: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            user_id: "00000000-0000-0000-0000-000000000002".parse::<UserId>().unwrap(),
            created_at: at,
            refreshed_at: at,
            expires_at: at + LIFETIME,
            address: None,
            user_agent: None,
        }
    }

    #[test]
    fn a_session_is_refreshed_once_a_day_and_not_for_ever() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let mut session = session(start);
        assert_eq!(session.refreshed_until(start + Duration::hours(23)), None);
        assert_eq!(
            session.refreshed_until(start + Duration::hours(25)),
            Some(start + Duration::hours(25) + LIFETIME)
        );
        session.refreshed_at = start + Duration::days(28);
        session.expires_at = start + ABSOLUTE;
        assert_eq!(session.refreshed_until(start + Duration::days(29)), None);
        assert!(!session.is_alive(start + ABSOLUTE));
    }
}
