//! The key that wraps all others. It comes from a file or a credential store and is never written anywhere by us.

use super::{SecretError, blob};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The master key.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Reads a key file's bytes: exactly 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| SecretError::MasterKeyLength)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// A fresh key, for a first start: the caller writes it to a file that only it can read.
    pub fn generate() -> Result<(Self, Zeroizing<[u8; 32]>), SecretError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        getrandom::fill(bytes.as_mut()).map_err(SecretError::NoRandomness)?;
        Ok((Self(bytes.clone()), bytes))
    }

    /// A key for one other use, from which this one cannot be found.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0u8; 32]);
        // 32 bytes are within what HKDF-SHA-256 can give, so expanding cannot fail.
        let expanded = Hkdf::<Sha256>::new(None, self.0.as_ref()).expand(label.as_bytes(), key.as_mut());
        debug_assert!(expanded.is_ok());
        key
    }

    /// Names the key without telling anything of it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.derive("gantry/fingerprint/1").as_ref())[..8])
    }

    pub(crate) fn wrap(&self, id: u32, purpose: &str, key: &[u8; 32]) -> Result<Vec<u8>, SecretError> {
        blob::seal(&self.derive("gantry/wrap/1"), 0, &bound(id, purpose), key)
    }

    pub(crate) fn unwrap(
        &self,
        id: u32,
        purpose: &str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, SecretError> {
        let plain = blob::open(&self.derive("gantry/wrap/1"), &bound(id, purpose), wrapped)?;
        Ok(Zeroizing::new(<[u8; 32]>::try_from(plain.as_slice()).map_err(|_| SecretError::UnknownForm)?))
    }
}

fn bound(id: u32, purpose: &str) -> Vec<u8> {
    blob::bind(&[b"gantry", b"1", b"data_keys", b"wrapped", &id.to_be_bytes(), purpose.as_bytes()])
}

/// Never printed.
impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_for_its_own_id_and_purpose_alone() {
        let master = MasterKey::from_bytes(&[1; 32]).unwrap();
        let wrapped = master.wrap(4, "node_key", &[9; 32]).unwrap();
        assert_eq!(*master.unwrap(4, "node_key", &wrapped).unwrap(), [9; 32]);
        assert!(master.unwrap(5, "node_key", &wrapped).is_err());
        assert!(master.unwrap(4, "server_variable", &wrapped).is_err());
        assert!(MasterKey::from_bytes(&[2; 32]).unwrap().unwrap(4, "node_key", &wrapped).is_err());
    }

    #[test]
    fn derived_keys_differ_and_nothing_is_printed() {
        let master = MasterKey::from_bytes(&[1; 32]).unwrap();
        assert_ne!(*master.derive("a"), *master.derive("b"));
        assert_eq!(format!("{master:?}"), "MasterKey(…)");
        assert!(MasterKey::from_bytes(&[1; 31]).is_err());
    }
}
