//! Tar archives, entry by entry.
//!
//! Entries are taken raw, and the extensions for long names are read here with a cap: the library would read one of any
//! claimed length into memory. Formats: POSIX.1-2001 pax, GNU tar.

use super::{
    Stop,
    unpack::{About, Unpacker},
};
use std::io::{self, Read};
use tar::{Archive, Entry, EntryType, PaxExtensions};

/// Longest extension that is read.
const MAX_EXTENSION: u64 = 64 * 1024;

/// What may stand behind the end of the archive within the compressed file: padding, to whole records.
const MAX_PADDING: u64 = 1 << 20;

/// What extensions say about the entry that follows them.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

pub(super) fn unpack(from: impl Read, unpacker: &mut Unpacker<'_>) -> Result<(), Stop> {
    let mut archive = Archive::new(from);
    let mut extension = Extension::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNULongName => extension.path = Some(text(&mut entry)?),
            EntryType::GNULongLink => extension.link = Some(text(&mut entry)?),
            EntryType::XHeader => read_pax(&mut entry, &mut extension)?,
            EntryType::XGlobalHeader => {}
            kind => make(kind, &mut entry, std::mem::take(&mut extension), unpacker)?,
        }
    }
    Ok(())
}

/// [`unpack`], and reads the compressed file to its end: what was cut off there, or does not have the sum that is written
/// there, is damaged.
pub(super) fn unpack_to_end(mut from: impl Read, unpacker: &mut Unpacker<'_>) -> Result<(), Stop> {
    unpack(&mut from, unpacker)?;
    if io::copy(&mut from.take(MAX_PADDING), &mut io::sink())? == MAX_PADDING {
        return Err(Stop::Archive("it goes on behind its end".to_owned()));
    }
    Ok(())
}

fn make(
    kind: EntryType,
    entry: &mut Entry<'_, impl Read>,
    extension: Extension,
    unpacker: &mut Unpacker<'_>,
) -> Result<(), Stop> {
    let name = extension.path.unwrap_or_else(|| entry.header().path_bytes().into_owned());
    let Some(path) = unpacker.place(&name)? else { return Ok(()) };
    let link = || {
        let own = entry.header().link_name_bytes().map(std::borrow::Cow::into_owned);
        extension.link.or(own).unwrap_or_default()
    };
    match kind {
        // Old archives mark a directory by its name alone.
        EntryType::Regular | EntryType::Continuous if name.ends_with(b"/") => unpacker.directory(&path),
        EntryType::Regular | EntryType::Continuous => {
            let header = entry.header();
            let modified = header.mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
            let about = About { mode: header.mode().unwrap_or(0o644), modified };
            unpacker.file(path, about, entry)
        }
        EntryType::Directory => {
            unpacker.directory(&path)?;
            unpacker.close_directory(&path, entry.header().mode().unwrap_or(0o755))
        }
        EntryType::Symlink => unpacker.symbolic_link(&path, &link()),
        EntryType::Link => unpacker.hard_link(&path, &link()),
        // Devices, pipes, sparse files and whatever else there is.
        _ => {
            unpacker.drop_entry();
            Ok(())
        }
    }
}

fn content(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Stop> {
    if entry.size() > MAX_EXTENSION {
        return Err(Stop::Archive("an extended header is too long".to_owned()));
    }
    let mut content = Vec::new();
    entry.take(MAX_EXTENSION).read_to_end(&mut content)?;
    Ok(content)
}

/// A text that ends at its first zero byte.
fn text(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Stop> {
    let mut content = content(entry)?;
    let end = content.iter().position(|byte| *byte == 0).unwrap_or(content.len());
    content.truncate(end);
    Ok(content)
}

fn read_pax(entry: &mut Entry<'_, impl Read>, extension: &mut Extension) -> Result<(), Stop> {
    let content = content(entry)?;
    for record in PaxExtensions::new(&content) {
        let record = record?;
        match record.key_bytes() {
            b"path" => extension.path = Some(record.value_bytes().to_vec()),
            b"linkpath" => extension.link = Some(record.value_bytes().to_vec()),
            // It would say where the next header is, against what the header itself says.
            b"size" => return Err(Stop::Archive("a file of 8 GiB or more is not supported".to_owned())),
            _ => {}
        }
    }
    Ok(())
}
