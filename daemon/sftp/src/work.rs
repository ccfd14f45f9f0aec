//! Doing what is asked, at the disk: one batch of requests after the other, each by the rights of its moment.
//!
//! All of it waits for the disk and runs where waiting is allowed. A request that finds no room by an old measurement is
//! left at the head of its batch, to be tried once more after a further one.

use crate::{
    failure::Failure,
    grants::{Admitted, Book, Rights},
    handles::{Handles, Open},
    limits::ENTRIES,
    packet::{Asked, Request, Wishes},
    reply::{Replies, Room},
};
use gantry_files::{
    Access, Attributes, Creation, Existing, FilesError, Held, Jail, JailPath, Links, Protected, Quota,
};
use gantry_protocol::{SftpAction, SftpChange};
use russh_sftp::protocol::{OpenFlags, StatusCode};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::watch;

/// What nobody but the owner gets of a file that is made, unless it is asked for afterwards.
const UMASK: u32 = 0o022;
/// Permission bits of files and directories when nobody says.
const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

/// Requests that are done in one visit.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) asked: VecDeque<Asked>,
    /// Why nothing may be changed at this moment.
    pub(crate) closed: Option<String>,
    /// What people may not change.
    pub(crate) protected: Protected,
    /// A want of room is final.
    pub(crate) insists: bool,
    pub(crate) replies: Replies,
    pub(crate) changes: Vec<SftpChange>,
}

/// What one channel works with.
#[derive(Debug)]
pub(crate) struct Work {
    admitted: Admitted,
    grants: watch::Receiver<Arc<Book>>,
    handles: Handles,
    quota: Quota,
}

fn path(bytes: &[u8]) -> Result<JailPath, Failure> {
    Ok(JailPath::from_absolute(bytes)?)
}

fn change(action: SftpAction, path: &JailPath, to: Option<&JailPath>) -> SftpChange {
    SftpChange { action, path: path.spelling(), to: to.map(JailPath::spelling) }
}

impl Work {
    pub(crate) fn new(
        admitted: Admitted,
        grants: watch::Receiver<Arc<Book>>,
        handles: Handles,
        quota: Quota,
    ) -> Self {
        Self { admitted, grants, handles, quota }
    }

    /// Does what is asked, in order. False if the request at the head found no room and may be tried once more.
    pub(crate) fn run(&mut self, jail: &Jail, batch: &mut Batch) -> bool {
        while let Some(asked) = batch.asked.pop_front() {
            let failure = match self.answer(jail, batch, &asked) {
                Ok(()) => continue,
                Err(failure) => failure,
            };
            if failure.no_room && !batch.insists {
                batch.asked.push_front(asked);
                return false;
            }
            batch.insists = false;
            batch.replies.status(asked.id, failure.code, &failure.sentence);
        }
        true
    }

    fn answer(&mut self, jail: &Jail, batch: &mut Batch, asked: &Asked) -> Result<(), Failure> {
        let rights = self.grants.borrow().rights(&self.admitted);
        let rights =
            rights.ok_or_else(|| Failure::forbidden("Your access to this server's files has ended."))?;
        if let (Some(why), true) = (&batch.closed, asked.request.changes()) {
            return Err(Failure::forbidden(why));
        }
        let Asked { id, request } = asked;
        match request {
            Request::Read { .. } | Request::Write { .. } | Request::Close { .. } | Request::Sync { .. } => {
                self.transfer(jail, &mut batch.replies, rights, *id, request)
            }
            Request::Open { path: at, flags, wishes } => {
                self.open(jail, batch, rights, *id, at, *flags, wishes)
            }
            Request::LinkStat { .. }
            | Request::Stat { .. }
            | Request::HandleStat { .. }
            | Request::OpenDirectory { .. }
            | Request::ReadDirectory { .. }
            | Request::ReadLink { .. }
            | Request::Room { .. } => {
                rights.list()?;
                self.look(jail, &mut batch.replies, *id, request)
            }
            Request::RealPath { path: at } => {
                batch.replies.name(*id, &path(at)?.to_absolute());
                Ok(())
            }
            Request::Bounds => {
                batch.replies.bounds(*id);
                Ok(())
            }
            Request::Init | Request::Other => Err(not_offered()),
            Request::Unreadable => Err(Failure::of(StatusCode::BadMessage, "This packet cannot be read.")),
            Request::SetStat { .. }
            | Request::HandleSetStat { .. }
            | Request::Remove { .. }
            | Request::MakeDirectory { .. }
            | Request::RemoveDirectory { .. }
            | Request::Rename { .. }
            | Request::Replace { .. }
            | Request::MakeLink { .. } => {
                let changed = self.change(jail, rights, request)?;
                batch.changes.extend(changed);
                batch.replies.done(*id);
                Ok(())
            }
        }
    }

    fn file(&mut self, handle: u32) -> Result<(&Held, bool, bool), Failure> {
        match self.handles.get(handle) {
            Some(Open::File { held, reads, writes, .. }) => Ok((held, *reads, *writes)),
            Some(Open::Directory(_)) | None => Err(Failure::no_handle()),
        }
    }

    fn transfer(
        &mut self,
        jail: &Jail,
        replies: &mut Replies,
        rights: Rights,
        id: u32,
        request: &Request,
    ) -> Result<(), Failure> {
        match request {
            Request::Read { handle, position, most } => {
                rights.read()?;
                let (held, true, _) = self.file(*handle)? else {
                    return Err(Failure::forbidden("The file was not opened for reading."));
                };
                if !replies.data(id, held, *position, *most)? {
                    return Err(Failure::end());
                }
                return Ok(());
            }
            Request::Write { handle, position, data } => {
                rights.write()?;
                let (held, _, true) = self.file(*handle)? else {
                    return Err(Failure::forbidden("The file was not opened for writing."));
                };
                jail.check_held(held)?;
                held.write_at(data, *position)?;
            }
            Request::Sync { handle } => {
                rights.write()?;
                self.file(*handle)?.0.sync()?;
            }
            Request::Close { handle } => {
                if !self.handles.close(*handle) {
                    return Err(Failure::no_handle());
                }
            }
            _ => return Err(not_offered()),
        }
        replies.done(id);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one request")]
    fn open(
        &mut self,
        jail: &Jail,
        batch: &mut Batch,
        rights: Rights,
        id: u32,
        at: &[u8],
        flags: OpenFlags,
        wishes: &Wishes,
    ) -> Result<(), Failure> {
        let (reads, writes) = (flags.contains(OpenFlags::READ), flags.contains(OpenFlags::WRITE));
        if reads {
            rights.read()?;
        }
        if writes || flags.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) {
            rights.write()?;
        }
        if !(reads || writes) {
            return Err(Failure::of(StatusCode::Failure, "A file is opened for reading or for writing."));
        }
        let creation = match (flags.contains(OpenFlags::CREATE), flags.contains(OpenFlags::EXCLUDE)) {
            (true, true) => Creation::Always,
            (true, false) => Creation::IfMissing,
            (false, _) => Creation::Never,
        };
        let access = Access {
            read: reads,
            write: writes,
            append: writes && flags.contains(OpenFlags::APPEND),
            truncate: writes && flags.contains(OpenFlags::TRUNCATE),
            creation,
            mode: wishes.changes.mode.unwrap_or(FILE_MODE) & !UMASK,
        };
        let at = path(at)?;
        let place = self.handles.place().ok_or_else(too_many)?;
        let held = jail.hold(&at, &access, &self.quota)?;
        if writes {
            batch.changes.push(change(SftpAction::Write, &at, None));
        }
        batch.replies.handle(id, self.handles.add(Open::File { held, path: at, reads, writes }, place));
        Ok(())
    }

    fn look(
        &mut self,
        jail: &Jail,
        replies: &mut Replies,
        id: u32,
        request: &Request,
    ) -> Result<(), Failure> {
        match request {
            Request::LinkStat { path: at } => {
                replies.attributes(id, &jail.inspect(&path(at)?, Links::Themselves)?);
            }
            Request::Stat { path: at } => {
                replies.attributes(id, &jail.inspect(&path(at)?, Links::Followed)?);
            }
            Request::HandleStat { handle } => replies.attributes(id, &self.attributes(*handle)?),
            Request::OpenDirectory { path: at } => {
                let at = path(at)?;
                let place = self.handles.place().ok_or_else(too_many)?;
                let names = jail.names(&at)?;
                replies.handle(id, self.handles.add(Open::Directory(names), place));
            }
            Request::ReadDirectory { handle } => {
                let Some(Open::Directory(names)) = self.handles.get(*handle) else {
                    return Err(Failure::no_handle());
                };
                let entries = names.next_entries(ENTRIES)?;
                if entries.is_empty() {
                    return Err(Failure::end());
                }
                replies.names(id, &entries);
            }
            Request::ReadLink { path: at } => replies.name(id, &jail.read_link(&path(at)?)?),
            Request::Room { path: at } => {
                jail.inspect(&path(at)?, Links::Followed)?;
                let Some(whole) = self.quota.most() else {
                    return Err(Failure::of(
                        StatusCode::OpUnsupported,
                        "The server has no limit of its own.",
                    ));
                };
                replies.room(id, Room { whole, free: whole.saturating_sub(self.quota.taken()) });
            }
            _ => return Err(not_offered()),
        }
        Ok(())
    }

    fn attributes(&mut self, handle: u32) -> Result<Attributes, Failure> {
        match self.handles.get(handle) {
            Some(Open::File { held, .. }) => Ok(held.attributes()?),
            Some(Open::Directory(names)) => Ok(names.attributes()?),
            None => Err(Failure::no_handle()),
        }
    }

    /// Changes attributes or names, and says what is to be told of it.
    fn change(
        &mut self,
        jail: &Jail,
        rights: Rights,
        request: &Request,
    ) -> Result<Option<SftpChange>, Failure> {
        match request {
            Request::Remove { path: at } => {
                rights.delete()?;
                let at = path(at)?;
                jail.remove_file(&at)?;
                return Ok(Some(change(SftpAction::Delete, &at, None)));
            }
            Request::RemoveDirectory { path: at } => {
                rights.delete()?;
                let at = path(at)?;
                jail.remove_empty_directory(&at)?;
                return Ok(Some(change(SftpAction::Delete, &at, None)));
            }
            _ => rights.write()?,
        }
        Ok(match request {
            Request::SetStat { path: at, wishes } => {
                let at = path(at)?;
                if wishes.owner.is_some() {
                    keeps_owner(wishes, &jail.inspect(&at, Links::Followed)?)?;
                }
                jail.set_attributes(&at, &wishes.changes, &self.quota)?;
                Some(change(SftpAction::SetAttributes, &at, None))
            }
            Request::HandleSetStat { handle, wishes } => {
                let Some(Open::File { held, path, writes, .. }) = self.handles.get(*handle) else {
                    return Err(Failure::no_handle());
                };
                if wishes.changes.bytes.is_some() && !*writes {
                    return Err(Failure::forbidden("The file was not opened for writing."));
                }
                jail.check_held(held)?;
                keeps_owner(wishes, &held.attributes()?)?;
                held.set_attributes(&wishes.changes)?;
                // Of one that was opened to be written to, that was told.
                (!*writes).then(|| change(SftpAction::SetAttributes, path, None))
            }
            Request::MakeDirectory { path: at, wishes } => {
                let at = path(at)?;
                jail.make_new_directory(&at, self.quota.reserve())?;
                let mode = wishes.changes.mode.map_or(DIRECTORY_MODE, |mode| mode & 0o777 & !UMASK);
                if mode != DIRECTORY_MODE {
                    let changes = gantry_files::Changes { mode: Some(mode), ..Default::default() };
                    jail.set_attributes(&at, &changes, &self.quota)?;
                }
                Some(change(SftpAction::MakeDirectory, &at, None))
            }
            Request::Rename { from, to } => Some(rename(jail, from, to, Existing::Keep)?),
            // Who may not delete may still rename to a free name; the kernel decides in one step whether it is.
            Request::Replace { from, to } if !rights.delete => {
                Some(rename(jail, from, to, Existing::Keep).map_err(|error| match error {
                    FilesError::Exists { .. } => Failure::forbidden(
                        "There is something at that name, and you may not delete this server's files.",
                    ),
                    error => error.into(),
                })?)
            }
            Request::Replace { from, to } => Some(rename(jail, from, to, Existing::Replace)?),
            Request::MakeLink { target, path: at } => {
                let at = path(at)?;
                jail.make_link(&at, target, self.quota.reserve())?;
                Some(change(SftpAction::MakeLink, &at, None))
            }
            _ => return Err(not_offered()),
        })
    }
}

fn rename(jail: &Jail, from: &[u8], to: &[u8], existing: Existing) -> Result<SftpChange, FilesError> {
    let (from, to) = (JailPath::from_absolute(from)?, JailPath::from_absolute(to)?);
    jail.rename(&from, &to, existing)?;
    Ok(change(SftpAction::Rename, &from, Some(&to)))
}

fn not_offered() -> Failure {
    Failure::of(StatusCode::OpUnsupported, "This is not offered here.")
}

fn too_many() -> Failure {
    Failure::of(StatusCode::Failure, "Too many files are open.")
}

/// Files belong to their server's user, whatever a program asks for.
fn keeps_owner(wishes: &Wishes, found: &Attributes) -> Result<(), Failure> {
    match wishes.owner {
        Some(owner) if owner != (found.uid, found.gid) => {
            Err(Failure::forbidden("The owner of a server's files cannot be changed."))
        }
        Some(_) | None => Ok(()),
    }
}

impl Rights {
    fn list(self) -> Result<(), Failure> {
        held(self.list, "You may not list this server's files.")
    }

    fn read(self) -> Result<(), Failure> {
        held(self.read, "You may not read this server's files.")
    }

    fn write(self) -> Result<(), Failure> {
        held(self.write, "You may not change this server's files.")
    }

    fn delete(self) -> Result<(), Failure> {
        held(self.delete, "You may not delete this server's files.")
    }
}

fn held(right: bool, refusal: &str) -> Result<(), Failure> {
    if right { Ok(()) } else { Err(Failure::forbidden(refusal)) }
}
