//! What an account may take of all nodes together, also when two take of it at once.

use crate::fixture::{World, soon};
use gantry_app::AppError;
use gantry_domain::allowances::Allowance;
use gantry_types::{problem::Code, units::Limits};

fn memory(memory_mib: u32) -> Limits {
    Limits { memory_mib, ..Limits::default() }
}

fn is_refused(error: &AppError) -> bool {
    error.code() == Code::AllowanceExceeded && error.fields()[0].key == "limits.memoryMib"
}

#[tokio::test]
async fn a_server_grows_no_further_than_its_owner_s_allowance_and_shrinks_whenever() {
    let world = World::new().await;
    let (app, admin, owner) = (&world.app, &world.admin, world.admin.actor.user_id);
    let (one, _) = world.server(world.node("attic").await.id).await;
    let (other, _) = world.server(world.node("cellar").await.id).await;
    app.update_limits(admin, one, memory(400)).await.unwrap();
    let bound = Allowance { memory_mib: Some(1_000), ..Allowance::default() };
    let set = app.set_allowance(admin, owner, bound).await.unwrap();
    assert_eq!(set.left.memory_mib, Some(0), "the other has no limit yet");
    assert!(is_refused(&app.update_limits(admin, one, memory(401)).await.unwrap_err()));

    app.update_limits(admin, other, memory(500)).await.unwrap();
    let seen = app.own_allowance(admin).await.unwrap();
    assert_eq!((seen.used.servers, seen.used.memory_mib, seen.left.memory_mib), (2, 900, Some(100)));
    assert_eq!((seen.left.servers, seen.left.disk_mib), (None, None));
    let refused = app.update_limits(admin, one, memory(501)).await.unwrap_err();
    assert!(is_refused(&refused));
    for part in ["1000 MiB of memory", "use 500", "asks for 501", "500 are left"] {
        assert!(refused.detail().contains(part), "{}", refused.detail());
    }
    app.update_limits(admin, one, memory(500)).await.unwrap();

    let less = Allowance { memory_mib: Some(100), ..Allowance::default() };
    app.set_allowance(admin, owner, less).await.unwrap();
    app.update_limits(admin, one, memory(450)).await.unwrap();
    assert!(is_refused(&app.update_limits(admin, one, memory(451)).await.unwrap_err()));
    app.set_allowance(admin, owner, Allowance::default()).await.unwrap();
    app.update_limits(admin, one, memory(0)).await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn of_two_servers_that_grow_at_once_on_two_nodes_one_gets_what_is_left() {
    let world = World::new().await;
    let owner = world.admin.actor.user_id;
    let (one, _) = world.server(world.node("attic").await.id).await;
    let (other, _) = world.server(world.node("cellar").await.id).await;
    for server in [one, other] {
        world.app.update_limits(&world.admin, server, memory(400)).await.unwrap();
    }
    let bound = Allowance { memory_mib: Some(1_000), ..Allowance::default() };
    world.app.set_allowance(&world.admin, owner, bound).await.unwrap();

    let mut first = world.database.db.as_user(&world.admin.actor).await.unwrap();
    first.lock_allowance(owner).await.unwrap();
    let grown: Vec<_> = [one, other]
        .into_iter()
        .map(|server| {
            let (app, admin) = (world.app.clone(), world.admin.clone());
            tokio::spawn(async move { app.update_limits(&admin, server, memory(600)).await })
        })
        .collect();
    soon(world.database.so_many_wait(2)).await;
    drop(first);
    let mut done = 0;
    for grown in grown {
        match soon(grown).await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert!(is_refused(&error), "{error}"),
        }
    }
    assert_eq!(done, 1);
    assert_eq!(world.app.own_allowance(&world.admin).await.unwrap().left.memory_mib, Some(0));
    world.end().await;
}

#[tokio::test]
async fn nobody_but_an_administrator_sees_or_sets_what_another_may_take() {
    let world = World::new().await;
    let grace = world.person("grace").await;
    let bound = Allowance { servers: Some(3), ..Allowance::default() };
    world.app.set_allowance(&world.admin, grace.actor.user_id, bound).await.unwrap();
    let own = world.app.own_allowance(&grace).await.unwrap();
    assert_eq!((own.limits.servers, own.left.servers, own.used.servers), (Some(3), Some(3), 0));
    let owner = world.admin.actor.user_id;
    assert_eq!(world.app.allowance(&grace, owner).await.unwrap_err().code(), Code::Forbidden);
    let set = world.app.set_allowance(&grace, grace.actor.user_id, Allowance::default()).await;
    assert_eq!(set.unwrap_err().code(), Code::Forbidden);
    // And the database would not show it either.
    let mut tx = world.database.db.as_user(&grace.actor).await.unwrap();
    world.app.set_allowance(&world.admin, owner, bound).await.unwrap();
    assert_eq!(tx.allowance(owner).await.unwrap(), Allowance::default());
    world.end().await;
}
