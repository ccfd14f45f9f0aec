//! What an answer is compared with. JSON is compared as values, so that its spacing is nobody's matter; text as it stands.

use super::Outcome;
use crate::{embedded::put, fault::Fault};
use serde_json::Value;
use std::{fmt::Write as _, fs, io, path::Path};

/// Lines of a difference that are shown.
const LINES: usize = 60;

/// Compares an answer with its golden file, or writes it.
pub(super) fn json(file: &Path, answer: &Value, bless: bool) -> Result<Outcome, Fault> {
    let text = format!("{answer:#}\n");
    let Some(golden) = read(file)? else { return missing(file, &text, bless) };
    let is_same = serde_json::from_str::<Value>(&golden).is_ok_and(|golden| golden == *answer);
    settle(file, is_same, &golden, &text, bless)
}

/// The same for a text that every byte counts of.
pub(super) fn text(file: &Path, answer: &str, bless: bool) -> Result<Outcome, Fault> {
    let Some(golden) = read(file)? else { return missing(file, answer, bless) };
    settle(file, golden == answer, &golden, answer, bless)
}

fn read(file: &Path) -> Result<Option<String>, Fault> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::io(format!("{} cannot be read", file.display()), &error)),
    }
}

fn missing(file: &Path, answer: &str, bless: bool) -> Result<Outcome, Fault> {
    if bless {
        put(file, answer.as_bytes())?;
        return Ok(Outcome::Blessed);
    }
    let what = format!("there is nothing to compare with; the answer is\n{}", shortened(answer));
    Err(Fault::new("no-golden", what, "If that is right, `--bless` writes it down.").at(file.display()))
}

fn settle(file: &Path, is_same: bool, golden: &str, answer: &str, bless: bool) -> Result<Outcome, Fault> {
    if is_same {
        return Ok(Outcome::Passed);
    }
    if bless {
        put(file, answer.as_bytes())?;
        return Ok(Outcome::Blessed);
    }
    let what = format!("the answer is another (- expected, + answered)\n{}", difference(golden, answer));
    Err(Fault::new(
        "differs",
        what,
        "Correct the plugin, or if the answer is right, `--bless` writes it down.",
    )
    .at(file.display()))
}

fn shortened(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().take(LINES).collect();
    if text.lines().count() > LINES {
        lines.push("…");
    }
    lines.join("\n")
}

/// The lines between what both begin with and what both end with, with their numbers in the golden file.
fn difference(golden: &str, answer: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), answer.lines().collect());
    let shared = |one: &mut dyn Iterator<Item = (&&str, &&str)>| one.take_while(|(a, b)| a == b).count();
    let head = shared(&mut old.iter().zip(&new));
    let most = old.len().min(new.len()) - head;
    let tail = shared(&mut old.iter().rev().zip(new.iter().rev())).min(most);
    let mut text = format!("  line {}\n", head + 1);
    for (sign, lines) in [("-", &old[head..old.len() - tail]), ("+", &new[head..new.len() - tail])] {
        for line in lines.iter().take(LINES / 2) {
            // Text grows without fault.
            writeln!(text, "  {sign} {line}").ok();
        }
        if lines.len() > LINES / 2 {
            writeln!(text, "  {sign} … {} lines more", lines.len() - LINES / 2).ok();
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_what_both_do_not_share() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "  line 2\n  - b\n  + x\n  + y");
        assert_eq!(difference("a\na\n", "a\n"), "  line 2\n  - a");
        assert_eq!(difference("", "a"), "  line 1\n  + a");
    }
}
