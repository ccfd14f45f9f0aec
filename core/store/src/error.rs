//! What can go wrong, as far as a caller acts on it. Violated constraints are known by their names.

use crate::secrets::SecretError;
use sqlx::error::{DatabaseError, ErrorKind};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    #[error("this name is taken")]
    NameTaken,
    /// By another key of the same person.
    #[error("this key is on the account already")]
    KeyKnown,
    #[error("the address is in use by another server")]
    AllocationTaken,
    #[error("the person is a member already")]
    AlreadyMember,
    #[error("another operation on this server has not ended")]
    OperationInProgress,
    #[error("Gantry has been set up already")]
    AlreadySetUp,
    #[error("this idempotency key was used for a different request")]
    IdempotencyMismatch,
    /// The row is not there, or not to be seen.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Who asks was an administrator when the request came in, and is none any more.
    #[error("you are no administrator any more")]
    NoLongerAdministrator,
    /// Something still refers to the row.
    #[error("the {0} is still in use")]
    InUse(&'static str),
    #[error("the page cursor is not one of ours")]
    InvalidCursor,
    /// No connection became free in time, or two transactions stood in each other's way and this one gave in: nothing of it
    /// was done.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// The connection broke, as when the database restarts. A transaction has had its effect wholly or not at all.
    #[error("the database went away")]
    Lost(#[source] sqlx::Error),
    /// It goes on answering what changes nothing.
    #[error("the database has no room left on its disk, or another of its resources is used up")]
    Full(#[source] sqlx::Error),
    #[error("a secret could not be used")]
    Secret(#[from] SecretError),
    /// A row holds what the code does not know, such as a state of a later version.
    #[error("the database holds something unknown in {0}")]
    Unreadable(&'static str),
    #[error("migrating the database failed")]
    Migration(#[source] sqlx::migrate::MigrateError),
    #[error("a query failed")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(database) = &error
            && let Some(known) = violated(database.as_ref())
        {
            return known;
        }
        match error {
            error @ sqlx::Error::PoolTimedOut => Self::Busy(error),
            error if gave_in(&error) => Self::Busy(error),
            error if is_lost(&error) => Self::Lost(error),
            error if is_full(&error) => Self::Full(error),
            error => Self::Database(error),
        }
    }
}

/// Whether it is the connection that failed, and not what was asked: it broke, or the server says that it ends or begins
/// (class 57, operator intervention, of PostgreSQL's Appendix A).
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(database) => {
            matches!(database.code().as_deref(), Some("57P01" | "57P02" | "57P03"))
        }
        _ => false,
    }
}

/// Class 40, transaction rollback, of PostgreSQL's Appendix A.
fn gave_in(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.code().is_some_and(|code| code.starts_with("40")))
}

/// Class 53, insufficient resources, of PostgreSQL's Appendix A.
fn is_full(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.code().is_some_and(|code| code.starts_with("53")))
}

/// The meaning of a violated constraint.
fn violated(error: &dyn DatabaseError) -> Option<StoreError> {
    Some(match error.constraint()? {
        "users_email_key" => StoreError::EmailTaken,
        "locations_name_key" | "nodes_name_key" | "ssh_keys_name" | "app_passwords_name"
        | "schedules_name" => StoreError::NameTaken,
        "ssh_keys_once" => StoreError::KeyKnown,
        "members_key" => StoreError::AlreadyMember,
        "operations_one_at_work" => StoreError::OperationInProgress,
        "allocations_server_on_node" => StoreError::AllocationTaken,
        "nodes_location_exists" => StoreError::NotFound("location"),
        "servers_owner_exists" | "members_user_id_fkey" => StoreError::NotFound("user"),
        "servers_node_exists" | "allocations_node_exists" => StoreError::NotFound("node"),
        "servers_release_exists" | "servers_blueprint_exists" => StoreError::NotFound("blueprint"),
        _ => return None,
    })
}

/// The same violation of a reference has another meaning where its target is deleted.
pub(crate) fn in_use(noun: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| match &error {
        sqlx::Error::Database(database) if database.kind() == ErrorKind::ForeignKeyViolation => {
            StoreError::InUse(noun)
        }
        _ => error.into(),
    }
}

/// Turns "no row was touched" into an error.
pub(crate) fn touched(rows: u64, noun: &'static str) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NotFound(noun)) } else { Ok(()) }
}
