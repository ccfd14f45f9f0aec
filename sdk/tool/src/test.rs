//! `gantry plugin test`: fixtures, asked of the plugin through the host of production.
//!
//! A fixture is a file `tests/NAME.toml`: one server, and cases. What the plugin must answer stands in golden files beside it,
//! which `--bless` writes. README.md of this crate has the format. Whatever fails is told with its place; a case that fails
//! does not keep the others from being tried.
//!
//! Modules in reading order: [`fixture`], [`golden`], [`cases`], [`exchange`], [`web`].

mod cases;
mod exchange;
mod fixture;
mod golden;
mod web;

use crate::{
    cli::TestArgs, desk::Desk, fault::Fault, origin::Origin, source::Source, standing::Standing,
    terminal::Verdict,
};
use fixture::Fixture;
use gantry_host::Lent;
use gantry_types::blueprint::Blueprint;
use serde::Serialize;
use serde_json::json;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// How one case came out.
#[derive(Serialize)]
struct Tried {
    fixture: PathBuf,
    case: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Passed,
    /// Its golden file was written.
    Blessed,
    Failed,
}

pub(crate) async fn test(desk: &Desk, asked: &TestArgs) -> Result<Verdict, Fault> {
    let folder = asked.fixtures.clone().unwrap_or_else(|| asked.folder.join("tests"));
    let files = fixtures(&folder)?;
    let source = match &asked.component {
        Some(file) => Source::at(desk, file).await?,
        None => Source::at(desk, &asked.folder).await?,
    };
    let standing = Standing::load(desk, source.component, Origin::of(&asked.folder)).await?;
    let blueprints = match standing.plugin.has(gantry_host::Part::Game) {
        true => standing.plugin.blueprints(&standing.call(Lent::default())).await,
        false => Ok(Vec::new()),
    };
    let blueprints = blueprints.map_err(|error| standing.fault(error).at("blueprints.list"))?;
    let mut tried = Vec::new();
    for file in files {
        one(&standing, &blueprints, asked, &file, &mut tried).await;
    }
    show(desk, &tried)
}

/// The fixtures of a folder, by name.
fn fixtures(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let none = || {
        let remedy =
            "Write one: `tests/NAME.toml` with the line `[[run]]` is enough to begin with, then `--bless`.";
        Fault::new("no-fixtures", format!("{} holds no fixture", folder.display()), remedy)
    };
    let entries = std::fs::read_dir(folder).map_err(|_| none())?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    if files.is_empty() { Err(none()) } else { Ok(files) }
}

/// Every case of a file. One that cannot be read counts as a case that failed.
async fn one(
    standing: &Standing,
    blueprints: &[Blueprint],
    asked: &TestArgs,
    file: &Path,
    tried: &mut Vec<Tried>,
) {
    let mut note = |case: &str, result: Result<Outcome, Fault>| {
        let (outcome, problem) = match result {
            Ok(outcome) => (outcome, None),
            Err(fault) => (Outcome::Failed, Some(fault)),
        };
        tried.push(Tried { fixture: file.to_owned(), case: case.to_owned(), outcome, problem });
    };
    let bench =
        Fixture::read(file).and_then(|fixture| cases::Bench::new(standing, blueprints, asked, file, fixture));
    let bench = match bench {
        Ok(bench) => bench,
        Err(fault) => return note("fixture", Err(fault)),
    };
    for case in bench.cases() {
        let result = bench.run(&case).await;
        note(&case.title(), result);
    }
}

fn show(desk: &Desk, tried: &[Tried]) -> Result<Verdict, Fault> {
    let count = |outcome: Outcome| tried.iter().filter(|each| each.outcome == outcome).count();
    let (passed, blessed, failed) = (count(Outcome::Passed), count(Outcome::Blessed), count(Outcome::Failed));
    let mut words = String::new();
    for each in tried {
        let outcome = match each.outcome {
            Outcome::Passed => "ok     ",
            Outcome::Blessed => "blessed",
            Outcome::Failed => "FAILED ",
        };
        let file = each.fixture.file_name().unwrap_or_default().to_string_lossy();
        // Text grows without fault.
        writeln!(words, "{outcome} {file}: {}", each.case).ok();
        if let Some(problem) = &each.problem {
            for line in problem.to_string().lines() {
                writeln!(words, "        {line}").ok();
            }
        }
    }
    let blessed_too = if blessed > 0 { format!(", {blessed} blessed") } else { String::new() };
    writeln!(words, "{passed} passed, {failed} failed{blessed_too}").ok();
    let value = json!({
        "ok": failed == 0, "passed": passed, "failed": failed, "blessed": blessed, "cases": tried,
    });
    desk.terminal.answer(&value, &words)?;
    Ok(if failed == 0 { Verdict::Good } else { Verdict::Bad })
}
