//! What accounts may take of all nodes together, and what their servers have been promised.

use crate::{StoreError, SystemTx, Tx, codec, tx::Who};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    allowances::{Allowance, Holdings, Taken},
    audit::AuditEntry,
};
use gantry_types::UserId;

impl<W: Who> Tx<W> {
    /// Orders everything that takes of an account's allowance, until the transaction ends. Whoever needs a node's lock
    /// takes that first.
    pub async fn lock_allowance(&mut self, owner: UserId) -> Result<(), StoreError> {
        sqlx::query!(
            r#"SELECT pg_advisory_xact_lock(hashtextextended($1, 7219850450)) AS "locked: ()""#,
            owner.to_string()
        )
        .fetch_one(self.db())
        .await?;
        Ok(())
    }

    /// An account's bounds, for the account itself and for administrators.
    pub async fn allowance(&mut self, owner: UserId) -> Result<Allowance, StoreError> {
        let row = sqlx::query!(
            "SELECT servers, memory_mib, disk_mib, cpu_percent FROM allowances WHERE user_id = $1",
            owner.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map_or_else(Allowance::default, |row| Allowance {
            servers: row.servers.map(codec::to_u64),
            memory_mib: row.memory_mib.map(codec::to_u64),
            disk_mib: row.disk_mib.map(codec::to_u64),
            cpu_percent: row.cpu_percent.map(codec::to_u64),
        }))
    }

    /// What an account's servers have been promised, on all nodes.
    pub async fn holdings(&mut self, owner: UserId) -> Result<Holdings, StoreError> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "servers!",
                      coalesce(sum(memory_mib), 0)::bigint AS "memory_mib!",
                      coalesce(sum(disk_mib), 0)::bigint AS "disk_mib!",
                      coalesce(sum(cpu_percent), 0)::bigint AS "cpu_percent!",
                      coalesce(bool_or(memory_mib = 0), false) AS "all_memory!",
                      coalesce(bool_or(disk_mib = 0), false) AS "all_disk!",
                      coalesce(bool_or(cpu_percent = 0), false) AS "all_cpu!"
               FROM servers WHERE owner_id = $1"#,
            owner.uuid()
        )
        .fetch_one(self.db())
        .await?;
        let taken = |amount, unlimited| Taken { amount: codec::to_u64(amount), unlimited };
        Ok(Holdings {
            servers: codec::to_u64(row.servers),
            memory_mib: taken(row.memory_mib, row.all_memory),
            disk_mib: taken(row.disk_mib, row.all_disk),
            cpu_percent: taken(row.cpu_percent, row.all_cpu),
        })
    }
}

impl SystemTx {
    /// Replaces an account's bounds. What is taken beyond them stays.
    pub async fn set_allowance(
        &mut self,
        grant: &AdministratorGrant,
        owner: UserId,
        allowance: &Allowance,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.confirm_administrator(grant).await?;
        let bound = |bound: Option<u64>| bound.map(codec::to_i64);
        sqlx::query!(
            "INSERT INTO allowances (user_id, servers, memory_mib, disk_mib, cpu_percent)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id) DO UPDATE SET servers = excluded.servers, memory_mib = excluded.memory_mib,
                 disk_mib = excluded.disk_mib, cpu_percent = excluded.cpu_percent, updated_at = now()",
            owner.uuid(),
            bound(allowance.servers),
            bound(allowance.memory_mib),
            bound(allowance.disk_mib),
            bound(allowance.cpu_percent)
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        Ok(())
    }
}
