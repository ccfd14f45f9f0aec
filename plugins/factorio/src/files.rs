//! `server-settings.json` as a form: what stands there and is no setting of the blueprint, since those are written at each
//! start.
//!
//! Names and defaults: the example that comes with the game, `data/server-settings.example.json`.

use crate::run::SETTINGS;
use gantry_plugin::prelude::*;

pub(crate) fn all() -> Vec<ConfigFile> {
    vec![ConfigFile {
        id: "server-settings".to_owned(),
        title: SETTINGS.to_owned(),
        help: "What else the game can be told. It reads this file when it starts.".to_owned(),
        path: SETTINGS.to_owned(),
        format: Format::Json,
        fields: questions().into_iter().map(field).collect(),
    }]
}

/// The key of each question is the file's own.
fn field(question: Variable) -> Field {
    let notation = match &question.kind {
        Kind::Number(_) => Notation::Number,
        Kind::Boolean => Notation::Boolean,
        _ => Notation::Text,
    };
    Field { at: question.key.clone(), notation, question }
}

fn questions() -> Vec<Variable> {
    vec![
        Variable::number("autosave_interval", "Save every", 10, 1, 1_440).group("Saving").unit("minutes"),
        Variable::number("autosave_slots", "Saves that are kept", 5, 1, 100).group("Saving"),
        Variable::boolean("non_blocking_saving", "Save without a pause", false)
            .group("Saving")
            .help("By a copy of the process, which takes as much memory again for that while."),
        Variable::boolean("auto_pause", "Pause while nobody plays", true).group("Players"),
        Variable::boolean("only_admins_can_pause_the_game", "Only administrators pause the game", true)
            .group("Players"),
        Variable::number("afk_autokick_interval", "Kick who does nothing after", 0, 0, 1_440)
            .group("Players")
            .unit("minutes")
            .help("Zero never does."),
        Variable::boolean(
            "ignore_player_limit_for_returning_players",
            "Who was here before gets in when it is full",
            false,
        )
        .group("Players"),
        Variable::one_of(
            "allow_commands",
            "Commands in the game",
            "admins-only",
            &[("true", "Everybody"), ("admins-only", "Administrators"), ("false", "Nobody")],
        )
        .group("Players")
        .help("Those that end achievements. What this page types is always taken."),
        Variable::number("max_upload_in_kilobytes_per_second", "Send worlds at most with", 0, 0, 10_000_000)
            .group("Network")
            .unit("kB/s")
            .help("Zero does not bound it."),
        Variable::number("max_upload_slots", "Players who are sent the world at once", 5, 0, 1_000)
            .group("Network")
            .help("Zero does not bound it."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_in_the_file_with_its_default_and_is_no_setting() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("server-settings.json")).expect("a document");
        let settings = crate::blueprint::blueprint().variables;
        for question in questions() {
            let there = &file[&question.key];
            let text = there.as_str().map_or_else(|| there.to_string(), str::to_owned);
            assert_eq!(Some(text), question.default_value, "{}", question.key);
            assert!(!settings.iter().any(|each| each.key == question.key), "{} is a setting", question.key);
        }
    }
}
