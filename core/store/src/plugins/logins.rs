//! User names and passwords for private registries: stored, replaced and taken away by administrators, and opened for a pull
//! alone. What a password is for is sealed with it, so that a row that was rewritten leads it nowhere else.

use crate::{
    StoreError, SystemTx, Tx, error,
    secrets::{Place, SecretKind},
    tx::Who,
};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::audit::AuditEntry;
use gantry_types::RegistryLoginId;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// For which registry there is a password, and whose it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryLogin {
    pub id: RegistryLoginId,
    /// A registry, or what is below a path of one.
    pub prefix: String,
    pub username: String,
    /// The one other host that may have the password.
    pub token_service: Option<String>,
    pub updated_at: DateTime<Utc>,
}

/// What is stored.
#[derive(Clone, Copy, Debug)]
pub struct NewLogin<'a> {
    pub prefix: &'a str,
    pub username: &'a str,
    pub token_service: Option<&'a str>,
    pub password: &'a SecretString,
}

struct Row {
    id: Uuid,
    prefix: String,
    username: String,
    token_service: Option<String>,
    updated_at: DateTime<Utc>,
}

fn place(login: RegistryLoginId) -> Place {
    let row = login.uuid();
    Place { kind: SecretKind::RegistryLogin, row, tenant: row }
}

/// What stands in front of the password; neither of the names can have a line's end.
fn purpose(prefix: &str, username: &str, token_service: Option<&str>) -> String {
    format!("{prefix}\n{username}\n{}\n", token_service.unwrap_or_default())
}

impl<W: Who> Tx<W> {
    /// All of them, by the registry's name, without the passwords.
    pub async fn registry_logins(&mut self) -> Result<Vec<RegistryLogin>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, prefix, username, token_service, updated_at FROM registry_logins
               ORDER BY prefix COLLATE "C""#
        )
        .fetch_all(self.db())
        .await?;
        let login = |row| {
            let Row { id, prefix, username, token_service, updated_at } = row;
            RegistryLogin { id: RegistryLoginId::new(id), prefix, username, token_service, updated_at }
        };
        Ok(rows.into_iter().map(login).collect())
    }
}

impl SystemTx {
    /// The password of a login.
    pub async fn registry_password(&mut self, login: &RegistryLogin) -> Result<SecretString, StoreError> {
        let sealed = sqlx::query_scalar!("SELECT sealed FROM registry_logins WHERE id = $1", login.id.uuid())
            .fetch_optional(self.db())
            .await?
            .ok_or(StoreError::NotFound("login"))?;
        let vault = Arc::clone(&self.vault);
        let plain = vault.unseal_text(self.db(), place(login.id), &sealed).await?;
        let purpose = purpose(&login.prefix, &login.username, login.token_service.as_deref());
        let password = plain.expose_secret().strip_prefix(&purpose);
        password.map(SecretString::from).ok_or(StoreError::Unreadable("registry_logins"))
    }

    /// Stores a login, in place of any that is there for the same. A row keeps its id, so that its seal holds.
    pub async fn set_registry_login(
        &mut self,
        _grant: &AdministratorGrant,
        login: NewLogin<'_>,
        entry: AuditEntry,
    ) -> Result<RegistryLoginId, StoreError> {
        let NewLogin { prefix, username, token_service, password } = login;
        sqlx::query!(
            "INSERT INTO registry_logins (id, prefix, username, sealed) VALUES ($1, $2, '', '')
             ON CONFLICT ON CONSTRAINT registry_logins_prefix DO NOTHING",
            crate::new_uuid(),
            prefix
        )
        .execute(self.db())
        .await?;
        let id = sqlx::query_scalar!("SELECT id FROM registry_logins WHERE prefix = $1 FOR UPDATE", prefix)
            .fetch_one(self.db())
            .await?;
        let plain = Zeroizing::new(purpose(prefix, username, token_service) + password.expose_secret());
        let sealed = self.vault.seal(place(RegistryLoginId::new(id)), plain.as_bytes())?;
        sqlx::query!(
            "UPDATE registry_logins SET username = $2, token_service = $3, sealed = $4, updated_at = now() WHERE id = $1",
            id,
            username,
            token_service,
            sealed
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        Ok(RegistryLoginId::new(id))
    }

    /// Takes a login away.
    pub async fn remove_registry_login(
        &mut self,
        _grant: &AdministratorGrant,
        id: RegistryLoginId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done =
            sqlx::query!("DELETE FROM registry_logins WHERE id = $1", id.uuid()).execute(self.db()).await?;
        error::touched(done.rows_affected(), "login")?;
        self.record(entry);
        Ok(())
    }
}
