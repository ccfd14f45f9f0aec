//! People invited to a server, with exactly the rights that they were given.

use crate::users::Email;
use chrono::{DateTime, Utc};
use gantry_types::{ServerId, UserId, permission::Permission};
use std::collections::BTreeSet;

/// Most members that one server may have.
pub const MAX_MEMBERS: i64 = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub server_id: ServerId,
    pub user_id: UserId,
    pub name: String,
    pub email: Email,
    pub permissions: BTreeSet<Permission>,
    pub created_at: DateTime<Utc>,
}

/// Rights that somebody tried to hand out or take away without having them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("you cannot hand out rights that you do not have yourself")]
pub struct BeyondOwn {
    pub permissions: Vec<Permission>,
}

/// The rights that a member gets. Nobody changes a right that they do not have, in either direction; seeing the server
/// comes with every invitation.
pub fn grantable(
    own: &BTreeSet<Permission>,
    present: &BTreeSet<Permission>,
    asked: &BTreeSet<Permission>,
) -> Result<BTreeSet<Permission>, BeyondOwn> {
    let mut asked = asked.clone();
    asked.insert(Permission::ServerRead);
    let beyond: Vec<Permission> =
        asked.symmetric_difference(present).filter(|right| !own.contains(right)).copied().collect();
    if beyond.is_empty() { Ok(asked) } else { Err(BeyondOwn { permissions: beyond }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Permission::{ConsoleRead, PowerKill, ServerRead};

    fn rights(list: &[Permission]) -> BTreeSet<Permission> {
        list.iter().copied().collect()
    }

    #[test]
    fn nobody_hands_out_or_takes_away_what_they_do_not_have() {
        let own = rights(&[ServerRead, ConsoleRead]);
        let given = grantable(&own, &rights(&[]), &rights(&[ConsoleRead])).unwrap();
        assert_eq!(given, rights(&[ServerRead, ConsoleRead]));
        let beyond = grantable(&own, &rights(&[]), &rights(&[PowerKill])).unwrap_err();
        assert_eq!(beyond.permissions, [PowerKill]);
        assert!(grantable(&own, &rights(&[ServerRead, PowerKill]), &rights(&[])).is_err());
        assert!(
            grantable(&own, &rights(&[ServerRead, PowerKill]), &rights(&[PowerKill, ConsoleRead])).is_ok()
        );
    }
}
