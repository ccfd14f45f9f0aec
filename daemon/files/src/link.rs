//! Links that people make, and taking single names away.
//!
//! A link that comes from outside is relative and points within the server's directory as text; where it leads at the
//! moment of use is decided by the jail all the same.

use crate::{
    error::FilesError,
    jail::{Jail, wrong_kind},
    path::JailPath,
    quota::Reservation,
    rename::named,
};
use rustix::{fs::AtFlags, io::Errno};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

impl Jail {
    /// Makes a link whose name must be free.
    pub fn make_link(
        &self,
        path: &JailPath,
        target: &[u8],
        mut reservation: Reservation,
    ) -> Result<(), FilesError> {
        let (parent, name) = named(path)?;
        if path.link_target(target).is_none() {
            return Err(FilesError::Escapes { path: path.to_string() });
        }
        self.check_link(path)?;
        let parent = self.directory(&parent)?;
        reservation.grow_by_entry(0)?;
        let failed = |error: std::io::Error| FilesError::io("make", path, error);
        let made = rustix::fs::symlinkat(OsStr::from_bytes(target), &parent, name);
        made.map_err(|error| failed(error.into()))?;
        self.give_entry(&parent, name).map_err(failed)?;
        reservation.settle();
        Ok(())
    }

    /// Where a link points, as it was written.
    pub fn read_link(&self, path: &JailPath) -> Result<Vec<u8>, FilesError> {
        let (parent, name) = named(path)?;
        let parent = self.directory(&parent)?;
        match rustix::fs::readlinkat(&parent, name, Vec::new()) {
            Ok(target) => Ok(target.into_bytes()),
            Err(Errno::INVAL) => Err(wrong_kind(path, "a link")),
            Err(error) => Err(FilesError::io("read", path, error)),
        }
    }

    /// Takes away the name of anything but a directory; it must be there.
    pub fn remove_file(&self, path: &JailPath) -> Result<(), FilesError> {
        self.unlink(path, AtFlags::empty())
    }

    /// Removes a directory that has nothing in it.
    pub fn remove_empty_directory(&self, path: &JailPath) -> Result<(), FilesError> {
        self.unlink(path, AtFlags::REMOVEDIR)
    }

    fn unlink(&self, path: &JailPath, flags: AtFlags) -> Result<(), FilesError> {
        let (parent, name) = named(path)?;
        self.check_change(path)?;
        let parent = self.directory(&parent)?;
        rustix::fs::unlinkat(&parent, name, flags).map_err(|error| match error {
            Errno::NOTEMPTY | Errno::EXIST => wrong_kind(path, "an empty directory"),
            error => FilesError::io("remove", path, error),
        })
    }
}
