//! `gantry plugin check`: everything that a host, an administrator or a player would stumble over, with what to do.
//!
//! What can be read is read first, so that each fault has words of its own; then the host itself has the last word: it
//! loads the component and asks it for what it would ask in production. What leaves its author is held against the same.

mod answers;
mod surface;

use crate::{
    cli::{TargetArgs, UncheckedArgs},
    desk::Desk,
    fault::Fault,
    source::Source,
    standing::Standing,
    terminal::Verdict,
};
use gantry_build::{BuildError, Language, manifest::FILE, scripts};
use serde::Serialize;
use serde_json::json;
use std::{fmt::Write as _, path::Path};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// No host takes it, or it fails when it is used.
    Error,
    /// It works, and somebody will miss something.
    Warning,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    #[serde(flatten)]
    pub(crate) fault: Fault,
}

/// All that was found.
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// The file in which the plugin says who it is and what it asks for.
    pub(crate) manifest: &'static str,
}

impl Findings {
    fn of(target: &Path) -> Self {
        let manifest = match Language::of(target) {
            Some(Language::Declarative) => "[plugin] of blueprint.toml",
            Some(Language::Rust | Language::JavaScript | Language::Python) | None => FILE,
        };
        Self { all: Vec::new(), manifest }
    }

    pub(crate) fn error(&mut self, fault: Fault) {
        self.all.push(Finding { severity: Severity::Error, fault });
    }

    pub(crate) fn warning(&mut self, fault: Fault) {
        self.all.push(Finding { severity: Severity::Warning, fault });
    }

    fn has_errors(&self) -> bool {
        self.all.iter().any(|finding| finding.severity == Severity::Error)
    }
}

pub(crate) async fn check(desk: &Desk, asked: &TargetArgs) -> Result<Verdict, Fault> {
    let examined = Examined::of(desk, &asked.target).await?;
    show(desk, examined.who.as_deref(), &examined.findings)
}

/// What stands at a path, where a check finds nothing that no host takes or is not asked; else nothing, and what there
/// is has been shown.
pub(crate) async fn usable(
    desk: &Desk,
    target: &Path,
    asked: &UncheckedArgs,
) -> Result<Option<Source>, Fault> {
    if asked.unchecked {
        return Source::at(desk, target).await.map(Some);
    }
    let Examined { source, who, findings } = Examined::of(desk, target).await?;
    if !findings.has_errors() {
        return Ok(source);
    }
    show(desk, who.as_deref(), &findings).map(|_| None)
}

/// What was looked at, as far as there is a component.
struct Examined {
    source: Option<Source>,
    who: Option<String>,
    findings: Findings,
}

impl Examined {
    async fn of(desk: &Desk, target: &Path) -> Result<Self, Fault> {
        let mut findings = Findings::of(target);
        if target.is_dir() {
            surface::folder(target, &mut findings);
        }
        if Language::of(target) == Some(Language::JavaScript) {
            types(desk, target, &mut findings).await?;
        }
        match Source::at(desk, target).await {
            Ok(source) => {
                let who = component(desk, &source, &mut findings).await;
                Ok(Self { source: Some(source), who, findings })
            }
            Err(fault) => {
                findings.error(fault);
                Ok(Self { source: None, who: None, findings })
            }
        }
    }
}

/// An answer of another shape than the contract's traps without a word, and TypeScript knows it before.
async fn types(desk: &Desk, folder: &Path, findings: &mut Findings) -> Result<(), Fault> {
    let workshop = desk.workshop(folder, Language::JavaScript)?;
    let (folder, terminal) = (folder.to_owned(), desk.terminal);
    let compared = tokio::task::spawn_blocking(move || {
        scripts::check_types(&workshop, &folder, &|what, why| terminal.say(what, why))
    });
    let compared =
        compared.await.map_err(|error| Fault::new("internal", error.to_string(), "Report this."))?;
    match compared {
        Ok(()) => {}
        Err(BuildError::Failed { said, .. }) => {
            findings.error(Fault::new(
                "types",
                format!("its types do not fit:\n{said}"),
                "Correct what is named.",
            ));
        }
        Err(error) => findings.error(error.into()),
    }
    Ok(())
}

/// Answers who it is, as far as that can be read.
async fn component(desk: &Desk, source: &Source, findings: &mut Findings) -> Option<String> {
    let manifest = surface::component(&source.component, findings)?;
    let who = format!("{} {}", manifest.id, manifest.version);
    // A host says the same again, in fewer words.
    if findings.has_errors() {
        return Some(who);
    }
    match Standing::load(desk, source.component.clone(), source.origin.clone()).await {
        Ok(standing) => answers::all(&standing, findings).await,
        Err(fault) => findings.error(fault),
    }
    Some(who)
}

fn show(desk: &Desk, who: Option<&str>, findings: &Findings) -> Result<Verdict, Fault> {
    let is_good = !findings.has_errors();
    let value = json!({ "ok": is_good, "plugin": who, "problems": findings.all });
    let mut words = String::new();
    for finding in &findings.all {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        // Text grows without fault.
        writeln!(words, "{severity}: {}", finding.fault).ok();
    }
    let who = who.unwrap_or("the plugin");
    match (is_good, findings.all.len()) {
        (true, 0) => writeln!(words, "{who}: nothing to object to").ok(),
        (true, number) => writeln!(words, "{who} can be used; {number} to think about").ok(),
        (false, _) => writeln!(words, "{who} cannot be used").ok(),
    };
    desk.terminal.answer(&value, &words)?;
    Ok(if is_good { Verdict::Good } else { Verdict::Bad })
}
