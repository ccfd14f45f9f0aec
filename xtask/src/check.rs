//! What must hold before a change lands, apart from the tests.

use crate::{
    edges, generate,
    shell::{Result, cargo, find, say},
};

/// Runs every check and stops at the first that fails.
pub fn run() -> Result<()> {
    say("formatting", "");
    self::cargo_run(&["fmt", "--all", "--check"])?;
    say("crate edges", "");
    edges::check()?;
    say("lints", "warnings are errors");
    self::cargo_run(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    say("licences, bans and sources of dependencies", "");
    if find("cargo-deny").is_none() {
        say("installing cargo-deny", "it is compiled once");
        self::cargo_run(&["install", "--quiet", "--locked", "cargo-deny"])?;
    }
    // The advisory database comes from a place that closed networks do not reach; licences, bans and sources are local.
    self::cargo_run(&["deny", "--all-features", "check", "licenses", "bans", "sources"])?;
    say("generated files", "");
    generate::generate(&generate::Options { check: true })
}

fn cargo_run(arguments: &[&str]) -> Result<()> {
    crate::shell::run(cargo().args(arguments))
}
