//! What a page hears: what its person may see at that moment, and nothing else.

use crate::fixture::{World, soon};
use gantry_app::{LiveFeed, LiveFrame, ServerSample, Topic, inputs::*};
use gantry_protocol::{
    Event, NodeSample, SampleEnvelope,
    machine::{CpuUse, LoadAverage, MemoryUse, SwapUse, TcpCounts},
};
use gantry_types::{
    ServerId,
    permission::Permission,
    problem::Code,
    sample::{ConsoleEvent, LiveSample, Player, Sample, Statistics},
    server::Observed,
};
use std::collections::BTreeMap;

async fn until(feed: &mut LiveFeed, wanted: impl Fn(&LiveFrame) -> bool) -> LiveFrame {
    soon(async {
        loop {
            let frame = feed.next().await.expect("the feed goes on");
            if wanted(&frame) {
                return frame;
            }
        }
    })
    .await
}

fn is_server(frame: &LiveFrame, state: Observed) -> bool {
    matches!(frame, LiveFrame::Server { server } if server.observed.state == state)
}

fn second(server_id: ServerId) -> SampleEnvelope {
    let player =
        Player { name: "Linus".to_owned(), id: None, score: None, ping_ms: None, seconds_online: None };
    let game =
        Sample { players: Some(1), lists_players: true, player_list: vec![player], ..Sample::default() };
    let sample =
        LiveSample { at: chrono::Utc::now(), statistics: Some(Statistics::default()), game: Some(game) };
    SampleEnvelope { server_id, sample }
}

#[tokio::test]
async fn a_member_hears_of_a_server_for_as_long_as_the_membership_lasts() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let grace = world.person("grace").await;
    let mut feed = world.app.live(&grace).await.unwrap();
    feed.subscribe([Topic::Servers]).unwrap();
    world.invite(server, &grace, &[Permission::ServerRead]).await;
    let frame = until(&mut feed, |_| true).await;
    let LiveFrame::Server { server: view } = frame else { panic!("{frame:?}") };
    assert_eq!(view.permissions, [Permission::ServerRead]);
    world.expel(server, &grace).await;
    until(&mut feed, |frame| *frame == LiveFrame::Removed { server_id: server }).await;
    // What happens from here on is heard by who may see it, and not by who may not.
    let mut admin = world.app.live(&world.admin).await.unwrap();
    admin.subscribe([Topic::Servers]).unwrap();
    node.saw(server, Observed::Running);
    until(&mut admin, |frame| is_server(frame, Observed::Running)).await;
    let (other, _) = world.server(node.id).await;
    world.invite(other, &grace, &[Permission::ServerRead]).await;
    let next = until(&mut feed, |_| true).await;
    assert!(matches!(next, LiveFrame::Server { server: view } if view.id == other));
    world.end().await;
}

#[tokio::test]
async fn numbers_reach_who_may_see_them_without_what_they_may_not() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    node.sent(server, |_| true).await;
    let grace = world.person("grace").await;
    world.invite(server, &grace, &[Permission::ServerRead, Permission::StatisticsRead]).await;
    let mut feed = world.app.live(&grace).await.unwrap();
    feed.subscribe([Topic::Server(server)]).unwrap();
    // Samples may be lost, such as those of a time at which nobody follows yet: a node says one again and again.
    let saying = async {
        loop {
            node.sample(&second(server));
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let together = |frame: &LiveFrame| matches!(frame, LiveFrame::Samples { samples } if samples.len() > 1);
    let hearing = async {
        until(&mut feed, together).await;
        until(&mut feed, together).await
    };
    let mut list = world.app.live(&world.admin).await.unwrap();
    list.subscribe([Topic::Servers]).unwrap();
    let without = until(&mut list, |frame| matches!(frame, LiveFrame::Samples { .. }));
    let frame = tokio::select! {
        frame = hearing => frame,
        () = saying => unreachable!(),
        _ = without => panic!("a page that shows no numbers is told some"),
    };
    let LiveFrame::Samples { samples } = frame else { panic!() };
    let ServerSample { server_id, sample } = samples.into_iter().next().unwrap();
    assert_eq!(server_id, server);
    assert!(sample.statistics.is_some());
    assert!(sample.game.unwrap().player_list.is_empty(), "who plays is another right");
    let players = world.app.server_players(&world.admin, server).await.unwrap();
    assert_eq!(players.players[0].name, "Linus");
    world.end().await;
}

#[tokio::test]
async fn what_a_game_says_of_coming_and_going_becomes_sessions_that_end_with_it() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let joined = |player: &str| Event::Console { event: ConsoleEvent::Joined { player: player.to_owned() } };
    node.say(server, joined("Linus"));
    node.say(server, joined("Grace\u{7}"));
    node.say(server, Event::Console { event: ConsoleEvent::Left { player: "Linus".to_owned() } });
    let last = node.say(server, joined("  "));
    node.acknowledged(last).await;
    let sessions = || async {
        let page =
            world.app.server_player_sessions(&world.admin, server, PageQuery::default()).await.unwrap();
        let shown = page.items.into_iter().map(|each| (each.player, each.until.is_some()));
        shown.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(sessions().await, BTreeMap::from([("Grace".to_owned(), false), ("Linus".to_owned(), true)]));
    let last = node.saw(server, Observed::Crashed);
    node.acknowledged(last).await;
    assert!(sessions().await["Grace"], "the game ended");
    let stranger = world.person("bob").await;
    let refused =
        world.app.server_player_sessions(&stranger, server, PageQuery::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    world.end().await;
}

#[tokio::test]
async fn who_is_there_and_what_is_played_is_kept_until_the_game_ends() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let text = |text: &str| Some(text.to_owned());
    node.say(server, Event::Console { event: ConsoleEvent::Joined { player: "Linus".to_owned() } });
    node.say(server, Event::Present { players: vec!["Grace".to_owned(), " \n".to_owned()] });
    node.say(server, Event::Game { map: text("oa_dm1\u{7}"), version: None });
    let last = node.say(server, Event::Game { map: text("oa_dm1"), version: text("1.36") });
    node.acknowledged(last).await;
    let page = world.app.server_player_sessions(&world.admin, server, PageQuery::default()).await.unwrap();
    let sessions: BTreeMap<_, _> =
        page.items.into_iter().map(|each| (each.player, each.until.is_some())).collect();
    assert_eq!(sessions, BTreeMap::from([("Grace".to_owned(), false), ("Linus".to_owned(), true)]));
    let last = node.saw(server, Observed::Offline);
    node.acknowledged(last).await;
    let hour = chrono::TimeDelta::hours(1);
    let query =
        || StatisticsQuery { from: Some(chrono::Utc::now() - hour), to: Some(chrono::Utc::now() + hour) };
    let told = world.app.server_statistics(&world.admin, server, query()).await.unwrap().games;
    let games: Vec<_> = told.into_iter().map(|game| (game.map, game.version)).collect();
    let wanted = [(text("oa_dm1"), None), (text("oa_dm1"), text("1.36")), (None, None)];
    assert_eq!(games, wanted);
    let stranger = world.person("bob").await;
    let refused = world.app.server_statistics(&stranger, server, query()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    world.end().await;
}

#[tokio::test]
async fn a_feed_ends_with_its_session() {
    let world = World::new().await;
    let grace = world.person("grace").await;
    let mut feed = world.app.live(&grace).await.unwrap();
    feed.subscribe([Topic::Servers]).unwrap();
    world.app.sign_out(&grace).await.unwrap();
    assert_eq!(soon(feed.next()).await, None);
    world.end().await;
}

#[tokio::test]
async fn a_node_that_goes_makes_its_servers_unreachable_for_who_watches() {
    let world = World::new().await;
    let mut node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    node.sent(server, |_| true).await;
    let mut feed = world.app.live(&world.admin).await.unwrap();
    feed.subscribe([Topic::Servers, Topic::Nodes]).unwrap();
    world.app.revoke_node(&world.admin, node.id).await.unwrap();
    node.disconnected().await;
    until(&mut feed, |frame| matches!(frame, LiveFrame::Server { server } if !server.node.connected)).await;
    world.end().await;
}

#[tokio::test]
async fn a_member_hands_out_what_it_has_and_no_more() {
    let world = World::new().await;
    let node = world.node("attic").await;
    let (server, _) = world.server(node.id).await;
    let (grace, linus) = (world.person("grace").await, world.person("linus").await);
    let own = [Permission::ServerRead, Permission::MembersCreate, Permission::ConsoleRead];
    world.invite(server, &grace, &own).await;
    let email = || format!("{}@example.org", linus.actor.name);
    let too_much = MemberInput { email: email(), permissions: vec![Permission::PowerKill] };
    let refused = world.app.invite_member(&grace, server, too_much).await.unwrap_err();
    assert_eq!(refused.code(), gantry_types::problem::Code::Forbidden);
    let fine = MemberInput { email: email(), permissions: vec![Permission::ConsoleRead] };
    let member = world.app.invite_member(&grace, server, fine).await.unwrap();
    assert_eq!(member.permissions, [Permission::ServerRead, Permission::ConsoleRead]);
    world.end().await;
}

fn moment(user: f64) -> NodeSample {
    NodeSample {
        at: chrono::DateTime::UNIX_EPOCH,
        uptime_seconds: 7,
        cpu: Some(CpuUse { user, ..CpuUse::default() }),
        cores: Vec::new(),
        memory: MemoryUse { used_bytes: 3, total_bytes: 9, ..MemoryUse::default() },
        swap: SwapUse::default(),
        load: LoadAverage::default(),
        file_systems: Vec::new(),
        disks: Vec::new(),
        interfaces: Vec::new(),
        temperatures: Vec::new(),
        tcp: TcpCounts::default(),
    }
}

fn is_of_a_machine(frame: &LiveFrame) -> bool {
    matches!(frame, LiveFrame::NodeSample { .. })
}

#[tokio::test]
async fn a_machine_is_measured_each_second_while_an_administrator_watches() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    node.is_watched(false).await;
    let grace = world.person("grace").await;
    let mut feed = world.app.live(&grace).await.unwrap();
    feed.subscribe([Topic::Node(node.id), Topic::Servers]).unwrap();
    let mut admin = world.app.live(&world.admin).await.unwrap();
    admin.subscribe([Topic::Node(node.id)]).unwrap();
    node.is_watched(true).await;

    node.measure(&moment(12.0));
    let frame = until(&mut admin, is_of_a_machine).await;
    let LiveFrame::NodeSample { node_id, sample } = frame else { panic!("{frame:?}") };
    assert_eq!((node_id, sample.cpu.map(|cpu| cpu.busy())), (node.id, Some(12.0)));
    assert!(sample.at > chrono::DateTime::UNIX_EPOCH, "a node's clock is not believed");
    let seen = world.app.node(&world.admin, node.id).await.unwrap().usage.unwrap();
    assert_eq!((seen.cpu_percent, seen.memory_bytes), (Some(12.0), 3));

    // Who comes later begins with what is known.
    let mut second = world.app.live(&world.admin).await.unwrap();
    second.subscribe([Topic::Node(node.id)]).unwrap();
    until(&mut second, is_of_a_machine).await;

    // To a person nothing of it comes: the first that does is of a server.
    let (server, _) = world.server(node.id).await;
    world.invite(server, &grace, &[Permission::ServerRead]).await;
    let frame = until(&mut feed, |_| true).await;
    assert!(matches!(frame, LiveFrame::Server { .. }), "{frame:?}");
    drop((admin, second));
    node.is_watched(false).await;
}
