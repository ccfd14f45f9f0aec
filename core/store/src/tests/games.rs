//! What was played when: a row for each change, told by the server's own node, whatever comes late.

use super::fixtures::{World, now};
use crate::new_uuid;
use chrono::{DateTime, TimeDelta, Utc};
use gantry_auth::rights;
use gantry_domain::players::Game;
use gantry_types::{NodeId, ServerId};

fn game(map: Option<&str>, version: Option<&str>, at: DateTime<Utc>) -> Game {
    Game { at, map: map.map(str::to_owned), version: version.map(str::to_owned) }
}

async fn tell(world: &World, node: NodeId, server: ServerId, games: &[Game]) {
    let mut tx = world.test.db.as_system().await.unwrap();
    for game in games {
        tx.game_is(node, server, game).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn seen(world: &World, server: ServerId, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Game> {
    let grant = world.grant::<rights::StatisticsRead>(&world.ada, server).await;
    world.test.db.as_user(&world.ada).await.unwrap().games(&grant, from, to).await.unwrap()
}

#[tokio::test]
async fn each_change_is_kept_once_and_a_span_begins_with_what_was_played_then() {
    let world = World::new().await;
    let (server, start) = (world.server(&world.ada, "one").await, now());
    let at = |minutes| start + TimeDelta::minutes(minutes);
    let told = [
        game(None, None, at(0)),
        game(Some("dm1"), None, at(1)),
        game(Some("dm1"), Some("1.36"), at(2)),
        game(Some("dm1"), Some("1.36"), at(3)),
        game(None, None, at(5)),
        game(None, None, at(6)),
        game(Some("dm2"), Some("1.36"), at(7)),
        game(Some("late"), None, at(4)),
    ];
    tell(&world, world.node, server, &told).await;
    let kept = [1, 2, 4, 6].map(|index: usize| told[index].clone());
    assert_eq!(seen(&world, server, at(0), at(60)).await, kept);
    assert_eq!(seen(&world, server, at(3), at(7)).await, kept[1..3]);
    assert_eq!(seen(&world, server, at(7), at(8)).await, kept[3..]);
    assert_eq!(seen(&world, server, at(-9), at(0)).await, []);
}

#[tokio::test]
async fn a_node_speaks_of_its_own_servers_and_people_see_their_own() {
    let world = World::new().await;
    let (server, start) = (world.server(&world.ada, "one").await, now());
    tell(&world, NodeId::new(new_uuid()), server, &[game(Some("forged"), None, start)]).await;
    tell(&world, world.node, server, &[game(Some("dm1"), None, start)]).await;
    let hour = TimeDelta::hours(1);
    assert_eq!(seen(&world, server, start - hour, start + hour).await, [game(Some("dm1"), None, start)]);
    let mut others = world.test.db.as_user(&world.bob).await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM games").fetch_one(others.db()).await.unwrap();
    assert_eq!(count, 0);
    for actor in [&world.ada, &world.admin] {
        let mut tx = world.test.db.as_user(actor).await.unwrap();
        assert!(sqlx::query("DELETE FROM games").execute(tx.db()).await.is_err(), "{}", actor.name);
    }
}

#[tokio::test]
async fn what_was_over_long_ago_is_forgotten_and_what_goes_on_is_not() {
    let world = World::new().await;
    let (server, start) = (world.server(&world.ada, "one").await, now());
    let at = |hours| start + TimeDelta::hours(hours);
    let told = [0, 1, 2].map(|hour| game(Some(&format!("dm{hour}")), None, at(hour)));
    tell(&world, world.node, server, &told).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.sweep_games(at(1)).await.unwrap(), 0, "the first was played until then");
    assert_eq!(tx.sweep_games(at(9)).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(seen(&world, server, at(0), at(60)).await, told[2..], "the last is played still");
}
