//! The key that wraps all others. It comes from a file or a credential store and is never written anywhere by us.

use super::SecretError;
use gantry_seal::{SealError, SecretKey, blob};
use sha2::{Digest, Sha256};

/// The master key.
#[derive(Clone)]
pub struct MasterKey(SecretKey);

impl From<SecretKey> for MasterKey {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

impl MasterKey {
    /// A key for one other use, from which this one cannot be found.
    pub fn derive(&self, label: &str) -> SecretKey {
        self.0.derive(label)
    }

    /// Names the key without telling anything of it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.derive("gantry/fingerprint/1").bytes())[..8])
    }

    pub(crate) fn wrap(&self, id: u32, purpose: &str, key: &SecretKey) -> Result<Vec<u8>, SecretError> {
        Ok(blob::seal(&self.derive("gantry/wrap/1"), 0, &bound(id, purpose), key.bytes())?)
    }

    pub(crate) fn unwrap(&self, id: u32, purpose: &str, wrapped: &[u8]) -> Result<SecretKey, SecretError> {
        let plain = blob::open(&self.derive("gantry/wrap/1"), &bound(id, purpose), wrapped)?;
        SecretKey::from_bytes(&plain).ok_or_else(|| SealError::UnknownForm.into())
    }
}

fn bound(id: u32, purpose: &str) -> Vec<u8> {
    blob::bind(&[b"gantry", b"1", b"data_keys", b"wrapped", &id.to_be_bytes(), purpose.as_bytes()])
}
