//! `fuzz`: hostile bytes at the parsers of untrusted input, for as long as one likes.
//!
//! libFuzzer keeps what it learns in the target directory, so that each run goes on from the last. An input that breaks a
//! target is left in `xtask/fuzz/artifacts`, with the command that repeats it.

use crate::{
    environment,
    shell::{Result, cargo, find, root, run, say, target_directory},
};
use clap::Args;
use std::{ffi::OsString, fs, path::PathBuf};

/// Each is a file of `xtask/fuzz/targets`.
const TARGETS: [&str; 8] = ["wire", "path", "plan", "config-edit", "sftp", "component", "answer", "wall"];

#[derive(Args)]
pub struct Options {
    /// Only these targets; all of them by default
    #[arg(value_parser = TARGETS)]
    pub targets: Vec<String>,
    /// How long each of them runs
    #[arg(long, default_value_t = 60)]
    pub seconds: u32,
}

/// Builds the targets and runs them one after another, until one breaks.
pub fn fuzz(options: &Options) -> Result<()> {
    environment::c_toolchain()?;
    if find("g++").is_none() {
        environment::apt(&["g++"], "libFuzzer is compiled with the targets")?;
    }
    let tools = target_directory().join("tools");
    if !tools.join("bin/cargo-fuzz").is_file() {
        say("installing cargo-fuzz", "it is compiled once");
        run(cargo().args(["install", "--quiet", "--locked", "cargo-fuzz", "--root"]).arg(&tools))?;
    }
    let mut path = OsString::from(tools.join("bin"));
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let all = TARGETS.map(str::to_owned);
    let chosen = if options.targets.is_empty() { &all[..] } else { &options.targets };
    for target in chosen {
        say(&format!("fuzzing {target}"), &format!("{} s", options.seconds));
        let corpus = corpus(target)?;
        let mut command = cargo();
        // The instrumentation is of the nightly compiler's options; the stable one has it as well, behind this word.
        command.env("PATH", &path).env("RUSTC_BOOTSTRAP", "1");
        command.env("CARGO_TARGET_DIR", target_directory().join("fuzz"));
        command.args(["fuzz", "run", "--fuzz-dir"]).arg(root().join("xtask/fuzz")).arg(target).arg(corpus);
        command.args(["--", "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1"]);
        run(command.arg(format!("-max_total_time={}", options.seconds)))?;
    }
    Ok(())
}

fn corpus(target: &str) -> Result<PathBuf> {
    let folder = target_directory().join("fuzz-corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
