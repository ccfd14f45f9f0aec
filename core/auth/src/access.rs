//! What one person may do with one server.

use crate::{Actor, Denied, OperationGrant, ServerGrant, ServerRight};
use gantry_domain::Role;
use gantry_types::{ServerId, UserId, blueprint::Audience, operation::OperationKind, permission::Permission};
use std::collections::BTreeSet;

/// What the store knows about a person and a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    pub owner_id: UserId,
    /// The rights of the person's membership, if there is one.
    pub membership: Option<BTreeSet<Permission>>,
}

/// How somebody stands to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Administrator,
    Owner,
    Member(BTreeSet<Permission>),
}

impl Standing {
    /// Weighs the facts: what they make of a person. None may not know of the server.
    pub fn of(user: UserId, role: Role, facts: ServerFacts) -> Option<Self> {
        if role.is_administrator() {
            Some(Self::Administrator)
        } else if facts.owner_id == user {
            Some(Self::Owner)
        } else {
            facts.membership.filter(|rights| rights.contains(&Permission::ServerRead)).map(Self::Member)
        }
    }

    pub fn allows(&self, permission: Permission) -> bool {
        match self {
            Self::Administrator | Self::Owner => true,
            Self::Member(rights) => rights.contains(&permission),
        }
    }
}

/// A person and a server, brought together. Whether they have anything to do with each other is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAccess {
    server: ServerId,
    actor: UserId,
    standing: Option<Standing>,
}

impl ServerAccess {
    /// Weighs the facts. `None` is a server that does not exist.
    pub fn weigh(actor: &Actor, server: ServerId, facts: Option<ServerFacts>) -> Self {
        let standing = facts.and_then(|facts| Standing::of(actor.user_id, actor.role, facts));
        Self { server, actor: actor.user_id, standing }
    }

    pub fn server(&self) -> ServerId {
        self.server
    }

    /// How the person stands to the server; an error when they may not know of it.
    pub fn standing(&self) -> Result<&Standing, Denied> {
        self.standing.as_ref().ok_or(Denied::Hidden)
    }

    pub fn allows(&self, permission: Permission) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.allows(permission))
    }

    /// The effective rights, empty for who may not see the server.
    pub fn permissions(&self) -> BTreeSet<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.allows(*permission)).collect()
    }

    /// Among whom of a blueprint's audiences the person is.
    pub fn audience(&self) -> Result<Audience, Denied> {
        Ok(match self.standing()? {
            Standing::Administrator => Audience::Administrators,
            Standing::Owner => Audience::Owners,
            Standing::Member(_) => Audience::Members,
        })
    }

    /// Checks one right, for callers that choose it at run time.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        self.standing()?;
        if self.allows(permission) { Ok(()) } else { Err(Denied::Lacks(permission)) }
    }

    /// The proof of one right.
    pub fn grant<R: ServerRight>(&self) -> Result<ServerGrant<R>, Denied> {
        self.require(R::PERMISSION)?;
        Ok(ServerGrant::mint(self.server, self.actor))
    }

    /// The proof that starting an operation takes.
    pub fn operation(&self, kind: OperationKind) -> Result<OperationGrant, Denied> {
        self.require(match kind {
            OperationKind::Install | OperationKind::Reinstall => Permission::ServerReinstall,
            OperationKind::Restore => Permission::BackupsRestore,
            OperationKind::Start => Permission::PowerStart,
            OperationKind::Stop => Permission::PowerStop,
            OperationKind::Restart => Permission::PowerRestart,
            OperationKind::Kill => Permission::PowerKill,
            OperationKind::Delete => Permission::ServerDelete,
        })?;
        Ok(OperationGrant::mint(self.server, self.actor, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights;

    fn id<T: std::str::FromStr>(n: u8) -> T {
        format!("00000000-0000-0000-0000-0000000000{n:02}").parse().ok().unwrap()
    }

    fn actor(n: u8, role: Role) -> Actor {
        Actor { user_id: id(n), name: "Ada".to_owned(), role, session_id: id(90) }
    }

    fn access(actor: &Actor, membership: Option<&[Permission]>) -> ServerAccess {
        let membership = membership.map(|rights| rights.iter().copied().collect());
        ServerAccess::weigh(actor, id(50), Some(ServerFacts { owner_id: id(1), membership }))
    }

    #[test]
    fn a_stranger_learns_nothing() {
        let access = access(&actor(2, Role::User), None);
        assert_eq!(access.grant::<rights::ServerRead>().unwrap_err(), Denied::Hidden);
        assert_eq!(access.grant::<rights::PowerStart>().unwrap_err(), Denied::Hidden);
        assert!(access.permissions().is_empty());
    }

    #[test]
    fn a_membership_without_server_read_is_none() {
        let access = access(&actor(2, Role::User), Some(&[Permission::PowerStart]));
        assert_eq!(access.operation(OperationKind::Start).unwrap_err(), Denied::Hidden);
    }

    #[test]
    fn a_member_is_told_which_right_is_missing() {
        let access = access(&actor(2, Role::User), Some(&[Permission::ServerRead, Permission::PowerStart]));
        assert!(access.operation(OperationKind::Start).is_ok());
        assert_eq!(access.operation(OperationKind::Kill).unwrap_err(), Denied::Lacks(Permission::PowerKill));
    }

    #[test]
    fn owners_and_administrators_have_every_right() {
        for one in [actor(1, Role::Limited), actor(3, Role::Admin)] {
            assert_eq!(access(&one, None).permissions().len(), Permission::ALL.len());
        }
    }

    #[test]
    fn nobody_sees_what_does_not_exist() {
        let access = ServerAccess::weigh(&actor(3, Role::Admin), id(50), None);
        assert_eq!(access.grant::<rights::ServerRead>().unwrap_err(), Denied::Hidden);
    }

    #[test]
    fn only_administrators_administer_and_limited_accounts_make_nothing() {
        assert_eq!(actor(2, Role::User).administrator().unwrap_err(), Denied::NotAdministrator);
        assert!(actor(3, Role::Admin).administrator().is_ok());
        assert_eq!(actor(2, Role::Limited).create_server(id(2)).unwrap_err(), Denied::Limited);
        assert_eq!(actor(2, Role::User).create_server(id(3)).unwrap_err(), Denied::NotAdministrator);
        assert!(actor(2, Role::User).account(id(3)).is_err());
    }
}
