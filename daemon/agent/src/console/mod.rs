//! One server's console: numbered lines in memory and on disk, for as many readers as there are.
//!
//! Lines come from the game's terminal, from installations, from people and from the daemon, and get one number sequence
//! that goes on after a restart. Writing never waits for a reader: a reader that falls behind the ring gets a line that
//! says how many it missed. The text is untrusted and never reaches the daemon's own log.
//!
//! Modules in reading order: [`text`], `file`.

mod file;
pub mod text;

use chrono::{DateTime, Utc};
use file::LogFile;
use futures_util::{Stream, stream};
use gantry_protocol::{ConsoleLine, ConsolePage, ConsoleSource};
use std::{
    collections::VecDeque,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Lines that are kept in memory.
pub const RING_LINES: usize = 2_000;
/// The most lines of one page.
pub const PAGE_LINES: usize = 2_000;
/// Longest line in bytes; a longer one comes in several.
pub const LINE_BYTES: usize = 16 * 1024;
/// For so long a terminal's echo of a command is expected.
const ECHO_PATIENCE: Duration = Duration::from_secs(5);
/// Commands whose echo is expected at a time.
const ECHOES: usize = 32;

/// One console. It is shared by its server's tasks and all readers.
pub struct Console {
    inner: Mutex<Inner>,
    /// The next line's number.
    next: watch::Sender<u64>,
}

struct Inner {
    ring: VecDeque<ConsoleLine>,
    next_seq: u64,
    /// Absent for a server of which nothing is left.
    file: Option<LogFile>,
    echoes: VecDeque<(String, Instant)>,
    /// Time of the last line that came from the game.
    last_output: Option<DateTime<Utc>>,
    file_failed: bool,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("next", &*self.next.borrow()).finish_non_exhaustive()
    }
}

impl Console {
    /// Opens the console whose log stands in `directory`, and goes on where that ended.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let file = LogFile::open(directory)?;
        let mut ring: VecDeque<_> = file.last_lines(RING_LINES)?.into();
        ring.make_contiguous().sort_by_key(|line| line.seq);
        Ok(Self::with(Some(file), ring))
    }

    /// A console in memory alone.
    pub fn detached() -> Self {
        Self::with(None, VecDeque::new())
    }

    /// Lets go of what a deleted server said: a log that is held open keeps its place on the disk.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.file = None;
        inner.ring = VecDeque::new();
    }

    fn with(file: Option<LogFile>, ring: VecDeque<ConsoleLine>) -> Self {
        let next_seq = ring.back().map_or(1, |line| line.seq + 1);
        let last_output =
            ring.iter().rev().find(|line| line.source == ConsoleSource::Game).map(|line| line.at);
        let inner = Inner { ring, next_seq, file, echoes: VecDeque::new(), last_output, file_failed: false };
        Self { inner: Mutex::new(inner), next: watch::channel(next_seq).0 }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds lines of one source. Ends of line become lines of their own.
    pub fn push<'a>(&self, source: ConsoleSource, lines: impl IntoIterator<Item = (DateTime<Utc>, &'a str)>) {
        let mut inner = self.lock();
        for (at, text) in lines {
            for part in text.split('\n') {
                inner.push(source, at, text::settled(part));
            }
        }
        inner.write_out();
        let next = inner.next_seq;
        drop(inner);
        self.next.send_replace(next);
    }

    /// A sentence of the daemon itself.
    pub fn say(&self, at: DateTime<Utc>, text: &str) {
        self.push(ConsoleSource::Gantry, [(at, text)]);
    }

    /// A command that somebody typed; its echo by the terminal is not shown again.
    pub fn command(&self, at: DateTime<Utc>, actor: &str, command: &str, echoed: bool) {
        if echoed {
            let mut inner = self.lock();
            if inner.echoes.len() == ECHOES {
                inner.echoes.pop_front();
            }
            inner.echoes.push_back((command.trim().to_owned(), Instant::now()));
        }
        self.push(ConsoleSource::Command, [(at, format!("[{actor}] {command}").as_str())]);
    }

    /// Lines that the game printed. Answers those that were not a mere echo.
    pub fn output(&self, lines: Vec<(DateTime<Utc>, String)>) -> Vec<String> {
        let mut shown = Vec::with_capacity(lines.len());
        {
            let mut inner = self.lock();
            for (at, text) in lines {
                inner.last_output = Some(at);
                if !inner.is_echo(&text) {
                    shown.push((at, text));
                }
            }
        }
        self.push(ConsoleSource::Game, shown.iter().map(|(at, text)| (*at, text.as_str())));
        shown.into_iter().map(|(_, text)| text).collect()
    }

    /// Since when the game's output is not known.
    pub fn last_output(&self) -> Option<DateTime<Utc>> {
        self.lock().last_output
    }

    /// The next line's number.
    pub fn next_seq(&self) -> u64 {
        *self.next.borrow()
    }

    /// Told of each further line.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.next.subscribe()
    }

    /// The lines from this number on that memory has, and the number after the last of them.
    pub fn recent(&self, from: u64, limit: usize) -> (Vec<ConsoleLine>, u64) {
        let inner = self.lock();
        let lines: Vec<_> = inner.from(from).take(limit).cloned().collect();
        let next = lines.last().map_or(inner.next_seq, |line| line.seq + 1);
        (lines, next)
    }

    /// History, oldest first: strictly after `after`, or the newest if there is none. May read the disk.
    ///
    /// A page has no gap: where lines left both memory and the log while it was read, it ends before them, and the
    /// next page tells by its `first_seq` that they are gone.
    pub fn page(&self, after: Option<u64>, limit: usize) -> io::Result<ConsolePage> {
        let limit = limit.clamp(1, PAGE_LINES);
        let (mut first, mut lines) = (None, Vec::<ConsoleLine>::new());
        let mut from = after.map(|after| after.saturating_add(1));
        loop {
            let inner = self.lock();
            let next_seq = inner.next_seq;
            let start = from.unwrap_or_else(|| next_seq.saturating_sub(limit as u64));
            let (in_memory, oldest) = (inner.first_in_memory(), inner.first_seq());
            let first_seq = *first.get_or_insert(oldest);
            let room = limit - lines.len();
            let from_disk = start < in_memory && oldest < in_memory;
            let mut further = if from_disk {
                let files = inner.file.as_ref().map(LogFile::readers).transpose()?;
                drop(inner);
                file::read_from(files.unwrap_or_default(), start, room)?
            } else {
                inner.from(start).take(room).cloned().collect()
            };
            if from_disk && further.is_empty() {
                // The log could not be written: memory has what there is.
                further = self.recent(start, room).0;
            }
            let whole = lines.is_empty() || further.first().is_some_and(|line| line.seq == start);
            if whole {
                lines.append(&mut further);
            }
            // Writers went on while the disk was read, and may have left memory behind.
            from = lines.last().map(|line| line.seq + 1);
            if !from_disk || !whole || from.is_none() || lines.len() == limit {
                let next_seq = from.map_or(next_seq, |from| from.max(next_seq));
                return Ok(ConsolePage { lines, first_seq, next_seq });
            }
        }
    }

    /// Every line strictly after `after`, for ever; without it, every line from the next one on.
    pub fn follow(self: Arc<Self>, after: Option<u64>) -> impl Stream<Item = Vec<ConsoleLine>> + Send {
        let cursor = after.map_or_else(|| self.next_seq(), |after| after.saturating_add(1));
        let changes = self.watch();
        stream::unfold((self, changes, cursor), |(console, mut changes, cursor)| async move {
            loop {
                changes.borrow_and_update();
                let lines = console.next_batch(cursor);
                if let Some(last) = lines.last() {
                    let next = last.seq + 1;
                    return Some((lines, (console, changes, next)));
                }
                changes.changed().await.ok()?;
            }
        })
    }

    /// A batch for a live reader, with a mark where it has missed something.
    fn next_batch(&self, cursor: u64) -> Vec<ConsoleLine> {
        let inner = self.lock();
        let first = inner.first_in_memory();
        let mut lines: Vec<_> = inner.from(cursor).take(256).cloned().collect();
        if cursor < first
            && let Some(next) = lines.first()
        {
            let missed = first - cursor;
            let text = format!("… {missed} lines are not shown here; the history has them");
            lines.insert(0, ConsoleLine { seq: first - 1, at: next.at, source: ConsoleSource::Gantry, text });
        }
        lines
    }
}

impl Inner {
    fn push(&mut self, source: ConsoleSource, at: DateTime<Utc>, text: &str) {
        let line =
            ConsoleLine { seq: self.next_seq, at, source, text: text::bounded(text, LINE_BYTES).to_owned() };
        self.next_seq += 1;
        if let Some(file) = &mut self.file {
            file.append(&line);
        }
        if self.ring.len() == RING_LINES {
            self.ring.pop_front();
        }
        self.ring.push_back(line);
    }

    /// A disk that does not take the log costs the log, never the console.
    fn write_out(&mut self) {
        match self.file.as_mut().map_or(Ok(()), LogFile::write_out) {
            Ok(()) => self.file_failed = false,
            Err(error) if !self.file_failed => {
                self.file_failed = true;
                tracing::warn!(%error, "a console log cannot be written");
            }
            Err(_) => {}
        }
    }

    /// The oldest line that memory or the log has.
    fn first_seq(&self) -> u64 {
        let in_memory = self.first_in_memory();
        self.file.as_ref().and_then(LogFile::first_seq).map_or(in_memory, |first| first.min(in_memory))
    }

    fn first_in_memory(&self) -> u64 {
        self.ring.front().map_or(self.next_seq, |line| line.seq)
    }

    fn from(&self, seq: u64) -> impl Iterator<Item = &ConsoleLine> {
        let start = self.ring.partition_point(|line| line.seq < seq);
        self.ring.range(start..)
    }

    fn is_echo(&mut self, text: &str) -> bool {
        while self.echoes.front().is_some_and(|(_, typed)| typed.elapsed() > ECHO_PATIENCE) {
            self.echoes.pop_front();
        }
        if self.echoes.is_empty() {
            return false;
        }
        let plain = text::plain(text);
        let plain = plain.trim_start_matches(['>', '$', '#', ':', ' ']).trim_end();
        let Some(index) = self.echoes.iter().position(|(command, _)| command == plain) else { return false };
        self.echoes.remove(index);
        true
    }
}
