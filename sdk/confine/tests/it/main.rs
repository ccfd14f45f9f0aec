//! Children that confine themselves and then misbehave: each is stopped, and it is known by what.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be set up is a test that fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use gantry_confine::{Ending, Landlock, ending, landlock};

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
