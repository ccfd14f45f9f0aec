//! What people show at a node's own door in place of a session: keys, and passwords made for file programs.
//!
//! Neither opens the panel. A password of this kind is random and shown once; its owner tells several apart by name, and
//! takes one away without touching the others.

use crate::text;
use chrono::{DateTime, Duration, Utc};
use gantry_types::{AppPasswordId, SshKeyId, blueprint::FieldProblem};

/// Most keys, and most app passwords, of one person.
pub const MAX_CREDENTIALS: usize = 20;
/// Longest name of a key or an app password, in characters.
pub const MAX_NAME: usize = 60;
/// How far ahead an app password may expire.
pub const MAX_LIFETIME: Duration = Duration::days(3_660);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    pub id: SshKeyId,
    pub name: String,
    /// As in `authorized_keys`: type and base64, nothing more.
    pub public_key: String,
    pub fingerprint: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The password itself is with its owner alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    pub id: AppPasswordId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// None is never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What somebody calls a key or a password.
pub fn name(key: &str, given: &str) -> Result<String, FieldProblem> {
    let name = text::name(key, given)?;
    if name.chars().count() > MAX_NAME {
        let message = format!("It has {} characters.", name.chars().count());
        return Err(crate::problem(key, message, format!("Use at most {MAX_NAME}.")));
    }
    Ok(name)
}

/// When a password is to end, if it is.
pub fn expiry(
    key: &str,
    asked: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, FieldProblem> {
    match asked {
        Some(end) if end <= now => {
            Err(crate::problem(key, "This time has passed.", "Choose one that is to come, or none."))
        }
        Some(end) if end - now > MAX_LIFETIME => {
            Err(crate::problem(key, "This is more than ten years ahead.", "Choose an earlier time, or none."))
        }
        asked => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_its_own_bound() {
        assert_eq!(name("name", " laptop ").unwrap(), "laptop");
        let refused = name("name", &"x".repeat(61)).unwrap_err();
        assert_eq!(refused.remedy.as_deref(), Some("Use at most 60."));
        assert!(name("name", "").is_err());
    }

    #[test]
    fn a_password_ends_in_the_future_or_never() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(expiry("expiresAt", None, now), Ok(None));
        let tomorrow = Some(now + Duration::days(1));
        assert_eq!(expiry("expiresAt", tomorrow, now), Ok(tomorrow));
        for wrong in [now, now - Duration::seconds(1), now + Duration::days(4_000), DateTime::<Utc>::MAX_UTC]
        {
            assert!(expiry("expiresAt", Some(wrong), now).is_err(), "{wrong}");
        }
    }
}
