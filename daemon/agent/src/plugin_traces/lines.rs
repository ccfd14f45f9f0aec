//! What plugins wrote about a server, in one file.

use gantry_host::KeptLine;
use gantry_types::ServerId;
use std::{
    fs::{File, OpenOptions, rename},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

const NAME: &str = "plugin.log";
/// Of a file that is read: all that the host keeps of a few releases for one server, and room.
const FILE_BYTES: u64 = 1 << 20;

pub(super) fn write(directory: &Path, lines: &[KeptLine]) -> io::Result<()> {
    let mut bytes = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
    }
    let (fresh, path) = (directory.join(".plugin.log"), directory.join(NAME));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&bytes)?;
    rename(fresh, path)
}

/// Lines that are not what is written here, or about somebody else, are left out.
pub(super) fn read(directory: &Path, id: ServerId) -> io::Result<Vec<KeptLine>> {
    let file = match File::open(directory.join(NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let (mut lines, id) = (Vec::new(), id.to_string());
    for line in BufReader::new(file.take(FILE_BYTES)).split(b'\n') {
        if let Ok(kept) = serde_json::from_slice::<KeptLine>(&line?)
            && kept.line.server_id.as_deref() == Some(&id)
        {
            lines.push(kept);
        }
    }
    Ok(lines)
}
