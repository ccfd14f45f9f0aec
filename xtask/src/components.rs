//! Plugins from source to component: compile for wasm32, wrap, add the manifest. What is not written in Rust is built by its
//! own SDK.
//!
//! A component is one file: the manifest of `plugin.toml` travels inside it, in the custom section `gantry:manifest`.
//! The plugins of `plugins/` come with Gantry; those of `examples/` are built in the same way and come with nothing.

use crate::{
    environment::{self, WasmToolchain},
    guests::{self, Language},
    shell::{Result, cargo, output, root, say, target_directory},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const SECTION: &str = "gantry:manifest";

/// Builds every plugin below `plugins/` into `out` and answers the files.
pub fn build(out: &Path) -> Result<Vec<PathBuf>> {
    build_all("plugins", "games are plugins", out)
}

/// Builds every plugin below `examples/` into `out` and answers the files. Never into the folder of the bundled ones:
/// the control plane installs all that it finds there.
pub fn build_examples(out: &Path) -> Result<Vec<PathBuf>> {
    build_all("examples", "an example that does not build is none", out)
}

/// Builds the games of the fault bench into `out`.
pub fn build_faults(out: &Path) -> Result<Vec<PathBuf>> {
    build_all("xtask/faults", "the fault bench has games of its own", out)
}

fn build_all(folder: &str, why: &str, out: &Path) -> Result<Vec<PathBuf>> {
    let plugins = plugins_in(&root().join(folder))?;
    let toolchain = environment::wasm()?;
    say(&format!("building the plugins of {folder}/ as WebAssembly components"), why);
    let mut built = Vec::new();
    fs::create_dir_all(out)?;
    for plugin in plugins {
        let name = plugin.file_name().ok_or("a plugin without a folder")?;
        let file = out.join(name).with_extension("wasm");
        match Language::of(&plugin) {
            None => fs::write(&file, rust(&toolchain, &plugin)?)?,
            Some(language) => guests::build(language, &plugin, &file)?,
        }
        built.push(file);
    }
    Ok(built)
}

/// Each by itself, so that one plugin's features of the SDK are not another's.
fn rust(toolchain: &WasmToolchain, plugin: &Path) -> Result<Vec<u8>> {
    let target = target_directory().join("wasm");
    let package_name = package_name(plugin)?;
    output(compile(toolchain, &target).args(["--package", &package_name]))?;
    let module = target
        .join("wasm32-unknown-unknown/component")
        .join(format!("{}.wasm", package_name.replace('-', "_")));
    package(&fs::read(&module)?, plugin)
}

/// The compiler's command for components, without the package.
fn compile(toolchain: &WasmToolchain, target: &Path) -> Command {
    let mut command = cargo();
    command.args(["build", "--quiet", "--profile", "component", "--target", "wasm32-unknown-unknown"]);
    command.env("CARGO_TARGET_DIR", target);
    if let WasmToolchain::BuildStd { rustc, linker } = toolchain {
        command.args(["-Z", "build-std=std,panic_abort"]);
        command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    command
}

/// The folders with a manifest, by name.
fn plugins_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut plugins = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("plugin.toml").is_file() {
            plugins.push(path);
        }
    }
    plugins.sort();
    Ok(plugins)
}

/// What cargo calls the crate in this folder.
fn package_name(folder: &Path) -> Result<String> {
    let manifest = folder.join("Cargo.toml");
    let table: toml::Table = toml::from_str(&fs::read_to_string(&manifest)?)?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    Ok(name.ok_or_else(|| format!("{} names no package", manifest.display()))?.to_owned())
}

/// Wraps a core module and appends the manifest as JSON.
fn package(module: &[u8], folder: &Path) -> Result<Vec<u8>> {
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("{} is no valid plugin: {error:#}", folder.display()))?;
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(folder.join("plugin.toml"))?)?;
    let manifest = serde_json::to_vec(&manifest)?;
    append_custom_section(&mut component, SECTION, &manifest);
    Ok(component)
}

/// Section id 0, the length of what follows, the name with its length, the data.
fn append_custom_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut body = Vec::new();
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    component.push(0);
    leb128(component, body.len());
    component.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}
