//! Teeworlds, by Debian's server. Nothing else that can be had speaks with version 0.7, so that what the collector says
//! is held against the game's own word at its console, which is another protocol of another part of it.

use crate::game::Game;

#[tokio::test]
async fn teeworlds_is_what_its_own_console_says() {
    let answers = [
        ("name", "Proof of a tee"),
        ("max_players", "5"),
        ("map", "ctf5"),
        ("mode", "ctf"),
        ("console_password", "sesame"),
    ];
    let mut game = Game::planned("teeworlds", "teeworlds", &answers).await;
    let sample = game.sample(|_| true).await;
    assert_eq!(sample.name.as_deref(), Some("Proof of a tee"));
    assert_eq!(game.command("sv_name").await, "Value: Proof of a tee");
    let map = sample.map.clone().unwrap_or_default();
    assert_eq!(game.command("sv_map").await, format!("Value: {map}"));
    let slots = sample.max_players.unwrap_or_default();
    assert_eq!(game.command("sv_max_clients").await, format!("Value: {slots}"));
    assert_eq!((sample.players, sample.player_list.len(), sample.lists_players), (Some(0), 0, true));
    assert_eq!(game.command("status").await, "", "a line for each player");
    assert!(sample.version.is_some_and(|version| version.starts_with("0.7")));

    assert_eq!(game.command("change_map dm2").await, "");
    assert_eq!(game.sample(|sample| sample.map.as_deref() == Some("dm2")).await.max_players, Some(5));
}
