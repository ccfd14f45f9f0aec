//! Plugins in Rust: cargo makes a core module, and the WIT that the SDK's macro left in it makes that a component.

use crate::{
    BuildError, Workshop,
    process::output,
    tools::{self, WASM_TARGET, WasmToolchain},
};
use std::{
    env, fs,
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
pub(crate) fn build(workshop: &Workshop, folder: &Path) -> Result<Vec<u8>, BuildError> {
    let toolchain = tools::wasm(folder)?;
    let target = target(workshop);
    let name = package_name(folder)?;
    // Each by itself, so that one plugin's features of the SDK are not another's.
    output(compile(&toolchain, folder, &target).args(["--package", &name]))?;
    let module = target.join(WASM_TARGET).join("component").join(format!("{}.wasm", name.replace('-', "_")));
    let module_bytes = fs::read(&module).map_err(BuildError::reading(&module))?;
    wrap(&module_bytes).map_err(|message| BuildError::NotAPlugin { path: folder.to_owned(), message })
}

/// Where cargo puts what it makes for plugins.
fn target(workshop: &Workshop) -> PathBuf {
    workshop.scratch.join("wasm")
}

/// The compiler's command for components, without the package.
///
/// What a cargo that runs this program says of it in the environment is taken away: build scripts that watch such
/// variables would run again, and half of the dependencies would be compiled anew.
fn compile(toolchain: &WasmToolchain, folder: &Path, target: &Path) -> Command {
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
    command.env("CARGO_TARGET_DIR", target);
    if let WasmToolchain::BuildStd { rustc, linker } = toolchain {
        command.args(["-Z", "build-std=std,panic_abort"]);
        command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    command
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

fn wrap(module: &[u8]) -> Result<Vec<u8>, String> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))
}
