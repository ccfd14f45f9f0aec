//! The packages that authors install: each is packed by the tool that publishes it, looked into, installed where nothing of
//! this checkout is, and must build its example there.

use crate::{
    environment, guests,
    shell::{Result, cargo, output, root, target_directory},
};
use gantry_build::scripts;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What no package has: words in the names of its files.
const APART: [&str; 5] = ["test_", ".test.", "tests", "node_modules", "__pycache__"];
/// What makes a component of a module: every one has it, with its manifest.
const SECTION: &[u8] = b"gantry:manifest";

/// A check with its name.
pub type Check = (&'static str, fn(&Path) -> Result<()>);

/// One for each language. Each is given a folder of its own, outside of any checkout.
pub const CHECKS: [Check; 3] =
    [("gantry-plugin of crates.io", rust), ("@gantry/plugin of npm", js), ("gantry-plugin of PyPI", python)];

fn rust(place: &Path) -> Result<()> {
    environment::wasm()?;
    let made = place.join("cargo");
    let mut pack = cargo();
    pack.args(["package", "--quiet", "--package", "gantry-plugin", "--no-verify", "--allow-dirty"]);
    output(pack.arg("--target-dir").arg(&made))?;
    let package = unpacked(&only(&made.join("package"), ".crate")?, &place.join("package"))?;
    look(&package, &["src/lib.rs", "wit/worlds.wit"])?;
    let plugin = example("teeworlds-rust", &place.join("plugin"))?;
    let manifest = fs::read_to_string(plugin.join("Cargo.toml"))?;
    let told = toml::Value::String(package.display().to_string()).to_string();
    let manifest = manifest.replace("\"../../sdk/plugin\"", &told);
    fs::write(plugin.join("Cargo.toml"), format!("{manifest}\n[workspace]\n"))?;
    let component = gantry_build::build(&guests::workshop(), &plugin, &|_, _| {});
    is_component(&component.map_err(|error| guests::told(&error))?)
}

fn js(place: &Path) -> Result<()> {
    let node = environment::node()?;
    let sdk = root().join("sdk/js");
    output(scripts::npm(&node, &sdk).args(["pack", "--silent", "--pack-destination"]).arg(place))?;
    let file = only(place, ".tgz")?;
    look(
        &unpacked(&file, &place.join("package"))?,
        &["src/index.ts", "build.mjs", "tsconfig.json", "wit/since-v0.2/worlds.wit"],
    )?;
    let plugin = example("teeworlds-js", &place.join("plugin"))?;
    fs::write(
        plugin.join("tsconfig.json"),
        r#"{ "extends": "@gantry/plugin/tsconfig.json", "include": ["src"] }"#,
    )?;
    output(scripts::npm(&node, &plugin).args(["install", "--no-fund", "--no-audit"]).arg(&file))?;
    let run = |program: &str| {
        let mut command = Command::new(node.join("node"));
        command.arg(plugin.join("node_modules/@gantry/plugin").join(program)).current_dir(&plugin);
        command
    };
    // The compiler is the author's own; this is ours.
    scripts::command(&guests::workshop(), gantry_build::Language::JavaScript, "build", &|_, _| {})
        .map_err(|error| guests::told(&error))?;
    let compiler = sdk.join("node_modules/typescript/bin/tsc");
    output(Command::new(node.join("node")).arg(compiler).args(["--project", "."]).current_dir(&plugin))?;
    output(run("test.mjs").arg(&plugin))?;
    output(run("build.mjs").arg(&plugin).args(["-o", "made.wasm"]))?;
    is_component(&fs::read(plugin.join("made.wasm"))?)
}

fn python(place: &Path) -> Result<()> {
    let mut pack = guests::python()?;
    pack.args(["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir"]);
    output(pack.arg(place).arg(root().join("sdk/python")))?;
    let file = only(place, ".whl")?;
    let package = place.join("package");
    output(Command::new(environment::python()?).args(["-m", "zipfile", "-e"]).arg(&file).arg(&package))?;
    look(
        &package,
        &["gantry_plugin/py.typed", "wit_world/__init__.py", "gantry_plugin/wit/since-v0.2/worlds.wit"],
    )?;
    let fresh = place.join("fresh");
    output(Command::new(environment::python()?).args(["-m", "venv"]).arg(&fresh))?;
    let mut install = Command::new(fresh.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    output(install.arg(&file))?;
    let plugin = example("teeworlds-python", &place.join("plugin"))?;
    let mut tests = Command::new(fresh.join("bin/python"));
    tests.args(["-m", "unittest", "discover", "tests"]).current_dir(&plugin).env("PYTHONPATH", "src");
    output(&mut tests)?;
    let out = plugin.join("made.wasm");
    output(Command::new(fresh.join("bin/gantry-plugin-python")).arg(&plugin).arg("-o").arg(&out))?;
    is_component(&fs::read(out)?)
}

/// That it has what was asked for, a licence and a readme, and nothing of this machine or of our own tests.
fn look(package: &Path, wanted: &[&str]) -> Result<()> {
    let mut files = Vec::new();
    walk(package, &mut files)?;
    let has = |wanted: &str| files.iter().any(|file| file.ends_with(wanted));
    // A wheel has the readme in its metadata.
    let readme = has("README.md") || files.iter().any(|file| file.ends_with("METADATA"));
    if !has("LICENSE") || !readme {
        return Err(format!("{} has no licence or no readme", package.display()).into());
    }
    if let Some(missing) = wanted.iter().find(|wanted| !package.join(wanted).is_file()) {
        return Err(format!("{} lacks {missing}", package.display()).into());
    }
    let here = [root().display().to_string(), target_directory().display().to_string()];
    for file in files {
        let name = file.strip_prefix(package)?.display().to_string();
        if let Some(apart) = APART.iter().find(|apart| name.contains(*apart)) {
            return Err(format!("the package has {name}: what is called {apart} is nobody else's").into());
        }
        let content = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
        if let Some(path) = here.iter().find(|path| content.contains(*path)) {
            return Err(
                format!("{name} in the package names {path}, which is a place on this machine").into()
            );
        }
    }
    Ok(())
}

fn is_component(bytes: &[u8]) -> Result<()> {
    // A module has another number behind the magic one.
    let is_one = bytes.starts_with(b"\0asm\x0d\0\x01\0");
    let is_told = bytes.windows(SECTION.len()).any(|window| window == SECTION);
    if is_one && is_told { Ok(()) } else { Err("what was built is no component with a manifest".into()) }
}

/// A copy of an example, where no checkout is above it.
fn example(name: &str, to: &Path) -> Result<PathBuf> {
    let from = root().join("examples").join(name);
    let mut files = Vec::new();
    walk(&from, &mut files)?;
    for file in files {
        let copy = to.join(file.strip_prefix(&from)?);
        fs::create_dir_all(copy.parent().ok_or("a file without a folder")?)?;
        fs::copy(&file, copy)?;
    }
    Ok(to.to_owned())
}

/// The folder in a package of cargo or npm, which has one.
fn unpacked(file: &Path, into: &Path) -> Result<PathBuf> {
    fs::create_dir_all(into)?;
    output(Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(into))?;
    let folder = fs::read_dir(into)?.next().ok_or("the package is empty")??;
    Ok(folder.path())
}

/// The one file of a folder that ends so.
fn only(folder: &Path, ending: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        found.push(entry?.path());
    }
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    match <[PathBuf; 1]>::try_from(found) {
        Ok([file]) => Ok(file),
        Err(found) => Err(format!("{} packages end in {ending}: {found:?}", found.len()).into()),
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package of these files beside a licence and a readme, looked into.
    fn looked(name: &str, files: &[(&str, &str)]) -> Result<()> {
        let folder = std::env::temp_dir().join(format!("gantry-look-{}-{name}", std::process::id()));
        for (path, content) in [("LICENSE", "a licence"), ("README.md", "a readme")].iter().chain(files) {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().ok_or("a file without a folder")?)?;
            fs::write(file, content)?;
        }
        let found = look(&folder, &["src/lib.rs"]);
        fs::remove_dir_all(&folder)?;
        found
    }

    #[test]
    fn what_is_nobody_elses_is_seen() {
        let library = ("src/lib.rs", "pub fn f() {}");
        looked("whole", &[library]).expect("it is whole");
        let fault = |name, files: &[_]| looked(name, files).expect_err("a fault").to_string();
        assert!(fault("empty", &[]).ends_with("lacks src/lib.rs"));
        assert!(fault("tests", &[library, ("tests/it.rs", "")]).contains("tests/it.rs"));
        let told = root().join("sdk").display().to_string();
        assert!(fault("place", &[library, ("build.py", &told)]).contains("a place on this machine"));
    }
}
