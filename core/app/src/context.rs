//! Who asks, through which request: what authorization decides by and the audit log remembers.

pub use gantry_domain::audit::Origin;

use crate::error::{Answer, AppError};
use gantry_auth::Actor;
use gantry_store::{UserTx, idempotency::Idempotency};
use gantry_types::problem::Code;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Longest idempotency key, in bytes.
const MAX_KEY: usize = 200;

/// One caller in one request.
#[derive(Clone, Debug)]
pub struct OpCtx {
    pub actor: Actor,
    pub origin: Origin,
    key: Option<Arc<IdempotencyKey>>,
}

/// What tells a repeated request from a different one.
#[derive(Clone, Debug)]
struct IdempotencyKey {
    key: String,
    fingerprint: [u8; 32],
}

impl OpCtx {
    pub fn new(actor: Actor, origin: Origin) -> Self {
        Self { actor, origin, key: None }
    }

    /// The same caller with the request's `Idempotency-Key`. `fingerprint` is a SHA-256 over method, path and body: the
    /// same key with another fingerprint is refused.
    pub fn with_idempotency_key(mut self, key: &str, fingerprint: [u8; 32]) -> Answer<Self> {
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = format!("An Idempotency-Key has 1 to {MAX_KEY} visible ASCII characters.");
            return Err(AppError::refused(Code::InvalidRequest, detail));
        }
        self.key = Some(Arc::new(IdempotencyKey { key: key.to_owned(), fingerprint }));
        Ok(self)
    }

    /// Claims the request's key in the transaction that will do the work. Answers what the first request got, if this
    /// one repeats it.
    pub(crate) async fn claim<T: DeserializeOwned>(&self, tx: &mut UserTx) -> Answer<Option<T>> {
        let Some(key) = &self.key else { return Ok(None) };
        match tx.idempotency_begin(&key.key, &key.fingerprint).await? {
            Idempotency::Fresh => Ok(None),
            Idempotency::Replay { response, .. } => {
                let answer = serde_json::from_value(response);
                answer
                    .map(Some)
                    .map_err(|_| AppError::Broken("a kept answer has a shape that is no longer known"))
            }
        }
    }

    /// An id for what is made elsewhere, where asking again with it makes nothing further: the same for the same request, by its
    /// key; another each time without one.
    pub(crate) fn id_of_made(&self) -> Uuid {
        let Some(key) = &self.key else { return gantry_store::new_uuid() };
        let mut hash = Sha256::new();
        hash.update(self.actor.user_id.uuid());
        hash.update(key.fingerprint);
        hash.update(&key.key);
        let hash: [u8; 32] = hash.finalize().into();
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash;
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Keeps the answer with the work.
    pub(crate) async fn keep<T: Serialize>(&self, tx: &mut UserTx, status: u16, answer: &T) -> Answer<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let answer =
            serde_json::to_value(answer).map_err(|_| AppError::Broken("an answer cannot be written"))?;
        Ok(tx.idempotency_finish(&key.key, status, &answer).await?)
    }
}
