//! Sessions, looked up by the hash of their token: one indexed query for each request.

use crate::{Db, Notice, StoreError, SystemTx, Tx, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::{AccountGrant, Actor, HashedToken};
use gantry_domain::{
    sessions::Session,
    users::{Email, Role},
};
use gantry_types::{SessionId, UserId};

/// A session with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    pub session: Session,
    pub name: String,
    pub email: Email,
    pub role: Role,
}

impl SignedIn {
    /// The one who acts by this session.
    pub fn actor(&self) -> Actor {
        Actor {
            user_id: self.session.user_id,
            name: self.name.clone(),
            role: self.role,
            session_id: self.session.id,
        }
    }
}

impl Db {
    /// Whose a token is, if its session is alive. One query, without a transaction around it.
    pub async fn session(
        &self,
        token: &HashedToken,
        now: DateTime<Utc>,
    ) -> Result<Option<SignedIn>, StoreError> {
        let row = sqlx::query!(
            "SELECT s.id, s.user_id, s.created_at, s.refreshed_at, s.expires_at, s.address, s.user_agent,
                    u.name, u.email, u.role
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.token_hash = $1 AND s.expires_at > $2",
            token.bytes().as_slice(),
            now
        )
        .fetch_optional(self.system_pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let session = Session {
            id: SessionId::new(row.id),
            user_id: UserId::new(row.user_id),
            created_at: row.created_at,
            refreshed_at: row.refreshed_at,
            expires_at: row.expires_at,
            address: row.address,
            user_agent: row.user_agent,
        };
        let role = crate::users::role(&row.role)?;
        Ok(Some(SignedIn { session, name: row.name, email: Email::stored(row.email), role }))
    }

    /// Who acts by a session that is alive, with the rights of this moment: for sockets, which outlive a request.
    pub async fn actor_of_session(
        &self,
        id: SessionId,
        now: DateTime<Utc>,
    ) -> Result<Option<Actor>, StoreError> {
        let row = sqlx::query!(
            "SELECT u.id, u.name, u.role FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $1 AND s.expires_at > $2",
            id.uuid(),
            now
        )
        .fetch_optional(self.system_pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let role = crate::users::role(&row.role)?;
        Ok(Some(Actor { user_id: UserId::new(row.id), name: row.name, role, session_id: id }))
    }
}

impl SystemTx {
    /// Keeps a session under the hash of its token.
    pub async fn create_session(&mut self, session: &Session, token: &HashedToken) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO sessions
                 (id, user_id, token_hash, created_at, refreshed_at, expires_at, address, user_agent)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            session.id.uuid(),
            session.user_id.uuid(),
            token.bytes().as_slice(),
            session.created_at,
            session.refreshed_at,
            session.expires_at,
            session.address,
            session.user_agent
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Moves a session's end. Of several requests at once one writes.
    pub async fn refresh_session(
        &mut self,
        id: SessionId,
        refreshed_before: DateTime<Utc>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE sessions SET refreshed_at = $3, expires_at = $4 WHERE id = $1 AND refreshed_at = $2",
            id.uuid(),
            refreshed_before,
            now,
            until
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a session.
    pub async fn end_session(&mut self, id: SessionId) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM sessions WHERE id = $1", id.uuid()).execute(self.db()).await?;
        self.tell(Notice::Session { session: id });
        Ok(())
    }

    /// Forgets sessions that are over.
    pub async fn sweep_sessions(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done =
            sqlx::query!("DELETE FROM sessions WHERE expires_at <= $1", now).execute(self.db()).await?;
        Ok(done.rows_affected())
    }
}

impl<W: Who> Tx<W> {
    /// Ends all sessions of an account but `keep`: after a change of password or role.
    pub async fn end_sessions(
        &mut self,
        grant: &AccountGrant,
        keep: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        let ended = sqlx::query_scalar!(
            "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING id",
            grant.account().uuid(),
            keep.map(SessionId::uuid)
        )
        .fetch_all(self.db())
        .await?;
        let count = ended.len() as u64;
        for id in ended {
            self.tell(Notice::Session { session: SessionId::new(id) });
        }
        Ok(count)
    }
}
