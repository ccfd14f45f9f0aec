//! `server.properties` as a form: what stands there and is no setting of the blueprint, since those are written at each start.

use gantry_plugin::prelude::*;

pub(crate) fn files() -> Vec<ConfigFile> {
    vec![ConfigFile {
        id: "server-properties".to_owned(),
        title: "server.properties".to_owned(),
        help: "What else the game can be told. It reads this file when it starts.".to_owned(),
        path: "server.properties".to_owned(),
        format: Format::Properties,
        fields: questions().into_iter().map(field).collect(),
    }]
}

/// The key of each question is the file's own, with underscores.
fn field(question: Variable) -> Field {
    Field { at: question.key.replace('_', "-"), notation: Notation::LikeThere, question }
}

fn questions() -> Vec<Variable> {
    vec![
        Variable::number("view_distance", "View distance", 32, 5, 96).group("Reach").unit("chunks"),
        Variable::number("tick_distance", "Simulation distance", 4, 4, 12).group("Reach").unit("chunks"),
        Variable::boolean("force_gamemode", "Back to the game mode when joining", false).group("Players"),
        Variable::number("player_idle_timeout", "Kick who does nothing after", 30, 0, 1_440)
            .group("Players")
            .unit("minutes")
            .help("Zero never does."),
        Variable::one_of(
            "default_player_permission_level",
            "What newcomers may do",
            "member",
            &[("visitor", "Look around"), ("member", "Play"), ("operator", "Everything")],
        )
        .group("Players"),
        Variable::boolean("texturepack_required", "Only players who take the world's textures", false)
            .group("Players"),
        Variable::number("max_threads", "Most threads", 8, 0, 64)
            .group("Advanced")
            .help("Zero: as many as it likes."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_twice() {
        let form = crate::blueprint::blueprint().variables;
        for question in questions() {
            assert!(!form.iter().any(|each| each.key == question.key), "{} is a setting", question.key);
        }
        assert!(files()[0].fields.iter().any(|field| field.at == "view-distance"));
    }
}
