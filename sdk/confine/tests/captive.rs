//! A child that confines itself and then tries what it must not. The tests beside it start it and see how it ends.
//!
//! `gantry-captive CALLS DIRECTORY DEED [OBJECT]`: CALLS is `compute`, `run` or `files`; with `files`, DIRECTORY stays in reach.
//! What was granted stands in the first line of its output, and what came of the deed in the second.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a helper of tests")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use gantry_confine::{Calls, Limits, Reach, become_user, fence, no_more_processes, seal};

const LIMITS: Limits =
    Limits { cpu_s: 1, memory_bytes: 256 << 20, file_bytes: 1 << 20, open_files: 32, niceness: 1 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [calls, directory, deed, rest @ ..] = arguments.as_slice() else { panic!("CALLS DIRECTORY DEED") };
    let object = rest.first().map_or("", String::as_str);
    if deed == "without-landlock" {
        forget_landlock();
    }
    if let Some((user, _)) = deed.strip_prefix("as-").and_then(|rest| rest.split_once('-')) {
        let user = user.parse().unwrap();
        become_user(user, user).unwrap();
    }
    LIMITS.apply().unwrap();
    let open = File::open(directory).unwrap();
    let (reach, calls) = match calls.as_str() {
        "compute" => (&[][..], Calls::Compute),
        "run" => (&[][..], Calls::Run),
        _ => (&[open.as_fd()][..], Calls::Files),
    };
    let granted = fence(if reach.is_empty() { Reach::Nothing } else { Reach::Beneath(reach) }).unwrap();
    if calls == Calls::Files {
        no_more_processes().unwrap();
    }
    seal(calls).unwrap();
    println!("{}", granted.as_str());
    println!("{}", commit(deed, directory, object));
}

fn commit(deed: &str, directory: &str, object: &str) -> String {
    let told = |done: std::io::Result<()>| match done {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    match deed {
        "work" => told(work(directory)),
        "read" | "without-landlock" => {
            told(File::open(object).and_then(|mut file| file.read_to_end(&mut Vec::new()).map(drop)))
        }
        deed if deed.ends_with("-read") => told(File::open(object).map(drop)),
        "socket" => told(std::net::TcpStream::connect("127.0.0.1:9").map(drop)),
        "exec" => told(Err(Command::new("/bin/true").exec())),
        "spawn" => told(Command::new("/bin/true").spawn().map(drop)),
        "thread" => told(std::thread::Builder::new().spawn(|| ()).map(|thread| thread.join().unwrap())),
        "memory" => format!("{}", vec![1_u8; 4 << 30].len()),
        "loop" => loop {
            std::hint::black_box(());
        },
        "flood" => told(flood(directory)),
        "chown" => told(std::os::unix::fs::chown(object, Some(1), Some(1))),
        "chroot" => told(rustix::process::chroot("/").map_err(Into::into)),
        "kill" => {
            let parent = rustix::process::getppid().unwrap();
            told(rustix::process::kill_process(parent, rustix::process::Signal::CONT).map_err(Into::into))
        }
        "door" => format!("{}", door(object.parse().unwrap())),
        "dumpable" => {
            let dumpable = rustix::process::DumpableBehavior::Dumpable;
            told(rustix::process::set_dumpable_behavior(dumpable).map_err(Into::into))
        }
        "code-writable" => told(code(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, None)),
        "code-at-once" => told(code(libc::PROT_READ | libc::PROT_EXEC, None)),
        "code-mapped" => told(code(libc::PROT_READ | libc::PROT_EXEC, Some(0))),
        "code-later" => told(code(libc::PROT_READ | libc::PROT_WRITE, None)),
        other => panic!("no such deed: {other}"),
    }
}

/// Asks the kernel for this call, with the parent for its first argument and nothing for the others.
#[expect(unsafe_code, reason = "calls that are to be refused have no safe form here")]
fn door(number: libc::c_long) -> libc::c_long {
    let parent = rustix::process::getppid().unwrap().as_raw_nonzero().get();
    // SAFETY: a filter ends this process before the kernel looks at the arguments; where it does not, none of these calls
    // writes to what it was given no address of.
    unsafe { libc::syscall(number, parent, 0, 0, 0, 0, 0) }
}

/// Maps a page, of a descriptor or of nothing, and makes code of it where it was not mapped as that.
#[expect(unsafe_code, reason = "memory that is to be refused has no safe form here")]
fn code(protection: libc::c_int, of: Option<libc::c_int>) -> std::io::Result<()> {
    const PAGE: usize = 4096;
    let kind = if of.is_some() { libc::MAP_PRIVATE } else { libc::MAP_PRIVATE | libc::MAP_ANONYMOUS };
    // SAFETY: a fresh page where the kernel likes, which nothing here refers to.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), PAGE, protection, kind, of.unwrap_or(-1), 0) };
    if page == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: that very page.
    let made = unsafe { libc::mprotect(page, PAGE, libc::PROT_READ | libc::PROT_EXEC) };
    if made == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// All that is meant to be possible with files.
fn work(directory: &str) -> std::io::Result<()> {
    let at = |name: &str| format!("{directory}/{name}");
    rustix::fs::mkdirat(rustix::fs::CWD, at("made"), 0o755.into())?;
    let mut file = File::create(at("made/file"))?;
    file.write_all(b"content")?;
    file.sync_all()?;
    rustix::fs::fchmod(&file, 0o600.into())?;
    rustix::fs::linkat(
        rustix::fs::CWD,
        at("made/file"),
        rustix::fs::CWD,
        at("second"),
        rustix::fs::AtFlags::empty(),
    )?;
    rustix::fs::symlinkat("made/file", rustix::fs::CWD, at("link"))?;
    rustix::fs::renameat(rustix::fs::CWD, at("second"), rustix::fs::CWD, at("third"))?;
    rustix::fs::unlinkat(rustix::fs::CWD, at("third"), rustix::fs::AtFlags::empty())?;
    rustix::fs::syncfs(&file)?;
    std::fs::read_to_string(at("link")).map(drop)
}

fn flood(directory: &str) -> std::io::Result<()> {
    let mut file = File::create(format!("{directory}/flood"))?;
    for _ in 0..4 {
        file.write_all(&vec![0; 512 << 10])?;
    }
    Ok(())
}

/// From here on the kernel says that it has no Landlock.
fn forget_landlock() {
    let rules = [(libc::SYS_landlock_create_ruleset, vec![])].into_iter().collect();
    let filter = seccompiler::SeccompFilter::new(
        rules,
        seccompiler::SeccompAction::Allow,
        seccompiler::SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: seccompiler::BpfProgram = filter.unwrap().try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
}
