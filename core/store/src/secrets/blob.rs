//! The sealed form: `version | key id | nonce | ciphertext | tag`, by AES-256-GCM.
//!
//! The version is one byte, the key id four in big-endian order, the nonce twelve random bytes. A data key is replaced
//! long before 2³² random nonces become a risk (NIST SP 800-38D, 8.3).

use super::SecretError;
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
pub(crate) fn bind(parts: &[&[u8]]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        bound.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}

pub(crate) fn seal(key: &[u8; 32], key_id: u32, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, SecretError> {
    let mut nonce = [0u8; NONCE];
    getrandom::fill(&mut nonce).map_err(SecretError::NoRandomness)?;
    let cipher = Aes256Gcm::new(key.into());
    let payload = Payload { msg: plain, aad: bound };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SecretError::NotAuthentic)?;
    let mut blob = Vec::with_capacity(HEAD + sealed.len());
    blob.push(VERSION);
    blob.extend_from_slice(&key_id.to_be_bytes());
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

/// Which key sealed a blob.
pub(crate) fn key_id(blob: &[u8]) -> Result<u32, SecretError> {
    match blob {
        [VERSION, a, b, c, d, rest @ ..] if rest.len() >= NONCE + TAG => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => Err(SecretError::UnknownForm),
    }
}

pub(crate) fn open(key: &[u8; 32], bound: &[u8], blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    key_id(blob)?;
    let (head, sealed) = blob.split_at(HEAD);
    let nonce = <[u8; NONCE]>::try_from(&head[5..]).map_err(|_| SecretError::UnknownForm)?;
    let cipher = Aes256Gcm::new(key.into());
    let payload = Payload { msg: sealed, aad: bound };
    cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| SecretError::NotAuthentic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_opens_where_it_was_sealed_and_nowhere_else() {
        let here = bind(&[b"server_variables", b"sealed", b"row 1"]);
        let blob = seal(&[7; 32], 3, &here, b"hunter2").unwrap();
        assert_eq!(key_id(&blob).unwrap(), 3);
        assert_eq!(open(&[7; 32], &here, &blob).unwrap().as_slice(), b"hunter2");
        let elsewhere = bind(&[b"server_variables", b"sealed", b"row 2"]);
        assert!(matches!(open(&[7; 32], &elsewhere, &blob), Err(SecretError::NotAuthentic)));
        assert!(matches!(open(&[8; 32], &here, &blob), Err(SecretError::NotAuthentic)));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let here = bind(&[b"t"]);
        let blob = seal(&[7; 32], 3, &here, b"hunter2").unwrap();
        for at in (0..blob.len()).filter(|at| !(1..5).contains(at)) {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            assert!(open(&[7; 32], &here, &altered).is_err(), "byte {at}");
        }
        assert!(open(&[7; 32], &here, &blob[..20]).is_err());
        assert!(open(&[7; 32], &here, &[]).is_err());
    }

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        assert_ne!(bind(&[b"ab", b"c"]), bind(&[b"a", b"bc"]));
    }
}
