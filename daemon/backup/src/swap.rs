//! One directory for another, in one step.

use rustix::fs::{CWD, RenameFlags};
use std::{fs::File, io, path::Path};

/// Lets two directories of the same file system change places, durably. Whoever looks sees the one or the other at each name.
pub fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?;
    for path in [one, other] {
        if let Some(above) = path.parent() {
            File::open(above)?.sync_all()?;
        }
    }
    Ok(())
}
