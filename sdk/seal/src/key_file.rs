//! A key file: 32 random bytes that only this user can read, made at the first start.
//!
//! It never goes where the data goes. Whoever loses the file loses what it sealed, so a missing file is only ever made,
//! never replaced.

use crate::{SealError, SecretKey, key::LENGTH};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("the key file {} cannot be used", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("others may read the key file {}; run `chmod 0400` on it", path.display())]
    Exposed { path: PathBuf },
    #[error("the key file {} does not hold exactly {LENGTH} bytes; restore it from a backup", path.display())]
    Length { path: PathBuf },
    #[error("no key can be made")]
    Key(#[from] SealError),
}

/// The key of a file, made with its folder where it is missing.
pub fn key_file(path: &Path) -> Result<SecretKey, KeyFileError> {
    let failed = |source| KeyFileError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    match File::open(path) {
        Ok(file) => read(file, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(failed(error)),
    }
}

fn read(mut file: File, path: &Path) -> Result<SecretKey, KeyFileError> {
    let failed = |source| KeyFileError::File { path: path.to_owned(), source };
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned() });
    }
    let mut bytes = Zeroizing::new([0; LENGTH + 1]);
    let mut filled = 0;
    while let count @ 1.. = file.read(&mut bytes[filled..]).map_err(failed)? {
        filled += count;
    }
    SecretKey::from_bytes(&bytes[..filled]).ok_or_else(|| KeyFileError::Length { path: path.to_owned() })
}

/// Writes beside the final name and links there, so that the file is complete or absent, and never replaced.
fn make(path: &Path) -> Result<SecretKey, KeyFileError> {
    let failed = |source| KeyFileError::File { path: path.to_owned(), source };
    let key = SecretKey::generate()?;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(&draft)?;
        file.write_all(key.bytes())?;
        file.sync_all()?;
        fs::hard_link(&draft, path)
    };
    let written = write();
    if let Err(error) = fs::remove_file(&draft) {
        tracing::warn!(path = %draft.display(), %error, "the draft of the key file stays behind; remove it");
    }
    written.map_err(failed)?;
    tracing::info!(path = %path.display(), "made a key; keep a copy of this file apart from the data's backups");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_read_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/one.key");
        let first = key_file(&path).unwrap();
        assert_eq!(key_file(&path).unwrap().bytes(), first.bytes());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400);
        assert_eq!(fs::read_dir(folder.path().join("keys")).unwrap().count(), 1);
        assert_ne!(key_file(&folder.path().join("other.key")).unwrap().bytes(), first.bytes());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.key");
        key_file(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(matches!(key_file(&path), Err(KeyFileError::Exposed { .. })));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.key");
        for length in [0, 31, 33] {
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(key_file(&path), Err(KeyFileError::Length { .. })), "{length}");
        }
    }
}
