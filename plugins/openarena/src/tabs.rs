//! The match on one page: who plays and how well, with a way to show somebody the door.

use gantry_plugin::prelude::*;
use gantry_wire::quake3;

const MATCH: &str = "match";

pub(crate) fn offer() -> Vec<Tab> {
    vec![Tab {
        id: MATCH.to_owned(),
        title: "Match".to_owned(),
        audience: Audience::Members,
        refresh_ms: Some(5_000),
    }]
}

pub(crate) fn render(tab: &str) -> Result<Vec<Block>, Failure> {
    if tab != MATCH {
        return Err(Failure::new("no_such_tab", format!("There is no page {tab}.")));
    }
    // A game that does not run answers nothing, which is no failure of the page.
    let Ok(sample) = quake3::sample("game") else {
        let text = "The arena does not answer. Its match shows up here once it runs.".to_owned();
        return Ok(vec![Block::Note(Note { tone: Tone::Neutral, text })]);
    };
    let chart = Chart { title: "Players".to_owned(), series: vec!["players".to_owned()] };
    Ok(vec![Block::Facts(facts(&sample)), Block::Table(players(sample.player_list)), Block::Chart(chart)])
}

fn facts(sample: &Sample) -> Vec<Fact> {
    let fact =
        |label: &str, value: Option<String>| value.map(|value| Fact { label: label.to_owned(), value });
    let slots = match (sample.players, sample.max_players) {
        (Some(players), Some(most)) => Some(format!("{players} of {most}")),
        (players, _) => players.map(|players| players.to_string()),
    };
    let bots = sample.bots.filter(|bots| *bots > 0).map(|bots| bots.to_string());
    [fact("Map", sample.map.clone()), fact("Players", slots), fact("Bots among them", bots)]
        .into_iter()
        .flatten()
        .collect()
}

fn players(mut players: Vec<Player>) -> Table {
    players.sort_by_key(|player| std::cmp::Reverse(player.score));
    let column = |title: &str, alignment| Column { title: title.to_owned(), alignment };
    let number = |number: Option<String>| number.unwrap_or_else(|| "\u{2013}".to_owned());
    let row = |player: Player| Row {
        actions: vec![RowAction {
            action: "kick".to_owned(),
            label: "Kick".to_owned(),
            form: vec![Setting { key: "player".to_owned(), value: player.name.clone() }],
        }],
        cells: vec![
            player.name,
            number(player.score.map(|score| score.to_string())),
            number(player.ping_ms.map(|ping| format!("{ping} ms"))),
        ],
    };
    Table {
        title: "Players".to_owned(),
        columns: vec![
            column("Name", Alignment::Start),
            column("Score", Alignment::End),
            column("Ping", Alignment::End),
        ],
        rows: players.into_iter().map(row).collect(),
        when_empty: "Nobody plays.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_each_can_be_kicked_by_their_own_name() {
        let player = |name: &str, score| Player { score: Some(score), ..Player::named(name) };
        let table = players(vec![player("Grunt", 1), player("Sarge", 7)]);
        let names: Vec<&str> = table.rows.iter().map(|row| row.cells[0].as_str()).collect();
        assert_eq!(names, ["Sarge", "Grunt"]);
        assert!(table.rows.iter().all(|row| row.actions[0].form[0].value == row.cells[0]));
        assert_eq!(table.rows[0].cells[2], "\u{2013}");
    }

    #[test]
    fn there_is_no_other_page() {
        assert_eq!(render("scores").expect_err("a refusal").code, "no_such_tab");
    }
}
