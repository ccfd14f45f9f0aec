//! Finds the built web panel, or puts a page in its place that says how to build it, so that this crate compiles on a
//! machine without Node.js.

use std::{env, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let built = Path::new(&root).join("../../web/dist");
    println!("cargo:rerun-if-changed={}", built.display());
    println!("cargo:rerun-if-changed=assets/unbuilt.html");
    let folder = if built.join("index.html").is_file() { built } else { placeholder(&root) };
    println!("cargo:rustc-env=GANTRY_WEB_DIST={}", folder.display());
}

fn placeholder(root: &str) -> std::path::PathBuf {
    let folder = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("unbuilt");
    fs::create_dir_all(&folder).expect("cargo's own output directory can be written");
    fs::copy(Path::new(root).join("assets/unbuilt.html"), folder.join("index.html"))
        .expect("the page can be copied");
    folder
}
