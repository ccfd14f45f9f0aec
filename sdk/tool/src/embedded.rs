//! What the program carries: the guest SDKs and the examples behind templates, as files.

use crate::fault::Fault;
use sha2::{Digest, Sha256};
use std::{fs, path::Path};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The file that says which SDK stands in a folder.
const VERSION: &str = "VERSION";

/// The digest of all that is in the SDK.
fn version() -> String {
    let mut hash = Sha256::new();
    for (name, content) in SDK {
        for part in [name.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    format!("{} {}\n", env!("CARGO_PKG_VERSION"), &hex::encode(hash.finalize())[..16])
}

/// Whether the SDK in a folder is the one that this program carries.
pub(crate) fn is_current(folder: &Path) -> bool {
    fs::read_to_string(folder.join(VERSION)).is_ok_and(|found| found == version())
}

/// Puts the SDK into a folder. What tools installed there stays.
pub(crate) fn put_sdk(folder: &Path) -> Result<(), Fault> {
    for (name, content) in SDK {
        put(&folder.join(name), content)?;
    }
    put(&folder.join(VERSION), version().as_bytes())
}

/// The files of an example, by their way below it.
pub(crate) fn example(name: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    EXAMPLES.iter().filter_map(move |(path, content)| {
        let rest = path.strip_prefix(name)?.strip_prefix('/')?;
        Some((rest, *content))
    })
}

pub(crate) fn put(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    written.map_err(|error| Fault::io(format!("{} cannot be written", path.display()), &error))
}
