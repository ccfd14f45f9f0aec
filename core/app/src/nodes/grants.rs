//! Who may come in by SFTP goes down: a node opens its own door, so it is told beforehand for whom.
//!
//! As with servers, nobody says what changed: whenever something may have, everything is read and weighed anew, by the same
//! rules as for the panel's own pages, and sent if it differs. It is sent again before its lease ends, because a node that
//! hears nothing lets nobody in.

use super::follow::{Link, report};
use crate::error::{Answer, AppError};
use chrono::{DateTime, Utc};
use gantry_auth::Standing;
use gantry_domain::Role;
use gantry_nodes::NodeError;
use gantry_protocol::{
    MAX_SFTP_PEOPLE, MAX_SFTP_SERVERS, SftpGrants, SftpKey, SftpPassword, SftpPerson, SftpServer,
};
use gantry_store::sftp::{CandidateServer, SftpCandidate};
use gantry_types::{UserId, permission::Permission};
use std::time::Duration;
use tokio::time::Instant;

/// What the node may live on without hearing more, in seconds.
const LEASE: u32 = 600;
/// How often everything is read and the lease renewed, even without news.
const RENEW_EVERY: Duration = Duration::from_secs(60);
/// How long news is gathered.
const GATHERING: Duration = Duration::from_millis(20);
/// How long to wait before something that failed is tried again.
const PAUSE: Duration = Duration::from_secs(2);
/// The most bytes of all people together: what a node takes, with room for what stands around them.
const MOST_BYTES: usize = (8 << 20) - 1_024;

/// The rights that SFTP asks for.
const FILES: [Permission; 4] =
    [Permission::FilesList, Permission::FilesRead, Permission::FilesWrite, Permission::FilesDelete];

/// What the node was told, and when it has to hear again.
#[derive(Default)]
struct Told {
    people: Option<Vec<SftpPerson>>,
    renew_at: Option<Instant>,
}

/// Keeps the node told for as long as its link lasts.
pub(super) async fn keep_told(link: &Link) {
    let bell = link.app.grant_bells().of(link.node());
    let mut told = Told::default();
    loop {
        let again_at = match tell(link, &mut told).await {
            Ok(again_at) => again_at,
            Err(AppError::Node(NodeError::Unsupported)) => {
                // A daemon that has no SFTP will not get one while this link lasts.
                tracing::debug!(node.id = %link.node(), "the node has no SFTP");
                return std::future::pending().await;
            }
            Err(error) => {
                report(link, "telling the node who may come in by SFTP failed", &error);
                // Whether it heard is unknown.
                told = Told::default();
                Instant::now() + PAUSE
            }
        };
        tokio::select! {
            () = bell.notified() => tokio::time::sleep(GATHERING).await,
            () = tokio::time::sleep_until(again_at) => {}
        }
    }
}

/// Reads, weighs, and sends what differs or is due. Answers when to look again at the latest.
async fn tell(link: &Link, told: &mut Told) -> Answer<Instant> {
    let now = Utc::now();
    let mut tx = link.app.db().as_system_for_nodes().await?;
    let candidates = tx.sftp_candidates(link.node(), now, MAX_SFTP_PEOPLE).await?;
    drop(tx);
    let until = first_expiry(&candidates, now);
    let people = within_bounds(link, candidates.into_iter().filter_map(weigh).collect());
    let due = told.renew_at.is_none_or(|at| Instant::now() >= at);
    if due || told.people.as_ref() != Some(&people) {
        let grants = SftpGrants { lease_seconds: LEASE, people };
        link.client.put_sftp(&grants).await?;
        metrics::counter!("gantry_sftp_grants_total").increment(1);
        *told = Told { people: Some(grants.people), renew_at: Some(Instant::now() + RENEW_EVERY) };
    }
    let renew_at = told.renew_at.unwrap_or_else(Instant::now);
    Ok(until.map_or(renew_at, |until| renew_at.min(Instant::now() + until)))
}

/// How long until the first of the passwords ends.
fn first_expiry(candidates: &[SftpCandidate], now: DateTime<Utc>) -> Option<Duration> {
    let ends = candidates.iter().flat_map(|one| &one.passwords).filter_map(|password| password.expires_at);
    ends.min().map(|end| (end - now).to_std().unwrap_or_default())
}

/// What the node is told of somebody; none who may do nothing there.
fn weigh(candidate: SftpCandidate) -> Option<SftpPerson> {
    let SftpCandidate { user, handle, role, keys, passwords, servers } = candidate;
    let servers = servers.into_iter().filter_map(|server| weigh_server(user, role, server));
    let servers: Vec<SftpServer> = servers.take(MAX_SFTP_SERVERS).collect();
    (!servers.is_empty()).then(|| SftpPerson {
        user,
        handle,
        keys: keys.into_iter().map(|key| SftpKey { id: key.id, public_key: key.public_key }).collect(),
        passwords: passwords.into_iter().map(|one| SftpPassword { id: one.id, digest: one.digest }).collect(),
        servers,
    })
}

fn weigh_server(user: UserId, role: Role, server: CandidateServer) -> Option<SftpServer> {
    let CandidateServer { id, handle, facts } = server;
    let standing = Standing::of(user, role, facts)?;
    let permissions: Vec<Permission> =
        FILES.into_iter().filter(|permission| standing.allows(*permission)).collect();
    permissions.contains(&Permission::FilesList).then_some(SftpServer { server: id, handle, permissions })
}

/// What is too much for one message is left out, rather than nobody being let in.
fn within_bounds(link: &Link, mut people: Vec<SftpPerson>) -> Vec<SftpPerson> {
    let fit = that_fit(&people);
    if fit < people.len() || people.len() == MAX_SFTP_PEOPLE {
        tracing::error!(node.id = %link.node(), let_in = fit, "more people may use SFTP than the node can be told of");
    }
    people.truncate(fit);
    people
}

/// How many of them fit into a message.
fn that_fit(people: &[SftpPerson]) -> usize {
    let mut bytes = 0;
    let fits = |person: &&SftpPerson| {
        bytes += serde_json::to_vec(person).map_or(MOST_BYTES, |text| text.len() + 1);
        bytes <= MOST_BYTES
    };
    people.iter().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_auth::ServerFacts;
    use gantry_types::ServerId;
    use uuid::Uuid;

    fn person(servers: usize) -> SftpPerson {
        let server = |n: usize| SftpServer {
            server: ServerId::new(Uuid::from_u128(n as u128)),
            handle: format!("{n:010}"),
            permissions: FILES.to_vec(),
        };
        SftpPerson {
            user: UserId::new(Uuid::nil()),
            handle: "ada".to_owned(),
            keys: Vec::new(),
            passwords: Vec::new(),
            servers: (0..servers).map(server).collect(),
        }
    }

    #[test]
    fn an_administrator_of_very_many_servers_keeps_nobody_else_out() {
        let server = |n: u128| CandidateServer {
            id: ServerId::new(Uuid::from_u128(n)),
            handle: format!("{n:010}"),
            facts: ServerFacts { owner_id: UserId::new(Uuid::max()), membership: None },
        };
        let candidate = |role| SftpCandidate {
            user: UserId::new(Uuid::nil()),
            handle: "ada".to_owned(),
            role,
            keys: Vec::new(),
            passwords: Vec::new(),
            servers: (0..2_001).map(server).collect(),
        };
        assert_eq!(weigh(candidate(Role::Admin)).unwrap().servers.len(), MAX_SFTP_SERVERS);
        assert!(weigh(candidate(Role::User)).is_none());
    }

    #[test]
    fn a_message_stays_within_what_a_node_takes_and_leaves_no_room_for_one_more() {
        let mut people = vec![person(1_000); 100];
        let fit = that_fit(&people);
        let message = |people: &[SftpPerson]| {
            let grants = SftpGrants { lease_seconds: LEASE, people: people.to_vec() };
            serde_json::to_vec(&grants).unwrap().len()
        };
        assert!(message(&people[..fit]) <= 8 << 20);
        assert!(message(&people[..=fit]) > (8 << 20) - 1_024);
        people.truncate(3);
        assert_eq!(that_fit(&people), 3);
    }
}
