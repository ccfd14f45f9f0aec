//! Random tokens: what a browser or a daemon holds, and the hash that the database keeps.
//!
//! A token is 256 random bits and has one purpose. Its text carries the purpose and its hash is salted with it, so that
//! a token for one thing is not even found where another is looked for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A signed-in session.
    Session,
    /// Opens one WebSocket.
    WebSocketTicket,
    /// Buys a node its identity.
    Enrollment,
    /// Sets Gantry up from another machine.
    Setup,
}

impl Purpose {
    /// The stable text, as it stands in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::WebSocketTicket => "websocket_ticket",
            Self::Enrollment => "enrollment",
            Self::Setup => "setup",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "gses_",
            Self::WebSocketTicket => "gwst_",
            Self::Enrollment => "genr_",
            Self::Setup => "gset_",
        }
    }
}

/// A token in clear, as its holder has it.
#[derive(Clone)]
pub struct Token {
    purpose: Purpose,
    text: SecretString,
}

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness(#[source] pub(crate) getrandom::Error);

const BYTES: usize = 32;

impl Token {
    /// A fresh token.
    pub fn generate(purpose: Purpose) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0u8; BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(NoRandomness)?;
        let text = Zeroizing::new(format!("{}{}", purpose.prefix(), URL_SAFE_NO_PAD.encode(bytes.as_ref())));
        Ok(Self { purpose, text: SecretString::from(text.as_str()) })
    }

    /// Reads what somebody presents for `purpose`. None if it cannot be such a token, without any further work.
    pub fn parse(purpose: Purpose, text: &str) -> Option<Self> {
        let body = text.strip_prefix(purpose.prefix())?;
        if body.len() != 43 {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).ok()?);
        (bytes.len() == BYTES).then(|| Self { purpose, text: SecretString::from(text) })
    }

    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The text, for its holder alone.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is stored and looked up. A plain hash is enough for 256 random bits.
    pub fn hash(&self) -> HashedToken {
        let mut hasher = Sha256::new();
        hasher.update(b"gantry-token/1\0");
        hasher.update(self.purpose.as_str().as_bytes());
        hasher.update(b"\0");
        hasher.update(self.expose().as_bytes());
        HashedToken { purpose: self.purpose, hash: hasher.finalize().into() }
    }
}

/// Never printed.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// A token's hash, with its purpose.
#[derive(Clone, Copy, Debug)]
pub struct HashedToken {
    purpose: Purpose,
    hash: [u8; 32],
}

impl HashedToken {
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
    pub fn bytes(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// Compared in constant time.
impl PartialEq for HashedToken {
    fn eq(&self, other: &Self) -> bool {
        self.purpose == other.purpose && bool::from(self.hash.ct_eq(&other.hash))
    }
}
impl Eq for HashedToken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_two_differ() {
        let token = Token::generate(Purpose::Session).unwrap();
        assert_eq!(Token::parse(Purpose::Session, token.expose()).unwrap().hash(), token.hash());
        assert_ne!(Token::generate(Purpose::Session).unwrap().hash(), token.hash());
    }

    #[test]
    fn a_token_for_one_thing_is_no_token_for_another() {
        let session = Token::generate(Purpose::Session).unwrap();
        assert!(Token::parse(Purpose::Enrollment, session.expose()).is_none());
        let dressed_up = session.expose().replace("gses_", "genr_");
        let enrollment = Token::parse(Purpose::Enrollment, &dressed_up).unwrap();
        assert_ne!(enrollment.hash().bytes(), session.hash().bytes());
    }

    #[test]
    fn what_is_no_token_costs_no_look_up() {
        for text in ["", "gses_", "gses_AAAA", &format!("gses_{}", "!".repeat(43)), &"x".repeat(10_000)] {
            assert!(Token::parse(Purpose::Session, text).is_none());
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::generate(Purpose::Setup).unwrap();
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
