//! Looking at one server.

use crate::{
    App, OpCtx,
    error::Answer,
    inputs::{PageQuery, StatisticsQuery},
    views::{
        EndpointView, GameView, Page, PlayerSessionView, PlayersView, ServerView, StatisticsPoint,
        StatisticsView,
    },
};
use chrono::Utc;
use gantry_auth::rights;
use gantry_domain::servers::Server;
use gantry_types::{ServerId, permission::Permission};

impl App {
    pub async fn server(&self, ctx: &OpCtx, id: ServerId) -> Answer<ServerView> {
        let (_, _, server) = self.server_with(ctx, id, Permission::ServerRead).await?;
        Ok(self.own_view(server))
    }

    /// A row that was read as the caller, with the caller's own rights in it.
    pub(crate) fn own_view(&self, server: Server) -> ServerView {
        let permissions = server.permissions.clone();
        self.view(server, &permissions)
    }

    /// The server's addresses, the primary one first.
    pub async fn server_allocations(&self, ctx: &OpCtx, id: ServerId) -> Answer<Page<EndpointView>> {
        let (_, _, server) = self.server_with(ctx, id, Permission::AllocationsRead).await?;
        Ok(Page::whole(EndpointView::list(server.endpoints)))
    }

    /// A chart's points. A span without samples has none.
    pub async fn server_statistics(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        query: StatisticsQuery,
    ) -> Answer<StatisticsView> {
        let (mut tx, access) = self.access(ctx, id).await?;
        let grant = access.grant::<rights::StatisticsRead>()?;
        let wanted = query.resolution(Utc::now())?;
        let points = tx.statistics(&grant, wanted).await?;
        let games = tx.games(&grant, wanted.from, wanted.to).await?;
        Ok(StatisticsView {
            from: wanted.from,
            to: wanted.to,
            step_seconds: u32::try_from(wanted.step.num_seconds()).unwrap_or(u32::MAX),
            points: points.into_iter().map(StatisticsPoint::from).collect(),
            games: games.into_iter().map(GameView::from).collect(),
        })
    }

    /// Who plays, as the game last said.
    pub async fn server_players(&self, ctx: &OpCtx, id: ServerId) -> Answer<PlayersView> {
        let (_, access) = self.access(ctx, id).await?;
        access.require(Permission::PlayersRead)?;
        let latest = self.samples().latest(id, Utc::now());
        let at = latest.as_ref().map(|sample| sample.at);
        let game = latest.and_then(|sample| sample.game);
        Ok(PlayersView {
            count: game.as_ref().and_then(|game| game.players),
            max_players: game.as_ref().and_then(|game| game.max_players),
            complete: game.as_ref().is_some_and(|game| game.lists_players),
            at: at.filter(|_| game.is_some()),
            players: game.map(|game| game.player_list).unwrap_or_default(),
        })
    }

    /// Who played when, latest first, as far as the game tells of coming and going.
    pub async fn server_player_sessions(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        page: PageQuery,
    ) -> Answer<Page<PlayerSessionView>> {
        let (mut tx, access) = self.access(ctx, id).await?;
        let sessions = tx.player_sessions(&access.grant::<rights::PlayersRead>()?, &page.parse()?).await?;
        Ok(Page::of(sessions, PlayerSessionView::from))
    }
}
