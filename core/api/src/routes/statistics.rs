//! Numbers over time, and who plays.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{Caller, Path, Query},
    route::{Requirement, Route},
    wire::{Page, PageQuery, PlayerSessionView, PlayersView, StatisticsQuery, StatisticsView},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, permission::Permission};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/servers/{id}/statistics",
            "serverStatistics",
            "History, downsampled to at most about 720 points",
            Requirement::Server(Permission::StatisticsRead),
            statistics,
        )
        .query::<StatisticsQuery>()
        .answers::<StatisticsView>(),
        Route::get(
            "/api/servers/{id}/players",
            "serverPlayers",
            "Who plays, as the game last said",
            Requirement::Server(Permission::PlayersRead),
            players,
        )
        .answers::<PlayersView>(),
        Route::get(
            "/api/servers/{id}/player-sessions",
            "serverPlayerSessions",
            "Who played when, latest first, as far as the game tells of coming and going",
            Requirement::Server(Permission::PlayersRead),
            player_sessions,
        )
        .query::<PageQuery>()
        .pages::<PlayerSessionView>(),
    ]
}

async fn statistics(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<StatisticsQuery>,
) -> Answer<StatisticsView> {
    Ok(Json(edge.app().server_statistics(&ctx, id, query).await?))
}

async fn players(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<PlayersView> {
    Ok(Json(edge.app().server_players(&ctx, id).await?))
}

async fn player_sessions(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<PlayerSessionView>> {
    Ok(Json(edge.app().server_player_sessions(&ctx, id, query).await?))
}
