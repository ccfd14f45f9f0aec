//! A secret key from which keys for single uses are derived.

use crate::SealError;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of every key.
pub const LENGTH: usize = 32;

/// 32 secret bytes, wiped when they are dropped and never printed.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; LENGTH]>);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

impl SecretKey {
    /// None unless there are exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// A fresh random key.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        getrandom::fill(bytes.as_mut()).map_err(SealError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// A key for one other use, from which this one cannot be found.
    pub fn derive(&self, label: &str) -> Self {
        let mut key = Zeroizing::new([0; LENGTH]);
        // 32 bytes are within what HKDF-SHA-256 can give, so expanding cannot fail.
        let expanded = Hkdf::<Sha256>::new(None, self.0.as_ref()).expand(label.as_bytes(), key.as_mut());
        debug_assert!(expanded.is_ok());
        Self(key)
    }

    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}
