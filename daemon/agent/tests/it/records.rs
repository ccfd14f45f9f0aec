//! Calls of plugins that were stopped, kept by the daemon for their authors: without secrets, over a restart, and until the server
//! is gone.

use crate::{
    actions::{Outcome, house, unhurried},
    daemon::{Daemon, id_of},
};
use axum::http::{Method, StatusCode};
use gantry_host::record::Record;
use gantry_protocol::{ActionReport, ActionRequest, DesiredServer};
use gantry_types::{
    action::Availability,
    conduct::PluginRecord,
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Setting},
};
use std::{fs, os::unix::fs::PermissionsExt};

const PASSWORD: &str = "hunter2 & \"more\"";
const TYPED: &str = "open-sesame/1";

/// Has the plugin read the rules, with a form of which these keys are secret.
async fn read_rules(daemon: &Daemon, server: &DesiredServer, secrets: Option<Vec<String>>) -> Outcome {
    let setting = |(key, value): (&str, &str)| Setting { key: key.to_owned(), value: value.to_owned() };
    let form = [("key", TYPED), ("word", "moss")].map(setting).to_vec();
    let request = ActionRequest { form, secrets, actor: "ann".to_owned(), available: Availability::Always };
    let body = serde_json::to_vec(&request).unwrap();
    let path = format!("/v1/servers/{}/actions/rules", server.id);
    let (status, bytes) = daemon.send(Method::POST, &path, body.into()).await;
    match status.is_success() {
        true => Ok(serde_json::from_slice::<ActionReport>(&bytes).unwrap().messages),
        false => Err((status, serde_json::from_slice(&bytes).unwrap())),
    }
}

async fn records(daemon: &Daemon) -> Vec<PluginRecord> {
    daemon.json(Method::GET, "/v1/records", &()).await
}

async fn file(daemon: &Daemon, record: &PluginRecord) -> (StatusCode, String) {
    let path = format!("/v1/plugins/{}/records/{}", record.digest, record.id);
    let (status, bytes) = daemon.send(Method::GET, &path, axum::body::Bytes::new()).await;
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_stopped_is_kept_without_secrets_and_goes_with_its_server() {
    let mut daemon = unhurried().await;
    let mut house = house(&mut daemon, Desired::Stopped).await;
    house.settings.push(Setting { key: "rcon_password".to_owned(), value: PASSWORD.to_owned() });
    house.secrets.push("rcon_password".to_owned());
    let house = daemon.next(&house, Desired::Stopped, Kind::Reinstall);
    daemon.put(&house).await.unwrap();
    daemon.ended(id_of(&house)).await;
    // The game wrote down its password, and what somebody typed; and no message may say the last letter.
    let quoted = serde_json::json!([PASSWORD, TYPED]).to_string();
    fs::write(daemon.file(house.id, "rules.txt"), format!("{PASSWORD} {TYPED} {quoted} \u{7}")).unwrap();
    for _ in 0..3 {
        read_rules(&daemon, &house, Some(vec!["key".to_owned()])).await.unwrap_err();
    }
    let before = records(&daemon).await;
    let [record] = before.as_slice() else { panic!("{before:?}") };
    assert_eq!(
        (record.times, record.call.as_str(), record.reason.as_str()),
        (3, "actions.perform", "answer")
    );
    assert_eq!((&record.server_id, record.is_whole), (&Some(house.id.to_string()), true));
    let (status, text) = file(&daemon, record).await;
    assert_eq!((status, text.len() as u64), (StatusCode::OK, record.bytes));
    for secret in [PASSWORD, TYPED, quoted.as_str(), "hunter2", "sesame"] {
        assert!(!text.contains(secret) && !text.contains(&hex::encode(secret)), "{secret} is in {text}");
    }
    assert!(text.contains("moss"), "what is no secret is there: {text}");
    let read = Record::from_lines(&text).unwrap();
    assert_eq!(read.told.iter().map(|told| told.call.as_str()).collect::<Vec<_>>()[0], "files.read");

    let mut daemon = daemon.restart().await;
    assert_eq!(records(&daemon).await, before);
    assert_eq!(file(&daemon, record).await.1, text);
    let folder = daemon.data().join(format!("servers/{}/plugin-records", house.id));
    for entry in fs::read_dir(&folder).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let none = PluginRecord { id: "0".repeat(32), ..record.clone() };
    assert_eq!(file(&daemon, &none).await.0, StatusCode::NOT_FOUND);

    let delete = daemon.next(&house, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    assert_eq!(records(&daemon).await, []);
    assert!(!folder.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_says_what_of_a_form_is_secret_all_of_it_is() {
    let mut daemon = unhurried().await;
    let house = house(&mut daemon, Desired::Stopped).await;
    fs::write(daemon.file(house.id, "rules.txt"), "\u{7}").unwrap();
    read_rules(&daemon, &house, None).await.unwrap_err();
    let (_, text) = file(&daemon, &records(&daemon).await[0]).await;
    assert!(!text.contains(TYPED) && !text.contains("moss"), "{text}");
}
