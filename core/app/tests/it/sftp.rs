//! Who may come in by SFTP is told to nodes at once, and what they did there stands in the log once.

use crate::{
    fixture::{World, local, soon},
    node::{FakeNode, door},
};
use gantry_app::{
    OpCtx,
    inputs::{AppPasswordInput, MemberUpdate, PageQuery, ServerUpdate, SshKeyInput, UserUpdate},
    views::AuditView,
};
use gantry_domain::Role;
use gantry_protocol::{Event, SftpAction, SftpActivity, SftpChange, SftpPerson};
use gantry_types::{
    ServerId,
    permission::Permission::{
        self, ActivityRead, ConsoleRead, FilesDelete, FilesList, FilesRead, FilesWrite, ServerRead,
    },
    problem::Code,
    server::Observed,
};
use serde_json::json;
use std::sync::atomic::Ordering;
use uuid::Uuid;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHz3rpTR4/5A6YqUz3vH5q+Mjv8vMrBzTfDmgFenAWNT";

async fn add_key(world: &World, who: &OpCtx) -> Uuid {
    let input = SshKeyInput { name: "laptop".to_owned(), public_key: format!("{KEY} ada@laptop") };
    world.app.create_ssh_key(who, input).await.unwrap().id.uuid()
}

async fn add_password(world: &World, who: &OpCtx, ends_in: Option<chrono::TimeDelta>) -> (Uuid, String) {
    let expires_at = ends_in.map(|time| chrono::Utc::now() + time);
    let input = AppPasswordInput { name: "phone".to_owned(), expires_at };
    let made = world.app.create_app_password(who, input).await.unwrap();
    (made.app_password.id.uuid(), made.password)
}

/// Whether exactly this person is let in, with exactly these rights to one server.
fn alone(people: &[SftpPerson], who: &OpCtx, rights: &[Permission]) -> bool {
    matches!(people, [one] if one.user == who.actor.user_id
        && matches!(one.servers.as_slice(), [server] if server.permissions == rights))
}

/// A server of the administrator's on a node, and a member with a key and these rights.
async fn shared(rights: &[Permission]) -> (World, FakeNode, ServerId, OpCtx) {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let grace = world.person("grace").await;
    add_key(&world, &grace).await;
    world.invite(server, &grace, rights).await;
    (world, node, server, grace)
}

#[tokio::test]
async fn a_node_hears_of_a_key_and_of_who_has_it_without_anything_else() {
    let (world, node, server, grace) = shared(&[ServerRead, FilesList, FilesWrite, ConsoleRead]).await;
    let people = node.lets_in(|people| alone(people, &grace, &[FilesList, FilesWrite])).await;
    assert_eq!(people[0].handle, "grace");
    assert_eq!(people[0].keys[0].public_key, KEY);
    assert!(people[0].passwords.is_empty());
    assert_eq!(people[0].servers[0].server, server);
    assert_eq!(people[0].servers[0].handle, server.to_string()[26..]);
    world.end().await;
}

#[tokio::test]
async fn a_right_that_is_given_or_taken_is_at_the_node_at_once() {
    let (world, node, server, grace) = shared(&[ServerRead, FilesList]).await;
    node.lets_in(|people| alone(people, &grace, &[FilesList])).await;
    let user = grace.actor.user_id;
    let all = [FilesList, FilesRead, FilesWrite, FilesDelete];
    let more = MemberUpdate { permissions: [&[ServerRead][..], &all].concat() };
    world.app.update_member(&world.admin, server, user, more).await.unwrap();
    node.lets_in(|people| alone(people, &grace, &all)).await;
    let taken = std::time::Instant::now();
    let less = MemberUpdate { permissions: vec![ServerRead, FilesRead] };
    world.app.update_member(&world.admin, server, user, less).await.unwrap();
    node.lets_in(<[_]>::is_empty).await;
    assert!(taken.elapsed() < std::time::Duration::from_secs(1), "{:?}", taken.elapsed());
    world.end().await;
}

#[tokio::test]
async fn who_is_expelled_or_deleted_or_removes_the_key_is_let_in_no_longer() {
    let (world, node, server, grace) = shared(&[ServerRead, FilesList]).await;
    let in_again = async || {
        world.invite(server, &grace, &[ServerRead, FilesList]).await;
        node.lets_in(|people| !people.is_empty()).await;
    };
    node.lets_in(|people| !people.is_empty()).await;
    world.expel(server, &grace).await;
    node.lets_in(<[_]>::is_empty).await;

    in_again().await;
    let key = world.app.ssh_keys(&grace).await.unwrap().items[0].id;
    world.app.delete_ssh_key(&grace, key).await.unwrap();
    node.lets_in(<[_]>::is_empty).await;

    let (password, _) = add_password(&world, &grace, None).await;
    node.lets_in(|people| people.iter().any(|one| one.passwords[0].id == password && one.keys.is_empty()))
        .await;
    world.app.delete_user(&world.admin, grace.actor.user_id).await.unwrap();
    node.lets_in(<[_]>::is_empty).await;
    world.end().await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_gone_from_what_people_may_reach() {
    let (world, node, server, _) = shared(&[ServerRead, FilesList]).await;
    node.lets_in(|people| !people.is_empty()).await;
    world.app.delete_server(&world.admin, server).await.unwrap();
    node.saw(server, Observed::Deleted);
    node.lets_in(<[_]>::is_empty).await;
    world.end().await;
}

#[tokio::test]
async fn administrators_and_owners_reach_their_servers_and_roles_count_at_once() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let grace = world.person("grace").await;
    add_key(&world, &grace).await;
    let (password, _) = add_password(&world, &world.admin, None).await;
    let (first, _) = world.server(node.id).await;
    let people = node.lets_in(|people| people.len() == 1 && people[0].servers.len() == 1).await;
    assert_eq!((people[0].user, people[0].servers[0].server), (world.admin.actor.user_id, first));
    assert_eq!(people[0].passwords[0].id, password);
    let role = UserUpdate { name: None, email: None, password: None, role: Some(Role::Admin) };
    world.app.update_user(&world.admin, grace.actor.user_id, role).await.unwrap();
    node.lets_in(|people| people.len() == 2).await;
    let role = UserUpdate { name: None, email: None, password: None, role: Some(Role::User) };
    world.app.update_user(&world.admin, grace.actor.user_id, role).await.unwrap();
    node.lets_in(|people| people.len() == 1).await;
    world.end().await;
}

#[tokio::test]
async fn an_app_password_is_told_by_its_digest_until_it_expires() {
    let (world, node, _, grace) = shared(&[ServerRead, FilesList]).await;
    let key = world.app.ssh_keys(&grace).await.unwrap().items[0].id;
    world.app.delete_ssh_key(&grace, key).await.unwrap();
    let (id, secret) = add_password(&world, &grace, Some(chrono::TimeDelta::milliseconds(1_500))).await;
    let people = node.lets_in(|people| people.iter().any(|one| !one.passwords.is_empty())).await;
    let told = &people[0].passwords[0];
    assert_eq!(told.id, id);
    assert_eq!(told.digest, hex(&secret));
    node.lets_in(<[_]>::is_empty).await;
    assert!(
        world.app.app_passwords(&grace).await.unwrap().items[0].expires_at.unwrap() <= chrono::Utc::now()
    );
    world.end().await;
}

/// SHA-256 as the wire has it.
fn hex(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_and_a_new_link_hears_all_of_it() {
    let (world, mut node, server, grace) = shared(&[ServerRead, FilesList]).await;
    node.lets_in(|people| !people.is_empty()).await;
    let sent = node.memory.grants.borrow().len();
    // A change that nobody's files are concerned by, and one behind it that shows that the first was looked at.
    let update = ServerUpdate { name: Some("Renamed".to_owned()), description: None };
    world.app.update_server(&world.admin, server, update).await.unwrap();
    node.sent(server, |desired| desired.name == "Renamed").await;
    add_password(&world, &grace, None).await;
    node.lets_in(|people| people.iter().any(|one| !one.passwords.is_empty())).await;
    assert_eq!(node.memory.grants.borrow().len(), sent + 1);
    node.connect(&world.app).await;
    let mut grants = node.memory.grants.subscribe();
    soon(grants.wait_for(|all| all.len() == sent + 2)).await.unwrap();
    let last = node.memory.grants.borrow().last().unwrap().clone();
    assert_eq!((last.lease_seconds, last.people.len()), (600, 1));
    world.end().await;
}

#[tokio::test]
async fn a_node_without_sftp_is_asked_once_a_link() {
    let world = World::new().await;
    let view = world.node("attic").await;
    let mut node = FakeNode::enroll(&world, view.id).await;
    node.memory.has_sftp.store(false, Ordering::Relaxed);
    node.connect(&world.app).await;
    soon(node.memory.told.subscribe().wait_for(|count| *count == 1)).await.unwrap();
    let (server, _) = world.server(node.id).await;
    add_key(&world, &world.admin).await;
    node.sent(server, |_| true).await;
    assert_eq!(*node.memory.told.borrow(), 1);
    let sftp = world.app.server_sftp(&world.admin, server).await.unwrap();
    assert_eq!(sftp.unavailable.unwrap(), "The node attic offers no SFTP.");
    node.memory.has_sftp.store(true, Ordering::Relaxed);
    node.connect(&world.app).await;
    node.lets_in(|people| people.len() == 1).await;
    world.end().await;
}

#[tokio::test]
async fn people_are_told_how_to_reach_a_server_and_why_they_cannot() {
    let (world, node, server, grace) = shared(&[ServerRead, FilesList]).await;
    // A node reports before it is sent servers.
    node.sent(server, |_| true).await;
    let sftp = world.app.server_sftp(&grace, server).await.unwrap();
    assert_eq!(sftp.user, format!("grace.{}", &server.to_string()[26..]));
    assert!(sftp.has_ssh_key && !sftp.has_app_password && sftp.unavailable.is_none());
    let there = sftp.door.unwrap();
    assert_eq!((there.host.as_str(), there.port), ("127.0.0.1", door().port));
    assert_eq!((there.host_key, there.fingerprint), (door().host_key, door().fingerprint));
    let eve = world.person("eve").await;
    assert_eq!(world.app.server_sftp(&eve, server).await.unwrap_err().code(), Code::NotFound);
    world.app.revoke_node(&world.admin, node.id).await.unwrap();
    let sftp = world.app.server_sftp(&grace, server).await.unwrap();
    assert!(sftp.unavailable.unwrap().starts_with("The node attic is not connected."));
    world.end().await;
}

fn change(action: SftpAction, path: &str) -> SftpChange {
    SftpChange { action, path: path.to_owned(), to: None }
}

fn visit(who: &OpCtx, credential: Uuid, changes: Vec<SftpChange>) -> SftpActivity {
    let address = "203.0.113.9".to_owned();
    SftpActivity { user: who.actor.user_id, credential, address, opened: true, changes, further: 0 }
}

/// What stands in the server's log of what came by SFTP, oldest first.
async fn visits(world: &World, server: ServerId) -> Vec<AuditView> {
    let mut lines =
        world.app.server_activity(&world.admin, server, PageQuery::default()).await.unwrap().items;
    lines.retain(|line| line.after["via"] == "sftp");
    lines.reverse();
    lines
}

#[tokio::test]
async fn what_somebody_did_by_sftp_stands_in_the_log_once_with_who_and_whence() {
    let (world, mut node, server, grace) = shared(&[ServerRead, FilesList, ActivityRead]).await;
    let key = world.app.ssh_keys(&grace).await.unwrap().items[0].id.uuid();
    let changes = vec![
        change(SftpAction::Write, "a.txt"),
        change(SftpAction::Delete, "old"),
        change(SftpAction::Write, "b.txt"),
    ];
    let said = node.say(server, Event::Sftp { activity: visit(&grace, key, changes) });
    node.acknowledged(said).await;
    // Said again, as a node does that did not hear the acknowledgement.
    node.memory.acknowledged.send_replace(0);
    node.connect(&world.app).await;
    let last = node.saw(server, Observed::Offline);
    node.acknowledged(last).await;

    let lines = visits(&world, server).await;
    let told: Vec<_> = lines.iter().map(|line| (line.action.as_str(), &line.after)).collect();
    assert_eq!(
        told,
        [
            ("sftp.open", &json!({ "via": "sftp", "credential": "laptop" })),
            ("file.upload", &json!({ "via": "sftp", "paths": ["a.txt", "b.txt"] })),
            ("file.delete", &json!({ "via": "sftp", "paths": ["old"] })),
        ]
    );
    assert!(lines.iter().all(|line| line.actor.as_ref().is_some_and(|actor| actor.name == "grace")));
    assert_eq!(lines[0].ip.as_deref(), Some("203.0.113.9"));
    assert!(world.app.ssh_keys(&grace).await.unwrap().items[0].last_used_at.is_some());
    let seen = world.app.server_activity(&grace, server, PageQuery::default()).await.unwrap();
    assert!(seen.items.iter().all(|line| line.ip.is_none()));
    world.end().await;
}

#[tokio::test]
async fn a_node_tells_of_its_own_servers_and_what_nobody_bears_out_is_its_word() {
    let (world, node, server, grace) = shared(&[ServerRead, FilesList]).await;
    let other = world.connected_node("cellar").await;
    let key = world.app.ssh_keys(&grace).await.unwrap().items[0].id.uuid();
    let changes = || vec![change(SftpAction::Delete, "world")];
    let of_another = other.say(server, Event::Sftp { activity: visit(&grace, key, changes()) });
    other.acknowledged(of_another).await;
    let nobody =
        SftpActivity { user: gantry_types::UserId::new(Uuid::nil()), ..visit(&grace, key, changes()) };
    node.say(server, Event::Sftp { activity: nobody });
    // A key that is not this person's is nobody's use of it.
    let borrowed = node.say(server, Event::Sftp { activity: visit(&world.admin, key, changes()) });
    node.acknowledged(borrowed).await;
    let lines = visits(&world, server).await;
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.after["unconfirmed"] == true), "{lines:?}");
    let gone = json!(gantry_types::UserId::new(Uuid::nil()));
    assert!(lines[..2].iter().all(|line| line.actor.is_none() && line.after["person"] == gone), "{lines:?}");
    assert!(lines[2..].iter().all(|line| line.actor.is_some() && line.after["person"].is_null()));
    assert_eq!(lines[2].after["credential"], json!(null));
    assert!(world.app.ssh_keys(&grace).await.unwrap().items[0].last_used_at.is_none());
    assert_eq!(
        world
            .app
            .audit(&world.admin, PageQuery::default())
            .await
            .unwrap()
            .items
            .iter()
            .filter(|line| line.after["via"] == "sftp")
            .count(),
        4
    );
    world.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_key_or_a_password_is_said_at_its_field() {
    let world = World::new().await;
    let key = |name: &str, text: &str| SshKeyInput { name: name.to_owned(), public_key: text.to_owned() };
    let refused = world.app.create_ssh_key(&world.admin, key("", "ssh-rsa AAAA")).await.unwrap_err();
    assert_eq!(
        refused.fields().iter().map(|field| field.key.as_str()).collect::<Vec<_>>(),
        ["name", "publicKey"]
    );
    add_key(&world, &world.admin).await;
    for (again, field) in [(key("other", KEY), "publicKey"), (key("LAPTOP", &weak_twin()), "name")] {
        assert_eq!(world.app.create_ssh_key(&world.admin, again).await.unwrap_err().fields()[0].key, field);
    }
    // Somebody else may have the same key: seeing it must not keep its owner from using it.
    let grace = world.person("grace").await;
    add_key(&world, &grace).await;
    let past = AppPasswordInput { name: "x".to_owned(), expires_at: Some(chrono::Utc::now()) };
    assert_eq!(world.app.create_app_password(&grace, past).await.unwrap_err().fields()[0].key, "expiresAt");
    let admins = world.app.ssh_keys(&world.admin).await.unwrap().items[0].id;
    assert_eq!(world.app.delete_ssh_key(&grace, admins).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(local().ip, grace.origin.ip);
    world.end().await;
}

/// Another key.
fn weak_twin() -> String {
    KEY.replace("WNT", "WNU")
}

#[tokio::test]
async fn nobody_has_more_than_twenty_of_a_kind_even_at_once() {
    let world = World::new().await;
    let make = |number: usize| {
        let input = AppPasswordInput { name: format!("number {number}"), expires_at: None };
        world.app.create_app_password(&world.admin, input)
    };
    let made = futures_util::future::join_all((0..24).map(make)).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 20);
    let refused = made.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.code(), Code::Conflict);
    assert!(refused.detail().contains("remove one"), "{}", refused.detail());
    world.end().await;
}
