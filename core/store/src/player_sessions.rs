//! Who played when: a session from a join to the leave, as a server's node tells of both.
//!
//! A node tells each once and in order, late where it could not be reached. A game that ended has nobody on it, whatever it said
//! before; a leave that nobody joined for says nothing.

use crate::{StoreError, SystemTx, UserTx, cursor};
use chrono::{DateTime, Utc};
use gantry_auth::{ServerGrant, rights};
use gantry_domain::{
    page::{Page, PageRequest},
    players::PlayerSession,
};
use gantry_types::{NodeId, ServerId};
use uuid::{ContextV7, Timestamp, Uuid};

/// A server keeps its latest; names come from games, which may make them up.
const KEPT: i64 = 10_000;

impl SystemTx {
    /// A player came, to a server of this node. One who is there already stays.
    pub async fn player_joined(
        &mut self,
        node: NodeId,
        server: ServerId,
        player: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO player_sessions (id, server_id, player, since)
             SELECT $1, id, $4, $5 FROM servers WHERE id = $2 AND node_id = $3
             ON CONFLICT (server_id, player) WHERE until IS NULL DO NOTHING",
            id_at(at),
            server.uuid(),
            node.uuid(),
            player,
            at
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// A player left a server of this node.
    pub async fn player_left(
        &mut self,
        node: NodeId,
        server: ServerId,
        player: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE player_sessions p SET until = greatest(p.since, $4) FROM servers s
             WHERE s.id = $1 AND s.node_id = $2 AND p.server_id = s.id AND p.player = $3 AND p.until IS NULL",
            server.uuid(),
            node.uuid(),
            player,
            at
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// These play on a server of this node, and nobody else did at that time.
    pub async fn players_present(
        &mut self,
        node: NodeId,
        server: ServerId,
        players: &[String],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE player_sessions p SET until = $3 FROM servers s
             WHERE s.id = $1 AND s.node_id = $2 AND p.server_id = s.id AND p.until IS NULL AND p.since <= $3
                   AND p.player <> ALL ($4)",
            server.uuid(),
            node.uuid(),
            at,
            players
        )
        .execute(self.db())
        .await?;
        let ids: Vec<_> = players.iter().map(|_| id_at(at)).collect();
        sqlx::query!(
            "INSERT INTO player_sessions (id, server_id, player, since)
             SELECT came.id, s.id, came.player, $5
             FROM servers s, unnest($3::uuid[], $4::text[]) AS came (id, player)
             WHERE s.id = $1 AND s.node_id = $2
             ON CONFLICT (server_id, player) WHERE until IS NULL DO NOTHING",
            server.uuid(),
            node.uuid(),
            &ids,
            players,
            at
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// The game of a server of this node does not run since then: whoever was on it is not.
    pub async fn players_gone(
        &mut self,
        node: NodeId,
        server: ServerId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE player_sessions p SET until = $3 FROM servers s
             WHERE s.id = $1 AND s.node_id = $2 AND p.server_id = s.id AND p.until IS NULL AND p.since <= $3",
            server.uuid(),
            node.uuid(),
            at
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Forgets sessions that ended before a time, and of each server all but the latest ones.
    pub async fn sweep_player_sessions(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let old =
            sqlx::query!("DELETE FROM player_sessions WHERE until < $1", before).execute(self.db()).await?;
        let many = sqlx::query!(
            "DELETE FROM player_sessions p USING (
                 SELECT id, row_number() OVER (PARTITION BY server_id ORDER BY id DESC) AS place FROM player_sessions
             ) ranked WHERE ranked.id = p.id AND ranked.place > $1",
            KEPT
        )
        .execute(self.db())
        .await?;
        Ok(old.rows_affected() + many.rows_affected())
    }
}

impl UserTx {
    /// A server's sessions, latest first.
    pub async fn player_sessions(
        &mut self,
        grant: &ServerGrant<rights::PlayersRead>,
        page: &PageRequest,
    ) -> Result<Page<PlayerSession>, StoreError> {
        let before = cursor::parse_id(page.cursor.as_deref())?.unwrap_or(Uuid::max());
        let rows = sqlx::query_as!(
            PlayerSession,
            "SELECT id, player, since, until FROM player_sessions WHERE server_id = $1 AND id < $2
             ORDER BY id DESC LIMIT $3",
            grant.server().uuid(),
            before,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        Ok(Page::of(rows, page.limit, |session| cursor::by_id(session.id)))
    }
}

/// Ids in the order of their sessions' beginnings, within a millisecond too.
fn id_at(at: DateTime<Utc>) -> Uuid {
    let context = ContextV7::new().with_additional_precision();
    let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(context, seconds, at.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ids_are_in_the_order_of_microseconds() {
        let at = |microseconds: i64| {
            id_at(DateTime::UNIX_EPOCH + TimeDelta::microseconds(1_764_000_000_000_000 + microseconds))
        };
        let ids: Vec<_> = (0..3_000).map(at).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(at(0) != at(0), "two who come at once have ids of their own");
    }
}
