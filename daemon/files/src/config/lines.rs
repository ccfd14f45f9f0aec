//! Files without structure: a line is found by how it begins.
//!
//! Edits are made before every start, so that a line which is there already is not written once more: the beginning may
//! be one that the line loses, such as that of a comment.

use super::{Document, EditError, notation::check_text, one_line, rule::Rule};
use gantry_types::plan::Edit;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut document = Document::parse(text);
    for edit in edits {
        one_line(edit)?;
        set(&mut document, &Rule::of(edit)?)?;
    }
    Ok(document.render())
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Vec<Result<(), EditError>> {
    let mut document = Document::parse(text);
    rules.iter().map(|rule| set(&mut document, rule)).collect()
}

fn set(document: &mut Document, rule: &Rule<'_>) -> Result<(), EditError> {
    if rule.at.is_empty() {
        return Err(rule.no_place("every line begins so"));
    }
    let mut found = false;
    for line in document.lines.iter_mut().filter(|line| line.starts_with(rule.at)) {
        found = true;
        if let Some(value) = rule.over(line)? {
            check_text(rule, &value)?;
            if value.ends_with('\r') {
                return Err(rule.unrepresentable());
            }
            *line = value.into_owned();
        }
    }
    if !found && let Some(value) = rule.fresh()? {
        check_text(rule, &value)?;
        if !document.lines.iter().any(|line| *line == *value) {
            document.lines.push(value.into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::edits;

    #[test]
    fn a_line_is_replaced_by_its_beginning_and_appended_if_missing() {
        let text = "// mine\nset sv_hostname \"old\"\nmap oa_dm1\n";
        let edits =
            edits(&[("set sv_hostname", "set sv_hostname \"new\""), ("set fraglimit", "set fraglimit 20")]);
        let edited = apply(text, &edits).unwrap();
        assert_eq!(edited, "// mine\nset sv_hostname \"new\"\nmap oa_dm1\nset fraglimit 20\n");
    }

    #[test]
    fn a_line_that_loses_its_beginning_is_written_once() {
        let edits = edits(&[("#max=", "max=5")]);
        let once = apply("#max=1\n", &edits).unwrap();
        assert_eq!(once, "max=5\n");
        assert_eq!(apply(&once, &edits).unwrap(), once);
    }

    #[test]
    fn a_value_cannot_bring_a_second_line() {
        let edits = edits(&[("a", "a 1\nrcon_password open")]);
        assert!(matches!(apply("", &edits), Err(EditError::Unrepresentable { .. })));
    }

    #[test]
    fn line_ends_of_the_file_are_kept() {
        assert_eq!(apply("a\r\nb\r\n", &edits(&[("c", "c")])).unwrap(), "a\r\nb\r\nc\r\n");
    }
}
