//! Running other programs, and telling people about it.
//!
//! An error here is a text for the person at the terminal: what failed, why, and what to type.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// What went wrong, in words for the person who typed the command.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The root of the checkout.
///
/// Asked of the cargo that runs this program, not of the one that compiled it: checkouts that share a target directory
/// share this program too.
pub fn root() -> PathBuf {
    let folder = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&folder).parent().expect("xtask lies in the checkout").to_owned()
}

/// Where cargo puts its output.
pub fn target_directory() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Says what begins, and why.
pub fn say(what: &str, why: &str) {
    println!("• {what}{}", if why.is_empty() { String::new() } else { format!(" — {why}") });
    std::io::stdout().flush().ok();
}

/// Runs a command with its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let started = Instant::now();
    let status = command.status().map_err(|error| format!("could not start `{shown}`: {error}"))?;
    if !status.success() {
        return Err(format!("`{shown}` ended with {status} after {:.0?}", started.elapsed()).into());
    }
    Ok(())
}

/// Runs a command and keeps its output; on failure the end of that is in the error.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("could not start `{shown}`: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let tail: Vec<&str> = errors.lines().rev().take(12).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        return Err(format!("`{shown}` ended with {}:\n{}", output.status, tail.join("\n")).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command succeeds, silently.
pub fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// The path of a program that the shell would find.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let extra = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(extra).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The user may install packages and start services.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Random bytes as lower-case hexadecimal.
pub fn random_hex(bytes: usize) -> Result<String> {
    use std::io::Read;
    let mut buffer = vec![0; bytes];
    fs::File::open("/dev/urandom")?.read_exact(&mut buffer)?;
    Ok(hex::encode(buffer))
}

/// A TCP port of the loopback address that nobody listens on.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Cargo, in the checkout.
///
/// What the cargo that runs this program says of it in the environment is taken away: build scripts that watch such
/// variables would run again, and half of the dependencies would be compiled anew.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let told = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];
    for (name, _) in env::vars_os() {
        if told.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.current_dir(root());
    command
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let line = words.join(" ");
    if line.chars().count() > 200 {
        format!("{}…", line.chars().take(200).collect::<String>())
    } else {
        line
    }
}
