//! The parent's half: who works, under which limits, how many at a time, and what their end means.

use super::{
    WorkerError,
    order::{Job, Order},
    talk::{self, Heard},
    terms::Terms,
    told::{FORM_LINE_BYTES, LINE_BYTES, Said},
};
use crate::{
    TransferSink,
    archive::{ArchiveLimits, Extracted, PackLimits, Packed, Times},
    config,
    error::FilesError,
    form::{Filled, Form},
    jail::Jail,
    path::JailPath,
    place,
    quota::Room,
};
use gantry_confine::{ChildProgram, Ending, Limits, ending};
use gantry_types::plan::{ArchiveFormat, ConfigEdit, Extract};
use std::{
    fs::File,
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    process::Stdio,
};
use tokio::{
    process::{Child, Command},
    sync::{Semaphore, SemaphorePermit},
};
use tokio_util::sync::CancellationToken;

/// Archives that a node unpacks at a time. Each may take a processor for minutes and half a gigabyte of memory, beside games
/// that must not notice.
const UNPACKING: usize = 4;
/// Servers that are packed at a time: each reads as fast as the disk gives, which games need too.
const PACKING: usize = 2;
/// Places beside these for what somebody waits for who needs the whole node.
const PACKING_URGENT: usize = 1;
/// Children that edit at a time. They are brief, and apart from those that unpack, because a start waits for them: a node
/// that comes back starts many servers at once.
const EDITING: usize = 8;
/// An archive's reader keeps few files open, however deep they lie.
const OPEN_FILES: u64 = 64;
/// Unpacking steps back behind the daemon's own work, and not so far that a busy node never gets it done; an edit is over
/// before that would matter.
const UNPACK_NICENESS: i32 = 5;
const EDIT_NICENESS: i32 = 0;
/// The longest that an archive may take of a processor, whatever size the plan allows.
const MAX_UNPACK_CPU_S: u64 = 6 * 3600;
/// What an archive of the daemon's own is called where people read of it.
const OWN_ARCHIVE: &str = "backup.tar.zst";
/// A slow processor's pace.
const UNPACK_BYTES_PER_CPU_S: u64 = 4 << 20;

/// What a worker may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerLimits {
    pub memory_mib: u64,
    /// Processor time for an archive of no size; what the plan lets it hold comes on top.
    pub unpack_cpu_s: u64,
    pub edit_cpu_s: u64,
    pub archive: ArchiveLimits,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self { memory_mib: 512, unpack_cpu_s: 600, edit_cpu_s: 30, archive: ArchiveLimits::default() }
    }
}

/// Behind whom something waits to be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Behind all that came before.
    Usual,
    /// Behind others of this kind only: whoever has all places with what takes hours keeps these out of none.
    Urgent,
}

/// Who unpacks archives and edits configuration files.
#[derive(Debug)]
pub struct Workers {
    command: ChildProgram,
    limits: WorkerLimits,
    unpacking: Semaphore,
    packing: Semaphore,
    packing_urgent: Semaphore,
    editing: Semaphore,
}

impl Workers {
    pub fn new(command: ChildProgram, limits: WorkerLimits) -> Self {
        Self {
            command,
            limits,
            unpacking: Semaphore::new(UNPACKING),
            packing: Semaphore::new(PACKING),
            packing_urgent: Semaphore::new(PACKING_URGENT),
            editing: Semaphore::new(EDITING),
        }
    }

    /// Unpacks an archive of the jail into the jail, where there is room; see [`Jail::extract`].
    pub async fn extract(
        &self,
        jail: &Jail,
        extract: &Extract,
        room: Option<Room>,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Extracted, FilesError> {
        let _turn = turn(&self.unpacking, cancel).await?;
        let limits = self.of_size(extract.max_bytes, extract.max_bytes);
        let job =
            Job::Extract { extract: extract.clone(), limits: ArchiveLimits { room, ..self.limits.archive } };
        match self.perform(jail, None, limits, job, progress, cancel).await? {
            Said::Extracted(extracted) => Ok(extracted),
            _ => Err(WorkerError::Nonsense.into()),
        }
    }

    /// Waits until there is a place for one more that packs.
    pub async fn turn_to_pack(
        &self,
        line: Line,
        cancel: &CancellationToken,
    ) -> Result<PackTurn<'_>, FilesError> {
        let usual = turn(&self.packing, cancel);
        let place = match line {
            Line::Usual => usual.await?,
            Line::Urgent => tokio::select! {
                biased;
                place = usual => place?,
                place = turn(&self.packing_urgent, cancel) => place?,
            },
        };
        Ok(PackTurn { workers: self, _place: place })
    }

    /// Puts all that was packed into the jail, which is empty; see [`Jail::unpack`].
    pub async fn unpack(
        &self,
        jail: &Jail,
        archive: &File,
        most_bytes: u64,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Extracted, FilesError> {
        let _turn = turn(&self.unpacking, cancel).await?;
        let extract = Extract {
            archive: OWN_ARCHIVE.to_owned(),
            into: String::new(),
            format: ArchiveFormat::TarZst,
            strip_components: 0,
            max_bytes: most_bytes,
        };
        // What the daemon packed may be nothing but zeros, and as many as there were.
        let archived = ArchiveLimits {
            entries: u64::MAX,
            ratio: u64::MAX,
            free_bytes: 0,
            room: None,
            times: Times::Kept,
        };
        let limits = self.of_size(most_bytes, most_bytes);
        let job = Job::Unpack { extract, limits: archived };
        match self.perform(jail, Some(archive), limits, job, progress, cancel).await? {
            Said::Extracted(extracted) => Ok(extracted),
            _ => Err(WorkerError::Nonsense.into()),
        }
    }

    /// The limits of work on so many bytes that makes files of at most so many.
    fn of_size(&self, bytes: u64, file_bytes: u64) -> Limits {
        let of_size = bytes / UNPACK_BYTES_PER_CPU_S;
        Limits {
            cpu_s: self.limits.unpack_cpu_s.saturating_add(of_size).min(MAX_UNPACK_CPU_S),
            niceness: UNPACK_NICENESS,
            ..self.usual(file_bytes)
        }
    }

    /// Applies edits to configuration files, one after the other; see [`Jail::edit`].
    pub async fn edit(
        &self,
        jail: &Jail,
        edits: &[ConfigEdit],
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        if edits.is_empty() {
            return Ok(());
        }
        let _turn = turn(&self.editing, cancel).await?;
        let limits = self.usual(config::MAX_BYTES);
        let job = Job::Edit { edits: edits.to_vec() };
        match self.perform(jail, None, limits, job, &|_, _| {}, cancel).await? {
            Said::Edited => Ok(()),
            _ => Err(WorkerError::Nonsense.into()),
        }
    }

    /// Looks at a file as a form, and changes it first if that says so, to no more than so many bytes; see [`Jail::fill`].
    pub async fn fill(
        &self,
        jail: &Jail,
        form: &Form,
        most_bytes: u64,
        cancel: &CancellationToken,
    ) -> Result<Filled, FilesError> {
        let _turn = turn(&self.editing, cancel).await?;
        let limits = self.usual(most_bytes.min(config::MAX_BYTES));
        let job = Job::Form { form: form.clone() };
        match self.perform(jail, None, limits, job, &|_, _| {}, cancel).await? {
            Said::Filled(filled) if filled.fits(form) => Ok(filled.plain()),
            _ => Err(WorkerError::Nonsense.into()),
        }
    }

    /// The limits of an edit that may write so much into a file.
    const fn usual(&self, file_bytes: u64) -> Limits {
        Limits {
            cpu_s: self.limits.edit_cpu_s,
            memory_bytes: self.limits.memory_mib.saturating_mul(1 << 20),
            // A limit beyond what a file can have is refused.
            file_bytes: if file_bytes > i64::MAX as u64 { i64::MAX as u64 } else { file_bytes },
            open_files: OPEN_FILES,
            niceness: EDIT_NICENESS,
        }
    }

    async fn perform(
        &self,
        jail: &Jail,
        archive: Option<&File>,
        limits: Limits,
        job: Job,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Said, FilesError> {
        let line_bytes = match job {
            Job::Form { .. } => FORM_LINE_BYTES,
            Job::Extract { .. } | Job::Edit { .. } | Job::Pack { .. } | Job::Unpack { .. } => LINE_BYTES,
        };
        let order = Order { temporary: place::beginning_for_worker(), job };
        let bytes = order.encode()?;
        let (child, socket) = self.start(jail, archive, limits)?;
        let heard = talk::talk(child, socket, &bytes, line_bytes, progress, cancel)
            .await
            .map_err(WorkerError::Pipe)?;
        let Heard { said, status, message } = heard;
        let answered = match said {
            Ok(Some(Said::Failed(told))) => {
                return Err(match FilesError::from(told) {
                    // Only whoever asked can call it off.
                    FilesError::Cancelled if !cancel.is_cancelled() => FilesError::Interrupted,
                    error => error,
                });
            }
            Ok(Some(said)) => return Ok(said),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        // It had no time to tidy up.
        let beginning = order.temporary;
        jail.run(move |jail| jail.remove_temporary(&beginning, &CancellationToken::new())).await?;
        if cancel.is_cancelled() {
            return Err(FilesError::Cancelled);
        }
        Err(answered.unwrap_or_else(|| verdict(status, message, &limits)).into())
    }

    fn start(
        &self,
        jail: &Jail,
        archive: Option<&File>,
        limits: Limits,
    ) -> Result<(Child, UnixStream), FilesError> {
        let directory = jail.directory(&JailPath::root())?;
        let pair = || {
            let (ours, theirs) = UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            let terms = Terms { limits, user: jail.owner() };
            terms.send(&ours, directory.as_fd(), archive.map(AsFd::as_fd))?;
            Ok((ours, theirs))
        };
        let (ours, theirs) = pair().map_err(WorkerError::Pipe)?;
        let child = self.spawn(theirs).map_err(|source| {
            let program = self.command.program.clone();
            WorkerError::Start { program, source }
        })?;
        Ok((child, ours))
    }

    fn spawn(&self, socket: UnixStream) -> io::Result<Child> {
        Command::new(&self.command.program)
            .args(&self.command.args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    }
}

/// A place among those that pack, until it is dropped: what is packed then begins at once, so that a game need not hold still while
/// others are packed.
#[derive(Debug)]
pub struct PackTurn<'a> {
    workers: &'a Workers,
    _place: SemaphorePermit<'a>,
}

impl PackTurn<'_> {
    /// Packs all files of the jail into a file that is open for writing, of no more than so many bytes; see [`Jail::pack`].
    pub async fn pack(
        &self,
        jail: &Jail,
        into: &File,
        most_bytes: u64,
        pack: PackLimits,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Packed, FilesError> {
        let limits = self.workers.of_size(pack.content, most_bytes);
        let job = Job::Pack { limits: pack };
        match self.workers.perform(jail, Some(into), limits, job, progress, cancel).await? {
            Said::Packed(packed) => Ok(packed),
            _ => Err(WorkerError::Nonsense.into()),
        }
    }
}

/// A turn among those that do the same.
async fn turn<'a>(of: &'a Semaphore, cancel: &CancellationToken) -> Result<SemaphorePermit<'a>, FilesError> {
    let turn = cancel.run_until_cancelled(of.acquire()).await;
    turn.ok_or(FilesError::Cancelled)?.map_err(|_| FilesError::Interrupted)
}

fn verdict(status: std::process::ExitStatus, message: String, limits: &Limits) -> WorkerError {
    match ending(status, &message) {
        Ending::CpuTime => WorkerError::CpuTime { limit_s: limits.cpu_s },
        Ending::Memory => WorkerError::Memory { limit_mib: limits.memory_bytes >> 20 },
        Ending::FileSize => WorkerError::FileSize { limit: limits.file_bytes },
        Ending::Call => WorkerError::Wall,
        Ending::Other => WorkerError::Died { status: status.to_string(), message },
    }
}
