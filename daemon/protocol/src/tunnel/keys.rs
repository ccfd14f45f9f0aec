//! The Ed25519 keys that the two sides of a node make at enrollment and prove possession of at each link.
//!
//! Texts are base64 with padding, as everywhere in the protocol. Public keys of small order are refused, because a
//! signature would prove nothing with them.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use zeroize::Zeroizing;

/// A private key. It is wiped from memory when it is dropped.
pub use ed25519_dalek::SigningKey;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the key is not 32 bytes of base64")]
    Encoding,
    #[error("the public key is not a usable Ed25519 key")]
    Unusable,
    #[error("the operating system gave no randomness")]
    Random(#[source] getrandom::Error),
}

/// Makes the key pair of one side for one node.
pub fn generate() -> Result<SigningKey, KeyError> {
    Ok(SigningKey::from_bytes(&*random()?))
}

/// 32 bytes of randomness for a handshake, as they are sent.
pub fn nonce() -> Result<String, KeyError> {
    Ok(STANDARD.encode(random()?.as_slice()))
}

fn random() -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(KeyError::Random)?;
    Ok(bytes)
}

/// The public half, as it goes into [`EnrollRequest`](crate::EnrollRequest) and [`EnrollResponse`](crate::EnrollResponse).
pub fn encode_public(key: &SigningKey) -> String {
    STANDARD.encode(key.verifying_key().as_bytes())
}

/// The peer's public half, checked.
pub fn decode_public(text: &str) -> Result<[u8; 32], KeyError> {
    let bytes = decode(text)?;
    verifying(&bytes)?;
    Ok(*bytes)
}

/// The private half as text, for a file that only the daemon may read.
pub fn encode_secret(key: &SigningKey) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(Zeroizing::new(key.to_bytes()).as_slice()))
}

/// The private half from its text.
pub fn decode_secret(text: &str) -> Result<SigningKey, KeyError> {
    Ok(SigningKey::from_bytes(&*decode(text)?))
}

/// Whether text is a nonce as [`nonce`] makes it.
pub fn is_nonce(text: &str) -> bool {
    decode(text).is_ok()
}

fn decode(text: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| KeyError::Encoding)?);
    let array: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Encoding)?;
    Ok(Zeroizing::new(array))
}

fn verifying(bytes: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Unusable)?;
    if key.is_weak() { Err(KeyError::Unusable) } else { Ok(key) }
}

/// Signs a transcript.
pub(super) fn sign(key: &SigningKey, transcript: &[u8]) -> String {
    STANDARD.encode(key.sign(transcript).to_bytes())
}

/// Whether the holder of `public`'s private half signed exactly this transcript.
pub(super) fn holds(public: &[u8; 32], transcript: &[u8], signature: &str) -> bool {
    let Ok(key) = verifying(public) else { return false };
    let Ok(bytes) = STANDARD.decode(signature) else { return false };
    let Ok(signature) = Signature::from_slice(&bytes) else { return false };
    key.verify_strict(transcript, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_being_written_down() {
        let key = generate().unwrap();
        let again = decode_secret(&encode_secret(&key)).unwrap();
        assert_eq!(decode_public(&encode_public(&key)).unwrap(), again.verifying_key().to_bytes());
    }

    #[test]
    fn signature_holds_for_its_key_and_its_transcript_alone() {
        let (key, other) = (generate().unwrap(), generate().unwrap());
        let public = key.verifying_key().to_bytes();
        let signature = sign(&key, b"one");
        assert!(holds(&public, b"one", &signature));
        assert!(!holds(&public, b"two", &signature));
        assert!(!holds(&other.verifying_key().to_bytes(), b"one", &signature));
        assert!(!holds(&public, b"one", "AAAA"));
        assert!(!holds(&public, b"one", "not base64"));
    }

    #[test]
    fn key_of_small_order_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(matches!(decode_public(&STANDARD.encode(identity)), Err(KeyError::Unusable)));
        assert!(matches!(decode_public("AAAA"), Err(KeyError::Encoding)));
    }
}
