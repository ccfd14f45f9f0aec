//! A file as a form: what stands at its places, and answers as edits.
//!
//! Looking is an edit that writes nothing, so a form shows what an edit of the same place would write over. A value is what
//! an edit of the format takes, but for `lines`, where the beginning that finds the line is none of the answer.

use super::{EditError, MAX_BYTES, ini, json, lines, properties, rule::Rule, toml, xml, yaml};
use gantry_types::{
    page::{PlaceAnswer, PlaceValue},
    plan::{Condition, ConfigFormat, Edit},
};

/// All that one form shows of a file, in bytes. What comes later counts as too long.
const SHOWN_BYTES: usize = 128 << 10;

/// What stands at each of the places.
pub fn look(format: ConfigFormat, text: &str, places: &[String]) -> Result<Vec<PlaceValue>, EditError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(EditError::TooLarge);
    }
    let text = text.strip_prefix(super::MARK).unwrap_or(text);
    let rules: Vec<_> = places.iter().map(|at| Rule::look(at)).collect();
    let looked = match format {
        ConfigFormat::Properties => properties::look(text, &rules),
        ConfigFormat::Ini => ini::look(text, &rules),
        ConfigFormat::Json => json::look(text, &rules)?,
        ConfigFormat::Yaml => yaml::look(text, &rules)?,
        ConfigFormat::Toml => toml::look(text, &rules)?,
        ConfigFormat::Xml => xml::look(text, &rules)?,
        ConfigFormat::Lines => lines::look(text, &rules),
    };
    let mut left = SHOWN_BYTES;
    let value = |(rule, looked): (Rule<'_>, Result<(), EditError>)| {
        let at = rule.at;
        match (looked, rule.found()) {
            (Err(error), _) => PlaceValue::Unreachable { why: why(error) },
            (Ok(()), PlaceValue::Text { text }) => {
                let text = match format {
                    ConfigFormat::Lines => text.strip_prefix(at).unwrap_or(&text).to_owned(),
                    _ => text,
                };
                match left.checked_sub(text.len()) {
                    Some(rest) => {
                        left = rest;
                        PlaceValue::Text { text }
                    }
                    None => PlaceValue::TooLong,
                }
            }
            (Ok(()), found) => found,
        }
    };
    Ok(rules.into_iter().zip(looked).map(value).collect())
}

fn why(error: EditError) -> String {
    match error {
        EditError::NoPlace { why, .. } => why.into_owned(),
        other => other.to_string(),
    }
}

/// The text with these answers. Where the file has a tree, or something that a form cannot reach, none is written.
pub fn answer(format: ConfigFormat, text: &str, answers: &[PlaceAnswer]) -> Result<String, EditError> {
    let places: Vec<_> = answers.iter().map(|answer| answer.at.clone()).collect();
    for (at, value) in places.iter().zip(look(format, text, &places)?) {
        let why = match value {
            PlaceValue::Nothing | PlaceValue::Text { .. } | PlaceValue::Several | PlaceValue::TooLong => {
                continue;
            }
            PlaceValue::Tree => "a whole tree stands there".to_owned(),
            PlaceValue::Unreachable { why } => why,
        };
        return Err(EditError::NoPlace { at: at.clone(), why: why.into() });
    }
    let edit = |answer: &PlaceAnswer| {
        let PlaceAnswer { at, notation, value } = answer.clone();
        let value = if format == ConfigFormat::Lines { format!("{at}{value}") } else { value };
        Edit { at, value, condition: Condition::Always, notation }
    };
    super::apply(format, text, &answers.iter().map(edit).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::plan::Notation;

    fn looked(format: ConfigFormat, text: &str, at: &str) -> PlaceValue {
        look(format, text, &[at.to_owned()]).unwrap().remove(0)
    }

    fn text(text: &str) -> PlaceValue {
        PlaceValue::Text { text: text.to_owned() }
    }

    fn answered(format: ConfigFormat, before: &str, at: &str, value: &str) -> Result<String, EditError> {
        let (at, value) = (at.to_owned(), value.to_owned());
        answer(format, before, &[PlaceAnswer { at, notation: Notation::LikeThere, value }])
    }

    #[test]
    fn a_value_is_found_in_each_format_as_an_edit_would_find_it() {
        use ConfigFormat::{Ini, Json, Lines, Properties, Toml, Xml, Yaml};
        for (format, file, at, value) in [
            (Properties, "# c\nmotd = a\\u00e9\\\n  b\n", "motd", "aéb"),
            (Ini, "; c\n[net]\nport = 5 \n", "net.port", "5"),
            (Json, "{\"a\": [{\"b\": \"x\\n\"}]}", "a[0].b", "x\n"),
            (Json, "{\"a\": 1.50}", "a", "1.50"),
            (Yaml, "a:\n  - b: 'it''s' # c\n", "a[0].b", "it's"),
            (Yaml, "a: &x yes\nb: *x\n", "b", "yes"),
            (Toml, "[a]\nb = \"x\" # c\n", "a.b", "x"),
            (Toml, "a = 0x1f # c\n", "a", "0x1f"),
            (Xml, "<a><b c='&lt;'>x<!-- c --></b></a>", "a.b", "x"),
            (Xml, "<a><b c='&lt;'>x</b></a>", "a.b@c", "<"),
            (Lines, "// c\nset slots 8\n", "set slots ", "8"),
        ] {
            assert_eq!(looked(format, file, at), text(value), "{format:?} {at}");
            assert_eq!(looked(format, &format!("\u{feff}{file}"), at), text(value), "{format:?} with a mark");
        }
    }

    #[test]
    fn what_a_form_cannot_hold_is_told_apart() {
        use ConfigFormat::{Ini, Json, Lines, Properties, Toml, Xml, Yaml};
        for (format, file, at) in [
            (Properties, "a=1\n", "b"),
            (Ini, "a = 1\n", "x.a"),
            (Json, "", "a.b"),
            (Json, "{\"a\": null}", "a"),
            (Yaml, "", "a"),
            (Yaml, "a:\nb: ~\n", "a"),
            (Yaml, "a:\nb: ~\n", "b"),
            (Toml, "", "a.b"),
            (Xml, "<a/>", "a.b@c"),
            (Lines, "", "a"),
        ] {
            assert_eq!(looked(format, file, at), PlaceValue::Nothing, "{format:?} {file:?} {at}");
        }
        for (format, file, at) in [
            (Json, "{\"a\": {\"b\": 1}}", "a"),
            (Yaml, "a: [1]\n", "a"),
            (Toml, "a = [1]\n[b]\n", "a"),
            (Toml, "a = [1]\n[b]\n", "b"),
            (Xml, "<a><b><c/></b></a>", "a.b"),
        ] {
            assert_eq!(looked(format, file, at), PlaceValue::Tree, "{format:?} {at}");
            assert!(matches!(answered(format, file, at, "5"), Err(EditError::NoPlace { .. })), "{format:?}");
        }
        assert_eq!(looked(Ini, "a = 1\na = 2\n", "a"), PlaceValue::Several);
        assert_eq!(looked(Ini, "a = 1\na = 1\n", "a"), text("1"));
        assert_eq!(looked(Properties, &format!("a={}", "x".repeat(20_000)), "a"), PlaceValue::TooLong);
        let many: Vec<_> = (0..20).map(|key| format!("k{key}")).collect();
        let file: String = many.iter().map(|key| format!("{key} = {}\n", "x".repeat(10_000))).collect();
        let shown = look(Ini, &file, &many).unwrap();
        assert_eq!((&shown[0], &shown[19]), (&text(&"x".repeat(10_000)), &PlaceValue::TooLong));
        let yaml = looked(Yaml, "d: &d {p: 1}\ne:\n  <<: *d\n", "e.p");
        assert!(matches!(yaml, PlaceValue::Unreachable { .. }), "{yaml:?}");
        assert!(matches!(look(Json, "{", &[]), Err(EditError::Malformed(_))));
    }

    #[test]
    fn an_answer_changes_its_value_and_nothing_else() {
        use ConfigFormat::{Ini, Lines, Yaml};
        let file = "# mine\nb = 1\n\na = 2 \n";
        assert_eq!(answered(Ini, file, "b", "3").unwrap(), "# mine\nb = 3\n\na = 2 \n");
        assert_eq!(answered(Ini, file, "c", "3").unwrap(), "# mine\nb = 1\n\na = 2 \nc = 3\n");
        assert_eq!(answered(Lines, "set slots 8\n", "set slots ", "9").unwrap(), "set slots 9\n");
        assert_eq!(answered(Yaml, "a: no # c\n", "a", "yes").unwrap(), "a: yes # c\n");
        assert!(matches!(answered(Ini, file, "b", "3\n[admin]"), Err(EditError::Unrepresentable { .. })));
    }
}
