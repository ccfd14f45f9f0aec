//! The key by which a node is known to file programs.

use gantry_protocol::SftpReport;
use russh::keys::{HashAlg, PrivateKey, ssh_key::private::Ed25519Keypair};

/// The ed25519 key of 32 secret bytes.
pub(crate) fn of_seed(seed: &[u8; 32]) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(seed))
}

/// How people reach the node and recognise it.
pub(crate) fn report(key: &PrivateKey, port: u16) -> Result<SftpReport, russh::keys::ssh_key::Error> {
    let public = key.public_key();
    Ok(SftpReport {
        port,
        host_key: public.to_openssh()?,
        fingerprint: public.fingerprint(HashAlg::Sha256).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_the_same_key_and_are_told_as_openssh_does() {
        // The first test of RFC 8032, section 7.1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
        let report = report(&of_seed(&seed), 2022).unwrap();
        let (kind, blob) = report.host_key.split_once(' ').unwrap();
        let blob = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, blob).unwrap();
        assert_eq!((kind, report.port), ("ssh-ed25519", 2022));
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(hex::encode(&blob[blob.len() - 32..]), public);
        assert!(report.fingerprint.starts_with("SHA256:") && report.fingerprint.len() == 50);
    }
}
