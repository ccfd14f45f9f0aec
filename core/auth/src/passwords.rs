//! Passwords: hashed with argon2id at the side of the asynchronous runtime, a few at a time.
//!
//! Hashing is costly by design, so a flood of sign-ins must not become a flood of memory: a bounded number runs, a
//! bounded number waits, and the rest is told to come back. Somebody without an account costs as much time as somebody
//! with one.

use argon2::{
    Algorithm, Argon2, Params, PasswordVerifier, Version,
    password_hash::{PasswordHasher as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;

/// 19 MiB, two passes, one lane: the least that OWASP names, about 30 ms on a small machine.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// A stored hash that asks for more than this is not computed.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 4;
/// Longest password that is hashed at all, in bytes.
const MAX_PASSWORD: usize = gantry_domain::users::MAX_PASSWORD;
/// How many may wait for their turn.
pub const WAITING: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting already.
    #[error("too many passwords are being checked at once")]
    Overloaded,
    /// The hash in the database cannot be used.
    #[error("the stored password hash is not usable: {0}")]
    StoredHash(&'static str),
    #[error("hashing the password failed")]
    Hashing(#[source] argon2::password_hash::Error),
    #[error("the hashing task ended unexpectedly")]
    Task(#[source] tokio::task::JoinError),
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    Wrong,
    Right,
    /// Right, but hashed with weaker parameters than today's: store this one.
    RightRehashed(String),
}

impl Verified {
    pub fn is_right(&self) -> bool {
        match self {
            Self::Wrong => false,
            Self::Right | Self::RightRehashed(_) => true,
        }
    }
}

/// Hashes and checks passwords, a few at a time. Clones share the bound.
#[derive(Clone)]
pub struct PasswordHasher {
    shared: Arc<Shared>,
}

struct Shared {
    running: Arc<Semaphore>,
    /// Running and waiting together.
    present: AtomicUsize,
    most: usize,
    /// What is checked when there is no account.
    dummy: String,
}

/// One caller's place, given back when it leaves however it leaves.
struct Place<'a>(&'a Shared);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.present.fetch_sub(1, Ordering::AcqRel);
    }
}

impl PasswordHasher {
    /// A hasher that runs `at_once` hashes in parallel and lets [`WAITING`] wait.
    pub fn new(at_once: usize) -> Result<Self, PasswordError> {
        Self::with_queue(at_once, WAITING)
    }

    fn with_queue(at_once: usize, waiting: usize) -> Result<Self, PasswordError> {
        let at_once = at_once.max(1);
        let shared = Shared {
            running: Arc::new(Semaphore::new(at_once)),
            present: AtomicUsize::new(0),
            most: at_once + waiting,
            dummy: hash_now(b"there is no such account")?,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The PHC string of a password whose form has been checked.
    pub async fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        let password = password.clone();
        self.run(move || hash_now(password.expose_secret().as_bytes())).await
    }

    /// Checks a password against what is stored; `None` is an account that does not exist, and takes as long.
    pub async fn verify(
        &self,
        password: &SecretString,
        stored: Option<&str>,
    ) -> Result<Verified, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.shared.dummy).to_owned();
        let password = password.clone();
        let verified = self.run(move || verify_now(password.expose_secret().as_bytes(), &stored)).await?;
        Ok(if known { verified } else { Verified::Wrong })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let shared = &*self.shared;
        let place = Place(shared);
        if shared.present.fetch_add(1, Ordering::AcqRel) >= shared.most {
            return Err(PasswordError::Overloaded);
        }
        let permit =
            Arc::clone(&shared.running).acquire_owned().await.map_err(|_| PasswordError::Overloaded)?;
        // The permit goes with the work: a caller that gives up does not make room before the memory is free.
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        let answer = task.await.map_err(PasswordError::Task)?;
        drop(place);
        answer
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| PasswordError::Hashing(e.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8]) -> Result<String, PasswordError> {
    Ok(argon2()?.hash_password(password).map_err(PasswordError::Hashing)?.to_string())
}

fn verify_now(password: &[u8], stored: &str) -> Result<Verified, PasswordError> {
    let hash = PasswordHash::new(stored).map_err(|_| PasswordError::StoredHash("it cannot be read"))?;
    let params =
        Params::try_from(&hash).map_err(|_| PasswordError::StoredHash("its parameters cannot be read"))?;
    if hash.algorithm != argon2::ARGON2ID_IDENT {
        return Err(PasswordError::StoredHash("it is not argon2id"));
    }
    if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
        return Err(PasswordError::StoredHash("it asks for too much work"));
    }
    // No stored password is longer; a longer one is checked in part, so that it takes the same time and fails.
    let fits = password.len() <= MAX_PASSWORD;
    let tried = password.get(..MAX_PASSWORD).unwrap_or(password);
    let right = argon2()?.verify_password(tried, &hash).is_ok() && fits;
    if !right {
        return Ok(Verified::Wrong);
    }
    let weak = params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES;
    if weak { Ok(Verified::RightRehashed(hash_now(password)?)) } else { Ok(Verified::Right) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[tokio::test]
    async fn a_password_is_right_or_wrong() {
        let hasher = PasswordHasher::new(2).unwrap();
        let stored = hasher.hash(&secret("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(hasher.verify(&secret("correct horse"), Some(&stored)).await.unwrap(), Verified::Right);
        assert_eq!(hasher.verify(&secret("battery staple"), Some(&stored)).await.unwrap(), Verified::Wrong);
    }

    #[tokio::test]
    async fn nobody_signs_in_to_an_account_that_does_not_exist() {
        let hasher = PasswordHasher::new(1).unwrap();
        let password = secret("there is no such account");
        assert_eq!(hasher.verify(&password, None).await.unwrap(), Verified::Wrong);
    }

    #[tokio::test]
    async fn a_weak_hash_is_made_again() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1024, 1, 1, None).unwrap());
        let stored = weak.hash_password(b"correct horse").unwrap().to_string();
        let hasher = PasswordHasher::new(1).unwrap();
        let Verified::RightRehashed(fresh) =
            hasher.verify(&secret("correct horse"), Some(&stored)).await.unwrap()
        else {
            panic!("it was weak");
        };
        assert_eq!(hasher.verify(&secret("correct horse"), Some(&fresh)).await.unwrap(), Verified::Right);
    }

    #[tokio::test]
    async fn a_stored_hash_cannot_ask_for_a_gibibyte() {
        let hasher = PasswordHasher::new(1).unwrap();
        let stored = hasher.hash(&secret("correct horse")).await.unwrap().replace("m=19456", "m=1048576");
        let refused = hasher.verify(&secret("correct horse"), Some(&stored)).await;
        assert!(matches!(refused, Err(PasswordError::StoredHash(_))));
    }

    #[tokio::test]
    async fn a_flood_of_sign_ins_is_told_to_come_back() {
        let hasher = PasswordHasher::with_queue(1, 1).unwrap();
        let password = secret("correct horse");
        let many = (0..8).map(|_| hasher.hash(&password));
        let answers = futures_util::future::join_all(many).await;
        assert_eq!(answers.iter().filter(|a| matches!(a, Err(PasswordError::Overloaded))).count(), 6);
        assert!(hasher.hash(&password).await.is_ok());
    }
}
