//! Game servers: intent, state, variables, power, addresses.

use super::{Answer, Created, Taken, created, taken};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    guard::Preset,
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{
        Accepted, EndpointView, HoldInput, Page, PowerInput, PreviewQuery, PreviewView,
        ServerAllocationInput, ServerCreated, ServerInput, ServerUpdate, ServerView, ServersQuery,
        VariablesInput, VariablesView,
    },
};
use axum::{Json, extract::State, response::IntoResponse};
use gantry_types::{AllocationId, ServerId, permission::Permission, problem::Code, units::Limits};
use http::header;

const POWER: &[Permission] =
    &[Permission::PowerStart, Permission::PowerStop, Permission::PowerRestart, Permission::PowerKill];

pub(super) fn routes() -> Vec<Route> {
    let mut routes = whole();
    routes.extend(parts());
    routes.extend(addresses());
    routes
}

fn whole() -> Vec<Route> {
    vec![
        Route::get(
            "/api/servers",
            "listServers",
            "Servers that one may see, by name",
            Requirement::SignedIn,
            list,
        )
        .query::<ServersQuery>()
        .pages::<ServerView>(),
        Route::post(
            "/api/servers",
            "createServer",
            "Records a server and begins to install it",
            Requirement::SignedIn,
            create,
        )
        .details("The plugin looks up what its plan needs first; where that fails nothing is recorded.")
        .idempotent()
        .patient()
        .takes::<ServerInput>()
        .status(201)
        .answers::<ServerCreated>()
        .fails(&[
            Code::Forbidden,
            Code::NotFound,
            Code::NoFreeAllocation,
            Code::AllocationTaken,
            Code::CapacityExceeded,
            Code::AllowanceExceeded,
            Code::LookUpFailed,
            Code::PluginFailed,
        ]),
        Route::post(
            "/api/servers/preview",
            "previewServer",
            "What creating a server would do, without doing it",
            Requirement::SignedIn,
            preview,
        )
        .query::<PreviewQuery>()
        .takes::<ServerInput>()
        .answers::<PreviewView>()
        .patient()
        .fails(&[Code::Forbidden, Code::NotFound, Code::PluginFailed]),
        Route::get(
            "/api/servers/{id}",
            "server",
            "One server",
            Requirement::Server(Permission::ServerRead),
            show,
        )
        .answers::<ServerView>(),
        Route::patch(
            "/api/servers/{id}",
            "updateServer",
            "Changes name or description",
            Requirement::Server(Permission::ServerUpdate),
            update,
        )
        .takes::<ServerUpdate>()
        .answers::<ServerView>(),
        Route::delete(
            "/api/servers/{id}",
            "deleteServer",
            "Deletes the server and its files",
            Requirement::Server(Permission::ServerDelete),
            delete,
        )
        .preset(Preset::Power)
        .idempotent()
        .status(202)
        .answers::<Accepted>()
        .fails(&[Code::OperationInProgress]),
    ]
}

fn parts() -> Vec<Route> {
    vec![
        Route::get(
            "/api/servers/{id}/variables",
            "serverVariables",
            "The server's variables with their values",
            Requirement::Server(Permission::VariablesRead),
            variables,
        )
        .details("Values of secrets are never shown.")
        .answers::<VariablesView>(),
        Route::patch(
            "/api/servers/{id}/variables",
            "updateVariables",
            "Changes variables",
            Requirement::Server(Permission::VariablesUpdate),
            update_variables,
        )
        .takes::<VariablesInput>()
        .answers::<VariablesView>()
        .fails(&[Code::PluginFailed]),
        Route::patch(
            "/api/servers/{id}/limits",
            "updateLimits",
            "Changes what the server may use",
            Requirement::Administrator,
            update_limits,
        )
        .takes::<Limits>()
        .answers::<ServerView>()
        .fails(&[Code::NotFound, Code::CapacityExceeded, Code::AllowanceExceeded]),
        Route::put(
            "/api/servers/{id}/hold",
            "holdServer",
            "Suspends the server: it stops and does not start",
            Requirement::Administrator,
            hold,
        )
        .takes::<HoldInput>()
        .answers::<ServerView>()
        .fails(&[Code::NotFound]),
        Route::delete(
            "/api/servers/{id}/hold",
            "releaseServer",
            "Ends the suspension",
            Requirement::Administrator,
            release,
        )
        .answers::<ServerView>()
        .fails(&[Code::NotFound]),
        Route::post(
            "/api/servers/{id}/power",
            "powerServer",
            "Starts, stops, restarts or kills the server",
            Requirement::ServerOneOf(POWER),
            power,
        )
        .preset(Preset::Power)
        .idempotent()
        .takes::<PowerInput>()
        .status(202)
        .answers::<Accepted>()
        .fails(&[
            Code::OperationInProgress,
            Code::ServerHeld,
            Code::NodeDraining,
            Code::NotInstalled,
            Code::Conflict,
        ]),
        Route::post(
            "/api/servers/{id}/reinstall",
            "reinstallServer",
            "Installs the game again",
            Requirement::Server(Permission::ServerReinstall),
            reinstall,
        )
        .details("The plugin looks up what its plan needs first; where that fails the server stays as it is.")
        .preset(Preset::Power)
        .idempotent()
        .patient()
        .status(202)
        .answers::<Accepted>()
        .fails(&[
            Code::OperationInProgress,
            Code::ServerHeld,
            Code::NodeDraining,
            Code::Conflict,
            Code::LookUpFailed,
            Code::PluginFailed,
        ]),
    ]
}

fn addresses() -> Vec<Route> {
    let update = Requirement::Server(Permission::AllocationsUpdate);
    vec![
        Route::get(
            "/api/servers/{id}/allocations",
            "serverAllocations",
            "The server's addresses",
            Requirement::Server(Permission::AllocationsRead),
            allocations,
        )
        .pages::<EndpointView>(),
        Route::post(
            "/api/servers/{id}/allocations",
            "addServerAllocation",
            "Gives the server a further address",
            update,
            add_allocation,
        )
        .details("Answers with all addresses of the server.")
        .takes::<ServerAllocationInput>()
        .status(201)
        .pages::<EndpointView>()
        .fails(&[Code::AllocationTaken, Code::NoFreeAllocation]),
        Route::delete(
            "/api/servers/{id}/allocations/{allocationId}",
            "removeServerAllocation",
            "Takes an address away that no endpoint needs",
            update,
            remove_allocation,
        )
        .details("Answers with the addresses that the server keeps.")
        .pages::<EndpointView>()
        .fails(&[Code::InUse]),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<ServersQuery>,
) -> Result<impl IntoResponse, EdgeError> {
    let page = edge.app().list_servers(&ctx, query).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], page.into_json()))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    extract::Json(input): extract::Json<ServerInput>,
) -> Created<ServerCreated> {
    Ok(created(edge.app().create_server(&ctx, input).await?))
}

async fn preview(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(query): Query<PreviewQuery>,
    extract::Json(input): extract::Json<ServerInput>,
) -> Answer<PreviewView> {
    Ok(Json(edge.app().preview_server(&ctx, query, input).await?))
}

async fn show(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<ServerId>) -> Answer<ServerView> {
    Ok(Json(edge.app().server(&ctx, id).await?))
}

async fn update(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<ServerUpdate>,
) -> Answer<ServerView> {
    Ok(Json(edge.app().update_server(&ctx, id, input).await?))
}

async fn delete(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<ServerId>) -> Taken {
    Ok(taken(edge.app().delete_server(&ctx, id).await?))
}

async fn variables(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<VariablesView> {
    Ok(Json(edge.app().server_variables(&ctx, id).await?))
}

async fn update_variables(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<VariablesInput>,
) -> Answer<VariablesView> {
    Ok(Json(edge.app().update_variables(&ctx, id, input).await?))
}

async fn update_limits(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<Limits>,
) -> Answer<ServerView> {
    Ok(Json(edge.app().update_limits(&ctx, id, input).await?))
}

async fn hold(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<HoldInput>,
) -> Answer<ServerView> {
    Ok(Json(edge.app().hold_server(&ctx, id, input).await?))
}

async fn release(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<ServerView> {
    Ok(Json(edge.app().release_server(&ctx, id).await?))
}

async fn power(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<PowerInput>,
) -> Taken {
    Ok(taken(edge.app().power_server(&ctx, id, input).await?))
}

async fn reinstall(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<ServerId>) -> Taken {
    Ok(taken(edge.app().reinstall_server(&ctx, id).await?))
}

async fn allocations(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<Page<EndpointView>> {
    Ok(Json(edge.app().server_allocations(&ctx, id).await?))
}

async fn add_allocation(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<ServerAllocationInput>,
) -> Created<Page<EndpointView>> {
    Ok(created(edge.app().add_server_allocation(&ctx, id, input).await?))
}

async fn remove_allocation(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, allocation)): Path<(ServerId, AllocationId)>,
) -> Answer<Page<EndpointView>> {
    Ok(Json(edge.app().remove_server_allocation(&ctx, id, allocation).await?))
}
