//! Public keys as people paste them, read strictly.
//!
//! A line of `authorized_keys` is a type, base64 and a comment (OpenSSH's sshd(8)); the base64 is the key's wire format
//! (RFC 5656 §3.1, RFC 8709 §4). What is kept is made anew from what was read, so that nothing that a node is told has a
//! second meaning; the comment is left out. Options, certificates, private keys and types that no node checks (RSA, security
//! keys) are refused by name.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use gantry_types::blueprint::FieldProblem;
use sha2::{Digest, Sha256};

/// Longest text that is looked at, in bytes: room for a large RSA key, to be refused by its name, and a long comment.
const MAX_TEXT: usize = 8_192;

/// A public key that a node understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// As in `authorized_keys`: type and base64, nothing more.
    pub text: String,
    /// `SHA256:…`, as programs show it.
    pub fingerprint: String,
}

/// What a type's wire format holds after its name.
#[derive(Clone, Copy)]
enum Form {
    Ed25519,
    /// The curve's name and the bytes of an uncompressed point.
    Ecdsa(&'static str, usize),
}

fn form(kind: &str) -> Option<Form> {
    Some(match kind {
        "ssh-ed25519" => Form::Ed25519,
        "ecdsa-sha2-nistp256" => Form::Ecdsa("nistp256", 65),
        "ecdsa-sha2-nistp384" => Form::Ecdsa("nistp384", 97),
        "ecdsa-sha2-nistp521" => Form::Ecdsa("nistp521", 133),
        _ => return None,
    })
}

impl PublicKey {
    /// Reads one line. `key` is the form's field.
    pub fn parse(key: &str, text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        refuse_what_is_none(text).map_err(|(message, remedy)| crate::problem(key, message, remedy))?;
        let refuse = |message: &str, remedy: &str| crate::problem(key, message, remedy);
        let mut words = text.splitn(3, [' ', '\t']);
        let (kind, body) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let form = form(kind).ok_or_else(|| unknown(key, kind, text))?;
        let broken = || refuse("The key is not whole, or was changed on its way.", COPY_IT);
        let blob = STANDARD.decode(body).map_err(|_| broken())?;
        let mut wire = Wire(&blob);
        if wire.string() != Some(kind.as_bytes()) {
            return Err(broken());
        }
        if !wire.holds(form) || !wire.0.is_empty() {
            return Err(broken());
        }
        let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&blob)));
        Ok(Self { text: format!("{kind} {}", STANDARD.encode(&blob)), fingerprint })
    }
}

const COPY_IT: &str = "Paste the whole line of the file that ends in .pub, such as ~/.ssh/id_ed25519.pub.";

/// What people paste by mistake.
fn refuse_what_is_none(text: &str) -> Result<(), (&'static str, &'static str)> {
    if text.is_empty() {
        return Err(("A public key is needed.", COPY_IT));
    }
    let private = text.contains("PRIVATE KEY") || text.starts_with("PuTTY-User-Key-File");
    if private {
        return Err((
            "This is a private key: it is for nobody's eyes but yours.",
            "Paste the public key beside it, from the file that ends in .pub. Nothing of this was kept.",
        ));
    }
    if text.starts_with("---- BEGIN SSH2") || text.starts_with("-----BEGIN") {
        return Err((
            "This is a public key in another format.",
            "Paste it as OpenSSH writes it; ssh-keygen -i and PuTTYgen convert it.",
        ));
    }
    if text.len() > MAX_TEXT {
        return Err(("This is too long for a public key.", COPY_IT));
    }
    if text.contains(['\n', '\r']) {
        return Err(("These are several lines.", "Add one key at a time, on one line."));
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(("It has characters that no key has.", COPY_IT));
    }
    Ok(())
}

/// Why a text whose first word is no type of ours is refused.
fn unknown(key: &str, kind: &str, text: &str) -> FieldProblem {
    if kind.contains("-cert-v01@") {
        return crate::problem(key, "This is a certificate.", "Paste the public key that it was made for.");
    }
    if kind == "ssh-dss" {
        return crate::problem(key, "DSA keys are too weak.", "Make an Ed25519 key: ssh-keygen -t ed25519.");
    }
    if kind == "ssh-rsa" {
        return crate::problem(
            key,
            "RSA keys are not taken here.",
            "Make an Ed25519 key: ssh-keygen -t ed25519.",
        );
    }
    if kind.starts_with("sk-") {
        let message = "Keys on security keys are not taken here.";
        return crate::problem(key, message, "Make an Ed25519 key without one: ssh-keygen -t ed25519.");
    }
    if text.split([' ', '\t']).skip(1).any(|word| form(word).is_some()) {
        let remedy = "Paste the key alone, beginning with its type, such as ssh-ed25519.";
        return crate::problem(key, "Options before a key are not taken.", remedy);
    }
    let remedy = "Paste one that begins with ssh-ed25519 or ecdsa-sha2-….";
    crate::problem(key, "This is not a public key that is known here.", remedy)
}

/// What is left of a wire format.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    /// Bytes behind their length.
    fn string(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (string, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }

    fn holds(&mut self, form: Form) -> bool {
        match form {
            Form::Ed25519 => self.string().is_some_and(|key| key.len() == 32),
            Form::Ecdsa(curve, length) => {
                let named = self.string() == Some(curve.as_bytes());
                named && self.string().is_some_and(|point| point.len() == length && point.first() == Some(&4))
            }
        }
    }
}

#[cfg(test)]
#[path = "ssh_keys_tests.rs"]
mod tests;
