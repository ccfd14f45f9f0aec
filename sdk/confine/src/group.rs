//! Control groups: what a child may take of the machine's memory and processors, all that it does together.
//!
//! Only the second version, and only where the hierarchy is this process's to divide: service managers say so (systemd by
//! `Delegate=yes`, which marks the directory), and in a container or without a service manager its top is. A group is divided
//! in leaves alone, so whoever stands in the middle of what was given goes into a leaf, [`OWN`], first.
//! What is not given is told in words, and the other limits hold.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The leaf of a process that divides what it was given.
const OWN: &str = "main";
/// What groups of children are called.
const PREFIX: &str = "gantry-plugins-";
/// How often those who stand in the middle are moved, since one that is being moved can start another.
const MOVES: usize = 8;
const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// Why there is no group, as a sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoGroup(pub String);

/// What a group may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// Bytes of memory, with what the kernel holds for it.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Its share of busy processors; everybody else has 100.
    pub weight: u32,
}

/// Where groups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    base: PathBuf,
    /// Whether this process stands there itself, and has to leave before it is divided.
    is_own: bool,
}

/// A group, which is removed with this value. Whoever is in it must have ended by then.
#[derive(Debug)]
pub struct Group(PathBuf);

impl GroupPlace {
    /// Where this process can make groups.
    pub fn here() -> Result<Self, NoGroup> {
        let read = |path: &str| fs::read_to_string(path).map_err(failed("read", Path::new(path)));
        Self::found(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?)
    }

    /// The same by what the kernel says of mounts and of the process: `/proc/self/mountinfo` and `/proc/self/cgroup`.
    pub fn found(mounts: &str, groups: &str) -> Result<Self, NoGroup> {
        let no = |why: &str| NoGroup(why.to_owned());
        let (root, mount) = mounts.lines().find_map(mounted).ok_or_else(|| no("cgroup v2 is not mounted"))?;
        let own = groups.lines().find_map(|line| line.strip_prefix("0::"));
        let own = own.ok_or_else(|| no("this process is in no group of cgroup v2"))?;
        // The kernel writes `..` of a group above what a container sees.
        let below = Path::new(own).strip_prefix(root).ok().filter(|below| !below.starts_with(".."));
        let below = below.ok_or_else(|| no("the group of this process is out of sight"))?;
        let here = if below == Path::new("") { mount.to_owned() } else { mount.join(below) };
        if here.file_name().is_some_and(|name| name == OWN)
            && let Some(above) = here.parent().filter(|above| is_given(above, above == &mount))
        {
            return Ok(Self { base: above.to_owned(), is_own: false });
        }
        if is_given(&here, here == mount) {
            // Processes may stand at the very top, which has no type.
            let is_own = here.join("cgroup.type").exists();
            return Ok(Self { base: here, is_own });
        }
        Err(no("the group of this service is not its own to divide; `Delegate=yes` in its unit makes it so"))
    }

    /// Makes a group in it.
    pub fn make(&self, name: &str, limits: &GroupLimits) -> Result<Group, NoGroup> {
        let given = self.controllers()?;
        self.sweep();
        let directory = self.base.join(format!("{PREFIX}{name}"));
        make(&directory)?;
        let group = Group(directory);
        let memory = limits.memory_bytes.to_string();
        for controller in given {
            match controller {
                "memory" => {
                    group.set("memory.max", &memory)?;
                    // A kernel without swap has no such file, and needs none.
                    drop(group.set("memory.swap.max", "0"));
                }
                "pids" => group.set("pids.max", &limits.processes.to_string())?,
                _ => group.set("cpu.weight", &limits.weight.to_string())?,
            }
        }
        Ok(group)
    }

    /// What can be limited here, switched on for the groups below.
    fn controllers(&self) -> Result<Vec<&'static str>, NoGroup> {
        let path = self.base.join("cgroup.controllers");
        let there = fs::read_to_string(&path).map_err(failed("read", &path))?;
        let there: Vec<_> = there.split_whitespace().collect();
        let given: Vec<_> = CONTROLLERS.into_iter().filter(|each| there.contains(each)).collect();
        if given.is_empty() {
            let base = self.base.display();
            return Err(NoGroup(format!("{base} has none of the controllers {}", CONTROLLERS.join(", "))));
        }
        let path = self.base.join("cgroup.subtree_control");
        let wish: Vec<_> = given.iter().map(|each| format!("+{each}")).collect();
        let switch_on = || fs::write(&path, wish.join(" "));
        let mut switched = switch_on();
        for _ in 0..MOVES {
            let is_busy = switched.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ResourceBusy);
            if !(self.is_own && is_busy) {
                break;
            }
            self.move_down()?;
            switched = switch_on();
        }
        switched.map_err(failed("write", &path))?;
        Ok(given)
    }

    /// Has everybody who stands here stand in the leaf: this process, and a shell or a supervisor that started it.
    fn move_down(&self) -> Result<(), NoGroup> {
        let own = self.base.join(OWN);
        make(&own)?;
        let (from, to) = (self.base.join("cgroup.procs"), own.join("cgroup.procs"));
        let processes = fs::read_to_string(&from).map_err(failed("read", &from))?;
        for process in processes.lines() {
            match fs::write(&to, process) {
                // It has ended meanwhile.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                other => other.map_err(failed("write", &to))?,
            }
        }
        Ok(())
    }

    /// Removes groups whose process was ended without a chance to do so. Those that somebody is in stay.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.base) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                drop(fs::remove_dir(entry.path()));
            }
        }
    }
}

impl Group {
    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// Takes a process in, with all that it starts.
    pub fn take(&self, process: u32) -> Result<(), NoGroup> {
        self.set("cgroup.procs", &process.to_string())
    }

    fn set(&self, file: &str, value: &str) -> Result<(), NoGroup> {
        let path = self.0.join(file);
        fs::write(&path, value).map_err(failed("write", &path))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // One that is left behind costs nothing, and is swept away by the next.
        drop(fs::remove_dir(&self.0));
    }
}

/// The machine's memory, in bytes, where the kernel says.
#[must_use]
pub fn machine_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Which part of the hierarchy is mounted, and where, if this line of `mountinfo` is of cgroup v2.
fn mounted(line: &str) -> Option<(&str, PathBuf)> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, mount) = (place.next()?, place.next()?);
    kind.starts_with("cgroup2 ").then(|| (root, PathBuf::from(mount)))
}

/// Whether a directory was given to this process to divide: by its mark, or as the top of all that can be seen.
fn is_given(directory: &Path, is_top: bool) -> bool {
    let is_marked = |name: &str| {
        let mut mark = [0; 1];
        rustix::fs::getxattr(directory, name, &mut mark) == Ok(1) && mark == *b"1"
    };
    is_top || is_marked("user.delegate") || is_marked("trusted.delegate")
}

fn make(directory: &Path) -> Result<(), NoGroup> {
    match fs::DirBuilder::new().mode(0o755).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed("make", directory)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NoGroup {
    let path = path.display().to_string();
    move |error| NoGroup(format!("cannot {what} {path}: {error}"))
}
