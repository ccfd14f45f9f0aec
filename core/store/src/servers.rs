//! Servers as lists and pages show them: one query gives everything.

use crate::{
    StoreError, SystemTx, Tx, UserTx, codec, cursor,
    tx::{Viewer, Who},
};
use chrono::{DateTime, Utc};
use gantry_auth::{Actor, ServerAccess, ServerFacts};
use gantry_domain::{
    allocations::ServerEndpoint,
    operations::Operation,
    page::{Page, PageRequest},
    plugins::BlueprintKey,
    servers::{BlueprintPin, NodePlace, Server, ServerDraining, ServerFilter, ServerStamp},
    users::Person,
};
use gantry_types::{
    BackupId, LocationId, NodeId, OperationId, PluginId, ServerId, UserId,
    drain::{Drain, ServerDrain},
    operation::{OperationKind, OperationState, Progress},
    permission::Permission,
    server::{Hold, ObservedState},
    units::Limits,
};
use serde::Deserialize;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The operation at work, as the trigger on operations writes it into the server's row.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActiveOperation {
    id: OperationId,
    kind: OperationKind,
    #[serde(default)]
    backup: Option<BackupId>,
    state: OperationState,
    progress: Option<Progress>,
    requested_by: Option<UserId>,
    requested_by_name: Option<String>,
    requested_at: DateTime<Utc>,
    deadline: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
}

pub(crate) struct ServerRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) sort_key: String,
    pub(crate) description: String,
    pub(crate) owner_id: Uuid,
    pub(crate) owner_name: String,
    pub(crate) node_id: Uuid,
    pub(crate) node_name: String,
    pub(crate) location_id: Uuid,
    pub(crate) location_name: String,
    pub(crate) plugin_id: Uuid,
    pub(crate) manifest_id: String,
    pub(crate) plugin_name: String,
    pub(crate) plugin_version: String,
    pub(crate) digest: String,
    pub(crate) blueprint: String,
    pub(crate) blueprint_name: String,
    pub(crate) commands: String,
    pub(crate) memory_mib: i32,
    pub(crate) swap_mib: i32,
    pub(crate) cpu_percent: i32,
    pub(crate) disk_mib: i32,
    pub(crate) pids: i32,
    pub(crate) backups: i32,
    pub(crate) time_zone: String,
    pub(crate) endpoints: Json<Vec<ServerEndpoint>>,
    pub(crate) desired: String,
    pub(crate) holds: Json<Vec<Hold>>,
    pub(crate) node_drain: Option<Json<Drain>>,
    pub(crate) drain: Option<Json<ServerDrain>>,
    pub(crate) generation: i64,
    pub(crate) acknowledged_generation: i64,
    pub(crate) observed: String,
    pub(crate) observed_since: DateTime<Utc>,
    pub(crate) observed_reason: Option<String>,
    pub(crate) crashes: i32,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) run_generation: Option<i64>,
    pub(crate) limits_generation: i64,
    pub(crate) endpoints_generation: i64,
    pub(crate) release_generation: i64,
    pub(crate) moved_from: Option<String>,
    pub(crate) heard_decision: i64,
    pub(crate) active_operation: Option<Json<ActiveOperation>>,
    pub(crate) permissions: Option<Vec<String>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// One list of columns for every query over servers. `$1` is the person whose rights are shown, null for all rights.
macro_rules! servers {
    ($tail:tt, $viewer:expr $(, $argument:expr)*) => {
        sqlx::query_as!(
            $crate::servers::ServerRow,
            r#"SELECT s.id, s.name, s.sort_key, s.description, s.owner_id, s.owner_name, s.node_id, s.node_name,
                      s.location_id, s.location_name, s.plugin_id, s.manifest_id, s.plugin_name, s.plugin_version,
                      s.digest, s.blueprint, s.blueprint_name, s.commands, s.memory_mib, s.swap_mib, s.cpu_percent, s.disk_mib,
                      s.pids, s.backups, s.time_zone, s.endpoints AS "endpoints: Json<Vec<ServerEndpoint>>", s.desired,
                      s.holds AS "holds: Json<Vec<Hold>>", s.node_drain AS "node_drain: Json<gantry_types::drain::Drain>",
                      s.drain AS "drain: Json<gantry_types::drain::ServerDrain>", s.generation, s.acknowledged_generation, s.observed,
                      s.observed_since, s.observed_reason, s.crashes, s.started_at,
                      s.run_generation, s.limits_generation, s.endpoints_generation,
                      s.release_generation, s.moved_from, s.heard_decision,
                      s.active_operation AS "active_operation: Json<ActiveOperation>",
                      CASE WHEN $1::uuid IS NULL OR s.owner_id = $1 THEN NULL ELSE
                          (SELECT m.permissions FROM members m WHERE m.server_id = s.id AND m.user_id = $1)
                      END AS permissions, s.created_at, s.updated_at
               FROM servers s "# + $tail,
            $viewer $(, $argument)*
        )
    };
}
pub(crate) use servers;

impl ServerRow {
    pub(crate) fn server(self, viewer: Viewer) -> Result<Server, StoreError> {
        let owner = UserId::new(self.owner_id);
        let id = ServerId::new(self.id);
        let permissions = match viewer {
            Viewer::Everything => Permission::ALL.iter().copied().collect(),
            Viewer::Person(person) if person == owner => Permission::ALL.iter().copied().collect(),
            Viewer::Person(_) => codec::to_permissions(self.permissions.as_deref().unwrap_or_default()),
        };
        Ok(Server {
            id,
            name: self.name,
            description: self.description,
            owner: Person { id: owner, name: self.owner_name },
            node: NodePlace {
                id: NodeId::new(self.node_id),
                name: self.node_name,
                location_id: LocationId::new(self.location_id),
                location_name: self.location_name,
            },
            blueprint: BlueprintPin {
                plugin_id: PluginId::new(self.plugin_id),
                key: BlueprintKey { plugin: self.manifest_id, blueprint: self.blueprint },
                name: self.blueprint_name,
                plugin_name: self.plugin_name,
                plugin_version: self.plugin_version,
                digest: self.digest,
                commands: codec::to_commands(&self.commands)?,
            },
            limits: Limits {
                memory_mib: codec::to_u32(self.memory_mib.into()),
                swap_mib: codec::to_u32(self.swap_mib.into()),
                cpu_percent: codec::to_u32(self.cpu_percent.into()),
                disk_mib: codec::to_u32(self.disk_mib.into()),
                pids: codec::to_u32(self.pids.into()),
                backups: codec::to_u32(self.backups.into()),
            },
            time_zone: self.time_zone,
            endpoints: self.endpoints.0,
            desired: codec::to_desired(&self.desired)?,
            observed: ObservedState {
                state: codec::to_observed(&self.observed)?,
                since: self.observed_since,
                reason: self.observed_reason,
                crashes: codec::to_u32(self.crashes.into()),
                started_at: self.started_at,
                generation: self.run_generation.map(codec::to_u64),
            },
            holds: self.holds.0,
            drain: self.node_drain.map(|of_node| ServerDraining {
                drain: of_node.0,
                progress: self.drain.map(|known| known.0),
            }),
            generation: codec::to_u64(self.generation),
            acknowledged_generation: codec::to_u64(self.acknowledged_generation),
            limits_generation: codec::to_u64(self.limits_generation),
            endpoints_generation: codec::to_u64(self.endpoints_generation),
            release_generation: codec::to_u64(self.release_generation),
            moved_from: self.moved_from,
            operation: self.active_operation.map(|active| active.0.operation(id)),
            permissions,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl ActiveOperation {
    fn operation(self, server_id: ServerId) -> Operation {
        let person = self.requested_by.zip(self.requested_by_name);
        Operation {
            id: self.id,
            server_id,
            kind: self.kind,
            backup: self.backup,
            state: self.state,
            progress: self.progress,
            failure: None,
            requested_by: person.map(|(id, name)| Person { id, name }),
            requested_at: self.requested_at,
            deadline: self.deadline,
            started_at: self.started_at,
            ended_at: None,
        }
    }
}

fn all(rows: Vec<ServerRow>, viewer: Viewer) -> Result<Vec<Server>, StoreError> {
    rows.into_iter().map(|row| row.server(viewer)).collect()
}

impl<W: Who> Tx<W> {
    /// Servers by name. Which ones is for row security: a person's own and shared ones, or all.
    pub async fn servers(
        &mut self,
        filter: &ServerFilter,
        page: &PageRequest,
    ) -> Result<Page<Server>, StoreError> {
        let start = cursor::parse_text(page.cursor.as_deref())?;
        let viewer = self.who.viewer();
        let rows = self.filtered(filter, start, i64::from(page.limit) + 1).await?;
        let page = Page::of(rows, page.limit, |row| cursor::by_text(&row.sort_key, row.id));
        Ok(Page { items: all(page.items, viewer)?, next: page.next })
    }

    /// The plain list of [`Tx::servers`] without what is in the rows, for who has read most of them before.
    pub async fn server_stamps(&mut self, page: &PageRequest) -> Result<Page<ServerStamp>, StoreError> {
        let (text, id) = cursor::parse_text(page.cursor.as_deref())?;
        // A row's version is the transaction that wrote it: no trigger can be forgotten, and no statement.
        let rows = sqlx::query!(
            r#"SELECT s.id, s.sort_key, s.xmin::text::bigint AS "version!",
                      $1::uuid IS NULL OR s.owner_id = $1 AS "everything!",
                      CASE WHEN $1::uuid IS NULL OR s.owner_id = $1 THEN NULL ELSE
                          (SELECT m.permissions FROM members m WHERE m.server_id = s.id AND m.user_id = $1)
                      END AS permissions
               FROM servers s WHERE (s.sort_key, s.id) > ($2, $3) ORDER BY s.sort_key, s.id LIMIT $4"#,
            self.who.viewer().uuid(),
            text,
            id,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        let page = Page::of(rows, page.limit, |row| cursor::by_text(&row.sort_key, row.id));
        Ok(page.map(|row| {
            let given = || codec::to_permissions(row.permissions.as_deref().unwrap_or_default());
            let permissions = (!row.everything).then(given);
            ServerStamp { id: ServerId::new(row.id), version: row.version, permissions }
        }))
    }

    async fn filtered(
        &mut self,
        filter: &ServerFilter,
        (text, id): (String, Uuid),
        most: i64,
    ) -> Result<Vec<ServerRow>, StoreError> {
        let viewer = self.who.viewer();
        let search =
            filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase);
        let rows = servers!(
            r#"WHERE (s.sort_key, s.id) > ($2, $3)
                 AND ($4::text IS NULL OR strpos(s.sort_key, $4) > 0 OR starts_with(s.id::text, $4)
                      OR strpos(s.endpoints::text, $4) > 0)
                 AND ($5::text IS NULL OR s.observed = $5) AND ($6::uuid IS NULL OR s.node_id = $6)
                 AND ($7::uuid IS NULL OR s.owner_id = $7)
               ORDER BY s.sort_key, s.id LIMIT $8"#,
            viewer.uuid(),
            text,
            id,
            search,
            filter.observed.map(codec::observed),
            filter.node_id.map(NodeId::uuid),
            filter.owner_id.map(UserId::uuid),
            most
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows)
    }

    /// One server, if it may be seen.
    pub async fn server(&mut self, id: ServerId) -> Result<Server, StoreError> {
        let viewer = self.who.viewer();
        let row = servers!("WHERE s.id = $2", viewer.uuid(), id.uuid()).fetch_optional(self.db()).await?;
        row.ok_or(StoreError::NotFound("server"))?.server(viewer)
    }

    /// One server, locked until the transaction ends: what is decided from it still holds when it is written.
    pub async fn server_for_update(&mut self, id: ServerId) -> Result<Server, StoreError> {
        let viewer = self.who.viewer();
        let row = servers!("WHERE s.id = $2 FOR UPDATE OF s", viewer.uuid(), id.uuid())
            .fetch_optional(self.db())
            .await?;
        row.ok_or(StoreError::NotFound("server"))?.server(viewer)
    }

    /// Some servers, in no order; those that cannot be seen are left out.
    pub async fn servers_by_ids(&mut self, ids: &[ServerId]) -> Result<Vec<Server>, StoreError> {
        let viewer = self.who.viewer();
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = servers!("WHERE s.id = ANY ($2)", viewer.uuid(), &ids).fetch_all(self.db()).await?;
        all(rows, viewer)
    }
}

impl UserTx {
    /// What this person may do with a server. Asking for a server that is not there gives an access without rights.
    pub async fn server_access(&mut self, actor: &Actor, id: ServerId) -> Result<ServerAccess, StoreError> {
        let row = sqlx::query!(
            r#"SELECT s.owner_id, (SELECT m.permissions FROM members m WHERE m.server_id = s.id AND m.user_id = $2)
                   AS permissions
               FROM servers s WHERE s.id = $1"#,
            id.uuid(),
            actor.user_id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        let facts = row.map(|row| ServerFacts {
            owner_id: UserId::new(row.owner_id),
            membership: row.permissions.map(|texts| codec::to_permissions(&texts)),
        });
        Ok(ServerAccess::weigh(actor, id, facts))
    }

    /// The same together with the server, if it is there to be seen: one question where both are wanted.
    pub async fn server_with_access(
        &mut self,
        actor: &Actor,
        id: ServerId,
    ) -> Result<(ServerAccess, Option<Server>), StoreError> {
        let viewer = self.who.viewer();
        let row = servers!("WHERE s.id = $2", viewer.uuid(), id.uuid()).fetch_optional(self.db()).await?;
        let facts = row.as_ref().map(|row| ServerFacts {
            owner_id: UserId::new(row.owner_id),
            membership: row.permissions.as_deref().map(codec::to_permissions),
        });
        let server = row.map(|row| row.server(viewer)).transpose()?;
        Ok((ServerAccess::weigh(actor, id, facts), server))
    }
}

impl SystemTx {
    /// Every server that a person owns or was invited to, with the rights there: what live views filter by.
    pub async fn rights_of(
        &mut self,
        user: UserId,
    ) -> Result<BTreeMap<ServerId, BTreeSet<Permission>>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id AS "id!", NULL::text[] AS permissions FROM servers WHERE owner_id = $1
               UNION ALL
               SELECT server_id, permissions FROM members
               WHERE user_id = $1 AND permissions @> ARRAY['server.read']"#,
            user.uuid()
        )
        .fetch_all(self.db())
        .await?;
        let everything = || Permission::ALL.iter().copied().collect();
        let pair = |id: Uuid, texts: Option<Vec<String>>| {
            (ServerId::new(id), texts.map_or_else(everything, |texts| codec::to_permissions(&texts)))
        };
        Ok(rows.into_iter().map(|row| pair(row.id, row.permissions)).collect())
    }
}
