//! Giving things another name or another directory, within the jail.

use crate::{error::FilesError, jail::Jail, path::JailPath, place::Existing};
use tokio_util::sync::CancellationToken;

impl Jail {
    /// Renames a file, a link itself or a whole directory. The directory that it goes to must be there.
    pub fn rename(&self, from: &JailPath, to: &JailPath, existing: Existing) -> Result<(), FilesError> {
        let (old_parent, old_name) = named(from)?;
        let (new_parent, new_name) = named(to)?;
        if to.is_within(from) {
            return Err(into_itself(to));
        }
        // It is looked through where something is protected alone, and then as briefly as it can be.
        let never = CancellationToken::new();
        self.check_leaving(from, &never)?;
        self.check_arriving(from, to, &never)?;
        let (source, target) = (self.directory(&old_parent)?, self.directory(&new_parent)?);
        match rustix::fs::renameat_with(&source, old_name, &target, new_name, existing.flags()) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST | rustix::io::Errno::NOTEMPTY) => {
                return Err(FilesError::Exists { path: to.to_string() });
            }
            // Through a link, perhaps.
            Err(rustix::io::Errno::INVAL) => return Err(into_itself(to)),
            Err(error) => return Err(FilesError::io("rename", from, error)),
        }
        let synced = rustix::fs::fsync(&target).and_then(|()| rustix::fs::fsync(&source));
        synced.map_err(|error| FilesError::io("rename", from, error))
    }
}

/// Parent and name; the server's directory itself can be neither renamed nor copied.
pub(crate) fn named(path: &JailPath) -> Result<(JailPath, &std::ffi::OsStr), FilesError> {
    path.split().ok_or_else(|| FilesError::InvalidPath {
        path: path.to_string(),
        why: "it is the server's directory itself".into(),
    })
}

pub(crate) fn into_itself(path: &JailPath) -> FilesError {
    FilesError::InvalidPath { path: path.to_string(), why: "a directory cannot go into itself".into() }
}
