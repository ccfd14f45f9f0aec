//! Passwords for file programs: made here, shown once, known afterwards by their SHA-256 alone.
//!
//! People copy them into programs, and sometimes type them: letters and digits that nobody confuses, in groups. A plain
//! hash is enough for 140 random bits, and it is what a node compares with, without being able to use it elsewhere.

use crate::tokens::NoRandomness;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Without 0 and 1, which look like letters.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const GROUPS: usize = 7;
const GROUP: usize = 4;

/// An app password in clear, on its way to its owner.
pub struct AppPassword(SecretString);

impl AppPassword {
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0u8; GROUPS * GROUP]);
        getrandom::fill(bytes.as_mut()).map_err(NoRandomness)?;
        let mut text = Zeroizing::new(String::with_capacity(5 + GROUPS * (GROUP + 1)));
        text.push_str("gapp");
        for group in bytes.chunks(GROUP) {
            text.push('-');
            // Of each byte five bits, so that all letters are as likely.
            text.extend(group.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])));
        }
        Ok(Self(SecretString::from(text.as_str())))
    }

    /// The text, for its owner alone.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept, and told to nodes.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.expose().as_bytes()).into()
    }
}

/// Never printed.
impl std::fmt::Debug for AppPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppPassword").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_password_has_140_random_bits_in_letters_that_can_be_typed() {
        let password = AppPassword::generate().unwrap();
        let groups: Vec<&str> = password.expose().split('-').collect();
        assert_eq!((groups.len(), groups[0]), (GROUPS + 1, "gapp"));
        let bits: u32 = groups[1..].iter().map(|group| 5 * u32::try_from(group.len()).unwrap()).sum();
        assert_eq!(bits, 140);
        assert!(groups[1..].concat().bytes().all(|byte| LETTERS.contains(&byte)));
        assert_ne!(AppPassword::generate().unwrap().digest(), password.digest());
    }

    #[test]
    fn an_app_password_is_never_printed() {
        let password = AppPassword::generate().unwrap();
        assert!(!format!("{password:?}").contains(&password.expose()[5..]));
    }
}
