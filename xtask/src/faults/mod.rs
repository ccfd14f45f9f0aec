//! `faults`: what breaks, broken on purpose, with nothing lost.
//!
//! Each entry takes a whole Gantry of real processes (control plane, daemon, PostgreSQL, Docker), breaks one part as its
//! row of the table says, and asserts what must be true afterwards, under the invariants of [`watch`]. The game is
//! `xtask/faults/counter`, which counts aloud; where very many events are wanted, `xtask/faults/crier`. A part that
//! others use as well is never hurt: PostgreSQL, the link, the disk, and Docker where Docker itself breaks, are private.
//!
//! Modules in reading order: [`wait`], [`chance`], [`socket`], [`client`], [`program`], [`proxy`], [`engine`], [`secrets`],
//! [`world`], [`servers`], [`watch`], [`table`], and the entries: [`crash`], [`power`], [`plane`], [`database`], [`cut`],
//! [`docker`], [`restore`], [`backlog`], [`clock`], [`disk`], [`everything`], [`files`], [`plan`], [`repeat`], [`schedules`], [`backups`],
//! [`whispers`], [`forgery`], [`herd`].

mod backlog;
mod backups;
mod chance;
mod client;
mod clock;
mod crash;
mod cut;
mod database;
mod disk;
mod docker;
mod drains;
mod engine;
mod everything;
mod files;
mod forgery;
mod herd;
mod plan;
mod plane;
mod power;
mod program;
mod proxy;
mod repeat;
mod restore;
mod schedules;
mod secrets;
mod servers;
mod socket;
mod table;
mod wait;
mod watch;
mod whispers;
mod world;

use crate::{
    bench::build_optimised,
    components, docker as machine, environment,
    processes::Processes,
    shell::{Result, cargo, random_hex, run, say, target_directory},
};
use clap::Args;
use rustix::process::Signal;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use table::{ENTRIES, Entry, LEFT_OUT};
use watch::Watch;
use world::{Kind, Parts, World};

#[derive(Args)]
pub struct Options {
    /// Only these entries, such as F01; all by default
    pub ids: Vec<String>,
    /// Only those that are quick, as `test` runs them
    #[arg(long, conflicts_with = "ids")]
    pub short: bool,
    /// Names the entries and runs none
    #[arg(long)]
    pub list: bool,
    /// Where moments by chance begin, to have the same ones again
    #[arg(long)]
    pub seed: Option<u64>,
    /// Take the two binaries from this folder, as they are
    #[arg(long)]
    pub binaries: Option<PathBuf>,
}

/// Runs entries, prints a row for each, and closes with a line that counts them.
pub fn faults(options: &Options) -> Result<()> {
    let chosen = choose(options)?;
    if options.list {
        for entry in chosen {
            println!("{:<5} {}{}", entry.id, entry.what, if entry.short { " (short)" } else { "" });
        }
        for (id, why) in LEFT_OUT.iter().filter(|_| options.ids.is_empty() && !options.short) {
            println!("{id:<5} not yet: {why}");
        }
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("gantry-faults-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let mut processes = Processes::open(&folder)?;
    let failed =
        prepare(options, &chosen, &folder, &mut processes).map(|parts| run_all(&chosen, &parts, &folder));
    processes.stop("dockerd", Signal::TERM, Duration::from_secs(30));
    fs::remove_dir_all(&folder).ok();
    let failed = failed?;
    println!("\n{}", closing_line(chosen.len() - failed, failed));
    if failed > 0 { Err("Gantry did not bear some faults".into()) } else { Ok(()) }
}

/// What `test` counts.
pub fn closing_line(passed: usize, failed: usize) -> String {
    format!("test result: {passed} passed; {failed} failed")
}

fn choose(options: &Options) -> Result<Vec<&'static Entry>> {
    for id in &options.ids {
        if !ENTRIES.iter().any(|entry| entry.id == id) {
            return Err(format!("there is no entry {id}; --list names them").into());
        }
    }
    let wanted = |entry: &&Entry| {
        (options.ids.is_empty() || options.ids.iter().any(|id| id == entry.id))
            && (entry.short || !options.short)
    };
    Ok(ENTRIES.iter().filter(wanted).collect())
}

fn prepare(options: &Options, entries: &[&Entry], folder: &Path, processes: &mut Processes) -> Result<Parts> {
    let plugins = folder.join("plugins");
    environment::curl()?;
    components::build_faults(&plugins)?;
    machine::ensure_engine(processes)?;
    machine::ensure_base_image()?;
    let given = options.binaries.as_ref().map(|programs| programs.canonicalize()).transpose()?;
    if given.is_none() {
        build(entries)?;
    }
    let built = |profile| given.clone().unwrap_or_else(|| target_directory().join(profile));
    let (programs, optimised) = (built("debug"), built("release"));
    let seed = match options.seed {
        Some(seed) => seed,
        None => u64::from_str_radix(&random_hex(4)?, 16)?,
    };
    Ok(Parts { programs, optimised, plugins, seed })
}

/// Each profile that an entry wants, at the cost of minutes where it was not built before.
fn build(entries: &[&Entry]) -> Result<()> {
    if entries.iter().any(|entry| !entry.kind.optimised) {
        say("building the programs that are broken", "unoptimised; the first time takes minutes");
        run(cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
    }
    if entries.iter().any(|entry| entry.kind.optimised) {
        say("building them with optimisation", "where thousands come at once, speed is what is asked about");
        build_optimised()?;
    }
    Ok(())
}

/// Answers how many failed.
fn run_all(entries: &[&Entry], parts: &Parts, folder: &Path) -> usize {
    say("breaking things", "each entry: what breaks, how long it took, and why it failed");
    println!("moments by chance: --seed {}", parts.seed);
    let mut common: Option<World> = None;
    let mut failed = 0;
    for (number, entry) in entries.iter().enumerate() {
        let began = Instant::now();
        let place = folder.join(number.to_string());
        let result = run_one(entry, &parts.of(entry.kind), &place, &mut common);
        let took = began.elapsed().as_secs_f64();
        match result {
            Ok(()) => println!("{:<5} passed {took:>6.1} s  {}", entry.id, entry.what),
            Err(error) => {
                failed += 1;
                println!("{:<5} FAILED {took:>6.1} s  {}\n      {error}", entry.id, entry.what);
            }
        }
    }
    if let Some(world) = common
        && let Err(error) = world.end()
    {
        println!("      something was left behind: {error}");
    }
    failed
}

/// In the common world, unless the entry wants one of its own. A world in which an entry failed is not used again.
fn run_one(entry: &Entry, parts: &Parts, place: &Path, common: &mut Option<World>) -> Result<()> {
    let shared = entry.kind == Kind::default();
    let mut world = match common.take().filter(|_| shared) {
        Some(world) => world,
        None => World::start(parts, place, entry.kind)?,
    };
    let outcome = hurt(entry, parts, &mut world);
    if outcome.is_err() {
        println!("      the logs of both programs are kept: {}", world.keep_logs(entry.id)?.display());
    }
    if shared && outcome.is_ok() {
        *common = Some(world);
        return Ok(());
    }
    let ended = world.end();
    outcome.and(ended)
}

fn hurt(entry: &Entry, parts: &Parts, world: &mut World) -> Result<()> {
    let mut watch = Watch::start(world)?;
    (entry.run)(world, &mut watch, parts)?;
    watch.finish(world)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_of_the_forty_rows_has_an_entry_or_a_reason_to_have_none() {
        let row = |id: &str| id[..3].to_owned();
        // Those of the reference; our own have another letter.
        let rows = ENTRIES.iter().filter(|entry| entry.id.starts_with('F'));
        let with: BTreeSet<String> = rows.map(|entry| row(entry.id)).collect();
        let without: BTreeSet<String> = LEFT_OUT.iter().map(|(id, _)| row(id)).collect();
        let ids: BTreeSet<&str> = ENTRIES.iter().map(|entry| entry.id).collect();
        assert!(with.is_disjoint(&without));
        assert_eq!((with.len() + without.len(), ids.len()), (40, ENTRIES.len()));
    }
}
