//! People with an account: their address, their role, their password.

use chrono::{DateTime, Utc};
use gantry_types::{UserId, blueprint::FieldProblem, names};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Shortest password, in bytes.
pub const MIN_PASSWORD: usize = 8;
/// Longest password, in bytes: enough for any phrase, too little to make hashing costly.
pub const MAX_PASSWORD: usize = 1024;

/// What an account may do beyond its own servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Own servers, and may make some.
    User,
    /// Only what others share with it.
    Limited,
}

impl Role {
    /// The stable text, as it stands in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Limited => "limited",
        }
    }

    /// The role that a text names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::User, Self::Limited].into_iter().find(|role| role.as_str() == text)
    }

    pub const fn is_administrator(self) -> bool {
        match self {
            Self::Admin => true,
            Self::User | Self::Limited => false,
        }
    }

    pub const fn may_create_servers(self) -> bool {
        match self {
            Self::Admin | Self::User => true,
            Self::Limited => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub role: Role,
    /// How many servers the account owns.
    pub servers: u32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Somebody, as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    pub id: UserId,
    pub name: String,
}

/// A checked e-mail address in lower case, so that one mailbox has one account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Accepts what mail servers deliver in practice: one `@`, a dotted or local domain, no spaces, 254 bytes at most.
    pub fn parse(key: &str, text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim().to_lowercase();
        let refuse =
            || Err(crate::problem(key, "This is not an e-mail address.", "Enter one like you@example.org."));
        let Some((local, domain)) = text.split_once('@') else { return refuse() };
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        if local.is_empty() || local.len() > 64 || text.len() > 254 {
            return refuse();
        }
        if !local.chars().all(plain) || !domain.split('.').all(label) || names::oddity(&text).is_some() {
            return refuse();
        }
        Ok(Self(text))
    }

    /// An address that was checked before it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Passwords that everybody tries first; those shorter than [`MIN_PASSWORD`] need no listing.
const COMMON: &str = include_str!("common-passwords.txt");

/// Whether a password may be taken. No rule on its composition: length and rarity are what counts.
pub fn check_password(key: &str, password: &str, email: &Email, name: &str) -> Result<(), FieldProblem> {
    if password.len() < MIN_PASSWORD {
        return Err(crate::problem(key, "The password is too short.", "Use at least 8 characters."));
    }
    if password.len() > MAX_PASSWORD {
        return Err(crate::problem(key, "The password is too long.", "Use at most 1024 bytes."));
    }
    let folded = password.to_lowercase();
    let alike = folded.chars().all(|c| folded.starts_with(c));
    if alike || COMMON.lines().any(|common| common == folded) {
        return Err(crate::problem(
            key,
            "Everybody tries this password first.",
            "Use a phrase of several words.",
        ));
    }
    let local = email.as_str().split('@').next().unwrap_or_default();
    if folded == email.as_str() || folded == local || folded == name.trim().to_lowercase() {
        return Err(crate::problem(
            key,
            "The password is your name or address.",
            "Use a phrase of several words.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email() -> Email {
        Email::parse("email", "ada@example.org").unwrap()
    }

    #[test]
    fn one_mailbox_is_one_address() {
        assert_eq!(Email::parse("email", " Ada@Example.ORG ").unwrap(), email());
        assert!(Email::parse("email", "admin@localhost").is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@x",
            "a@b@c",
            "a b@c",
            "a@-b.c",
            "a@b..c",
            "\"a\"@b",
            &format!("{}@x", "a".repeat(65)),
        ] {
            assert!(Email::parse("email", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_long_enough_and_not_everybodys() {
        let check = |password: &str| check_password("password", password, &email(), "Ada Lovelace");
        assert!(check("correct horse battery").is_ok());
        for bad in
            ["short", "Password123", "aaaaaaaaaa", "ada lovelace", "ada@example.org", &"x".repeat(1025)]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_parses_back_from_its_text() {
        for role in [Role::Admin, Role::User, Role::Limited] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
