//! Setting up, signing in and out, and what people may do.

use crate::{
    fixture::{PASSWORD, World, app, local, setup_input},
    node::FakeNode,
};
use gantry_app::{Origin, inputs::*};
use gantry_domain::Role;
use gantry_store::testing::TestDatabase;
use gantry_types::problem::Code;
use secrecy::SecretString;

#[tokio::test]
async fn a_stranger_needs_the_token_to_set_up_and_nobody_sets_up_twice() {
    let database = TestDatabase::new().await;
    let (app, _cache) = app(&database);
    let remote = Origin { ip: Some([203, 0, 113, 7].into()), ..Origin::default() };
    let unknown = Origin::default();
    for origin in [&remote, &unknown] {
        assert!(app.setup_status(origin).await.unwrap().token_required);
        assert_eq!(app.setup(origin, setup_input()).await.unwrap_err().code(), Code::SetupTokenRequired);
    }
    let token = app.setup_token_if_needed().await.unwrap();
    app.setup(&remote, SetupInput { token, ..setup_input() }).await.unwrap();
    assert_eq!(app.setup(&local(), setup_input()).await.unwrap_err().code(), Code::AlreadySetUp);
    assert!(app.setup_token_if_needed().await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_that_was_ended_is_refused_at_once() {
    let world = World::new().await;
    let input = || SignInInput { email: "ADA@example.org".to_owned(), password: PASSWORD.into() };
    let signed_in = world.app.sign_in(&local(), input()).await.unwrap();
    let ctx = world.app.authenticate(&signed_in.token, &local()).await.unwrap().ctx;
    world.app.sign_out(&ctx).await.unwrap();
    let refused = world.app.authenticate(&signed_in.token, &local()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotSignedIn);
    world.end().await;
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_takes_the_old_one() {
    let world = World::new().await;
    let ada = world.person("grace").await;
    let sign_in = || SignInInput { email: "grace@example.org".to_owned(), password: PASSWORD.into() };
    let other = world.app.sign_in(&local(), sign_in()).await.unwrap();
    let update = |current: Option<SecretString>| AccountUpdate {
        name: None,
        email: None,
        new_password: Some("another long phrase".into()),
        current_password: current,
    };
    let refused = world.app.update_account(&ada, update(None)).await.unwrap_err();
    assert_eq!(refused.fields()[0].key, "currentPassword");
    world.app.update_account(&ada, update(Some(PASSWORD.into()))).await.unwrap();
    assert!(world.app.authenticate(&other.token, &local()).await.is_err());
    assert_eq!(world.app.sign_in(&local(), sign_in()).await.unwrap_err().code(), Code::WrongCredentials);
    world.end().await;
}

#[tokio::test]
async fn a_ticket_opens_one_socket() {
    let world = World::new().await;
    let ticket = world.app.issue_ticket(&world.admin).await.unwrap().token;
    assert_eq!(world.app.redeem_ticket(&ticket, &local()).await.unwrap().actor, world.admin.actor);
    assert!(world.app.redeem_ticket(&ticket, &local()).await.is_err());
    world.end().await;
}

#[tokio::test]
async fn who_is_no_administrator_administers_nothing() {
    let world = World::new().await;
    let grace = world.person("grace").await;
    let node = world.node("attic").await;
    let location = LocationInput { name: "x".to_owned(), description: String::new() };
    let user =
        UserInput { name: "x".into(), email: "x@y.z".into(), password: PASSWORD.into(), role: Role::Admin };
    assert_eq!(world.app.create_location(&grace, location).await.unwrap_err().code(), Code::Forbidden);
    assert_eq!(world.app.create_user(&grace, user).await.unwrap_err().code(), Code::Forbidden);
    assert_eq!(world.app.create_enrollment(&grace, node.id).await.unwrap_err().code(), Code::Forbidden);
    assert_eq!(world.app.delete_node(&grace, node.id).await.unwrap_err().code(), Code::Forbidden);
    assert_eq!(world.app.list_plugins(&grace).await.unwrap_err().code(), Code::Forbidden);
    assert!(world.app.node(&grace, node.id).await.unwrap().report.is_none());
    world.end().await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_another_under_its_key_is_refused() {
    let world = World::new().await;
    let location = |name: &str| LocationInput { name: name.to_owned(), description: String::new() };
    let with =
        |fingerprint: u8| world.admin.clone().with_idempotency_key("key-1", [fingerprint; 32]).unwrap();
    let first = world.app.create_location(&with(1), location("attic")).await.unwrap();
    let again = world.app.create_location(&with(1), location("attic")).await.unwrap();
    assert_eq!(first.id, again.id);
    let other = world.app.create_location(&with(2), location("cellar")).await.unwrap_err();
    assert_eq!(other.code(), Code::IdempotencyMismatch);
    world.end().await;
}

#[tokio::test]
async fn an_enrollment_token_is_good_once_and_a_revoked_node_is_cut_off() {
    let world = World::new().await;
    let mut node = world.connected_node("attic").await;
    let spent = world.app.create_enrollment(&world.admin, node.id).await.unwrap();
    let request = |token: &str| gantry_app::wire::EnrollRequest {
        token: token.to_owned(),
        public_key: gantry_nodes::keys::encode_public(&gantry_nodes::keys::generate().unwrap()),
        agent_version: "0.1.0".to_owned(),
    };
    world.app.revoke_node(&world.admin, node.id).await.unwrap();
    node.disconnected().await;
    // Revoking took the token too.
    let refused =
        async |token: &str| world.app.enroll_daemon(&local(), request(token)).await.unwrap_err().code();
    assert_eq!(refused(&spent.token).await, Code::EnrollmentRefused);
    let fresh = world.app.create_enrollment(&world.admin, node.id).await.unwrap();
    world.app.enroll_daemon(&local(), request(&fresh.token)).await.unwrap();
    assert_eq!(refused(&fresh.token).await, Code::EnrollmentRefused);
    assert_eq!(refused("mistyped").await, Code::EnrollmentRefused);
    let mut again = FakeNode::enroll(&world, node.id).await;
    again.connect(&world.app).await;
    world.end().await;
}
