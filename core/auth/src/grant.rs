//! Proofs. Each can be read by anybody and made by this crate alone.

use gantry_types::{ServerId, UserId, operation::OperationKind, permission::Permission};
use std::marker::PhantomData;

/// A right over one server, as a type.
pub trait ServerRight: sealed::Sealed + Send + Sync + 'static {
    const PERMISSION: Permission;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! rights {
    ($($name:ident),* $(,)?) => {
        /// One type for each permission, for signatures.
        pub mod rights {
            $(
                #[doc = concat!("The right [`", stringify!($name), "`](gantry_types::permission::Permission::", stringify!($name), ").")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
                impl super::sealed::Sealed for $name {}
                impl super::ServerRight for $name {
                    const PERMISSION: gantry_types::permission::Permission = gantry_types::permission::Permission::$name;
                }
            )*
            #[cfg(test)]
            pub(super) const COUNT: usize = [$(stringify!($name)),*].len();
        }
    };
}

rights! {
    ServerRead, ServerUpdate, ServerDelete, ServerReinstall, PowerStart, PowerStop, PowerRestart, PowerKill, ConsoleRead,
    ConsoleWrite, ActionsUse, TabsRead, StatisticsRead, PlayersRead, VariablesRead, VariablesUpdate, AllocationsRead, AllocationsUpdate,
    FilesList, FilesRead, FilesWrite, FilesDelete, OperationsRead, OperationsCancel, BackupsRead, BackupsCreate, BackupsDownload,
    BackupsRestore, BackupsUpdate, BackupsDelete, SchedulesRead, SchedulesCreate, SchedulesUpdate,
    SchedulesDelete, MembersRead, MembersCreate, MembersUpdate, MembersDelete, ActivityRead,
}

/// Somebody has right `R` over a server.
#[derive(Debug)]
pub struct ServerGrant<R> {
    server: ServerId,
    actor: UserId,
    right: PhantomData<R>,
}

impl<R: ServerRight> ServerGrant<R> {
    pub(crate) fn mint(server: ServerId, actor: UserId) -> Self {
        Self { server, actor, right: PhantomData }
    }
    pub fn server(&self) -> ServerId {
        self.server
    }
    pub fn actor(&self) -> UserId {
        self.actor
    }
}

/// Somebody may start an operation of one kind on a server.
#[derive(Debug)]
pub struct OperationGrant {
    server: ServerId,
    actor: UserId,
    kind: OperationKind,
}

impl OperationGrant {
    pub(crate) fn mint(server: ServerId, actor: UserId, kind: OperationKind) -> Self {
        Self { server, actor, kind }
    }
    pub fn server(&self) -> ServerId {
        self.server
    }
    pub fn actor(&self) -> UserId {
        self.actor
    }
    pub fn kind(&self) -> OperationKind {
        self.kind
    }
}

/// Somebody may administer.
#[derive(Debug)]
pub struct AdministratorGrant {
    actor: UserId,
}

impl AdministratorGrant {
    pub(crate) fn mint(actor: UserId) -> Self {
        Self { actor }
    }
    pub fn actor(&self) -> UserId {
        self.actor
    }
}

/// Somebody may change an account.
#[derive(Debug)]
pub struct AccountGrant {
    account: UserId,
    actor: UserId,
}

impl AccountGrant {
    pub(crate) fn mint(account: UserId, actor: UserId) -> Self {
        Self { account, actor }
    }
    pub fn account(&self) -> UserId {
        self.account
    }
    pub fn actor(&self) -> UserId {
        self.actor
    }
}

/// Somebody may make a server for an owner.
#[derive(Debug)]
pub struct CreateServerGrant {
    owner: UserId,
    actor: UserId,
}

impl CreateServerGrant {
    pub(crate) fn mint(owner: UserId, actor: UserId) -> Self {
        Self { owner, actor }
    }
    pub fn owner(&self) -> UserId {
        self.owner
    }
    pub fn actor(&self) -> UserId {
        self.actor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_its_type() {
        assert_eq!(rights::COUNT, Permission::ALL.len());
    }
}
