//! Running a language's tools, and keeping what they say for whoever has to act on it.

use crate::BuildError;
use std::process::{Command, Stdio};

/// Lines of a tool's complaint that are shown: its last ones name the fault.
const LINES: usize = 60;

/// Runs a command to its end and answers what it wrote.
///
/// # Errors
/// It cannot be started, or says no.
pub fn output(command: &mut Command) -> Result<String, BuildError> {
    let shown = shown(command);
    let ran = command.stdin(Stdio::null()).output();
    let ran = ran.map_err(|source| BuildError::Start { command: shown.clone(), source })?;
    if ran.status.success() {
        return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let lines: Vec<&str> = said.lines().collect();
    let said = lines[lines.len().saturating_sub(LINES)..].join("\n");
    Err(BuildError::Failed { command: shown, status: ran.status.to_string(), said })
}

/// Whether a command succeeds, silently.
#[must_use]
pub fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
