//! Finding or installing what a fresh machine lacks.

use crate::shell::{Result, find, is_root, output, root, run, say, succeeds};
use gantry_build::{
    Language,
    tools::{self, WASM_TARGET},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
};

/// Where npm puts a Node.js that is newer than the system's.
const NODE_TOOLS: &str = ".gantry/tools";
const NODE_BIN: &str = "node_modules/node/bin";
/// What tests of registries ask pip for.
const ORAS: &str = "oras==0.2.43";

/// Installs Debian packages, or says what to type.
pub fn apt(packages: &[&str], why: &str) -> Result<()> {
    let typed = format!("apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if !is_root() {
        return Err(format!("{why}: please type `sudo {typed}` and try again").into());
    }
    if find("apt-get").is_none() {
        return Err(
            format!("{why}: this machine has no apt-get; install {} by hand", packages.join(", ")).into()
        );
    }
    say(&format!("installing {}", packages.join(", ")), why);
    update()?;
    output(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
    .map_err(|error| format!("{error}\nPlease type `{typed}` and try again"))?;
    Ok(())
}

/// Has apt learn once what there is.
fn update() -> Result<()> {
    static UPDATE: Once = Once::new();
    let mut updated = Ok(());
    UPDATE.call_once(|| updated = output(Command::new("apt-get").arg("update")).map(drop));
    updated
}

/// What links C for the few crates that need it.
pub fn c_toolchain() -> Result<()> {
    match find("cc") {
        Some(_) => Ok(()),
        None => apt(&["gcc", "libc6-dev"], "Rust links with a C toolchain"),
    }
}

/// Node.js that is recent enough for the web panel's tools: the folder to put first into PATH.
pub fn node() -> Result<PathBuf> {
    if find("node").is_none() || find("npm").is_none() {
        apt(&["nodejs", "npm"], "the web panel is built with Node.js")?;
    }
    let system = find("node").ok_or("Node.js is not in PATH")?;
    if tools::is_recent_node(&system) {
        return Ok(system.parent().ok_or("node has no folder")?.to_owned());
    }
    // Debian's own is older than the tools want; npm carries a newer one.
    let tools = root().join(NODE_TOOLS);
    let newer = tools.join(NODE_BIN);
    if !tools::is_recent_node(&newer.join("node")) {
        say("fetching Node.js 22 by npm", "Debian's Node.js is older than the web panel's tools want");
        std::fs::create_dir_all(&tools)?;
        run(Command::new("npm")
            .args(["install", "--no-fund", "--no-audit", "--prefix"])
            .arg(&tools)
            .arg("node@22"))?;
    }
    Ok(newer)
}

/// Node.js that was installed here, because the system's is too old.
pub fn own_node() -> Option<PathBuf> {
    let own = root().join(NODE_TOOLS).join(NODE_BIN);
    let is_needed = !find("node").is_some_and(|system| tools::is_recent_node(&system));
    (is_needed && own.join("node").is_file()).then_some(own)
}

/// Python that is recent enough for the guest SDK, and can make environments.
pub fn python() -> Result<PathBuf> {
    if !find("python3").is_some_and(|found| tools::is_recent_python(&found)) {
        apt(&["python3", "python3-venv"], "plugins in Python are built with Python")?;
    }
    find("python3").filter(|found| tools::is_recent_python(found)).ok_or_else(|| {
        "plugins in Python need Python 3.11 or newer, with venv: install it and try again".into()
    })
}

/// Chromium for the browser tests.
pub fn chromium() -> Result<PathBuf> {
    if find("chromium").is_none() {
        apt(&["chromium"], "the browser tests drive Chromium")?;
    }
    find("chromium").ok_or_else(|| "chromium was installed but is not in PATH".into())
}

/// A program in PATH, from its package where it is missing.
fn program(name: &str, package: &str, why: &str) -> Result<()> {
    match find(name) {
        Some(_) => Ok(()),
        None => apt(&[package], why),
    }
}

/// curl for the scripts of `examples/`.
pub fn curl() -> Result<()> {
    program("curl", "curl", "the scripts of examples/ use it")
}

/// Servers of games that Debian has, which collectors are held against: each where its package puts it, which need not be
/// in PATH.
pub fn games() -> Result<()> {
    for (server, package) in [
        ("/usr/games/openarena-server", "openarena-server"),
        ("/usr/games/openttd", "openttd"),
        // The graphics, which it wants even where nobody looks.
        ("/usr/share/games/openttd/baseset/opengfx/opengfx.obg", "openttd-opengfx"),
        ("/usr/lib/ioquake3/ioq3ded", "ioquake3-server"),
        ("/usr/sbin/murmurd", "mumble-server"),
        ("/usr/games/teeworlds-server", "teeworlds-server"),
    ] {
        if !Path::new(server).is_file() {
            apt(&[package], "the collector of its plugin is held against the real game")?;
        }
    }
    Ok(())
}

/// What makes and asks a file system with quotas.
pub fn btrfs() -> Result<()> {
    program("btrfs", "btrfs-progs", "disk limits that the kernel enforces are tested on btrfs")
}

/// OpenSSH's file program, which SFTP is tried and measured with.
pub fn sftp() -> Result<()> {
    program("sftp", "openssh-client", "SFTP is tried and measured with OpenSSH's own client")
}

/// A registry, and the tool that reads what was put there and is not ours.
pub fn registry() -> Result<()> {
    program("docker-registry", "docker-registry", "plugins are pushed to and pulled from a real registry")?;
    program("skopeo", "skopeo", "artifacts and signatures are read by a tool that is not ours")?;
    program("openssl", "openssl", "keys and signatures are compared with OpenSSL's")
}

/// What makes and runs a virtual machine.
pub fn machine() -> Result<()> {
    let why = "the second wall is tested on control groups of a kernel of its own";
    program("qemu-system-x86_64", "qemu-system-x86", why)?;
    program("busybox", "busybox-static", why)?;
    program("setfattr", "attr", why)?;
    program("cpio", "cpio", why)?;
    program("strip", "binutils", why)
}

/// The kernel of Debian for virtual machines, or Ubuntu's, unpacked into `folder` and not installed.
pub fn kernel(folder: &Path) -> Result<PathBuf> {
    let unpacked = || {
        let files = std::fs::read_dir(folder.join("boot")).ok()?.flatten().map(|entry| entry.path());
        let mut kernels = files.filter(|file| file.to_string_lossy().contains("vmlinuz"));
        kernels.next()
    };
    if let Some(kernel) = unpacked() {
        return Ok(kernel);
    }
    say("fetching a Linux kernel by apt", "a virtual machine boots it");
    update()?;
    let newest = |name: &str| {
        let parts = output(Command::new("apt-cache").args(["depends", name])).ok()?;
        parts
            .split_whitespace()
            .find(|word| word.starts_with("linux-image-") && *word != name)
            .map(str::to_owned)
    };
    let package = ["linux-image-cloud-amd64", "linux-image-virtual"].into_iter().find_map(newest);
    let package = package.ok_or("apt knows neither linux-image-cloud-amd64 nor linux-image-virtual")?;
    let downloads = folder.join("packages");
    std::fs::create_dir_all(&downloads)?;
    output(Command::new("apt-get").args(["download", &package]).current_dir(&downloads))?;
    for file in std::fs::read_dir(&downloads)? {
        output(Command::new("dpkg").arg("--extract").arg(file?.path()).arg(folder))?;
    }
    std::fs::remove_dir_all(&downloads)?;
    unpacked().ok_or_else(|| format!("{package} has no kernel in /boot").into())
}

/// A Python with oras, the general tool for artifacts, which Debian does not have.
pub fn oras() -> Result<PathBuf> {
    let folder = root().join(".gantry/tools/oras");
    let python = folder.join("bin/python");
    let works = || succeeds(Command::new(&python).args(["-c", "import oras.client"]));
    if works() {
        return Ok(python);
    }
    let makes_environments = || succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]));
    if find("python3").is_none() || !makes_environments() {
        apt(&["python3", "python3-venv"], "oras is a program in Python")?;
    }
    say("fetching oras by pip", "what is pushed here must be pulled by other tools");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        ORAS,
    ]))?;
    if works() { Ok(python) } else { Err(format!("{ORAS} was installed and does not start").into()) }
}

/// The library that gives one program another time.
pub fn other_time() -> Result<PathBuf> {
    let place = || {
        let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
        let mut libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
        libraries.find(|library| library.is_file())
    };
    if place().is_none() {
        apt(&["libfaketime"], "a daemon is given a clock that is wrong")?;
    }
    place().ok_or_else(|| "libfaketime was installed but not found below /usr/lib".into())
}

/// Finds or installs what plugins in this language are built with.
pub fn language(language: Language) -> Result<()> {
    match language {
        Language::Rust => wasm(),
        Language::JavaScript => node().map(drop),
        Language::Python => python().map(drop),
        Language::Declarative => Ok(()),
    }
}

/// Finds or installs a compiler for WebAssembly.
pub fn wasm() -> Result<()> {
    let missing = || tools::wasm(&root()).err();
    if missing().is_none() {
        return Ok(());
    }
    say(&format!("adding the target {WASM_TARGET} by rustup"), "plugins are WebAssembly components");
    let added = find("rustup").is_some()
        && succeeds(Command::new("timeout").args(["120", "rustup", "target", "add", WASM_TARGET]));
    if added && missing().is_none() {
        return Ok(());
    }
    apt(&["rustc-web", "rust-web-src"], "rustup could not fetch the target, Debian has a compiler for it")?;
    match missing() {
        None => Ok(()),
        Some(missing) => Err(format!("{missing}: {}", missing.remedy).into()),
    }
}
