//! The master key: 32 random bytes in a file that only this user can read, made at the first start.
//!
//! It wraps every key that seals secrets in the database and never goes there itself. Whoever loses the file loses the
//! secrets, so a missing file is only ever made, never replaced.

use gantry_store::MasterKey;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const LENGTH: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
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
    Key(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The master key of this installation.
pub(crate) fn master(data_dir: &Path) -> Result<MasterKey, KeyError> {
    let folder = data_dir.join("keys");
    let path = folder.join("master.key");
    let failed = |source| KeyError::File { path: path.clone(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    match File::open(&path) {
        Ok(file) => read(file, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(failed(error)),
    }
}

fn read(mut file: File, path: &Path) -> Result<MasterKey, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned() });
    }
    let mut bytes = Zeroizing::new([0; LENGTH + 1]);
    let mut filled = 0;
    while let count @ 1.. = file.read(&mut bytes[filled..]).map_err(failed)? {
        filled += count;
    }
    if filled != LENGTH {
        return Err(KeyError::Length { path: path.to_owned() });
    }
    MasterKey::from_bytes(&bytes[..LENGTH]).map_err(|error| KeyError::Key(error.into()))
}

/// Writes beside the final name and links there, so that the file is complete or absent, and never replaced.
fn make(path: &Path) -> Result<MasterKey, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let (master, bytes) = MasterKey::generate().map_err(|error| KeyError::Key(error.into()))?;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(&draft)?;
        file.write_all(&*bytes)?;
        file.sync_all()?;
        fs::hard_link(&draft, path)
    };
    let written = write();
    if let Err(error) = fs::remove_file(&draft) {
        tracing::warn!(path = %draft.display(), %error, "the draft of the key file stays behind; remove it");
    }
    written.map_err(failed)?;
    tracing::info!(path = %path.display(), "made the master key; keep a copy of this file apart from the database's backups");
    Ok(master)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_read_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = master(folder.path()).unwrap().fingerprint();
        assert_eq!(master(folder.path()).unwrap().fingerprint(), first);
        let mode = fs::metadata(folder.path().join("keys/master.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o400);
        assert_eq!(fs::read_dir(folder.path().join("keys")).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        master(folder.path()).unwrap();
        let path = folder.path().join("keys/master.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(matches!(master(folder.path()), Err(KeyError::Exposed { .. })));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/master.key");
        fs::create_dir_all(folder.path().join("keys")).unwrap();
        for length in [0, 31, 33] {
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(master(folder.path()), Err(KeyError::Length { .. })), "{length}");
        }
    }
}
