//! What people keep secret is in clear where the game reads it, and nowhere else.

use crate::daemon::{Daemon, id_of};
use gantry_agent::ledger::{Ledger, LedgerError};
use gantry_seal::{SealError, SecretKey};
use gantry_types::{
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed},
};
use std::{fs, path::Path};

const SECRET: &str = "hunter2-hunter2-hunter2";

/// Files below a folder that hold the secret, without the servers' own.
fn holding(folder: &Path, own: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path == own {
            continue;
        }
        if path.is_dir() {
            found.extend(holding(&path, own));
        } else if fs::read(&path).unwrap().windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()) {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_secret_is_sealed_in_the_ledger_and_forgotten_with_its_server() {
    let mut daemon = Daemon::start().await;
    let mut server = daemon.server(Desired::Running, Kind::Install);
    for setting in server.settings.iter_mut().filter(|setting| setting.key == "admin") {
        setting.value = SECRET.to_owned();
    }
    server.secrets = vec!["admin".to_owned()];
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    let own = daemon.file(server.id, "");
    let root = daemon.data().to_owned();
    assert!(!holding(&own, Path::new("")).is_empty(), "the game never got it");
    assert_eq!(holding(&root, &own), Vec::<std::path::PathBuf>::new());

    let mut daemon = daemon.restart().await;
    daemon.until(server.id, Observed::Running).await;
    let delete = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    let record = daemon.ledger().servers().await.unwrap().remove(0);
    assert!(record.is_deleted() && record.desired.settings.is_empty() && record.run.is_none(), "{record:?}");
    assert!(daemon.ledger().journal(server.id).await.unwrap().is_none());
    assert_eq!(holding(&root, &own), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_ledger_opens_with_its_own_key_alone() {
    let mut daemon = Daemon::start().await;
    daemon.running().await;
    let data = daemon.end().await;
    let path = data.path().join("ledger.redb");
    let own = gantry_seal::key_file(&data.path().join("node.key")).unwrap();
    let opened = Ledger::open(&path, &own, chrono::Utc::now()).unwrap();
    assert_eq!(opened.servers().await.unwrap().len(), 1);
    drop(opened);
    let other = Ledger::open(&path, &SecretKey::generate().unwrap(), chrono::Utc::now()).unwrap();
    let refused = other.servers().await.unwrap_err();
    assert!(matches!(refused, LedgerError::Seal(SealError::NotAuthentic)), "{refused:?}");
}
