//! Files of sections with keys, and files of plain `key = value` lines.

use super::{Document, EditError, notation::check_text, one_line, rule::Rule};
use gantry_types::plan::Edit;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut document = Document::parse(text);
    for edit in edits {
        one_line(edit)?;
        // Readers leave space around a value out, so that written it would only be taken for the line's own.
        let rule = Rule::seen_as(edit, str::trim)?;
        set(&mut document, &rule)?;
    }
    Ok(document.render())
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Vec<Result<(), EditError>> {
    let mut document = Document::parse(text);
    rules.iter().map(|rule| set(&mut document, rule)).collect()
}

/// The section in brackets, or all in front of the last dot, and the key.
fn split(at: &str) -> (&str, &str) {
    let in_brackets = at.strip_prefix('[').and_then(|rest| rest.split_once("]."));
    in_brackets.or_else(|| at.rsplit_once('.')).unwrap_or(("", at))
}

fn set(document: &mut Document, rule: &Rule<'_>) -> Result<(), EditError> {
    let (section, key) = split(rule.at);
    let key_fits = !key.trim().is_empty() && key == key.trim() && !key.contains('=');
    if !key_fits || key.starts_with(['[', ';', '#']) || section != section.trim() || section.contains(']') {
        return Err(rule.no_place("that is no key"));
    }
    let assign = if document.lines.iter().any(|line| is_spaced(line)) || document.lines.is_empty() {
        " = "
    } else {
        "="
    };
    let mut current = "";
    let mut end_of_section = section.is_empty().then_some(0);
    let mut found = Vec::new();
    for (number, line) in document.lines.iter().enumerate() {
        if let Some(name) = section_of(line) {
            current = name;
        }
        if current != section {
            continue;
        }
        if !line.trim().is_empty() {
            end_of_section = Some(number + 1);
        }
        found.extend(value_of(line, key).map(|at| (number, at)));
    }
    for (number, at) in &found {
        let line = &mut document.lines[*number];
        if let Some(value) = rule.over(line[*at..].trim_end())? {
            check_text(rule, &value)?;
            line.replace_range(*at.., &value);
        }
    }
    if !found.is_empty() {
        return Ok(());
    }
    let Some(value) = rule.fresh()? else { return Ok(()) };
    check_text(rule, &value)?;
    let line = format!("{key}{assign}{value}");
    match end_of_section {
        Some(at) => document.lines.insert(at, line),
        None => {
            if document.lines.last().is_some_and(|last| !last.trim().is_empty()) {
                document.lines.push(String::new());
            }
            document.lines.extend([format!("[{section}]"), line]);
        }
    }
    Ok(())
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', ';'])
}

fn is_spaced(line: &str) -> bool {
    !is_comment(line) && line.contains(" = ")
}

fn section_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']').map(str::trim)
}

/// Where the value of the line begins, if the line has this key.
fn value_of(line: &str, key: &str) -> Option<usize> {
    if is_comment(line) {
        return None;
    }
    let (name, value) = line.split_once('=')?;
    (name.trim() == key).then(|| line.len() - value.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::edits;

    #[test]
    fn space_around_a_value_does_not_grow() {
        let all = edits(&[("a", " 1 ")]);
        let once = apply("", &all).unwrap();
        assert_eq!(once, "a = 1\n");
        assert_eq!(apply(&once, &all).unwrap(), once);
    }

    #[test]
    fn keys_are_set_in_their_section_and_comments_stay() {
        let text = "; mine\n[game]\nname=Old ; the name\n\n[net]\nname=eth\n";
        let edited =
            apply(text, &edits(&[("game.name", "New"), ("game.slots", "8"), ("chat.on", "1")])).unwrap();
        assert_eq!(edited, "; mine\n[game]\nname=New\nslots=8\n\n[net]\nname=eth\n\n[chat]\non=1\n");
    }

    #[test]
    fn files_without_sections_keep_their_spacing() {
        let text = "# Luanti\nport = 30000\n# server_name = x\n";
        let edited = apply(text, &edits(&[("port", "30001"), ("server_name", "Zoë's \\o/")])).unwrap();
        assert_eq!(edited, "# Luanti\nport = 30001\n# server_name = x\nserver_name = Zoë's \\o/\n");
    }

    #[test]
    fn a_section_name_may_have_dots_and_slashes() {
        let edited = apply("", &edits(&[("/Script/Engine.GameSession.MaxPlayers", "9")])).unwrap();
        assert_eq!(edited, "[/Script/Engine.GameSession]\nMaxPlayers = 9\n");
    }

    #[test]
    fn keys_before_all_sections_go_there() {
        assert_eq!(apply("[a]\nx=1\n", &edits(&[("y", "2")])).unwrap(), "y=2\n[a]\nx=1\n");
    }

    #[test]
    fn a_value_cannot_bring_a_section() {
        assert!(matches!(apply("", &edits(&[("a", "1\n[admin]")])), Err(EditError::Unrepresentable { .. })));
    }
}
