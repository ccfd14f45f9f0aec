//! The console's log beside the server's directory: two files of bounded size, one JSON line each.
//!
//! The log stands outside the tenant's directory, so no tenant can link, fill or read it. What a killed daemon had not
//! written out is lost with at most one batch; a torn last line is skipped when it is read again.

use gantry_protocol::ConsoleLine;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The file is set aside when it has grown to this; one older file is kept.
pub(super) const FILE_BYTES: u64 = 8 << 20;

pub(super) struct LogFile {
    current: PathBuf,
    older: PathBuf,
    file: Option<File>,
    bytes: u64,
    pending: Vec<u8>,
    first_older: Option<u64>,
    first_current: Option<u64>,
    first_pending: Option<u64>,
}

impl LogFile {
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        let current = directory.join("console.log");
        let older = directory.join("console.1.log");
        let file = append_to(&current)?;
        let bytes = file.metadata()?.len();
        let (first_older, first_current) = (first_of(&older)?, first_of(&current)?);
        let mut log = Self {
            current,
            older,
            file: Some(file),
            bytes,
            pending: Vec::new(),
            first_older,
            first_current,
            first_pending: None,
        };
        if bytes > 0 && !ends_with_line(&log.current)? {
            log.pending.push(b'\n');
        }
        Ok(log)
    }

    /// The oldest line's number.
    pub(super) fn first_seq(&self) -> Option<u64> {
        self.first_older.or(self.first_current)
    }

    /// What there is to read, oldest first. Open files stay what they are when the log is set aside meanwhile, so a
    /// reader that opened both at once misses nothing between them.
    pub(super) fn readers(&self) -> io::Result<Vec<File>> {
        let files = [open_existing(&self.older)?, open_existing(&self.current)?];
        Ok(files.into_iter().flatten().collect())
    }

    pub(super) fn append(&mut self, line: &ConsoleLine) {
        self.first_pending.get_or_insert(line.seq);
        // Writing JSON into memory cannot fail.
        if serde_json::to_writer(&mut self.pending, line).is_ok() {
            self.pending.push(b'\n');
        }
    }

    pub(super) fn write_out(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(());
        }
        let first = self.first_pending.take();
        if self.bytes >= FILE_BYTES {
            self.rotate()?;
        }
        self.first_current = self.first_current.or(first);
        let file = match self.file.as_mut() {
            Some(file) => file,
            None => self.file.insert(append_to(&self.current)?),
        };
        file.write_all(&pending)?;
        self.bytes += pending.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file = None;
        std::fs::rename(&self.current, &self.older)?;
        self.first_older = self.first_current.take();
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn last_lines(&self, count: usize) -> io::Result<Vec<ConsoleLine>> {
        let mut lines = read_from(self.readers()?, 0, usize::MAX)?;
        Ok(lines.split_off(lines.len().saturating_sub(count)))
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Lines from this number on, oldest first. A file ends for its reader at a line that is being written at the moment:
/// to read on would find the other half of it, and nothing of the line.
pub(super) fn read_from(files: Vec<File>, from: u64, limit: usize) -> io::Result<Vec<ConsoleLine>> {
    let mut lines = Vec::new();
    let mut text = Vec::new();
    for file in files {
        let mut file = BufReader::new(file);
        while lines.len() < limit {
            text.clear();
            file.read_until(b'\n', &mut text)?;
            if text.last() != Some(&b'\n') {
                break;
            }
            if let Ok(line) = serde_json::from_slice::<ConsoleLine>(&text)
                && line.seq >= from
            {
                lines.push(line);
            }
        }
    }
    Ok(lines)
}

fn open_existing(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn first_of(path: &Path) -> io::Result<Option<u64>> {
    let file = open_existing(path)?.into_iter().collect();
    Ok(read_from(file, 0, 1)?.first().map(|line| line.seq))
}

fn ends_with_line(path: &Path) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
