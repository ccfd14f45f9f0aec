//! Addresses of nodes, and which server holds which.

use crate::{Notice, StoreError, Tx, UserTx, cursor, tx::Who};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    allocations::Allocation,
    audit::AuditEntry,
    page::{Page, PageRequest},
};
use gantry_types::{AllocationId, NodeId, ServerId};
use std::collections::BTreeSet;
use uuid::Uuid;

struct AllocationRow {
    id: Uuid,
    node_id: Uuid,
    address: String,
    port: i32,
    server_id: Option<Uuid>,
    server_name: Option<String>,
}

impl From<AllocationRow> for Allocation {
    fn from(row: AllocationRow) -> Self {
        Self {
            id: AllocationId::new(row.id),
            node_id: NodeId::new(row.node_id),
            address: row.address,
            port: u16::try_from(row.port).unwrap_or(0),
            server_id: row.server_id.map(ServerId::new),
            server_name: row.server_name,
        }
    }
}

impl<W: Who> Tx<W> {
    /// A node's addresses, in the order in which they were added.
    pub async fn allocations(
        &mut self,
        node: NodeId,
        page: &PageRequest,
    ) -> Result<Page<Allocation>, StoreError> {
        let after = cursor::parse_id(page.cursor.as_deref())?.unwrap_or(Uuid::nil());
        let rows = sqlx::query_as!(
            AllocationRow,
            r#"SELECT a.id, a.node_id, a.address, a.port, a.server_id, s.name AS "server_name?"
               FROM allocations a LEFT JOIN servers s ON s.id = a.server_id
               WHERE a.node_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3"#,
            node.uuid(),
            after,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        let all = rows.into_iter().map(Allocation::from).collect();
        Ok(Page::of(all, page.limit, |allocation: &Allocation| cursor::by_id(allocation.id.uuid())))
    }

    /// The addresses of a node that nobody holds, locked until the transaction ends. Take [`Tx::lock_node`] first.
    pub async fn free_allocations(&mut self, node: NodeId) -> Result<Vec<Allocation>, StoreError> {
        let rows = sqlx::query_as!(
            AllocationRow,
            r#"SELECT id, node_id, address, port, server_id, NULL::text AS server_name FROM allocations
               WHERE node_id = $1 AND server_id IS NULL ORDER BY address, port LIMIT 2000 FOR UPDATE"#,
            node.uuid()
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(Allocation::from).collect())
    }

    /// Hands addresses to a server. Each must be free.
    pub(crate) async fn claim(
        &mut self,
        server: ServerId,
        ids: &BTreeSet<AllocationId>,
    ) -> Result<(), StoreError> {
        let wanted: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let done = sqlx::query!(
            "UPDATE allocations SET server_id = $1 WHERE id = ANY ($2) AND server_id IS NULL",
            server.uuid(),
            &wanted
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == wanted.len() as u64 { Ok(()) } else { Err(StoreError::AllocationTaken) }
    }

    /// Takes from a server all addresses but `keep`.
    pub(crate) async fn release(
        &mut self,
        server: ServerId,
        keep: &BTreeSet<AllocationId>,
    ) -> Result<(), StoreError> {
        let keep: Vec<Uuid> = keep.iter().map(|id| id.uuid()).collect();
        sqlx::query!(
            "UPDATE allocations SET server_id = NULL WHERE server_id = $1 AND NOT id = ANY ($2)",
            server.uuid(),
            &keep
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl UserTx {
    /// Adds ports of one address; those that are there already are left as they are. Gives how many were added.
    pub async fn create_allocations(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        address: &str,
        ports: &BTreeSet<u16>,
        entry: AuditEntry,
    ) -> Result<u64, StoreError> {
        let ids: Vec<Uuid> = ports.iter().map(|_| crate::new_uuid()).collect();
        let ports: Vec<i32> = ports.iter().map(|port| i32::from(*port)).collect();
        let done = sqlx::query!(
            "INSERT INTO allocations (id, node_id, address, port)
             SELECT id, $2, $3, port FROM unnest($1::uuid[], $4::integer[]) AS t (id, port)
             ON CONFLICT ON CONSTRAINT allocations_address_key DO NOTHING",
            &ids,
            node.uuid(),
            address,
            &ports
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        self.tell(Notice::Node { node });
        Ok(done.rows_affected())
    }

    /// Removes an address that nobody holds.
    pub async fn delete_allocation(
        &mut self,
        _grant: &AdministratorGrant,
        id: AllocationId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let row =
            sqlx::query!("SELECT node_id, server_id FROM allocations WHERE id = $1 FOR UPDATE", id.uuid())
                .fetch_optional(self.db())
                .await?
                .ok_or(StoreError::NotFound("allocation"))?;
        if row.server_id.is_some() {
            return Err(StoreError::InUse("allocation"));
        }
        sqlx::query!("DELETE FROM allocations WHERE id = $1", id.uuid()).execute(self.db()).await?;
        self.record(entry);
        self.tell(Notice::Node { node: NodeId::new(row.node_id) });
        Ok(())
    }
}
