//! Members of servers.

use crate::{Notice, StoreError, UserTx, codec, error};
use chrono::{DateTime, Utc};
use gantry_auth::{ServerGrant, rights};
use gantry_domain::{
    audit::AuditEntry,
    members::{MAX_MEMBERS, Member},
    users::Email,
};
use gantry_types::{ServerId, UserId, permission::Permission};
use std::collections::BTreeSet;
use uuid::Uuid;

struct MemberRow {
    server_id: Uuid,
    user_id: Uuid,
    name: String,
    email: String,
    permissions: Vec<String>,
    created_at: DateTime<Utc>,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            server_id: ServerId::new(row.server_id),
            user_id: UserId::new(row.user_id),
            name: row.name,
            email: Email::stored(row.email),
            permissions: codec::to_permissions(&row.permissions),
            created_at: row.created_at,
        }
    }
}

impl UserTx {
    /// A server's members, by name; their number is bounded.
    pub async fn members(
        &mut self,
        grant: &ServerGrant<rights::MembersRead>,
    ) -> Result<Vec<Member>, StoreError> {
        let rows = sqlx::query_as!(
            MemberRow,
            "SELECT m.server_id, m.user_id, u.name, u.email, m.permissions, m.created_at
             FROM members m JOIN users u ON u.id = m.user_id WHERE m.server_id = $1 ORDER BY lower(u.name), u.id",
            grant.server().uuid()
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(Member::from).collect())
    }

    /// Waits until nobody else changes who may do what with a server. Rights that are read from here on hold until this
    /// transaction ends.
    pub async fn members_turn(&mut self, server: ServerId) -> Result<(), StoreError> {
        sqlx::query!(
            r#"SELECT pg_advisory_xact_lock(hashtextextended($1, 7219850448)) AS "locked: ()""#,
            server.to_string()
        )
        .fetch_one(self.db())
        .await?;
        Ok(())
    }

    /// One member.
    pub async fn member(&mut self, server: ServerId, user: UserId) -> Result<Member, StoreError> {
        let row = sqlx::query_as!(
            MemberRow,
            "SELECT m.server_id, m.user_id, u.name, u.email, m.permissions, m.created_at
             FROM members m JOIN users u ON u.id = m.user_id WHERE m.server_id = $1 AND m.user_id = $2",
            server.uuid(),
            user.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        row.map(Member::from).ok_or(StoreError::NotFound("member"))
    }

    pub async fn create_member(
        &mut self,
        grant: &ServerGrant<rights::MembersCreate>,
        user: UserId,
        permissions: &BTreeSet<Permission>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM members WHERE server_id = $1"#,
            grant.server().uuid()
        )
        .fetch_one(self.db())
        .await?;
        if count >= MAX_MEMBERS {
            return Err(StoreError::InUse("last place among the members"));
        }
        sqlx::query!(
            "INSERT INTO members (server_id, user_id, permissions) VALUES ($1, $2, $3)",
            grant.server().uuid(),
            user.uuid(),
            &codec::permissions(permissions)
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        self.tell(Notice::Rights { user });
        Ok(())
    }

    pub async fn update_member(
        &mut self,
        grant: &ServerGrant<rights::MembersUpdate>,
        user: UserId,
        permissions: &BTreeSet<Permission>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE members SET permissions = $3 WHERE server_id = $1 AND user_id = $2",
            grant.server().uuid(),
            user.uuid(),
            &codec::permissions(permissions)
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "member")?;
        self.record(entry);
        self.tell(Notice::Rights { user });
        Ok(())
    }

    pub async fn delete_member(
        &mut self,
        grant: &ServerGrant<rights::MembersDelete>,
        user: UserId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.remove_member(grant.server(), user, entry).await
    }

    /// Leaves a server that somebody shared. Everybody may do so with their own membership.
    pub async fn leave_server(
        &mut self,
        grant: &ServerGrant<rights::ServerRead>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.remove_member(grant.server(), grant.actor(), entry).await
    }

    async fn remove_member(
        &mut self,
        server: ServerId,
        user: UserId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "DELETE FROM members WHERE server_id = $1 AND user_id = $2",
            server.uuid(),
            user.uuid()
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "member")?;
        self.record(entry);
        self.tell(Notice::Rights { user });
        Ok(())
    }
}
