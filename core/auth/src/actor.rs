//! The one who asks: a person, by a session.

use crate::{AccountGrant, AdministratorGrant, CreateServerGrant, Denied};
use gantry_domain::Role;
use gantry_types::{SessionId, UserId};

/// A signed-in person. Made where a session was checked, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user_id: UserId,
    pub name: String,
    pub role: Role,
    pub session_id: SessionId,
}

impl Actor {
    pub fn is_administrator(&self) -> bool {
        self.role.is_administrator()
    }

    /// The proof that everything administrative takes.
    pub fn administrator(&self) -> Result<AdministratorGrant, Denied> {
        if self.is_administrator() {
            Ok(AdministratorGrant::mint(self.user_id))
        } else {
            Err(Denied::NotAdministrator)
        }
    }

    /// The proof that a change of one's own account takes.
    pub fn own_account(&self) -> AccountGrant {
        AccountGrant::mint(self.user_id, self.user_id)
    }

    /// The proof that a change of any account takes: one's own, or an administrator's.
    pub fn account(&self, user: UserId) -> Result<AccountGrant, Denied> {
        if user == self.user_id || self.is_administrator() {
            return Ok(AccountGrant::mint(user, self.user_id));
        }
        Err(Denied::NotAdministrator)
    }

    /// The proof that making a server takes. Administrators make servers for others too.
    pub fn create_server(&self, owner: UserId) -> Result<CreateServerGrant, Denied> {
        if !self.role.may_create_servers() {
            return Err(Denied::Limited);
        }
        if owner != self.user_id && !self.is_administrator() {
            return Err(Denied::NotAdministrator);
        }
        Ok(CreateServerGrant::mint(owner, self.user_id))
    }
}
