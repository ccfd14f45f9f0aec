//! `bench`: the figures that Gantry is held to, measured on optimised programs with everything real underneath.

use crate::{
    components, docker,
    postgres::Cluster,
    processes::Processes,
    shell::{Result, cargo, run, say, target_directory},
    web,
};
use clap::Args;
use rustix::process::Signal;
use std::{fs, path::Path, process::Command, time::Duration};

#[derive(Args)]
pub struct Options {
    /// Only these groups: plugin, http, console, process; all by default
    pub groups: Vec<String>,
}

/// Builds with optimisation, measures, and prints rows `name value unit`.
pub fn bench(options: &Options) -> Result<()> {
    let data = std::env::temp_dir().join(format!("gantry-bench-{}", std::process::id()));
    fs::create_dir_all(&data)?;
    let mut processes = Processes::open(&data)?;
    let measured = measure(options, &data, &mut processes);
    processes.stop("dockerd", Signal::TERM, Duration::from_secs(30));
    fs::remove_dir_all(&data).ok();
    measured
}

fn measure(options: &Options, data: &Path, processes: &mut Processes) -> Result<()> {
    web::build()?;
    let (plugins, examples) = (data.join("plugins"), data.join("examples"));
    components::build(&plugins)?;
    components::build_examples(&examples)?;
    docker::ensure_engine(processes)?;
    docker::ensure_base_image()?;
    say("building with optimisation", "figures of unoptimised programs say nothing");
    let packages = ["--package", "gantry-panel", "--package", "gantry-agent", "--package", "gantry-bench"];
    run(cargo().args(["build", "--release", "--bins"]).args(packages))?;
    let binaries = target_directory().join("release");
    let cluster = Cluster::throw_away(data)?;
    cluster.start()?;
    say("measuring", "keep the machine quiet; ratios compare what ran in turns");
    let measured = run(Command::new(binaries.join("gantry-bench"))
        .args(["run", "--binaries"])
        .arg(&binaries)
        .arg("--plugins")
        .arg(&plugins)
        .arg("--examples")
        .arg(&examples)
        .args(["--database", &cluster.url("postgres")])
        .args(&options.groups));
    cluster.remove()?;
    measured
}
