//! The scripts of `examples/`, as somebody would run them.

use crate::kit::{PASSWORD, TestApp, TestNode};
use std::{path::Path, process::Output};
use tokio::process::Command;

/// Runs `examples/api/create-server.sh` with a password.
async fn create_server(app: &TestApp, password: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/api/create-server.sh");
    let mut command = Command::new("sh");
    command.arg(script).args(["The \"best\" arena", "openarena:openarena"]);
    command
        .env("GANTRY_URL", &app.url)
        .env("GANTRY_EMAIL", "ada@example.com")
        .env("GANTRY_PASSWORD", password);
    command.output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_script_creates_a_server_waits_and_prints_where_it_runs() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let ran = create_server(&app, PASSWORD).await;
    let (printed, errors) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{printed}{errors}");

    let server = admin.get("/api/servers").await.expect(200)["items"][0].clone();
    assert_eq!(
        (server["name"].as_str(), server["observed"]["state"].as_str()),
        (Some("The \"best\" arena"), Some("running"))
    );
    let address = format!("Running at 127.0.0.1:{}", server["endpoints"][0]["port"]);
    assert_eq!(printed.lines().last(), Some(address.as_str()), "{printed}");

    let again = create_server(&app, PASSWORD).await;
    let errors = String::from_utf8_lossy(&again.stderr);
    assert!(
        !again.status.success() && errors.contains("/api/servers answered 4"),
        "no address is free: {errors}"
    );
    let printed = String::from_utf8_lossy(&again.stdout);
    let listed = format!("Servers so far:\n  {}  The \\\"best\\\" arena\n", server["id"].as_str().unwrap());
    assert_eq!(printed, listed, "it lists servers, and nothing else that has an id and a name");
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_script_says_why_it_was_not_let_in() {
    let app = TestApp::start().await;
    app.admin().await;
    let ran = create_server(&app, "wrong battery horse staple").await;
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && errors.contains("answered 401"), "{errors}");
    app.stop().await;
}
