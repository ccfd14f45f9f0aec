//! Who played when: one session of a player at a time, ended by the leave or the game's end, whatever comes late.

use super::fixtures::{World, now};
use crate::new_uuid;
use chrono::{DateTime, TimeDelta, Utc};
use gantry_auth::{Actor, rights};
use gantry_domain::{page::PageRequest, players::PlayerSession};
use gantry_types::{NodeId, ServerId};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// What a node tells, one after the other.
enum Told {
    Joined(&'static str, DateTime<Utc>),
    Left(&'static str, DateTime<Utc>),
    Gone(DateTime<Utc>),
    Present(&'static [&'static str], DateTime<Utc>),
}
use Told::{Gone, Joined, Left, Present};

async fn tell(world: &World, node: NodeId, server: ServerId, told: impl IntoIterator<Item = Told>) {
    let mut tx = world.test.db.as_system().await.unwrap();
    for each in told {
        match each {
            Joined(player, at) => tx.player_joined(node, server, player, at).await.unwrap(),
            Left(player, at) => tx.player_left(node, server, player, at).await.unwrap(),
            Gone(at) => tx.players_gone(node, server, at).await.unwrap(),
            Present(players, at) => {
                let players: Vec<_> = players.iter().map(|player| (*player).to_owned()).collect();
                tx.players_present(node, server, &players, at).await.unwrap();
            }
        }
    }
    tx.commit().await.unwrap();
}

async fn page(
    world: &World,
    actor: &Actor,
    server: ServerId,
    page: PageRequest,
) -> (Vec<PlayerSession>, Option<String>) {
    let grant = world.grant::<rights::PlayersRead>(actor, server).await;
    let page = world.test.db.as_user(actor).await.unwrap().player_sessions(&grant, &page).await.unwrap();
    (page.items, page.next)
}

async fn seen(world: &World, server: ServerId) -> Vec<(String, DateTime<Utc>, Option<DateTime<Utc>>)> {
    let (sessions, _) = page(world, &world.ada, server, PageRequest::default()).await;
    sessions.into_iter().map(|each| (each.player, each.since, each.until)).collect()
}

#[tokio::test]
async fn a_session_goes_from_the_join_to_the_leave_or_the_games_end() {
    let world = World::new().await;
    let (server, start) = (world.server(&world.ada, "one").await, now());
    let at = |minutes| start + TimeDelta::minutes(minutes);
    tell(&world, world.node, server, [Joined("ann", at(0)), Joined("bob", at(1)), Joined("ann", at(2))])
        .await;
    tell(
        &world,
        world.node,
        server,
        [Left("nobody", at(3)), Left("ann", at(4)), Joined("ann", at(5)), Gone(at(6))],
    )
    .await;
    let ann = |from, to| ("ann".to_owned(), at(from), Some(at(to)));
    assert_eq!(seen(&world, server).await, [ann(5, 6), ("bob".to_owned(), at(1), Some(at(6))), ann(0, 4)]);
    // An end that is told late ends nobody who came after it; a clock that went back makes no session shorter than none.
    tell(&world, world.node, server, [Joined("cid", at(9)), Gone(at(8)), Left("cid", at(7))]).await;
    assert_eq!(seen(&world, server).await[0], ("cid".to_owned(), at(9), Some(at(9))));
}

#[tokio::test]
async fn who_is_there_after_a_while_that_nobody_saw_has_a_session_and_nobody_else() {
    let world = World::new().await;
    let (server, start) = (world.server(&world.ada, "one").await, now());
    let at = |minutes| start + TimeDelta::minutes(minutes);
    tell(&world, world.node, server, [Joined("ann", at(0)), Joined("bob", at(1)), Joined("dan", at(9))])
        .await;
    tell(&world, world.node, server, [Present(&["bob", "cid", "cid"], at(5))]).await;
    let open = |player: &str, from| (player.to_owned(), at(from), None);
    let whole = [open("dan", 9), open("cid", 5), open("bob", 1), ("ann".to_owned(), at(0), Some(at(5)))];
    assert_eq!(seen(&world, server).await, whole);
    tell(&world, NodeId::new(new_uuid()), server, [Present(&["eve"], at(10))]).await;
    assert_eq!(seen(&world, server).await, whole, "no other node speaks of it");
    tell(&world, world.node, server, [Present(&[], at(10))]).await;
    assert!(seen(&world, server).await.iter().all(|(_, _, until)| until.is_some()));
}

#[tokio::test]
async fn a_node_speaks_of_its_own_servers_and_people_see_their_own() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    tell(&world, NodeId::new(new_uuid()), server, [Joined("ann", now())]).await;
    assert!(seen(&world, server).await.is_empty());
    tell(&world, world.node, server, [Joined("ann", now())]).await;
    tell(&world, NodeId::new(new_uuid()), server, [Left("ann", now()), Gone(now() + HOUR)]).await;
    assert_eq!(seen(&world, server).await[0].2, None);
    let mut others = world.test.db.as_user(&world.bob).await.unwrap();
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM player_sessions").fetch_one(others.db()).await.unwrap();
    assert_eq!(count, 0);
    for actor in [&world.ada, &world.admin] {
        let mut tx = world.test.db.as_user(actor).await.unwrap();
        assert!(sqlx::query("DELETE FROM player_sessions").execute(tx.db()).await.is_err(), "{}", actor.name);
    }
}

#[tokio::test]
async fn sessions_come_in_pages_and_old_ones_are_forgotten() {
    let world = World::new().await;
    let (server, start) = (world.server(&world.ada, "one").await, now());
    for hour in 0..5 {
        let at = start + HOUR * hour;
        tell(&world, world.node, server, [Joined("ann", at), Left("ann", at + HOUR / 2)]).await;
    }
    let first = page(&world, &world.ada, server, PageRequest { cursor: None, limit: 3 }).await;
    let rest = page(&world, &world.ada, server, PageRequest { cursor: first.1, limit: 3 }).await;
    let all: Vec<_> = first.0.iter().chain(&rest.0).map(|each| each.since).collect();
    assert_eq!(all, (0..5).rev().map(|hour| start + HOUR * hour).collect::<Vec<_>>());
    assert_eq!(rest.1, None);
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.sweep_player_sessions(start + HOUR * 2).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(seen(&world, server).await.len(), 3);
}
