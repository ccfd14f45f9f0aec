//! What must hold before a change lands, apart from the tests.

use crate::{
    edges, generate, guests,
    shell::{Result, cargo, find, output, say},
    web,
};

/// The fuzz targets are no members of the workspace.
const FUZZ: &str = "xtask/fuzz/Cargo.toml";

/// Runs every check and stops at the first that fails.
pub fn run() -> Result<()> {
    say("formatting", "");
    self::cargo_run(&["fmt", "--all", "--check"])?;
    self::cargo_run(&["fmt", "--manifest-path", FUZZ, "--check"])?;
    say("crate edges", "");
    edges::check()?;
    say("lints", "warnings are errors");
    self::cargo_run(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    say("licences, bans and sources of dependencies", "");
    if find("cargo-deny").is_none() {
        say("installing cargo-deny", "it is compiled once");
        self::cargo_run(&["install", "--quiet", "--locked", "cargo-deny"])?;
    }
    for manifest in ["Cargo.toml", FUZZ] {
        let checks = ["check", "licenses", "bans", "sources"];
        self::cargo_run(&[&["deny", "--manifest-path", manifest, "--all-features"], &checks[..]].concat())?;
    }
    advisories()?;
    say("the web panel", "types and lints");
    web::install()?;
    crate::shell::run(web::npm()?.args(["run", "--silent", "check"]))?;
    say("what is in TypeScript for plugins", "types");
    guests::check_types()?;
    say("generated files", "");
    generate::generate(&generate::Options { check: true, contract: false })
}

/// Known holes in dependencies. The database of them lies where closed networks do not reach.
fn advisories() -> Result<()> {
    say("advisories on dependencies", "");
    match output(cargo().args(["deny", "fetch", "db"])) {
        Ok(_) => self::cargo_run(&["deny", "--offline", "--all-features", "check", "advisories"]),
        Err(_) => {
            println!("  NOT checked: the advisory database cannot be fetched from here");
            Ok(())
        }
    }
}

fn cargo_run(arguments: &[&str]) -> Result<()> {
    crate::shell::run(cargo().args(arguments))
}
