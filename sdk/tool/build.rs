//! Packs the guest SDKs and the examples that templates are made of into the program, so that `gantry plugin new` needs no
//! checkout and no network of ours: a list of names with the bytes of each file.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// What tools leave in folders.
const APART: [&str; 5] = ["node_modules", "__pycache__", "dist", "target", ".gantry"];

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says where to write"));
    let root = here.join("../..");
    let workspace = out.join("workspace.toml");
    fs::write(&workspace, guest_workspace(&root)).expect("cargo's own directory can be written");

    let mut sdk = vec![("Cargo.toml".to_owned(), workspace), ("LICENSE".to_owned(), root.join("LICENSE"))];
    for part in ["wit", "plugin", "js", "python"] {
        gather(&root.join("sdk").join(part), part, &mut sdk);
    }
    for file in ["README.md", "REFERENCE.md", "blueprint.schema.json"] {
        let path = root.join("sdk/document").join(file);
        println!("cargo:rerun-if-changed={}", path.display());
        sdk.push((format!("document/{file}"), path));
    }
    // The SDKs' own tests are nobody else's.
    sdk.retain(|(name, _)| !name.contains("/tests/"));
    let mut examples = Vec::new();
    for example in ["teeworlds-rust", "teeworlds-js", "teeworlds-python", "luanti-declarative"] {
        gather(&root.join("examples").join(example), example, &mut examples);
    }
    let text = format!("{}{}", list("SDK", &sdk), list("EXAMPLES", &examples));
    fs::write(out.join("embedded.rs"), text).expect("cargo's own directory can be written");
}

/// Every file below a folder, under `name`.
fn gather(folder: &Path, name: &str, found: &mut Vec<(String, PathBuf)>) {
    println!("cargo:rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let own = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if APART.contains(&own.as_str()) {
            continue;
        }
        let name = format!("{name}/{own}");
        if path.is_dir() { gather(&path, &name, found) } else { found.push((name, path)) }
    }
}

fn list(name: &str, files: &[(String, PathBuf)]) -> String {
    let mut text = format!("pub(crate) static {name}: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())
            .expect("text grows");
    }
    text + "];\n"
}

/// A workspace around the SDK for Rust alone: what its manifest inherits from ours.
fn guest_workspace(root: &Path) -> String {
    let manifest = root.join("Cargo.toml");
    println!("cargo:rerun-if-changed={}", manifest.display());
    let text = fs::read_to_string(&manifest).expect("the workspace has a manifest");
    let ours: toml::Table = toml::from_str(&text).expect("the workspace's manifest is TOML");
    let workspace = ours["workspace"].as_table().expect("a workspace");
    let mut kept = toml::Table::new();
    kept.insert("resolver".to_owned(), workspace["resolver"].clone());
    kept.insert("members".to_owned(), vec!["plugin"].into());
    for part in ["package", "lints"] {
        kept.insert(part.to_owned(), workspace[part].clone());
    }
    let bindings = workspace["dependencies"]["wit-bindgen"].clone();
    kept.insert(
        "dependencies".to_owned(),
        toml::Table::from_iter([("wit-bindgen".to_owned(), bindings)]).into(),
    );
    let whole = toml::Table::from_iter([("workspace".to_owned(), toml::Value::Table(kept))]);
    toml::to_string(&whole).expect("a table is TOML")
}
