//! `test`: sets up what the tests need, runs all of them, and says how many passed.
//!
//! Rust tests get a throw-away PostgreSQL cluster (one database per test), the built plugins and a Docker Engine. The
//! browser tests get a control plane that nobody has set up yet. Last, `up` itself runs three times.

use crate::{
    components, docker, environment, guests,
    machine::Machine,
    packages,
    postgres::Cluster,
    processes::Processes,
    quake, seed,
    shell::{Result, cargo, free_port, root, run, say, target_directory},
    up::{self, Up},
    web,
};
use clap::Args;
use rustix::process::Signal;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

#[derive(Args)]
pub struct Options {
    /// Only these suites; all of them by default
    #[arg(value_enum)]
    pub suites: Vec<Suite>,
    /// Where the browser tests leave their screenshots
    #[arg(long)]
    pub screenshots: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Suite {
    /// Rust: unit tests, PostgreSQL, Docker, real games
    Rust,
    /// The panel's own tests and lints
    Web,
    /// The guest SDKs for JavaScript and Python, without a host; and the packages of all three
    Guests,
    /// The second wall, in a virtual machine that gives control groups away
    Machine,
    /// A real browser against a whole Gantry
    Browser,
    /// `up` and `down`, twice
    Up,
    /// The quick entries of the fault bench
    Faults,
}

#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    faults: Vec<String>,
}

impl Tally {
    /// Counts what was seen, or says why it is a fault.
    fn say(&mut self, is_right: bool, fault: &str) {
        if is_right {
            self.passed += 1;
        } else {
            self.failed += 1;
            self.faults.push(fault.to_owned());
        }
    }
}

/// Runs the suites and closes with a line that counts them.
pub fn test(options: &Options) -> Result<()> {
    let wanted = |suite| options.suites.is_empty() || options.suites.contains(&suite);
    let data = std::env::temp_dir().join(format!("gantry-test-{}", std::process::id()));
    fs::create_dir_all(&data)?;
    let mut processes = Processes::open(&data)?;
    let mut tally = Tally::default();
    let result = suites(&wanted, options, &data, &mut processes, &mut tally);
    processes.stop("dockerd", Signal::TERM, Duration::from_secs(30));
    fs::remove_dir_all(&data).ok();
    result?;
    for fault in &tally.faults {
        println!("failed: {fault}");
    }
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed > 0 { Err("some tests failed".into()) } else { Ok(()) }
}

fn suites(
    wanted: &dyn Fn(Suite) -> bool,
    options: &Options,
    data: &Path,
    processes: &mut Processes,
    tally: &mut Tally,
) -> Result<()> {
    environment::c_toolchain()?;
    if wanted(Suite::Web) {
        web_tests(tally)?;
    }
    if wanted(Suite::Guests) {
        guest_tests(tally)?;
        package_tests(data, tally)?;
    }
    // Everything else is tested on the whole product.
    if ![Suite::Rust, Suite::Machine, Suite::Browser, Suite::Faults, Suite::Up].into_iter().any(wanted) {
        return Ok(());
    }
    web::build()?;
    let plugins = data.join("plugins");
    components::build(&plugins)?;
    components::build_examples(&plugins.join("examples"))?;
    docker::ensure_engine(processes)?;
    docker::ensure_base_image()?;
    if wanted(Suite::Rust) {
        environment::curl()?;
        environment::btrfs()?;
        environment::sftp()?;
        environment::registry()?;
        environment::games()?;
        web::install_in(
            &root().join("plugins/proof/peers"),
            "games and clients that collectors are held against",
        )?;
        let oras = environment::oras()?;
        let cluster = Cluster::throw_away(data)?;
        cluster.start()?;
        let tested = rust_tests(&cluster, &plugins, &oras, tally);
        cluster.remove()?;
        tested?;
    }
    if wanted(Suite::Machine) {
        // After the Rust suite, which has built what it runs.
        machine_tests(data, tally)?;
    }
    if wanted(Suite::Browser) {
        browser_tests(options, data, tally)?;
    }
    if wanted(Suite::Faults) {
        fault_tests(tally)?;
    }
    if wanted(Suite::Up) {
        say("running up", "three times on one data directory, with a game that somebody joins");
        if let Err(error) = up_tests(data, tally) {
            tally.failed += 1;
            tally.faults.push(format!("up: {error}"));
        }
    }
    Ok(())
}

fn machine_tests(data: &Path, tally: &mut Tally) -> Result<()> {
    let folder = data.join("machine");
    let machine = Machine::build(&folder)?;
    say("testing in a virtual machine", "what runs plugins stands in control groups there");
    count(&mut machine.boot(), "machine", tally)?;
    for fault in machine.failed()? {
        tally.say(false, &format!("machine: {fault}"));
    }
    Ok(fs::remove_dir_all(&folder)?)
}

/// The fault bench is a program of its own here, so that its rows are counted as those of the others are.
fn fault_tests(tally: &mut Tally) -> Result<()> {
    let programs = binaries()?;
    say("running the fault bench", "its quick entries; `cargo xtask faults` runs all");
    // Building may have put another file in the place of the program that runs here.
    let mut bench = Command::new(programs.join("xtask"));
    count(bench.args(["faults", "--short", "--binaries"]).arg(programs), "faults", tally)
}

/// What these SDKs do within a host is among the Rust tests.
fn guest_tests(tally: &mut Tally) -> Result<()> {
    for (name, mut command) in guests::tests()? {
        say(&format!("testing {name}"), "without a host");
        count(&mut command, &name, tally)?;
    }
    Ok(())
}

/// What authors install from registries, as it would be published.
fn package_tests(data: &Path, tally: &mut Tally) -> Result<()> {
    for (index, (name, check)) in packages::CHECKS.into_iter().enumerate() {
        say(&format!("packing {name}"), "and building its example where no checkout is");
        let place = data.join(format!("package-{index}"));
        fs::create_dir_all(&place)?;
        let fault = check(&place).err().map(|error| format!("{name}: {error}"));
        tally.say(fault.is_none(), &fault.unwrap_or_default());
    }
    Ok(())
}

fn web_tests(tally: &mut Tally) -> Result<()> {
    web::install()?;
    say("checking the web panel", "types and lints");
    run_npm(&["run", "--silent", "check"])?;
    say("testing the web panel", "vitest");
    count(web::npm()?.args(["run", "--silent", "test"]), "vitest", tally)
}

fn run_npm(arguments: &[&str]) -> Result<()> {
    run(web::npm()?.args(arguments))
}

fn rust_tests(cluster: &Cluster, plugins: &Path, oras: &Path, tally: &mut Tally) -> Result<()> {
    say("running the Rust tests", "unit, PostgreSQL, Docker, real games");
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("GANTRY_TEST_DATABASE_URL", cluster.url("postgres"))
        .env("GANTRY_TEST_PLUGINS", plugins)
        .env("GANTRY_TEST_NODE", environment::node()?.join("node"))
        .env("GANTRY_TEST_ORAS", oras);
    count(&mut command, "cargo test", tally)
}

/// The binaries as the Rust suite builds them: a second set of features would compile all dependencies again.
fn binaries() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
    Ok(target_directory().join("debug"))
}

/// A person's first evening, from set-up in the browser on. The browser test enrolls the daemon as the page says.
fn browser_tests(options: &Options, data: &Path, tally: &mut Tally) -> Result<()> {
    let chromium = environment::chromium()?;
    web::install()?;
    let programs = binaries()?;
    say("running the browser tests", "Chromium against a whole Gantry");
    let screenshots = options.screenshots.clone().unwrap_or_else(|| data.join("screenshots"));
    let stack = data.join("stack");
    fs::create_dir_all(&stack)?;
    components::build(&stack.join("plugins"))?;
    let examples = stack.join("examples");
    components::build_examples(&examples)?;
    let mut processes = Processes::open(&stack)?;
    // A browser test is quicker than a person; the limit has tests of its own.
    let started = up::control_plane(&stack, &programs, free_port()?, Some(5_000), &mut processes);
    let tested = started.and_then(|client| {
        count(
            web::node()?
                .arg("test/e2e/run.mjs")
                .args(["--url", client.url(), "--screenshots"])
                .arg(&screenshots)
                .arg("--gantryd")
                .arg(programs.join("gantryd"))
                .arg("--node-dir")
                .arg(stack.join(up::NODE))
                .arg("--plugin")
                .arg(examples.join("hello-rust.wasm"))
                .env("CHROMIUM", &chromium),
            "browser",
            tally,
        )
    });
    up::discard(&stack, &mut processes)?;
    tested?;
    say("walking the panel by keyboard", "each flow, and the focus seen at every stop");
    count(web::npm()?.args(["run", "--silent", "keyboard"]).env("CHROMIUM", &chromium), "keyboard", tally)
}

/// `up`, `down` and `up` again, as a person types them, until nothing is left of it.
fn up_tests(data: &Path, tally: &mut Tally) -> Result<()> {
    let programs = binaries()?;
    let folder = data.join("up");
    let ran = up_three_times(&folder, &programs, tally);
    let deleted = up::down(&up::DownOptions { data_dir: folder.clone(), delete: true });
    let node = ran?;
    deleted?;
    let left = docker::of_node(&node, &["network", "ls", "--quiet"])?;
    tally.say(!folder.exists() && left.is_empty(), "up: something was left when it was deleted");
    println!("  up: ran three times, and a client joined its game each time");
    Ok(())
}

/// Answers the node that it made.
fn up_three_times(folder: &Path, programs: &Path, tally: &mut Tally) -> Result<String> {
    let first = up_and_down(folder, programs)?;
    let second = up_and_down(folder, programs)?;
    tally.passed += 2;
    let same = (&first.node_id, &first.server_id, &first.password, &first.url)
        == (&second.node_id, &second.server_id, &second.password, &second.url);
    tally.say(same, &format!("up: the second one is another: {}, then {}", first.url, second.url));
    forget_password(folder)?;
    let third = up_and_down(folder, programs)?;
    let same = third.password.is_none() && third.node_id == first.node_id;
    tally.say(same, "up: it knows a password that was changed");
    Ok(first.node_id)
}

/// As after the password was changed in the panel.
fn forget_password(folder: &Path) -> Result<()> {
    let file = folder.join(seed::FILE);
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
    record["password"] = "of before".into();
    Ok(fs::write(file, serde_json::to_vec(&record)?)?)
}

/// Everything up, somebody joins the sample server, and down again; what `up.json` said in between.
fn up_and_down(folder: &Path, programs: &Path) -> Result<Up> {
    up::up(&up::Options {
        detach: true,
        empty: false,
        port: None,
        data_dir: folder.to_owned(),
        address: "127.0.0.1".to_owned(),
        release: false,
        binaries: Some(programs.to_owned()),
        rate_limit_general: None,
    })?;
    let record: Result<Up> = fs::read(folder.join("up.json"))
        .map_err(Into::into)
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(Into::into));
    let answered = record.and_then(|up| {
        let address = up.server_address.clone().ok_or("up.json names no game server")?;
        let players = quake::join(&address)?;
        println!("  up: a client joined the game at {address}: {}", players.join(", "));
        Ok(up)
    });
    let before = stopped_games(folder)?;
    up::down(&up::DownOptions { data_dir: folder.to_owned(), delete: false })?;
    if stopped_games(folder)? != before + 1 {
        return Err("`down` did not have the daemon stop its games".into());
    }
    answered
}

/// How often a data directory's daemon has ended with no game left.
fn stopped_games(folder: &Path) -> Result<usize> {
    Ok(fs::read_to_string(folder.join("logs/gantryd.log"))?.matches("stopping; no server runs").count())
}

/// Runs a test program, shows its output, and adds its closing lines to the tally.
fn count(command: &mut Command, name: &str, tally: &mut Tally) -> Result<()> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().ok_or("a test program without output")?;
    let (mut passed, mut failed) = (0, 0);
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        let (more_passed, more_failed) = closing_line(&plain(&line));
        passed += more_passed;
        failed += more_failed;
        if line.starts_with("test ") && line.ends_with("FAILED") {
            tally.faults.push(format!("{name}: {line}"));
        }
    }
    let status = child.wait()?;
    if !status.success() && failed == 0 {
        tally.faults.push(format!("{name} ended with {status}"));
        failed = 1;
    }
    if status.success() && passed == 0 {
        tally.faults.push(format!("{name} ran no test"));
        failed = 1;
    }
    tally.passed += passed;
    tally.failed += failed;
    println!("  {name}: {passed} passed, {failed} failed in {:.0?}", started.elapsed());
    Ok(())
}

/// Passed and failed of one closing line of cargo test, vitest or node's test runner.
fn closing_line(line: &str) -> (u32, u32) {
    let before = |word: &str| {
        let (head, _) = line.split_once(word)?;
        head.rsplit([' ', '.', '(', '|']).find(|part| !part.is_empty())?.parse::<u32>().ok()
    };
    if line.starts_with("test result: ") {
        return (before(" passed").unwrap_or_default(), before(" failed").unwrap_or_default());
    }
    if line.trim_start().starts_with("Tests  ") {
        return (before(" passed").unwrap_or_default(), before(" failed").unwrap_or_default());
    }
    let node = |key: &str| {
        line.strip_prefix("# ")
            .or_else(|| line.strip_prefix("\u{2139} "))?
            .strip_prefix(key)?
            .trim()
            .parse()
            .ok()
    };
    (node("pass ").unwrap_or_default(), node("fail ").unwrap_or_default())
}

fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults;

    #[test]
    fn the_closing_line_of_the_fault_bench_is_read() {
        assert_eq!(closing_line(&faults::closing_line(4, 1)), (4, 1));
    }

    #[test]
    fn closing_lines_of_each_runner_are_read() {
        let cargo = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(closing_line(cargo), (12, 3));
        assert_eq!(closing_line("      Tests  2 failed | 31 passed (33)"), (31, 2));
        assert_eq!(closing_line("# pass 4"), (4, 0));
        assert_eq!(closing_line("# fail 1"), (0, 1));
        assert_eq!(closing_line("Test Files  3 passed (3)"), (0, 0));
        assert_eq!(plain("\u{1b}[32mTests\u{1b}[39m"), "Tests");
    }
}
