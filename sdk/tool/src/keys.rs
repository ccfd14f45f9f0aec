//! `gantry plugin key`: keys as files, and passphrases that no command line shows.

use crate::{
    cli::{KeyArgs, KeyCommand, PassphraseArgs},
    desk::Desk,
    fault::Fault,
    terminal::Verdict,
};
use gantry_distribution::{PrivateKey, PublicKey};
use secrecy::SecretString;
use serde_json::json;
use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

pub(crate) fn key(desk: &Desk, asked: KeyArgs) -> Result<Verdict, Fault> {
    let (public, file) = match asked.command {
        KeyCommand::New { file, passphrase } => (make(&file, &passphrase)?, Some(file)),
        KeyCommand::Show { file, passphrase } => (shown(&file, &passphrase)?, None),
    };
    let beside = file.as_deref().map(public_path);
    let value = json!({
        "ok": true, "id": public.id().to_string(), "publicKey": public.to_pem(),
        "file": file, "publicFile": beside,
    });
    let mut words = format!("{}\n{}", public.id().short(), public.to_pem());
    if let (Some(file), Some(beside)) = (&file, &beside) {
        words = format!(
            "{words}The private key is {}: keep it to yourself, with a copy elsewhere. The public key is {}: who trusts \
             you has it.",
            file.display(),
            beside.display()
        );
    }
    desk.terminal.answer(&value, &words)?;
    Ok(Verdict::Good)
}

fn public_path(private: &Path) -> PathBuf {
    private.with_added_extension("pub")
}

fn make(file: &Path, asked: &PassphraseArgs) -> Result<PublicKey, Fault> {
    let key = PrivateKey::generate()?;
    let pem = key.to_pem(passphrase(asked)?.as_ref())?;
    let failed = |error: std::io::Error| Fault::io(format!("{} cannot be made", file.display()), &error);
    // A key that stands there may be the only copy.
    let mut out =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    out.write_all(pem.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
    let public = key.public();
    let beside = public_path(file);
    fs::write(&beside, public.to_pem())
        .map_err(|error| Fault::io(format!("{} cannot be written", beside.display()), &error))?;
    Ok(public)
}

fn shown(file: &Path, asked: &PassphraseArgs) -> Result<PublicKey, Fault> {
    match public(file) {
        Ok(key) => Ok(key),
        Err(_) => Ok(private(file, asked)?.public()),
    }
}

/// The public key in a file.
pub(crate) fn public(file: &Path) -> Result<PublicKey, Fault> {
    PublicKey::from_pem(&text(file)?).map_err(|error| Fault::from(error).at(file.display()))
}

/// The private key in a file.
pub(crate) fn private(file: &Path, asked: &PassphraseArgs) -> Result<PrivateKey, Fault> {
    let passphrase = passphrase(asked)?;
    PrivateKey::from_pem(&text(file)?, passphrase.as_ref())
        .map_err(|error| Fault::from(error).at(file.display()))
}

fn text(file: &Path) -> Result<String, Fault> {
    fs::read_to_string(file).map_err(|error| Fault::io(format!("{} cannot be read", file.display()), &error))
}

fn passphrase(asked: &PassphraseArgs) -> Result<Option<SecretString>, Fault> {
    let Some(file) = &asked.passphrase_file else { return Ok(None) };
    let text = text(file)?;
    Ok(Some(text.lines().next().unwrap_or_default().into()))
}
