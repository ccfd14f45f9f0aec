//! People and their passwords.

use crate::{Notice, StoreError, SystemTx, Tx, codec, cursor, error, tx::Who};
use gantry_auth::{AccountGrant, AdministratorGrant};
use gantry_domain::{
    audit::AuditEntry,
    page::{Page, PageRequest},
    users::{Email, Person, Role, User},
};
use gantry_types::UserId;
use uuid::Uuid;

/// An account to be made. `password_hash` is a PHC string.
pub struct NewUser {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub role: Role,
    pub password_hash: String,
}

/// What changes of an account; none stays.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub name: Option<String>,
    pub email: Option<Email>,
}

/// What signing in needs.
pub struct Credentials {
    pub user_id: UserId,
    pub name: String,
    pub role: Role,
    /// None for an account without a password.
    pub password_hash: Option<String>,
}

struct UserRow {
    id: Uuid,
    name: String,
    email: String,
    role: String,
    servers: i64,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;
    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId::new(row.id),
            name: row.name,
            email: Email::stored(row.email),
            role: role(&row.role)?,
            servers: codec::to_u32(row.servers),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(crate) fn role(text: &str) -> Result<Role, StoreError> {
    Role::parse(text).ok_or(StoreError::Unreadable("users.role"))
}

impl<W: Who> Tx<W> {
    pub async fn user(&mut self, id: UserId) -> Result<User, StoreError> {
        let row = sqlx::query_as!(
            UserRow,
            r#"SELECT id, name, email, role, created_at, updated_at,
                      (SELECT count(*) FROM servers s WHERE s.owner_id = u.id) AS "servers!"
               FROM users u WHERE id = $1"#,
            id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        row.ok_or(StoreError::NotFound("user"))?.try_into()
    }

    /// Oldest account first.
    pub async fn users(
        &mut self,
        _grant: &AdministratorGrant,
        page: &PageRequest,
    ) -> Result<Page<User>, StoreError> {
        let after = cursor::parse_id(page.cursor.as_deref())?.unwrap_or(Uuid::nil());
        let rows = sqlx::query_as!(
            UserRow,
            r#"SELECT id, name, email, role, created_at, updated_at,
                      (SELECT count(*) FROM servers s WHERE s.owner_id = u.id) AS "servers!"
               FROM users u WHERE id > $1 ORDER BY id LIMIT $2"#,
            after,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        let users = rows.into_iter().map(User::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::of(users, page.limit, |user| cursor::by_id(user.id.uuid())))
    }

    /// Whose account an exact address is, for invitations. It tells the name alone.
    pub async fn find_person(&mut self, email: &Email) -> Result<Option<Person>, StoreError> {
        let row =
            sqlx::query!(r#"SELECT id AS "id!", name AS "name!" FROM app.find_person($1)"#, email.as_str())
                .fetch_optional(self.db())
                .await?;
        Ok(row.map(|row| Person { id: UserId::new(row.id), name: row.name }))
    }

    /// Changes name or address.
    pub async fn update_user(
        &mut self,
        grant: &AccountGrant,
        change: &UserChange,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE users SET name = coalesce($2, name), email = coalesce($3, email), updated_at = now() WHERE id = $1",
            grant.account().uuid(),
            change.name.as_deref(),
            change.email.as_ref().map(Email::as_str)
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "user")?;
        self.record(entry);
        Ok(())
    }
}

impl SystemTx {
    /// Whether anybody has an account; while nobody has, Gantry may be set up.
    pub async fn any_user(&mut self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users) AS "any!""#).fetch_one(self.db()).await?)
    }

    /// Makes the first account, an administrator's. Of several at once one succeeds.
    pub async fn create_first_user(&mut self, user: &NewUser, entry: AuditEntry) -> Result<(), StoreError> {
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850444) AS "locked: ()""#)
            .fetch_one(self.db())
            .await?;
        if self.any_user().await? {
            return Err(StoreError::AlreadySetUp);
        }
        self.insert_user(user, entry).await
    }

    /// Waits until nobody else changes accounts, and looks whether the grant still holds: of two administrators who take
    /// each other's role at once, one succeeds.
    pub async fn confirm_administrator(&mut self, grant: &AdministratorGrant) -> Result<(), StoreError> {
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850449) AS "locked: ()""#)
            .fetch_one(self.db())
            .await?;
        let present = sqlx::query_scalar!("SELECT role FROM users WHERE id = $1", grant.actor().uuid())
            .fetch_optional(self.db())
            .await?;
        match present.as_deref().map(role).transpose()? {
            Some(role) if role.is_administrator() => Ok(()),
            Some(_) | None => Err(StoreError::NoLongerAdministrator),
        }
    }

    pub async fn create_user(
        &mut self,
        grant: &AdministratorGrant,
        user: &NewUser,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.confirm_administrator(grant).await?;
        self.insert_user(user, entry).await
    }

    async fn insert_user(&mut self, user: &NewUser, entry: AuditEntry) -> Result<(), StoreError> {
        let id = user.id.uuid();
        sqlx::query!(
            "INSERT INTO users (id, name, email, role) VALUES ($1, $2, $3, $4)",
            id,
            user.name,
            user.email.as_str(),
            user.role.as_str()
        )
        .execute(self.db())
        .await?;
        sqlx::query!("INSERT INTO passwords (user_id, hash) VALUES ($1, $2)", id, user.password_hash)
            .execute(self.db())
            .await?;
        self.record(entry);
        Ok(())
    }

    /// What signing in with an address needs.
    pub async fn credentials(&mut self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT u.id, u.name, u.role, p.hash AS "hash?" FROM users u LEFT JOIN passwords p ON p.user_id = u.id
               WHERE u.email = $1"#,
            email.as_str()
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let role = role(&row.role)?;
        Ok(Some(Credentials { user_id: UserId::new(row.id), name: row.name, role, password_hash: row.hash }))
    }

    /// Replaces a password. Signing out the account's sessions is the caller's next step.
    pub async fn set_password(
        &mut self,
        grant: &AccountGrant,
        hash: &str,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.store_hash(grant.account(), hash).await?;
        self.record(entry);
        Ok(())
    }

    /// Keeps the same password under today's parameters, if it is still the one that was checked.
    pub async fn rehash_password(&mut self, user: UserId, from: &str, to: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE passwords SET hash = $3 WHERE user_id = $1 AND hash = $2",
            user.uuid(),
            from,
            to
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    async fn store_hash(&mut self, user: UserId, hash: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO passwords (user_id, hash) VALUES ($1, $2)
             ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = now()",
            user.uuid(),
            hash
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Changes a role. The last administrator stays one.
    pub async fn set_role(
        &mut self,
        grant: &AdministratorGrant,
        user: UserId,
        role: Role,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.confirm_administrator(grant).await?;
        self.keep_an_administrator(user, role.is_administrator()).await?;
        let done = sqlx::query!(
            "UPDATE users SET role = $2, updated_at = now() WHERE id = $1",
            user.uuid(),
            role.as_str()
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "user")?;
        self.record(entry);
        self.tell(Notice::Rights { user });
        Ok(())
    }

    /// Deletes an account that owns no server. The last administrator stays.
    pub async fn delete_user(
        &mut self,
        grant: &AdministratorGrant,
        user: UserId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.confirm_administrator(grant).await?;
        self.keep_an_administrator(user, false).await?;
        let done = sqlx::query!("DELETE FROM users WHERE id = $1", user.uuid())
            .execute(self.db())
            .await
            .map_err(error::in_use("user"))?;
        error::touched(done.rows_affected(), "user")?;
        self.record(entry);
        self.tell(Notice::Rights { user });
        Ok(())
    }

    async fn keep_an_administrator(&mut self, user: UserId, stays: bool) -> Result<(), StoreError> {
        if stays {
            return Ok(());
        }
        // In order, so that two administrators who remove each other at once do not both succeed.
        let left = sqlx::query_scalar!("SELECT id FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE")
            .fetch_all(self.db())
            .await?;
        if left == [user.uuid()] { Err(StoreError::InUse("last administrator")) } else { Ok(()) }
    }
}
