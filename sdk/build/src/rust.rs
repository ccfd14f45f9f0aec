//! Plugins in Rust: cargo makes a core module, and the WIT that the SDK's macro left in it makes that a component.

use crate::{
    BuildError, Say, Workshop,
    process::output,
    tools::{self, WASM_TARGET, WasmToolchain},
};
use std::{
    env, fs,
    io::{self, Read, Seek, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Of components: size first, since their speed comes from Cranelift. Said here and in no manifest, so that an author has
/// nothing to copy.
const PROFILE: [(&str, &str); 6] = [
    ("inherits", "\"release\""),
    ("opt-level", "\"s\""),
    ("codegen-units", "1"),
    ("lto", "\"fat\""),
    ("panic", "\"abort\""),
    ("strip", "\"debuginfo\""),
];

/// Compiles the crate in a folder and wraps it. It has no manifest yet.
pub(crate) fn build(workshop: &Workshop, folder: &Path, say: Say<'_>) -> Result<Vec<u8>, BuildError> {
    let toolchain = tools::wasm(folder)?;
    let name = package_name(folder)?;
    let Turn { target, .. } = &Turn::take(&workshop.scratch, &name, folder)?;
    if !target.join(WASM_TARGET).is_dir() {
        say(
            "compiling the plugin and all that it needs",
            "the first time takes a minute or two, later ones seconds",
        );
    }
    // Each by itself, so that one plugin's features of the SDK are not another's.
    output(compile(&toolchain, workshop, folder, target).args(["--package", &name]))?;
    let module = target.join(WASM_TARGET).join("component").join(format!("{}.wasm", name.replace('-', "_")));
    let module_bytes = fs::read(&module).map_err(BuildError::reading(&module))?;
    if let Some(import) = wasi(&module_bytes) {
        return Err(BuildError::Wasi { path: folder.to_owned(), import });
    }
    wrap(&module_bytes).map_err(|message| BuildError::NotAPlugin { path: folder.to_owned(), message })
}

/// Where cargo puts what it makes for plugins, and the right to build packages of one name there until it is dropped.
///
/// There is one place for all, so that what plugins depend on is compiled once. Cargo writes the modules of packages that
/// have one name into one file, and each of them believes that it is its own; so folders of one name take turns, and where
/// the last turn was another folder's, what cargo remembers of that package is forgotten.
struct Turn {
    target: PathBuf,
    _lock: fs::File,
}

impl Turn {
    fn take(scratch: &Path, name: &str, folder: &Path) -> Result<Self, BuildError> {
        let target = scratch.join("wasm");
        let names = target.join("folders");
        fs::create_dir_all(&names).map_err(BuildError::reading(&names))?;
        let folder = folder.canonicalize().map_err(BuildError::reading(folder))?;
        let kept = names.join(name);
        let lock = Self::wait(&kept, folder.as_os_str().as_bytes(), || forget(&target, name));
        Ok(Self { _lock: lock.map_err(BuildError::reading(&kept))?, target })
    }

    fn wait(kept: &Path, own: &[u8], forget: impl FnOnce() -> io::Result<()>) -> io::Result<fs::File> {
        let mut file =
            fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(kept)?;
        file.lock()?;
        let mut last = Vec::new();
        file.read_to_end(&mut last)?;
        if last != own {
            forget()?;
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(own)?;
        }
        Ok(file)
    }
}

/// Takes from cargo what it remembers of having compiled a package: `NAME-` and sixteen digits.
fn forget(target: &Path, name: &str) -> io::Result<()> {
    let remembered = target.join(WASM_TARGET).join("component").join(".fingerprint");
    let entries = match fs::read_dir(&remembered) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let of_package = entry.file_name().to_str().is_some_and(|own| {
            let digits = own.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        });
        if of_package {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The compiler's command for components, without the package.
///
/// What a cargo that runs this program says of it in the environment is taken away: build scripts that watch such
/// variables would run again, and half of the dependencies would be compiled anew.
fn compile(toolchain: &WasmToolchain, workshop: &Workshop, folder: &Path, target: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let told = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];
    for (name, _) in env::vars_os() {
        if told.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.current_dir(folder);
    command.args(["build", "--quiet", "--profile", "component", "--target", WASM_TARGET]);
    for (key, value) in PROFILE {
        command.arg("--config").arg(format!("profile.component.{key}={value}"));
    }
    command.arg("--config").arg(format!("target.{WASM_TARGET}.rustflags={:?}", anonymous(&workshop.sdk)));
    command.env("CARGO_TARGET_DIR", target);
    if let WasmToolchain::BuildStd { rustc, linker } = toolchain {
        command.args(["-Z", "build-std=std,panic_abort"]);
        command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    command
}

/// Flags that keep folders of the author's machine, and so the author's name, out of what panics say in a component.
fn anonymous(sdk: &Path) -> Vec<String> {
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let places = cargo.map(|place| (place, "/cargo")).into_iter().chain([(sdk.to_owned(), "/gantry/sdk")]);
    places.map(|(place, name)| format!("--remap-path-prefix={}={name}", place.display())).collect()
}

/// What cargo calls the crate in this folder.
fn package_name(folder: &Path) -> Result<String, BuildError> {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).map_err(BuildError::reading(&path))?;
    let wrong = |message: String| BuildError::Manifest { path: path.clone(), message };
    let table: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    name.map(str::to_owned).ok_or_else(|| wrong("it names no package".to_owned()))
}

/// The first import that only an operating system has.
fn wasi(module: &[u8]) -> Option<String> {
    let parts = wasmparser::Parser::new(0).parse_all(module);
    let mut imports = parts.filter_map(|part| match part {
        Ok(wasmparser::Payload::ImportSection(section)) => Some(section),
        _ => None,
    });
    let named = imports.next()?.into_imports().filter_map(Result::ok);
    named
        .map(|import| (import.module, import.name))
        .find(|(module, _)| module.starts_with("wasi"))
        .map(|(module, name)| format!("{module}.{name}"))
}

fn wrap(module: &[u8]) -> Result<Vec<u8>, String> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_whose_packages_have_one_name_take_turns_and_believe_nothing_of_each_other() {
        let place = tempfile::tempdir().unwrap();
        let scratch = place.path().join("target");
        let remembered = scratch.join("wasm").join(WASM_TARGET).join("component/.fingerprint");
        let [one, other] = ["one", "other"].map(|name| place.path().join(name));
        let all = ["game-0123456789abcdef", "game-fedcba9876543210", "game-two-0123456789abcdef", "game-two"];
        for folder in all.map(|name| remembered.join(name)).iter().chain([&one, &other]) {
            fs::create_dir_all(folder).unwrap();
        }
        let left = || all.into_iter().filter(|name| remembered.join(name).exists()).collect::<Vec<_>>();
        drop(Turn::take(&scratch, "game", &one).unwrap());
        assert_eq!(left(), ["game-two-0123456789abcdef", "game-two"]);
        fs::create_dir(remembered.join(all[0])).unwrap();
        let turn = Turn::take(&scratch, "game", &one).unwrap();
        assert_eq!(left().len(), 3, "its own is kept");
        let at_once = fs::File::open(scratch.join("wasm/folders/game")).unwrap();
        assert!(matches!(at_once.try_lock(), Err(fs::TryLockError::WouldBlock)));
        drop(turn);
        drop(Turn::take(&scratch, "game", &other).unwrap());
        assert_eq!(left(), ["game-two-0123456789abcdef", "game-two"]);
    }

    #[test]
    fn what_only_an_operating_system_has_is_named() {
        let module = |text: &str| wat::parse_str(text).unwrap();
        let asks = module(
            r#"(module (import "gantry:plugin/log@0.2.0" "write" (func)) (import "wasi_snapshot_preview1" "fd_write" (func)))"#,
        );
        assert_eq!(wasi(&asks).as_deref(), Some("wasi_snapshot_preview1.fd_write"));
        assert_eq!(wasi(&module(r#"(module (import "gantry:plugin/log@0.2.0" "write" (func)))"#)), None);
    }
}
