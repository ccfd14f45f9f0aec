//! The calls of the kernel that stay: seccomp.
//!
//! A list of what is allowed; anything else ends the process with `SIGSYS`. No list has new sockets, programs, processes,
//! other processes' memory, namespaces, mounts, or signals to others, and one alone has memory that can be executed. Two calls fail instead
//! of ending the process, because the C library makes them of its own accord and has another way.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_long};

use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use crate::ConfineError;

/// What a process does with the kernel from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Computes, with threads, from what it has open to what it has open. It opens nothing.
    Compute,
    /// Runs code that is loaded while it lives, with threads, and talks over sockets that it was given or is sent. It opens
    /// nothing and connects to nothing. Memory is either written or executed, never both at a time.
    Run,
    /// Works on files and directories, with the threads that it has.
    Files,
}

/// Memory, locks, time, own signals, and reading and writing what is open. Calls with conditions stand in
/// [`conditional`].
const ALWAYS: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_restart_syscall,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
];

/// Talking over sockets that are there, and memory whose beginning is shared.
const RUN: &[c_long] =
    &[libc::SYS_recvfrom, libc::SYS_recvmsg, libc::SYS_sendto, libc::SYS_memfd_create, libc::SYS_membarrier];

/// Asks which of one's own pages were written: `PAGEMAP_SCAN` of `linux/fs.h`, which the C library does not name.
const PAGEMAP_SCAN: u64 = 0xc060_6610;

/// Finding, making, changing and removing files. Owners are not changed: what is made belongs to its maker.
const FILES: &[c_long] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_fchmod,
    libc::SYS_ftruncate,
    libc::SYS_utimensat,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_syncfs,
];

/// Allows this process so much of the kernel, for all its threads and for good.
pub fn seal(calls: Calls) -> Result<(), ConfineError> {
    let mut walls = Vec::new();
    // The C library starts a thread with `clone` where there is no `clone3`, whose flags no filter can see.
    let failing: &[(c_long, c_int)] = match calls {
        Calls::Compute | Calls::Run => &[(libc::SYS_clone3, libc::ENOSYS), (libc::SYS_openat, libc::EACCES)],
        Calls::Files => &[],
    };
    for (call, error) in failing {
        walls.push(fails(*call, *error).map_err(made)?);
    }
    // Where two filters speak of a call the stricter word counts, and the last one makes all further ones impossible.
    walls.push(allowlist(calls, failing).map_err(made)?);
    for wall in &walls {
        seccompiler::apply_filter_all_threads(wall).map_err(ConfineError::Filter)?;
    }
    Ok(())
}

fn made(error: BackendError) -> ConfineError {
    ConfineError::Filter(Error::Backend(error))
}

fn allowlist(calls: Calls, failing: &[(c_long, c_int)]) -> Result<BpfProgram, BackendError> {
    let (special, threads): (&[c_long], _) = match calls {
        Calls::Compute => (&[], true),
        Calls::Run => (RUN, true),
        Calls::Files => (FILES, false),
    };
    let failing = failing.iter().map(|(call, _)| call);
    let plain = ALWAYS.iter().chain(special).chain(failing);
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> = plain.map(|call| (*call, Vec::new())).collect();
    rules.extend(conditional()?);
    if calls == Calls::Run {
        // What was written becomes code, and stays as it is.
        rules.entry(libc::SYS_mprotect).or_default().push(when(
            2,
            masked(libc::PROT_EXEC | libc::PROT_WRITE),
            flags(libc::PROT_EXEC),
        )?);
        rules.entry(libc::SYS_fcntl).or_default().push(when(1, SeccompCmpOp::Eq, flags(libc::F_ADD_SEALS))?);
        rules.insert(libc::SYS_ioctl, vec![when(1, SeccompCmpOp::Eq, PAGEMAP_SCAN)?]);
        // A thread chooses its own processor.
        rules.insert(libc::SYS_sched_setaffinity, vec![when(0, SeccompCmpOp::Eq, 0)?]);
    }
    if threads {
        rules.insert(libc::SYS_clone, vec![thread()?]);
    }
    program(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

fn fails(call: c_long, error: c_int) -> Result<BpfProgram, BackendError> {
    let rules = BTreeMap::from([(call, Vec::new())]);
    program(rules, SeccompAction::Allow, SeccompAction::Errno(error.unsigned_abs()))
}

fn program(
    rules: BTreeMap<c_long, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, matched, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// Calls that are harmless in one form alone.
fn conditional() -> Result<Vec<(c_long, Vec<SeccompRule>)>, BackendError> {
    let no_code = |argument| when(argument, masked(libc::PROT_EXEC), 0);
    Ok(vec![
        (libc::SYS_mmap, vec![no_code(2)?]),
        (libc::SYS_mprotect, vec![no_code(2)?]),
        // An abort is a signal to oneself.
        (libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?]),
        // Threads give themselves names.
        (libc::SYS_prctl, vec![when(0, SeccompCmpOp::Eq, flags(libc::PR_SET_NAME))?]),
        (libc::SYS_fcntl, descriptors()?),
        // Limits are read and not set.
        (libc::SYS_prlimit64, vec![wide(2, 0)?]),
    ])
}

/// A thread of this process, in no namespace of its own.
fn thread() -> Result<SeccompRule, BackendError> {
    let namespaces = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET;
    when(0, masked(libc::CLONE_THREAD | namespaces), flags(libc::CLONE_THREAD))
}

/// Copies of descriptors, and what is known of them.
fn descriptors() -> Result<Vec<SeccompRule>, BackendError> {
    let commands = [libc::F_DUPFD_CLOEXEC, libc::F_GETFD, libc::F_SETFD, libc::F_GETFL];
    commands.into_iter().map(|command| when(1, SeccompCmpOp::Eq, flags(command))).collect()
}

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    SeccompRule::new(vec![condition])
}

fn wide(argument: u8, value: u64) -> Result<SeccompRule, BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)?;
    SeccompRule::new(vec![condition])
}

fn masked(bits: c_int) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(flags(bits))
}

/// Flags as the kernel sees them, whatever their sign.
fn flags(bits: c_int) -> u64 {
    u64::from(bits.cast_unsigned())
}
