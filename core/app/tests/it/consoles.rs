//! Consoles: one stream however many watch, and a right that is asked for at every line that somebody types.

use crate::{
    fixture::{World, soon},
    node::FakeNode,
};
use gantry_app::{ConsoleFeed, ConsoleFrame, OpCtx, inputs::CommandInput};
use gantry_types::{ServerId, permission::Permission, problem::Code, server::Observed};

async fn lines(feed: &mut ConsoleFeed) -> Vec<String> {
    soon(async {
        loop {
            if let ConsoleFrame::Lines { lines } = feed.next().await.expect("the console goes on") {
                return lines.into_iter().map(|line| line.text).collect();
            }
        }
    })
    .await
}

async fn running(world: &World) -> (FakeNode, ServerId) {
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    node.sent(server, |_| true).await;
    let seq = node.saw(server, Observed::Running);
    node.acknowledged(seq).await;
    (node, server)
}

async fn type_in(world: &World, who: &OpCtx, server: ServerId, command: &str) -> Result<(), Code> {
    let input = CommandInput { command: command.to_owned() };
    world.app.console_command(who, server, input).await.map_err(|error| error.code())
}

#[tokio::test]
async fn many_watch_one_stream_and_each_resumes_where_it_was() {
    let world = World::new().await;
    let (node, server) = running(&world).await;
    node.print("one");
    let mut first = world.app.console(&world.admin, server, None).await.unwrap();
    assert_eq!(lines(&mut first).await, ["one"]);
    let mut second = world.app.console(&world.admin, server, Some(1)).await.unwrap();
    soon(node.memory.followed.subscribe().wait_for(|count| *count == 1)).await.unwrap();
    node.print("two");
    assert_eq!(lines(&mut first).await, ["two"]);
    assert_eq!(lines(&mut second).await, ["two"]);
    assert_eq!(*node.memory.followed.borrow(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_console_closes_for_who_loses_the_right_to_read_it() {
    let world = World::new().await;
    let (_node, server) = running(&world).await;
    let grace = world.person("grace").await;
    assert_eq!(world.app.console(&grace, server, None).await.err().unwrap().code(), Code::NotFound);
    world.invite(server, &grace, &[Permission::ServerRead, Permission::ConsoleRead]).await;
    let mut feed = world.app.console(&grace, server, None).await.unwrap();
    world.expel(server, &grace).await;
    let revoked = async { while feed.next().await.expect("it says so first") != ConsoleFrame::Revoked {} };
    soon(revoked).await;
    assert_eq!(feed.next().await, None);
    world.end().await;
}

#[tokio::test]
async fn a_command_is_attributed_and_takes_the_right_to_type() {
    let world = World::new().await;
    let (node, server) = running(&world).await;
    let grace = world.person("grace").await;
    world.invite(server, &grace, &[Permission::ServerRead, Permission::ConsoleRead]).await;
    assert_eq!(type_in(&world, &grace, server, "stop").await, Err(Code::Forbidden));
    assert_eq!(type_in(&world, &world.admin, server, "say hi").await, Ok(()));
    let typed = node.memory.commands.borrow().clone();
    assert_eq!((typed.len(), typed[0].command.as_str(), typed[0].actor.as_str()), (1, "say hi", "Ada"));
    let log = world.app.server_activity(&world.admin, server, Default::default()).await.unwrap();
    assert_eq!(log.items[0].action, "console.command");
    world.end().await;
}
