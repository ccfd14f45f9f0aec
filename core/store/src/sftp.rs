//! Who may come in at a node's own door, as facts that `gantry_auth` weighs, and what was heard of them.

use crate::{StoreError, SystemTx, UserTx, codec, users};
use chrono::{DateTime, Utc};
use gantry_auth::ServerFacts;
use gantry_domain::{Role, users::Person};
use gantry_types::{NodeId, ServerId, UserId};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

/// Somebody with something to show, who has to do with servers of the node.
#[derive(Clone, Debug)]
pub struct SftpCandidate {
    pub user: UserId,
    pub handle: String,
    pub role: Role,
    pub keys: Vec<CandidateKey>,
    /// Those that have not expired.
    pub passwords: Vec<CandidatePassword>,
    pub servers: Vec<CandidateServer>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CandidateKey {
    pub id: Uuid,
    pub public_key: String,
}

#[derive(Clone, Deserialize)]
pub struct CandidatePassword {
    pub id: Uuid,
    /// Lower-case hex SHA-256.
    pub digest: String,
    pub expires_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for CandidatePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CandidatePassword").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub struct CandidateServer {
    pub id: ServerId,
    pub handle: String,
    pub facts: ServerFacts,
}

#[derive(Debug, Deserialize)]
struct ServerColumn {
    id: Uuid,
    handle: String,
    owner: Uuid,
    permissions: Option<Vec<String>>,
}

impl From<ServerColumn> for CandidateServer {
    fn from(column: ServerColumn) -> Self {
        let facts = ServerFacts {
            owner_id: UserId::new(column.owner),
            membership: column.permissions.map(|texts| codec::to_permissions(&texts)),
        };
        Self { id: ServerId::new(column.id), handle: column.handle, facts }
    }
}

/// What somebody types at a server's door, and whether they have anything to show there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SftpDoor {
    pub user_handle: String,
    pub server_handle: String,
    pub has_key: bool,
    /// One that has not expired.
    pub has_password: bool,
}

/// Somebody of whom a node says that they were at a server.
#[derive(Clone, Debug)]
pub struct SftpVisitor {
    /// None if the account is gone.
    pub person: Option<Person>,
    /// Whether they have to do with the server now.
    pub belongs: bool,
}

impl SystemTx {
    /// Everybody who has a credential and may have to do with a server of the node, at most `limit` people by id: one
    /// statement, so that it is one moment's truth.
    pub async fn sftp_candidates(
        &mut self,
        node: NodeId,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<SftpCandidate>, StoreError> {
        let rows = sqlx::query!(
            r#"WITH here AS MATERIALIZED (SELECT id, handle, owner_id FROM servers WHERE node_id = $1),
                    people AS MATERIALIZED (
                        SELECT u.id, u.handle, u.role FROM users u
                        WHERE EXISTS (SELECT FROM ssh_keys k WHERE k.user_id = u.id)
                           OR EXISTS (SELECT FROM app_passwords p
                                      WHERE p.user_id = u.id AND (p.expires_at IS NULL OR p.expires_at > $2))),
                    pairs AS (
                        SELECT p.id AS user_id, h.id AS server_id FROM people p CROSS JOIN here h WHERE p.role = 'admin'
                        UNION SELECT h.owner_id, h.id FROM here h
                        UNION SELECT m.user_id, m.server_id FROM here h JOIN members m ON m.server_id = h.id)
               SELECT p.id AS "id!", p.handle AS "handle!", p.role AS "role!",
                      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'public_key', k.public_key)
                                                 ORDER BY k.id), '[]')
                       FROM ssh_keys k WHERE k.user_id = p.id) AS "keys!: Json<Vec<CandidateKey>>",
                      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'digest', encode(a.digest, 'hex'),
                                                                    'expires_at', a.expires_at) ORDER BY a.id), '[]')
                       FROM app_passwords a
                       WHERE a.user_id = p.id AND (a.expires_at IS NULL OR a.expires_at > $2))
                          AS "passwords!: Json<Vec<CandidatePassword>>",
                      jsonb_agg(jsonb_build_object('id', h.id, 'handle', h.handle, 'owner', h.owner_id,
                                                   'permissions', m.permissions) ORDER BY h.id)
                          AS "servers!: Json<Vec<ServerColumn>>"
               FROM pairs JOIN people p ON p.id = pairs.user_id JOIN here h ON h.id = pairs.server_id
               LEFT JOIN members m ON m.server_id = h.id AND m.user_id = p.id
               GROUP BY p.id, p.handle, p.role ORDER BY p.id LIMIT $3"#,
            node.uuid(),
            now,
            i64::try_from(limit).unwrap_or(i64::MAX)
        )
        .fetch_all(self.db())
        .await?;
        let candidates = rows.into_iter().map(|row| {
            Ok(SftpCandidate {
                user: UserId::new(row.id),
                handle: row.handle,
                role: users::role(&row.role)?,
                keys: row.keys.0,
                passwords: row.passwords.0,
                servers: row.servers.0.into_iter().map(CandidateServer::from).collect(),
            })
        });
        candidates.collect()
    }

    /// What the node last said of how it is reached by SFTP, in the protocol's shape.
    pub async fn sftp_report(&mut self, node: NodeId) -> Result<Option<serde_json::Value>, StoreError> {
        let report = sqlx::query_scalar!(
            r#"SELECT report -> 'sftp' AS sftp FROM node_reports
               WHERE node_id = $1 AND jsonb_typeof(report -> 'sftp') = 'object'"#,
            node.uuid()
        );
        Ok(report.fetch_optional(self.db()).await?.flatten())
    }

    /// Of whom a node tells something about a server, if that is the node's own.
    pub async fn sftp_visitor(
        &mut self,
        node: NodeId,
        server: ServerId,
        user: UserId,
    ) -> Result<Option<SftpVisitor>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT u.name AS "name?",
                      coalesce(u.role = 'admin' OR s.owner_id = u.id OR EXISTS (
                          SELECT FROM members m WHERE m.server_id = s.id AND m.user_id = u.id), false) AS "belongs!"
               FROM servers s LEFT JOIN users u ON u.id = $3 WHERE s.id = $1 AND s.node_id = $2"#,
            server.uuid(),
            node.uuid(),
            user.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| SftpVisitor {
            person: row.name.map(|name| Person { id: user, name }),
            belongs: row.belongs,
        }))
    }

    /// Notes that somebody came in with a key or an app password, and tells what its owner calls it.
    pub async fn use_credential(
        &mut self,
        user: UserId,
        id: Uuid,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let name = sqlx::query_scalar!(
            r#"WITH key AS (
                   UPDATE ssh_keys SET last_used_at = greatest(last_used_at, $3)
                   WHERE id = $1 AND user_id = $2 RETURNING name),
               password AS (
                   UPDATE app_passwords SET last_used_at = greatest(last_used_at, $3)
                   WHERE id = $1 AND user_id = $2 RETURNING name)
               SELECT name AS "name!" FROM key UNION ALL SELECT name FROM password"#,
            id,
            user.uuid(),
            at
        );
        Ok(name.fetch_optional(self.db()).await?)
    }
}

impl UserTx {
    /// What the person types to reach a server's files. It is there for who may see the server.
    pub async fn sftp_door(
        &mut self,
        user: UserId,
        server: ServerId,
        now: DateTime<Utc>,
    ) -> Result<SftpDoor, StoreError> {
        let row = sqlx::query!(
            r#"SELECT u.handle AS user_handle, s.handle AS server_handle,
                      EXISTS (SELECT FROM ssh_keys k WHERE k.user_id = u.id) AS "has_key!",
                      EXISTS (SELECT FROM app_passwords p
                              WHERE p.user_id = u.id AND (p.expires_at IS NULL OR p.expires_at > $3)) AS "has_password!"
               FROM users u CROSS JOIN servers s WHERE u.id = $1 AND s.id = $2"#,
            user.uuid(),
            server.uuid(),
            now
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("server"))?;
        Ok(SftpDoor {
            user_handle: row.user_handle,
            server_handle: row.server_handle,
            has_key: row.has_key,
            has_password: row.has_password,
        })
    }
}
