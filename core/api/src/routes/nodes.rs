//! Nodes, their enrollment, and the addresses that their servers may use.

use super::{Answer, Created, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    guard::Preset,
    route::{Requirement, Route},
    wire::{
        AllocationView, AllocationsCreated, AllocationsInput, DrainInput, DrainServersView, EnrollmentView,
        NodeInput, NodePartsView, NodeStatisticsView, NodeUpdate, NodeView, Page, PageQuery, PartsQuery,
        StatisticsQuery,
    },
};
use axum::{Json, extract::State};
use gantry_types::problem::Code;
use gantry_types::{AllocationId, NodeId};
use http::StatusCode;

pub(super) fn routes() -> Vec<Route> {
    let needs = Requirement::Administrator;
    vec![
        Route::get("/api/nodes", "listNodes", "Nodes, by name", Requirement::SignedIn, list)
            .details("Administrators see all of each node; others what they need to choose one for a server.")
            .pages::<NodeView>(),
        Route::post("/api/nodes", "createNode", "Makes a node; a daemon then enrolls as it", needs, create)
            .idempotent()
            .takes::<NodeInput>()
            .status(201)
            .answers::<NodeView>()
            .fails(&[Code::NameTaken]),
        Route::get("/api/nodes/{id}", "node", "One node", Requirement::SignedIn, show)
            .answers::<NodeView>()
            .fails(&[Code::NotFound]),
        Route::patch("/api/nodes/{id}", "updateNode", "Changes a node", needs, update)
            .takes::<NodeUpdate>()
            .answers::<NodeView>()
            .fails(&[Code::NotFound, Code::NameTaken]),
        Route::delete(
            "/api/nodes/{id}",
            "deleteNode",
            "Revokes a node and forgets it, once it has no servers",
            needs,
            delete,
        )
        .status(204)
        .fails(&[Code::NotFound, Code::InUse]),
        Route::post(
            "/api/nodes/{id}/enrollment",
            "enrollNode",
            "Makes the one-time token by which a daemon becomes this node",
            needs,
            enroll,
        )
        .details("A token that was made before stops working. It is shown once.")
        .preset(Preset::Power)
        .status(201)
        .answers::<EnrollmentView>()
        .fails(&[Code::NotFound]),
        Route::delete(
            "/api/nodes/{id}/enrollment",
            "revokeNode",
            "Takes the node's identity away and cuts its link",
            needs,
            revoke,
        )
        .details("Its game servers keep running. A daemon can enroll as the node again by another token.")
        .status(204)
        .fails(&[Code::NotFound]),
        Route::put("/api/nodes/{id}/drain", "drainNode", "Stops all servers of a node for work on its machine", needs, drain)
            .details(
                "Players are told by the games' plugins and have their time; a server stops once nobody plays, or at the deadline, \
                 and nothing starts or is made on the node until the drain ends. Asked again, it changes the drain that goes on.",
            )
            .takes::<DrainInput>()
            .answers::<NodeView>()
            .fails(&[Code::NotFound]),
        Route::delete("/api/nodes/{id}/drain", "endDrain", "Ends a drain: what is to run starts again", needs, end_drain)
            .answers::<NodeView>()
            .fails(&[Code::NotFound]),
        Route::get("/api/nodes/{id}/drain", "drainedServers", "How far a drain is with each server", needs, drained_servers)
            .answers::<DrainServersView>()
            .fails(&[Code::NotFound]),
        Route::get(
            "/api/nodes/{id}/statistics",
            "nodeStatistics",
            "History of the node's machine, downsampled to at most about 720 points",
            needs,
            statistics,
        )
        .query::<StatisticsQuery>()
        .answers::<NodeStatisticsView>()
        .fails(&[Code::NotFound]),
        Route::get(
            "/api/nodes/{id}/statistics/parts",
            "nodeParts",
            "History of the parts of the node's machine, of one kind, at most about 240 points each",
            needs,
            parts,
        )
        .query::<PartsQuery>()
        .answers::<NodePartsView>()
        .fails(&[Code::NotFound]),
        Route::get(
            "/api/nodes/{id}/allocations",
            "listAllocations",
            "The node's addresses",
            needs,
            list_allocations,
        )
        .query::<PageQuery>()
        .pages::<AllocationView>()
        .fails(&[Code::NotFound]),
        Route::post(
            "/api/nodes/{id}/allocations",
            "createAllocations",
            "Adds addresses; those that exist are skipped",
            needs,
            create_allocations,
        )
        .takes::<AllocationsInput>()
        .status(201)
        .answers::<AllocationsCreated>()
        .fails(&[Code::NotFound]),
        Route::delete(
            "/api/allocations/{id}",
            "deleteAllocation",
            "Takes away an address that no server uses",
            needs,
            delete_allocation,
        )
        .status(204)
        .fails(&[Code::NotFound, Code::InUse]),
    ]
}

async fn list(State(edge): State<Edge>, Caller(ctx): Caller) -> Answer<Page<NodeView>> {
    Ok(Json(edge.app().list_nodes(&ctx).await?))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<NodeInput>,
) -> Created<NodeView> {
    Ok(created(edge.app().create_node(&ctx, input).await?))
}

async fn show(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<NodeId>) -> Answer<NodeView> {
    Ok(Json(edge.app().node(&ctx, id).await?))
}

async fn update(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
    extract::Json(input): extract::Json<NodeUpdate>,
) -> Answer<NodeView> {
    Ok(Json(edge.app().update_node(&ctx, id, input).await?))
}

async fn drain(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
    extract::Json(input): extract::Json<DrainInput>,
) -> Answer<NodeView> {
    Ok(Json(edge.app().drain_node(&ctx, id, input).await?))
}

async fn end_drain(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
) -> Answer<NodeView> {
    Ok(Json(edge.app().end_drain(&ctx, id).await?))
}

async fn drained_servers(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
) -> Answer<DrainServersView> {
    Ok(Json(edge.app().drained_servers(&ctx, id).await?))
}

async fn delete(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<NodeId>) -> Done {
    edge.app().delete_node(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn enroll(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
) -> Created<EnrollmentView> {
    Ok(created(edge.app().create_enrollment(&ctx, id).await?))
}

async fn revoke(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<NodeId>) -> Done {
    edge.app().revoke_node(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn statistics(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
    Query(query): Query<StatisticsQuery>,
) -> Answer<NodeStatisticsView> {
    Ok(Json(edge.app().node_statistics(&ctx, id, query).await?))
}

async fn parts(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
    Query(query): Query<PartsQuery>,
) -> Answer<NodePartsView> {
    Ok(Json(edge.app().node_parts(&ctx, id, query).await?))
}

async fn list_allocations(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
    Query(query): Query<PageQuery>,
) -> Answer<Page<AllocationView>> {
    Ok(Json(edge.app().list_allocations(&ctx, id, query).await?))
}

async fn create_allocations(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<NodeId>,
    extract::Json(input): extract::Json<AllocationsInput>,
) -> Created<AllocationsCreated> {
    Ok(created(edge.app().create_allocations(&ctx, id, input).await?))
}

async fn delete_allocation(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<AllocationId>,
) -> Done {
    edge.app().delete_allocation(&ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
