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
    let one_line = r"[^\x00-\x1f\x7f]*";
    let yes = |key: &str, label: &str| Variable::boolean(key, label, true);
    let no = |key: &str, label: &str| Variable::boolean(key, label, false);
    vec![
        Variable::number("view_distance", "View distance", 10, 3, 32)
            .group("Reach")
            .unit("chunks")
            .help("How far players see. It costs memory and processor more than anything else here."),
        Variable::number("simulation_distance", "Simulation distance", 10, 3, 32)
            .group("Reach")
            .unit("chunks")
            .help("How far around players things move and grow. From 1.18 on."),
        Variable::number("spawn_protection", "Protected around the spawn", 16, 0, 1_000)
            .group("World")
            .unit("blocks")
            .help("Only operators build there. Zero protects nothing."),
        Variable::number("max_world_size", "Border of the world", 29_999_984, 1, 29_999_984)
            .group("World")
            .unit("blocks"),
        yes("generate_structures", "Villages and other structures").group("World"),
        yes("allow_nether", "The Nether").group("World"),
        yes("spawn_monsters", "Monsters").group("World"),
        yes("spawn_animals", "Animals").group("World"),
        yes("spawn_npcs", "Villagers").group("World"),
        no("enable_command_block", "Command blocks").group("World"),
        no("allow_flight", "Flying in survival")
            .group("Players")
            .help("Without it, who floats for long is kicked. Some mods need it."),
        no("force_gamemode", "Back to the game mode when joining").group("Players"),
        Variable::number("player_idle_timeout", "Kick who does nothing after", 0, 0, 1_440)
            .group("Players")
            .unit("minutes")
            .help("Zero never does."),
        no("hide_online_players", "Tell strangers no names")
            .group("Players")
            .help("The list of servers then shows how many play and not who."),
        yes("enforce_secure_profile", "Only players whose chat is signed")
            .group("Players")
            .help("From 1.19 on."),
        Variable::number("op_permission_level", "Level of operators", 4, 1, 4).group("Players"),
        Variable::text("resource_pack", "Address of a resource pack", "", 400)
            .pattern(one_line, "One line of text.")
            .group("Resource pack"),
        Variable::text("resource_pack_sha1", "SHA-1 of the resource pack", "", 40)
            .pattern("([0-9a-fA-F]{40})?", "Forty digits from 0 to 9 and a to f.")
            .group("Resource pack"),
        no("require_resource_pack", "Only players who take it").group("Resource pack"),
        Variable::number("max_tick_time", "End the game when it stands still for", 60_000, -1, 600_000)
            .group("Advanced")
            .unit("ms")
            .help("-1 never does."),
        Variable::number("network_compression_threshold", "Compress packets from", 256, -1, 65_535)
            .group("Advanced")
            .unit("bytes")
            .help("-1 compresses nothing."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_twice() {
        let form = crate::blueprint::all().remove(0).variables;
        for question in questions() {
            assert!(!form.iter().any(|each| each.key == question.key), "{} is a setting", question.key);
        }
        assert!(files()[0].fields.iter().any(|field| field.at == "view-distance"));
    }
}
