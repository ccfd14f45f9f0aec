//! `bench`: the figures that Gantry is held to, measured on optimised programs with everything real underneath; `soak`, which
//! keeps them busy for long and looks whether anything grows or is lost.

use crate::{
    components, docker, environment,
    postgres::Cluster,
    processes::Processes,
    shell::{Result, cargo, run, say, target_directory},
    web,
};
use clap::Args;
use rustix::process::Signal;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

#[derive(Args)]
pub struct Options {
    /// Only these groups; all by default
    // As `xtask/bench` names them: what is misspelled is refused before anything is built.
    #[arg(value_parser = ["plugin", "http", "console", "process", "fleet", "sftp", "backup", "update"])]
    pub groups: Vec<String>,
}

#[derive(Args)]
pub struct SoakOptions {
    #[arg(long, default_value = "30")]
    pub minutes: String,
    /// Simulated ones
    #[arg(long, default_value = "300")]
    pub servers: String,
    /// Open pages
    #[arg(long, default_value = "100")]
    pub watchers: String,
    /// Of what happens at random
    #[arg(long, default_value = "1")]
    pub seed: String,
}

/// Builds with optimisation, measures, and prints rows `name value unit`.
pub fn bench(options: &Options) -> Result<()> {
    let arguments = ["run".to_owned()].into_iter().chain(options.groups.iter().cloned());
    with_everything(Docker::Needed, &arguments.collect::<Vec<_>>())
}

/// Both programs and that which measures them; answers their folder.
pub fn build_optimised() -> Result<PathBuf> {
    let packages = ["--package", "gantry-panel", "--package", "gantry-agent", "--package", "gantry-bench"];
    run(cargo().args(["build", "--release", "--bins"]).args(packages))?;
    Ok(target_directory().join("release"))
}

/// Keeps simulated servers busy and watched.
pub fn soak(options: &SoakOptions) -> Result<()> {
    let SoakOptions { minutes, servers, watchers, seed } = options;
    let arguments =
        ["soak", "--minutes", minutes, "--servers", servers, "--watchers", watchers, "--seed", seed];
    with_everything(Docker::Spared, &arguments.map(str::to_owned))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Docker {
    Needed,
    Spared,
}

fn with_everything(docker: Docker, arguments: &[String]) -> Result<()> {
    let data = std::env::temp_dir().join(format!("gantry-bench-{}", std::process::id()));
    fs::create_dir_all(&data)?;
    let mut processes = Processes::open(&data)?;
    let measured = measure(docker, arguments, &data, &mut processes);
    processes.stop("dockerd", Signal::TERM, Duration::from_secs(30));
    fs::remove_dir_all(&data).ok();
    measured
}

fn measure(docker: Docker, arguments: &[String], data: &Path, processes: &mut Processes) -> Result<()> {
    web::build()?;
    let (plugins, examples) = (data.join("plugins"), data.join("examples"));
    components::build(&plugins)?;
    components::build_examples(&examples)?;
    if docker == Docker::Needed {
        environment::sftp()?;
        docker::ensure_engine(processes)?;
        docker::ensure_base_image()?;
    }
    say("building with optimisation", "figures of unoptimised programs say nothing");
    let binaries = build_optimised()?;
    let cluster = Cluster::throw_away(data)?;
    cluster.start()?;
    say("measuring", "keep the machine quiet; ratios compare what ran in turns");
    let measured = run(Command::new(binaries.join("gantry-bench"))
        .args(arguments)
        .arg("--binaries")
        .arg(&binaries)
        .arg("--plugins")
        .arg(&plugins)
        .arg("--examples")
        .arg(&examples)
        .args(["--database", &cluster.url("postgres")]));
    cluster.remove()?;
    measured
}
