//! Typed transactions: whom one acts for is part of its type and cannot change while it lasts.
//!
//! A change is described by an audit entry when it is made; the entries are written at the commit, because the audit
//! log's counter is locked from the first entry to the end. Notices to other instances go out with them.
//!
//! A transaction that only read is best dropped: its end then travels together with the connection's return.

use crate::{
    StoreError,
    events::{self, Happened},
    notices::Notice,
    secrets::Vault,
};
use gantry_auth::Actor;
use gantry_domain::{audit::AuditEntry, events::of_audit, users::Person};
use gantry_types::{UserId, hook::EventServer};
use sqlx::{PgConnection, Postgres, Transaction};
use std::sync::Arc;
use uuid::Uuid;

/// An audit entry, and who stands there if it is not whom the transaction acts for.
pub(crate) struct Signed {
    pub(crate) entry: AuditEntry,
    pub(crate) by: Option<(UserId, String)>,
}

/// A transaction of somebody.
pub struct Tx<W> {
    tx: Transaction<'static, Postgres>,
    pub(crate) who: W,
    pub(crate) vault: Arc<Vault>,
    entries: Vec<Signed>,
    happened: Vec<Happened>,
    notices: Vec<Notice>,
}

/// A transaction of a person.
pub type UserTx = Tx<AsUser>;
/// A transaction of the system itself.
pub type SystemTx = Tx<AsSystem>;

/// A person.
pub struct AsUser {
    id: UserId,
    name: String,
    administrator: bool,
}

impl AsUser {
    pub(crate) fn of(actor: &Actor) -> Self {
        Self { id: actor.user_id, name: actor.name.clone(), administrator: actor.is_administrator() }
    }
}

/// The system, perhaps doing something that a person asked for.
#[derive(Default)]
pub struct AsSystem {
    behalf: Option<(UserId, String)>,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::AsUser {}
    impl Sealed for super::AsSystem {}
}

/// Whom a transaction acts for.
pub trait Who: sealed::Sealed + Send {
    /// Who stands in the audit log.
    fn signature(&self) -> Option<(UserId, &str)>;
    /// Whose rights rows are shown with.
    fn viewer(&self) -> Viewer;
}

/// Whose rights a row is shown with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// All rights.
    Everything,
    Person(UserId),
}

impl Viewer {
    pub(crate) fn uuid(self) -> Option<Uuid> {
        match self {
            Self::Everything => None,
            Self::Person(id) => Some(id.uuid()),
        }
    }
}

impl Who for AsUser {
    fn signature(&self) -> Option<(UserId, &str)> {
        Some((self.id, &self.name))
    }
    fn viewer(&self) -> Viewer {
        if self.administrator { Viewer::Everything } else { Viewer::Person(self.id) }
    }
}

impl Who for AsSystem {
    fn signature(&self) -> Option<(UserId, &str)> {
        self.behalf.as_ref().map(|(id, name)| (*id, name.as_str()))
    }
    fn viewer(&self) -> Viewer {
        Viewer::Everything
    }
}

impl<W: Who> Tx<W> {
    pub(crate) fn new(tx: Transaction<'static, Postgres>, who: W, vault: Arc<Vault>) -> Self {
        Self { tx, who, vault, entries: Vec::new(), happened: Vec::new(), notices: Vec::new() }
    }

    pub(crate) fn db(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub(crate) fn record(&mut self, entry: AuditEntry) {
        self.record_about(entry, None);
    }

    /// The same for a server whose row will be gone.
    pub(crate) fn record_about(&mut self, entry: AuditEntry, about: Option<EventServer>) {
        if let Some(happening) = of_audit(&entry) {
            self.keep_happening(Happened { happening, about });
        }
        self.entries.push(Signed { entry, by: None });
    }

    pub(crate) fn keep_happening(&mut self, happened: Happened) {
        self.happened.push(happened);
    }

    pub(crate) fn signature_name(&self) -> Option<String> {
        self.who.signature().map(|(_, name)| name.to_owned())
    }

    pub(crate) fn tell(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Writes events and audit entries, sends the notices and makes it so. A transaction that is dropped changes nothing.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let happened = std::mem::take(&mut self.happened);
        if !happened.is_empty() {
            let actor = self.signature_name();
            if events::write(self.db(), actor.as_deref(), happened).await? {
                self.tell(Notice::Events);
            }
        }
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            let signature = self.who.signature().map(|(id, name)| (id, name.to_owned()));
            crate::audit::write(self.db(), signature, entries).await?;
        }
        let notices = std::mem::take(&mut self.notices);
        if !notices.is_empty() {
            crate::notices::send(self.db(), &notices).await?;
        }
        Ok(self.tx.commit().await?)
    }
}

impl SystemTx {
    /// Signs what follows with a person's name: for signing in, setting up and enrolling, where there is no session.
    #[must_use]
    pub fn on_behalf(mut self, user: UserId, name: &str) -> Self {
        self.who.behalf = Some((user, name.to_owned()));
        self
    }

    /// Writes an entry for something that a person did elsewhere, as a node tells.
    pub fn audit_of(&mut self, person: &Person, entry: AuditEntry) {
        self.entries.push(Signed { entry, by: Some((person.id, person.name.clone())) });
    }
}
