//! What was played when: the map and the version of a server's game, a row for each change.

use crate::{StoreError, SystemTx, UserTx};
use chrono::{DateTime, Utc};
use gantry_auth::{ServerGrant, rights};
use gantry_domain::players::Game;
use gantry_types::{NodeId, ServerId};

/// A server keeps its latest; maps may change every few minutes.
const KEPT: i64 = 10_000;
/// Changes of one answer.
const SHOWN: i64 = 1_000;

impl SystemTx {
    /// A server of this node plays that from then on. What is known already, or was overtaken, changes nothing.
    pub async fn game_is(&mut self, node: NodeId, server: ServerId, game: &Game) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO games (server_id, at, map, version)
             SELECT s.id, $3, $4, $5 FROM servers s
             LEFT JOIN LATERAL (
                 SELECT at, map, version FROM games WHERE server_id = s.id ORDER BY at DESC LIMIT 1
             ) latest ON true
             WHERE s.id = $1 AND s.node_id = $2 AND (latest.at IS NULL OR latest.at <= $3)
                   AND (latest.map, latest.version) IS DISTINCT FROM ($4::text, $5::text)
             ON CONFLICT (server_id, at) DO UPDATE SET map = excluded.map, version = excluded.version",
            server.uuid(),
            node.uuid(),
            game.at,
            game.map,
            game.version
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Forgets what was over before a time, and of each server all but the latest changes.
    pub async fn sweep_games(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "DELETE FROM games g USING (
                 SELECT server_id, at, lead(at) OVER later AS until,
                        row_number() OVER (PARTITION BY server_id ORDER BY at DESC) AS place
                 FROM games WINDOW later AS (PARTITION BY server_id ORDER BY at)
             ) ranked
             WHERE ranked.server_id = g.server_id AND ranked.at = g.at AND (ranked.until < $1 OR ranked.place > $2)",
            before,
            KEPT
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }
}

impl UserTx {
    /// What a server played in a span of time, in order: what it played as that began, then each change.
    pub async fn games(
        &mut self,
        grant: &ServerGrant<rights::StatisticsRead>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Game>, StoreError> {
        let mut games = sqlx::query_as!(
            Game,
            "SELECT at, map, version FROM games
             WHERE server_id = $1 AND at < $3
                   AND at >= coalesce((SELECT max(at) FROM games WHERE server_id = $1 AND at <= $2), $2)
             ORDER BY at DESC LIMIT $4",
            grant.server().uuid(),
            from,
            to,
            SHOWN
        )
        .fetch_all(self.db())
        .await?;
        games.reverse();
        Ok(games)
    }
}
