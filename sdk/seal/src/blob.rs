//! The sealed form: `version | key id | nonce | ciphertext | tag`, by AES-256-GCM.
//!
//! The version is one byte, the key id four in big-endian order, the nonce twelve random bytes. A data key is replaced
//! long before 2³² random nonces become a risk (NIST SP 800-38D, 8.3).

use crate::{SealError, SecretKey};
use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEAD: usize = 1 + 4 + NONCE;

/// Associated data as length-prefixed parts, so that no two lists of parts give the same bytes.
pub fn bind(parts: &[&[u8]]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        bound.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}

/// Seals what opens only with this key, in the place that `bound` names.
pub fn seal(key: &SecretKey, key_id: u32, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0u8; NONCE];
    getrandom::fill(&mut nonce).map_err(SealError::NoRandomness)?;
    let cipher = Aes256Gcm::new(key.bytes().into());
    let payload = Payload { msg: plain, aad: bound };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::NotAuthentic)?;
    let mut blob = Vec::with_capacity(HEAD + sealed.len());
    blob.push(VERSION);
    blob.extend_from_slice(&key_id.to_be_bytes());
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

/// Which key sealed a blob.
pub fn key_id(blob: &[u8]) -> Result<u32, SealError> {
    match blob {
        [VERSION, a, b, c, d, rest @ ..] if rest.len() >= NONCE + TAG => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => Err(SealError::UnknownForm),
    }
}

/// What was sealed with this key in this place.
pub fn open(key: &SecretKey, bound: &[u8], blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    key_id(blob)?;
    let (head, sealed) = blob.split_at(HEAD);
    let nonce = <[u8; NONCE]>::try_from(&head[5..]).map_err(|_| SealError::UnknownForm)?;
    let cipher = Aes256Gcm::new(key.bytes().into());
    let payload = Payload { msg: sealed, aad: bound };
    cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| SealError::NotAuthentic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_blob_opens_where_it_was_sealed_and_nowhere_else() {
        let here = bind(&[b"server_variables", b"sealed", b"row 1"]);
        let blob = seal(&key(7), 3, &here, b"hunter2").unwrap();
        assert_eq!(key_id(&blob).unwrap(), 3);
        assert_eq!(open(&key(7), &here, &blob).unwrap().as_slice(), b"hunter2");
        let elsewhere = bind(&[b"server_variables", b"sealed", b"row 2"]);
        assert!(matches!(open(&key(7), &elsewhere, &blob), Err(SealError::NotAuthentic)));
        assert!(matches!(open(&key(8), &here, &blob), Err(SealError::NotAuthentic)));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let here = bind(&[b"t"]);
        let blob = seal(&key(7), 3, &here, b"hunter2").unwrap();
        for at in (0..blob.len()).filter(|at| !(1..5).contains(at)) {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            assert!(open(&key(7), &here, &altered).is_err(), "byte {at}");
        }
        assert!(open(&key(7), &here, &blob[..20]).is_err());
        assert!(open(&key(7), &here, &[]).is_err());
    }

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(bind(&[b"ab", b"c"]), bind(&[b"a", b"bc"]));
    }
}
