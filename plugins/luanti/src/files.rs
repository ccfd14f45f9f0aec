//! `minetest.conf` as a form: what stands there and is no setting of the blueprint, since those are written at each start.
//!
//! Names, ranges and defaults: the game's own `builtin/settingtypes.txt`.

use gantry_plugin::prelude::*;

pub(crate) fn all() -> Vec<ConfigFile> {
    vec![ConfigFile {
        id: "minetest-conf".to_owned(),
        title: "minetest.conf".to_owned(),
        help: "What else the game can be told. It reads this file when it starts, and takes its own default for what does \
               not stand there."
            .to_owned(),
        path: "minetest.conf".to_owned(),
        format: Format::Ini,
        fields: questions().into_iter().map(field).collect(),
    }]
}

/// The key of each question is the file's own.
fn field(question: Variable) -> Field {
    Field { at: question.key.clone(), notation: Notation::LikeThere, question }
}

fn questions() -> Vec<Variable> {
    vec![
        Variable::number("time_speed", "Speed of time", 72, 0, 1_440)
            .group("World")
            .help("72 makes a day of twenty minutes, 0 stops the sun."),
        Variable::text("static_spawnpoint", "Where players begin", "", 60)
            .group("World")
            .pattern(
                r"(-?\d{1,5}(\.\d+)?, ?-?\d{1,5}(\.\d+)?, ?-?\d{1,5}(\.\d+)?)?",
                "Three numbers, such as 0,20,0. Empty leaves it to the game.",
            )
            .help("Three numbers, such as 0,20,0. Empty leaves it to the game."),
        Variable::number("active_block_range", "Blocks that are alive around players", 4, 1, 32)
            .group("World")
            .unit("blocks")
            .help("Things move and grow within so many blocks of 16 nodes. It costs processor more than anything else here."),
        Variable::number("max_block_send_distance", "View distance", 12, 1, 64)
            .group("World")
            .unit("blocks")
            .help("How far players are sent the world."),
        Variable::number("item_entity_ttl", "Things on the ground vanish after", 900, -1, 86_400)
            .group("World")
            .unit("s")
            .help("-1 leaves them."),
        Variable::boolean("disallow_empty_password", "Only players with a password", false).group("Players"),
        Variable::boolean("strict_protocol_version_checking", "Only clients of the newest version", false)
            .group("Players"),
        Variable::number("chat_message_max_size", "Longest chat message", 500, 10, 65_535)
            .group("Players")
            .unit("characters"),
        Variable::boolean("enable_rollback_recording", "Record who did what", false)
            .group("Advanced")
            .help("So that it can be undone, at the price of a growing file."),
        Variable::number("server_map_save_interval", "Save the world every", 5, 1, 3_600)
            .group("Advanced")
            .unit("s"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_that_a_setting_writes() {
        let server = Server {
            id: String::new(),
            name: String::new(),
            blueprint: "luanti".to_owned(),
            settings: Vec::new(),
            facts: Vec::new(),
            endpoints: Vec::new(),
            limits: Limits::new(128, 20, 256),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        };
        let plan = crate::run::install(&server);
        let edits = plan.steps.iter().filter_map(|step| match &step.action {
            Action::EditConfig(edit) => Some(edit.edits.clone()),
            _ => None,
        });
        let written: Vec<_> = edits.flatten().map(|edit| edit.at).collect();
        assert!(!written.is_empty());
        for field in &all()[0].fields {
            assert!(!written.contains(&field.at), "{} is a setting", field.at);
        }
    }
}
