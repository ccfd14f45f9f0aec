//! What the kernel counts: hard limits, and whose rights a process has.

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, nice, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit,
};
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use rustix::thread::{set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::ConfineError;

/// Hard limits of a process. Exceeding one ends it, or makes the call that would exceed it fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Seconds of processor time.
    pub cpu_s: u64,
    /// Bytes of memory that it may write to. Addresses that are only reserved do not count.
    pub memory_bytes: u64,
    /// Length of the largest file that it may write.
    pub file_bytes: u64,
    /// Descriptors at a time.
    pub open_files: u64,
    /// How far it steps back behind others, 0 to 19.
    pub niceness: i32,
}

impl Limits {
    /// Sets them all, leaves no core dumps, and takes the way back: no program that is started gives new rights.
    pub fn apply(&self) -> Result<(), ConfineError> {
        let limit = |resource, soft: u64, hard: u64| {
            let limit = Rlimit { current: Some(soft), maximum: Some(hard) };
            setrlimit(resource, limit).map_err(ConfineError::refused("set a limit"))
        };
        set_no_new_privs(true).map_err(ConfineError::refused("forgo new rights"))?;
        nice(self.niceness).map_err(ConfineError::refused("step back behind others"))?;
        limit(Resource::Core, 0, 0)?;
        limit(Resource::Fsize, self.file_bytes, self.file_bytes)?;
        limit(Resource::Nofile, self.open_files, self.open_files)?;
        // The soft limit's signal tells the parent which limit it was; the hard one is for a child that ignores it.
        limit(Resource::Cpu, self.cpu_s, self.cpu_s.saturating_add(1))?;
        // Not the address space: allocators and engines reserve much more than they use.
        limit(Resource::Data, self.memory_bytes, self.memory_bytes)
    }
}

/// Becomes another user with that group alone, for good. Only root can, and only before there are other threads: user and
/// group belong to a thread in the kernel, and later threads have those of the one that starts them.
pub fn become_user(user: u32, group: u32) -> Result<(), ConfineError> {
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    set_thread_groups(&[]).map_err(ConfineError::refused("leave all groups"))?;
    set_thread_res_gid(group, group, group).map_err(ConfineError::refused("change the group"))?;
    set_thread_res_uid(user, user, user).map_err(ConfineError::refused("change the user"))?;
    // Capabilities go with the last of root's ids.
    if geteuid() == user {
        Ok(())
    } else {
        Err(ConfineError::refused("change the user")(rustix::io::Errno::PERM))
    }
}

/// Gives up all capabilities, also those that whoever is not root was started with.
pub fn forgo_capabilities() -> Result<(), ConfineError> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_capabilities(None, sets).map_err(ConfineError::refused("forgo capabilities"))
}

/// Ends with the thread that started this process, and lets nobody of the same user look into it. Another user is to be
/// become before, because the kernel forgets both with that.
pub fn stay_with_the_parent() -> Result<(), ConfineError> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(ConfineError::refused("keep others from looking in"))?;
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(ConfineError::refused("end with the parent"))
}

/// No process and no thread more, where the user is not root. Call it once all threads are there.
pub fn no_more_processes() -> Result<(), ConfineError> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Nproc, none).map_err(ConfineError::refused("forgo processes"))
}
