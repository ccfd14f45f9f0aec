//! A virtual machine whose kernel keeps control groups as a modern host's does, whatever the machine of the tests has.
//!
//! Debian's own kernel, started without a disk: everything is in the image that it boots from. Emulated, so that it runs
//! where there is no KVM; booting takes two seconds.

use crate::{
    environment,
    shell::{Result, cargo, output, root, say, target_directory},
};
use cargo_metadata::Message;
use std::{
    fs,
    io::{BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// What the machine does. It lists the test programs that it runs, as [`PROGRAMS`] do.
const INIT: &str = include_str!("machine.sh");
/// Package, test program, and its name in the machine.
const PROGRAMS: [(&str, &str, &str); 2] =
    [("gantry-confine", "it", "confine"), ("gantry-host", "grouped", "grouped")];
/// What those start, where they were built to find it.
const CHILDREN: [&str; 3] = ["gantry-captive", "gantry-compiler", "gantry-runner"];
/// Tools of the machine.
const TOOLS: [&str; 2] = ["busybox", "setfattr"];
/// It is stopped after this, in seconds.
const PATIENCE: &str = "600";

/// A machine that is ready to boot.
pub struct Machine {
    kernel: PathBuf,
    image: PathBuf,
    ends: PathBuf,
}

impl Machine {
    /// Packs the image in `folder`.
    pub fn build(folder: &Path) -> Result<Self> {
        if std::env::consts::ARCH != "x86_64" {
            return Err("the virtual machine of the tests is made for x86-64 alone".into());
        }
        environment::machine()?;
        let kernel = environment::kernel(&target_directory().join("machine"))?;
        let tree = folder.join("tree");
        for place in ["bin", "dev", "proc", "sys", "tmp", "etc"] {
            fs::create_dir_all(tree.join(place))?;
        }
        for tool in TOOLS {
            let found = crate::shell::find(tool).ok_or_else(|| format!("{tool} is not in PATH"))?;
            put(&found, &tree, &Path::new("/bin").join(tool))?;
        }
        for (program, name) in built()? {
            put(&program, &tree, &Path::new("/bin").join(name))?;
        }
        for child in CHILDREN {
            let place = target_directory().join("debug").join(child);
            put(&place, &tree, &place)?;
        }
        // The tests' components are made against the contract, which they find from their package.
        let contract = root().join("sdk/wit");
        fs::create_dir_all(inside(&tree, &root().join("sdk/host")))?;
        output(Command::new("cp").arg("-r").arg(&contract).arg(inside(&tree, &contract)))?;
        fs::write(tree.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n")?;
        let init = tree.join("init");
        fs::write(&init, INIT)?;
        fs::set_permissions(&init, fs::Permissions::from_mode(0o755))?;
        let image = folder.join("image");
        pack(&tree, &image)?;
        Ok(Self { kernel, image, ends: folder.join("ends") })
    }

    /// The command that boots it. It prints what the machine prints.
    pub fn boot(&self) -> Command {
        let mut command = Command::new("timeout");
        command.args([
            PATIENCE,
            "qemu-system-x86_64",
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
            "-smp",
            "2",
        ]);
        command.args(["-m", "3072", "-no-reboot", "-display", "none", "-vga", "none", "-nic", "none"]);
        command.args(["-serial", "stdio", "-serial"]).arg(format!("file:{}", self.ends.display()));
        command.arg("-kernel").arg(&self.kernel).arg("-initrd").arg(&self.image);
        command.args(["-append", "console=ttyS0 quiet panic=-1"]);
        command
    }

    /// The programs that did not end well, with their exit status where they came to an end.
    pub fn failed(&self) -> Result<Vec<String>> {
        let ends = fs::read_to_string(&self.ends)?;
        let status = |name: &str| ends.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let failed = PROGRAMS.iter().filter_map(|(_, _, name)| match status(name) {
            Some("0") => None,
            Some(status) => Some(format!("{name} ended with status {status}")),
            None => Some(format!("{name} came to no end")),
        });
        Ok(failed.collect())
    }
}

/// The test programs, by the features that the rest of the suite has, so that nothing is compiled for them alone.
fn built() -> Result<Vec<(PathBuf, &'static str)>> {
    say("building what a virtual machine runs", "the second wall is tested on control groups of the kernel");
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-run", "--quiet", "--message-format=json"]);
    command.args(["--bins", "--test", "it", "--test", "grouped"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let messages = BufReader::new(child.stdout.take().ok_or("cargo without output")?);
    let mut programs = Vec::new();
    for message in Message::parse_stream(messages) {
        let Message::CompilerArtifact(artifact) = message? else { continue };
        let of = |(package, test, _): &&(&str, &str, &str)| {
            artifact.target.name == *test && artifact.package_id.repr.contains(&format!("#{package}@"))
        };
        if let (Some((_, _, name)), Some(program)) = (PROGRAMS.iter().find(of), artifact.executable) {
            programs.push((program.into_std_path_buf(), *name));
        }
    }
    if !child.wait()?.success() || programs.len() != PROGRAMS.len() {
        return Err("the test programs for the virtual machine were not built".into());
    }
    Ok(programs)
}

/// Where a file of this machine stands in the image.
fn inside(tree: &Path, place: &Path) -> PathBuf {
    tree.join(place.strip_prefix("/").unwrap_or(place))
}

/// Puts a program into the image, without symbols and with the libraries that it is linked with.
fn put(program: &Path, tree: &Path, place: &Path) -> Result<()> {
    let copy = |from: &Path, to: PathBuf| {
        fs::create_dir_all(to.parent().unwrap_or(tree))?;
        fs::copy(from, to)
    };
    let there = inside(tree, place);
    copy(program, there.clone())?;
    output(Command::new("strip").arg(&there))?;
    // Of a program without libraries it says so, and fails.
    let linked = Command::new("ldd").arg(program).output()?;
    for library in
        String::from_utf8_lossy(&linked.stdout).split_whitespace().filter(|word| word.starts_with('/'))
    {
        let library = Path::new(library);
        copy(library, inside(tree, library))?;
    }
    Ok(())
}

/// Makes of a folder the archive that the kernel unpacks.
fn pack(tree: &Path, image: &Path) -> Result<()> {
    let names = output(Command::new("find").current_dir(tree).arg("."))?;
    let mut archive = Command::new("cpio");
    archive.args(["--create", "--quiet", "--format=newc"]).current_dir(tree);
    let mut archive = archive.stdin(Stdio::piped()).stdout(fs::File::create(image)?).spawn()?;
    let mut list = archive.stdin.take().ok_or("cpio without input")?;
    list.write_all(names.as_bytes())?;
    drop(list);
    if archive.wait()?.success() { Ok(()) } else { Err("cpio did not make the image".into()) }
}
