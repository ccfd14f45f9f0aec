//! Children that confine themselves and then misbehave: each is stopped, and it is known by what.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be set up is a test that fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use gantry_confine::{Ending, GroupLimits, GroupPlace, Landlock, NoGroup, ending, landlock};

/// Starts the captive with the directory in reach.
fn captive(calls: &str, directory: &Path, deed: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gantry-captive"))
        .arg(calls)
        .arg(directory)
        .args(deed)
        .env_clear()
        .output()
        .unwrap()
}

/// What the kernel granted, and what came of the deed.
fn outcome(output: &Output) -> (String, String) {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let (granted, outcome) = text.trim_end().split_once('\n').unwrap();
    (granted.to_owned(), outcome.to_owned())
}

fn ended(output: &Output) -> Ending {
    assert!(!output.status.success(), "{output:?}");
    ending(output.status, &String::from_utf8_lossy(&output.stderr))
}

/// A directory to work in, beside a secret.
fn reach() -> (tempfile::TempDir, std::path::PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let inside = outside.path().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    (outside, inside)
}

#[test]
fn whoever_works_on_files_can_do_so_beneath_the_directory() {
    let (_outside, inside) = reach();
    let (granted, done) = outcome(&captive("files", &inside, &["work"]));
    assert_eq!((granted.as_str(), done.as_str()), (landlock().as_str(), "done"));
    assert_eq!(fs::read_to_string(inside.join("made/file")).unwrap(), "content");
}

#[test]
fn files_elsewhere_are_out_of_reach() {
    assert_ne!(landlock(), Landlock::None, "this test needs a kernel with Landlock");
    let (outside, inside) = reach();
    let sibling = outside.path().join("secret");
    for path in ["/etc/passwd", "/proc/self/environ", sibling.to_str().unwrap()] {
        let (_, done) = outcome(&captive("files", &inside, &["read", path]));
        assert_eq!(done, "PermissionDenied", "{path}");
    }
    fs::write(inside.join("own"), "").unwrap();
    let own = inside.join("own");
    assert_eq!(outcome(&captive("files", &inside, &["read", own.to_str().unwrap()])).1, "done");
}

#[test]
fn links_lead_nowhere_else() {
    assert_ne!(landlock(), Landlock::None, "this test needs a kernel with Landlock");
    let (_outside, inside) = reach();
    std::os::unix::fs::symlink("../secret", inside.join("link")).unwrap();
    let link = inside.join("link");
    let (_, done) = outcome(&captive("files", &inside, &["read", link.to_str().unwrap()]));
    assert_eq!(done, "PermissionDenied");
}

#[test]
fn whoever_computes_opens_nothing_at_all() {
    let (_outside, inside) = reach();
    fs::write(inside.join("own"), "").unwrap();
    let parent = format!("/proc/{}/environ", std::process::id());
    for path in ["/etc/passwd", &parent, inside.join("own").to_str().unwrap()] {
        for calls in ["compute", "run"] {
            assert_eq!(outcome(&captive(calls, &inside, &["read", path])).1, "PermissionDenied", "{path}");
        }
    }
}

#[test]
fn sockets_programs_processes_roots_and_signals_end_the_child() {
    let (_outside, inside) = reach();
    for calls in ["files", "compute", "run"] {
        for deed in ["socket", "exec", "spawn", "chroot", "kill"] {
            let output = captive(calls, &inside, &[deed]);
            assert_eq!(ended(&output), Ending::Call, "{calls} {deed}: {output:?}");
        }
    }
}

/// What leads to other processes, to new ones, to the network, and to more of the kernel. Each is asked of the parent, where
/// the first argument is a process.
#[test]
fn other_processes_networks_and_newer_doors_end_the_child() {
    let (_outside, inside) = reach();
    let doors = [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_tgkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_clone,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_execveat,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_accept4,
        libc::SYS_socketpair,
        libc::SYS_openat2,
        libc::SYS_open_by_handle_at,
        libc::SYS_mount,
        libc::SYS_setuid,
        libc::SYS_sched_setaffinity,
        libc::SYS_setrlimit,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_userfaultfd,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_shmget,
        libc::SYS_pkey_mprotect,
    ];
    for door in doors {
        for calls in ["compute", "run"] {
            let output = captive(calls, &inside, &["door", &door.to_string()]);
            assert_eq!(ended(&output), Ending::Call, "{calls} {door}: {output:?}");
        }
    }
    // It would let others of its user look in again.
    assert_eq!(ended(&captive("run", &inside, &["dumpable"])), Ending::Call);
}

/// Memory is never writable and executable at a time, and nothing is mapped as code. That what was written becomes code
/// afterwards is how compiled plugins are loaded, and is what remains to whoever takes such a child over.
#[test]
fn memory_is_written_or_executed() {
    let (_outside, inside) = reach();
    for deed in ["code-writable", "code-at-once", "code-mapped"] {
        for calls in ["files", "compute", "run"] {
            assert_eq!(ended(&captive(calls, &inside, &[deed])), Ending::Call, "{calls} {deed}");
        }
    }
    assert_eq!(ended(&captive("compute", &inside, &["code-later"])), Ending::Call);
    assert_eq!(outcome(&captive("run", &inside, &["code-later"])).1, "done");
}

#[test]
fn threads_are_for_those_who_compute_or_run_code() {
    let (_outside, inside) = reach();
    assert_eq!(outcome(&captive("compute", &inside, &["thread"])).1, "done");
    assert_eq!(outcome(&captive("run", &inside, &["thread"])).1, "done");
    assert_eq!(ended(&captive("files", &inside, &["thread"])), Ending::Call);
}

#[test]
fn owners_are_not_changed() {
    let (_outside, inside) = reach();
    fs::write(inside.join("own"), "").unwrap();
    let own = inside.join("own");
    assert_eq!(ended(&captive("files", &inside, &["chown", own.to_str().unwrap()])), Ending::Call);
}

#[test]
fn four_gibibytes_are_not_given() {
    let (_outside, inside) = reach();
    for calls in ["files", "compute"] {
        assert_eq!(ended(&captive(calls, &inside, &["memory"])), Ending::Memory, "{calls}");
    }
}

#[test]
fn an_endless_loop_ends() {
    let (_outside, inside) = reach();
    assert_eq!(ended(&captive("compute", &inside, &["loop"])), Ending::CpuTime);
}

#[test]
fn a_file_that_grows_too_large_ends_the_child() {
    let (_outside, inside) = reach();
    assert_eq!(ended(&captive("files", &inside, &["flood"])), Ending::FileSize);
    assert!(fs::metadata(inside.join("flood")).unwrap().len() <= 1 << 20);
}

#[test]
fn without_landlock_it_is_said_and_the_other_walls_stand() {
    let (_outside, inside) = reach();
    let (granted, done) = outcome(&captive("files", &inside, &["without-landlock", "/etc/passwd"]));
    assert_eq!((granted.as_str(), done.as_str()), (Landlock::None.as_str(), "done"));
}

#[test]
fn another_user_has_that_user_s_rights_alone() {
    assert!(rustix::process::geteuid().is_root(), "this test becomes another user: run it as root");
    let (outside, _inside) = reach();
    let secret = outside.path().join("secret");
    let open = std::os::unix::fs::PermissionsExt::from_mode;
    fs::set_permissions(outside.path(), open(0o755)).unwrap();
    fs::set_permissions(&secret, open(0o600)).unwrap();
    let (_, done) = outcome(&captive("files", outside.path(), &["as-20001-read", secret.to_str().unwrap()]));
    assert_eq!(done, "PermissionDenied", "it is root's, and in reach");
}

/// What the kernel says of a service to which systemd delegated its group, mounted as usual.
const MOUNTS: &str = "24 1 0:22 / /proc rw - proc proc rw\n\
    30 24 0:26 / {} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

fn mounts(at: &Path) -> String {
    MOUNTS.replace("{}", at.to_str().unwrap())
}

/// A directory with the files that the kernel has in one of cgroup v2.
fn hierarchy(at: &Path, controllers: &str) {
    fs::create_dir_all(at).unwrap();
    fs::write(at.join("cgroup.controllers"), controllers).unwrap();
}

const LIMITS: GroupLimits = GroupLimits { memory_bytes: 1 << 30, processes: 100, weight: 50 };

#[test]
fn group_has_its_limits_and_takes_who_is_put_into_it() {
    let top = tempfile::tempdir().unwrap();
    hierarchy(top.path(), "cpuset cpu io memory pids");
    fs::create_dir(top.path().join("gantry-plugins-9-left-behind")).unwrap();
    let place = GroupPlace::found(&mounts(top.path()), "0::/\n").unwrap();
    let group = place.make("1-1", &LIMITS).unwrap();
    group.take(4711).unwrap();
    let read = |file: &str| fs::read_to_string(group.directory().join(file)).unwrap();
    assert_eq!(
        (read("memory.max"), read("pids.max"), read("cpu.weight")),
        ("1073741824".into(), "100".into(), "50".into())
    );
    assert_eq!(read("cgroup.procs"), "4711");
    let switched = fs::read_to_string(top.path().join("cgroup.subtree_control")).unwrap();
    assert_eq!(switched, "+memory +pids +cpu");
    assert!(!top.path().join("gantry-plugins-9-left-behind").exists(), "nobody was in it");
}

#[test]
fn group_of_fewer_controllers_has_fewer_limits_and_of_none_there_is_none() {
    let top = tempfile::tempdir().unwrap();
    hierarchy(top.path(), "pids io");
    let place = GroupPlace::found(&mounts(top.path()), "0::/\n").unwrap();
    let group = place.make("1-1", &LIMITS).unwrap();
    assert!(group.directory().join("pids.max").exists() && !group.directory().join("memory.max").exists());
    hierarchy(top.path(), "io");
    let NoGroup(why) = place.make("1-2", &LIMITS).unwrap_err();
    assert!(why.contains("none of the controllers memory, pids, cpu"), "{why}");
}

#[test]
fn groups_are_made_only_where_that_was_given_away() {
    let top = tempfile::tempdir().unwrap();
    let service = top.path().join("system.slice/gantryd.service");
    hierarchy(&service.join("main"), "");
    let found = |own: &str| GroupPlace::found(&mounts(top.path()), &format!("1:name=systemd:/\n0::{own}\n"));
    let NoGroup(why) = found("/system.slice/gantryd.service").unwrap_err();
    assert!(why.contains("Delegate=yes"), "{why}");
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&service, "trusted.delegate", b"1", flags).expect("root marks it as systemd does");
    // Also where this process has its own leaf of it already.
    for own in ["/system.slice/gantryd.service", "/system.slice/gantryd.service/main"] {
        hierarchy(&service, "memory pids");
        let group = found(own).unwrap().make("1-1", &LIMITS).unwrap();
        assert_eq!(group.directory().parent(), Some(service.as_path()), "{own}");
    }
    assert!(found("/../elsewhere").unwrap_err().0.contains("out of sight"));
    let NoGroup(why) = GroupPlace::found("24 1 0:22 / /proc rw - proc proc rw\n", "0::/\n").unwrap_err();
    assert_eq!(why, "cgroup v2 is not mounted");
}

/// Whatever this machine has: a group, or words.
#[test]
fn this_machine_gives_a_group_or_says_why_not() {
    match GroupPlace::here().and_then(|place| place.make("tests", &LIMITS)) {
        Ok(group) => {
            let mut child = Command::new("sleep").arg("60").spawn().unwrap();
            let taken = group.take(child.id());
            child.kill().unwrap();
            child.wait().unwrap();
            taken.unwrap();
            let directory = group.directory().to_owned();
            drop(group);
            assert!(!directory.exists(), "it is removed with the last of its processes");
        }
        Err(NoGroup(why)) => assert!(!why.is_empty()),
    }
}
