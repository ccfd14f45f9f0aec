//! Keys and app passwords. Row security shows everybody their own alone, so no statement here has to say whose.

use crate::{Notice, StoreError, SystemTx, UserTx, codec, error};
use chrono::{DateTime, Utc};
use gantry_auth::AccountGrant;
use gantry_domain::{
    audit::AuditEntry,
    credentials::{AppPassword, MAX_CREDENTIALS, SshKey},
};
use gantry_types::{AppPasswordId, SshKeyId};
use uuid::Uuid;

struct KeyRow {
    id: Uuid,
    name: String,
    public_key: String,
    fingerprint: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<KeyRow> for SshKey {
    fn from(row: KeyRow) -> Self {
        let KeyRow { id, name, public_key, fingerprint, created_at, last_used_at } = row;
        Self { id: SshKeyId::new(id), name, public_key, fingerprint, created_at, last_used_at }
    }
}

struct PasswordRow {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<PasswordRow> for AppPassword {
    fn from(row: PasswordRow) -> Self {
        let PasswordRow { id, name, created_at, last_used_at, expires_at } = row;
        Self { id: AppPasswordId::new(id), name, created_at, last_used_at, expires_at }
    }
}

/// What would be one too many.
const LAST_KEY: StoreError = StoreError::InUse("last place among the keys");
const LAST_PASSWORD: StoreError = StoreError::InUse("last place among the app passwords");

fn room(count: i64, full: StoreError) -> Result<(), StoreError> {
    if codec::to_u64(count) >= MAX_CREDENTIALS as u64 { Err(full) } else { Ok(()) }
}

impl SystemTx {
    /// Removes all keys and app passwords of a person; says so if there were any.
    pub async fn delete_credentials(
        &mut self,
        grant: &AccountGrant,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let id = grant.account().uuid();
        let keys = sqlx::query!("DELETE FROM ssh_keys WHERE user_id = $1", id).execute(self.db()).await?;
        let passwords =
            sqlx::query!("DELETE FROM app_passwords WHERE user_id = $1", id).execute(self.db()).await?;
        let (keys, passwords) = (keys.rows_affected(), passwords.rows_affected());
        if keys + passwords > 0 {
            let gone = serde_json::json!({ "sshKeys": keys, "appPasswords": passwords });
            self.record(entry.before(gone));
            self.tell(Notice::Credentials { user: grant.account() });
        }
        Ok(())
    }
}

impl UserTx {
    /// One's own keys, oldest first; their number is bounded.
    pub async fn ssh_keys(&mut self) -> Result<Vec<SshKey>, StoreError> {
        let rows = sqlx::query_as!(
            KeyRow,
            "SELECT id, name, public_key, fingerprint, created_at, last_used_at FROM ssh_keys ORDER BY id"
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(SshKey::from).collect())
    }

    pub async fn create_ssh_key(
        &mut self,
        grant: &AccountGrant,
        key: &SshKey,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.lock_account(grant).await?;
        let count = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM ssh_keys"#);
        room(count.fetch_one(self.db()).await?, LAST_KEY)?;
        sqlx::query!(
            "INSERT INTO ssh_keys (id, user_id, name, public_key, fingerprint, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            key.id.uuid(),
            grant.account().uuid(),
            key.name,
            key.public_key,
            key.fingerprint,
            key.created_at
        )
        .execute(self.db())
        .await?;
        self.changed_credentials(grant, entry);
        Ok(())
    }

    /// One of one's own keys.
    pub async fn ssh_key(&mut self, id: SshKeyId) -> Result<SshKey, StoreError> {
        let row = sqlx::query_as!(
            KeyRow,
            "SELECT id, name, public_key, fingerprint, created_at, last_used_at FROM ssh_keys WHERE id = $1",
            id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        row.map(SshKey::from).ok_or(StoreError::NotFound("key"))
    }

    pub async fn delete_ssh_key(
        &mut self,
        grant: &AccountGrant,
        id: SshKeyId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!("DELETE FROM ssh_keys WHERE id = $1", id.uuid()).execute(self.db()).await?;
        error::touched(done.rows_affected(), "key")?;
        self.changed_credentials(grant, entry);
        Ok(())
    }

    /// One's own app passwords, oldest first; their number is bounded.
    pub async fn app_passwords(&mut self) -> Result<Vec<AppPassword>, StoreError> {
        let rows = sqlx::query_as!(
            PasswordRow,
            "SELECT id, name, created_at, last_used_at, expires_at FROM app_passwords ORDER BY id"
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(AppPassword::from).collect())
    }

    pub async fn create_app_password(
        &mut self,
        grant: &AccountGrant,
        password: &AppPassword,
        digest: &[u8; 32],
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.lock_account(grant).await?;
        let count = sqlx::query_scalar!(r#"SELECT count(id) AS "count!" FROM app_passwords"#);
        room(count.fetch_one(self.db()).await?, LAST_PASSWORD)?;
        sqlx::query!(
            "INSERT INTO app_passwords (id, user_id, name, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            password.id.uuid(),
            grant.account().uuid(),
            password.name,
            digest.as_slice(),
            password.created_at,
            password.expires_at
        )
        .execute(self.db())
        .await?;
        self.changed_credentials(grant, entry);
        Ok(())
    }

    /// One of one's own app passwords.
    pub async fn app_password(&mut self, id: AppPasswordId) -> Result<AppPassword, StoreError> {
        let row = sqlx::query_as!(
            PasswordRow,
            "SELECT id, name, created_at, last_used_at, expires_at FROM app_passwords WHERE id = $1",
            id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        row.map(AppPassword::from).ok_or(StoreError::NotFound("app password"))
    }

    pub async fn delete_app_password(
        &mut self,
        grant: &AccountGrant,
        id: AppPasswordId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done =
            sqlx::query!("DELETE FROM app_passwords WHERE id = $1", id.uuid()).execute(self.db()).await?;
        error::touched(done.rows_affected(), "app password")?;
        self.changed_credentials(grant, entry);
        Ok(())
    }

    /// Orders what counts a person's credentials, until the transaction ends.
    async fn lock_account(&mut self, grant: &AccountGrant) -> Result<(), StoreError> {
        let id = grant.account().uuid();
        sqlx::query_scalar!("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", id)
            .fetch_optional(self.db())
            .await?
            .map(|_| ())
            .ok_or(StoreError::NotFound("user"))
    }

    fn changed_credentials(&mut self, grant: &AccountGrant, entry: AuditEntry) {
        self.record(entry);
        self.tell(Notice::Credentials { user: grant.account() });
    }
}
