//! `openttd.cfg` as a form: what stands there and is no setting of the blueprint, since those are written at each start.
//!
//! The game is started so that it leaves the file to us ([`crate::run`]), so what people write there stays. A world keeps
//! the rules that it was made with; what is here for worlds is for the next one. Names, ranges and defaults: the game's
//! `table/settings/*.ini`.

use gantry_plugin::prelude::*;

pub(crate) fn all() -> Vec<ConfigFile> {
    vec![ConfigFile {
        id: "openttd-cfg".to_owned(),
        title: "openttd.cfg".to_owned(),
        help: "What else the game can be told. It reads this file when it starts, and takes its own default for what does \
               not stand there."
            .to_owned(),
        path: "openttd.cfg".to_owned(),
        format: Format::Ini,
        fields: fields(),
    }]
}

fn fields() -> Vec<Field> {
    let next = "For the next world: one that is there keeps its own.";
    let field =
        |at: &str, question: Variable| Field { at: at.to_owned(), notation: Notation::LikeThere, question };
    vec![
        field(
            "network.max_idle_time",
            Variable::number("max_idle_time", "Nobody is idle for longer than", 0, 0, 86_400)
                .group("Players")
                .unit("s")
                .help("Zero lets everybody."),
        ),
        field(
            "network.autoclean_companies",
            Variable::boolean("autoclean_companies", "Remove companies that nobody plays", false)
                .group("Players"),
        ),
        field(
            "network.autoclean_unprotected",
            Variable::number("autoclean_unprotected", "Remove them after", 12, 0, 240)
                .group("Players")
                .unit("months of the game")
                .help("Those without a password. Zero never does."),
        ),
        field(
            "network.restart_game_year",
            Variable::number("restart_game_year", "Begin a new world in", 0, 0, 5_000_000)
                .group("Players")
                .unit("year of the game")
                .help("Zero never does."),
        ),
        field(
            "gui.autosave",
            Variable::one_of(
                "autosave",
                "Save by itself",
                "quarterly",
                &[
                    ("off", "Never"),
                    ("monthly", "Every month"),
                    ("quarterly", "Every quarter"),
                    ("half year", "Every half year"),
                    ("yearly", "Every year"),
                ],
            )
            .group("Saving")
            .help("By the game's calendar."),
        ),
        field(
            "difficulty.number_towns",
            Variable::one_of(
                "number_towns",
                "Towns",
                "normal",
                &[("very low", "Very few"), ("low", "Few"), ("normal", "Some"), ("high", "Many")],
            )
            .group("Next world")
            .help(next),
        ),
        field(
            "difficulty.max_loan",
            Variable::number("max_loan", "Largest loan", 300_000, 0, 500_000_000)
                .group("Next world")
                .unit("£")
                .help(next),
        ),
        field(
            "vehicle.max_trains",
            Variable::number("max_trains", "Trains of one company", 500, 0, 5_000)
                .group("Next world")
                .help(next),
        ),
        field(
            "economy.inflation",
            Variable::boolean("inflation", "Inflation", false).group("Next world").help(next),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_twice_and_places_are_apart() {
        let settings = crate::blueprint::blueprint().variables;
        let fields = fields();
        for field in &fields {
            assert!(!settings.iter().any(|each| each.key == field.question.key), "{} is a setting", field.at);
            assert_eq!(fields.iter().filter(|other| other.at == field.at).count(), 1);
        }
    }
}
