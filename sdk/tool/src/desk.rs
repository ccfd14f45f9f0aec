//! What commands work with: a place to build in, the components that come with Gantry, and a host.

use crate::{COMPILER, cli::Common, embedded, fault::Fault, terminal::Terminal};
use gantry_build::{Language, Workshop};
use gantry_host::{Budgets, ChildProgram, Host, HostConfig, Wall};
use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

pub(crate) struct Desk {
    pub(crate) terminal: Terminal,
    plugins: Option<PathBuf>,
}

impl Desk {
    pub(crate) fn new(common: &Common, terminal: Terminal) -> Self {
        Self { terminal, plugins: common.plugins.clone() }
    }

    /// A component that comes with Gantry, by its name: where it was said to be, beside this program, where packages put such
    /// files, or where a checkout has it.
    pub(crate) fn component(&self, name: &str) -> Option<PathBuf> {
        let mut folders: Vec<PathBuf> = self.plugins.iter().cloned().collect();
        if let Some(program) = env::current_exe().ok().as_deref().and_then(Path::parent) {
            folders.push(program.join("plugins"));
            folders.push(program.join("../share/gantry/plugins"));
        }
        if let Ok(here) = env::current_dir() {
            folders.extend(here.ancestors().map(|folder| folder.join(".gantry/plugins")));
        }
        folders.iter().map(|folder| folder.join(name).with_extension("wasm")).find(|file| file.is_file())
    }

    /// Where a plugin's folder is built: with the SDK that lies in it or above it, else with the one that this program
    /// carries, which is put into the folder.
    pub(crate) fn workshop(&self, folder: &Path, language: Language) -> Result<Workshop, Fault> {
        let folder = folder
            .canonicalize()
            .map_err(|error| Fault::io(format!("{} cannot be read", folder.display()), &error))?;
        let (sdk, place) = match found_sdk(&folder) {
            Some(found) => found,
            None => {
                // A document is built of nothing but itself and the interpreter.
                if language != Language::Declarative {
                    self.put_sdk(&folder)?;
                }
                (folder.join(".gantry/sdk"), folder.join(".gantry"))
            }
        };
        if language != Language::Declarative && place.join("sdk") == sdk && !embedded::is_current(&sdk) {
            self.terminal.warn(
                "the SDK in .gantry/sdk is another one than this program carries; `gantry plugin sdk` renews it",
            );
        }
        let scratch = env::var_os("CARGO_TARGET_DIR").map_or_else(|| place.join("build"), PathBuf::from);
        Ok(Workshop { sdk, scratch, interpreter: self.component("declarative"), node: None })
    }

    pub(crate) fn put_sdk(&self, folder: &Path) -> Result<(), Fault> {
        self.terminal.say(
            "putting the SDK into .gantry/sdk",
            "plugins are built with it, whatever else is on this machine",
        );
        embedded::put_sdk(&folder.join(".gantry/sdk"))
    }

    /// The host of production, without its second wall, which is said: a command holds nothing but what its author does; and
    /// without shares, for there is nobody to be wronged. What is compiled is kept for the next command.
    pub(crate) fn host(&self) -> Result<Host, Fault> {
        let folder = cache_folder();
        let unusable =
            |error: &io::Error| Fault::io(format!("{} cannot be used as cache", folder.display()), error);
        let cache_key = cache_key(&folder).map_err(|error| unusable(&error))?;
        let compiler = ChildProgram::this(COMPILER);
        let cache_dir = folder.join("compiled");
        self.terminal.say(
            "plugins run in this very process",
            "the control plane and the daemon put a second wall around them, a child without power",
        );
        let budgets = Budgets { shares: None, ..Budgets::default() };
        Ok(Host::new(HostConfig { cache_dir, cache_key, compiler, budgets, wall: Wall::None })?)
    }
}

/// The SDK in a folder or above it, and the folder that holds what is made with it. In a checkout that is `sdk` itself.
fn found_sdk(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    folder.ancestors().find_map(|above| {
        let place = above.join(".gantry");
        let own = place.join("sdk");
        if own.join("wit").is_dir() {
            return Some((own, place));
        }
        let checkout = above.join("sdk");
        (checkout.join("wit").is_dir() && checkout.join("plugin").is_dir()).then_some((checkout, place))
    })
}

fn cache_folder() -> PathBuf {
    let named = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = named.or_else(|| Some(env::home_dir()?.join(".cache")));
    folder.unwrap_or_else(env::temp_dir).join("gantry")
}

/// The secret that compiled code is known by as this user's own. Two commands that begin at once agree on one.
fn cache_key(folder: &Path) -> io::Result<[u8; 32]> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join("key");
    if !path.is_file() {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        let own = folder.join(format!("key-{}", std::process::id()));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&own)?;
        file.write_all(&key)?;
        let linked = fs::hard_link(&own, &path);
        fs::remove_file(&own)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    let key = fs::read(&path)?;
    key.try_into().map_err(|_| io::Error::other("the key has not 32 bytes; remove it"))
}
