//! SSH keys and app passwords, and how a server's files are reached with them.

use crate::{
    kit::{TestApp, TestNode},
    servers::running,
};
use serde_json::json;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHz3rpTR4/5A6YqUz3vH5q+Mjv8vMrBzTfDmgFenAWNT";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_added_shown_with_its_fingerprint_and_removed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let form = json!({ "name": "Laptop", "publicKey": format!("{KEY} ada@laptop\n") });
    let made = admin.post("/api/account/ssh-keys", form.clone()).await.expect(201);
    assert_eq!(made["publicKey"], KEY);
    assert_eq!(made["fingerprint"], "SHA256:5x4JHBnJp8z9QbHAra5ikfIcHqDY/HMEPLfPesdjQ0k");
    let again = admin.post("/api/account/ssh-keys", form).await.problem("validation_failed");
    assert_eq!(again["fields"][0]["key"], "publicKey");
    assert_eq!(admin.get("/api/account/ssh-keys").await.expect(200)["items"], json!([made]));
    let path = format!("/api/account/ssh-keys/{}", made["id"].as_str().unwrap());
    let stranger = app.person(&admin, "eve", "user").await;
    assert_eq!(stranger.get("/api/account/ssh-keys").await.expect(200)["items"], json!([]));
    stranger.delete(&path).await.problem("not_found");
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.problem("not_found");
    let log = admin.get("/api/audit").await.expect(200);
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|line| &line["action"]).collect();
    assert_eq!(actions[0], "ssh_key.delete");
    assert!(actions.contains(&&json!("ssh_key.create")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_is_refused_with_a_warning_and_kept_nowhere() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----";
    let form = json!({ "name": "Laptop", "publicKey": key });
    let refused = admin.post("/api/account/ssh-keys", form).await.problem("validation_failed");
    assert!(refused["fields"][0]["message"].as_str().unwrap().starts_with("This is a private key"));
    assert!(!refused.to_string().contains("b3Blbn"));
    assert!(!admin.get("/api/audit").await.expect(200).to_string().contains("b3Blbn"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_password_is_told_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let form = json!({ "name": "FileZilla", "expiresAt": "2030-01-01T00:00:00Z" });
    let made = admin.post("/api/account/app-passwords", form).await.expect(201);
    let password = made["password"].as_str().unwrap();
    assert!(password.starts_with("gapp-") && password.len() == 39, "{password}");
    let list = admin.get("/api/account/app-passwords").await.expect(200);
    assert_eq!(list["items"], json!([made["appPassword"]]));
    for answer in [list, admin.get("/api/audit").await.expect(200)] {
        assert!(!answer.to_string().contains(&password[5..]));
    }
    // It opens nothing but SFTP.
    app.visitor().sign_in("ada@example.com", password).await.problem("wrong_credentials");
    let path = format!("/api/account/app-passwords/{}", made["appPassword"]["id"].as_str().unwrap());
    admin.delete(&path).await.expect(204);
    assert_eq!(admin.get("/api/account/app-passwords").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sets_the_password_of_another_takes_their_keys_and_app_passwords_away() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let grace = app.person(&admin, "grace", "user").await;
    let key = json!({ "name": "laptop", "publicKey": KEY });
    grace.post("/api/account/ssh-keys", key.clone()).await.expect(201);
    grace.post("/api/account/app-passwords", json!({ "name": "FileZilla" })).await.expect(201);
    let id = grace.get("/api/account").await.expect(200)["id"].as_str().unwrap().to_owned();
    let renamed = admin.patch(&format!("/api/users/{id}"), json!({ "name": "Grace H." })).await;
    renamed.expect(200);
    assert_eq!(grace.get("/api/account/ssh-keys").await.expect(200)["items"].as_array().unwrap().len(), 1);

    let password = "an entirely other sentence";
    admin.patch(&format!("/api/users/{id}"), json!({ "password": password })).await.expect(200);
    grace.get("/api/account").await.problem("not_signed_in");
    let grace = app.visitor();
    grace.sign_in("grace@example.com", password).await.expect(200);
    for kind in ["ssh-keys", "app-passwords"] {
        assert_eq!(
            grace.get(&format!("/api/account/{kind}")).await.expect(200)["items"],
            json!([]),
            "{kind}"
        );
    }
    let lines = admin.get("/api/audit").await.expect(200);
    let line = lines["items"].as_array().unwrap().iter().find(|line| line["action"] == "user.credentials");
    assert_eq!(line.unwrap()["before"], json!({ "sshKeys": 1, "appPasswords": 1 }));

    // One's own password is another matter: the programs that one set up go on working.
    grace.post("/api/account/ssh-keys", key).await.expect(201);
    let own = json!({ "currentPassword": password, "newPassword": "a third sentence of mine" });
    grace.patch("/api/account", own).await.expect(200);
    assert_eq!(grace.get("/api/account/ssh-keys").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_list_files_is_told_how_to_reach_them_and_what_is_missing() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _page) = running(&admin, &node).await;
    let path = format!("/api/servers/{id}/sftp");
    let sftp = admin.get(&path).await.expect(200);
    assert_eq!(sftp["user"], format!("ada.{}", &id[26..]));
    assert_eq!((&sftp["hasSshKey"], &sftp["hasAppPassword"]), (&json!(false), &json!(false)));
    admin.post("/api/account/ssh-keys", json!({ "name": "Laptop", "publicKey": KEY })).await.expect(201);
    assert_eq!(admin.get(&path).await.expect(200)["hasSshKey"], true);
    let stranger = app.person(&admin, "eve", "user").await;
    stranger.get(&path).await.problem("not_found");
    node.stop().await;
}
