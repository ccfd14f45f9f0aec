//! What is done to a server at certain times.

use super::{Answer, Done, created};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path, Query},
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{
        Page, PageQuery, ScheduleInput, ScheduleRunStartedView, ScheduleTimesQuery, ScheduleTimesView,
        ScheduleUpdate, ScheduleView,
    },
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use gantry_types::{ScheduleId, ServerId, permission::Permission, problem::Code, schedule::ScheduleRun};
use http::StatusCode;

/// What writing steps may run into: they are checked with the game's plugin.
const WRITING: &[Code] =
    &[Code::Conflict, Code::NameTaken, Code::PluginFailed, Code::PluginOnHold, Code::Overloaded];

pub(super) fn routes() -> Vec<Route> {
    let all = "/api/servers/{id}/schedules";
    let one = "/api/servers/{id}/schedules/{scheduleId}";
    let read = Requirement::Server(Permission::SchedulesRead);
    let update = Requirement::Server(Permission::SchedulesUpdate);
    vec![
        Route::get("/api/schedules/times", "scheduleTimes", "What a cron expression says, and when it is due next", Requirement::SignedIn, times)
            .query::<ScheduleTimesQuery>()
            .answers::<ScheduleTimesView>(),
        Route::get(all, "listSchedules", "What is done to the server at certain times", read, list)
            .details("Forms of plugins' actions are shown without their secrets.")
            .pages::<ScheduleView>(),
        Route::post(all, "createSchedule", "Adds a schedule", Requirement::Server(Permission::SchedulesCreate), create)
            .details("The server's node follows it by itself, also while it cannot be reached. Whoever writes a schedule needs the right for each of its steps.")
            .idempotent()
            .takes::<ScheduleInput>()
            .status(201)
            .answers::<ScheduleView>()
            .fails(&[WRITING, &[Code::InUse]].concat()),
        Route::get(one, "getSchedule", "One schedule", read, get).answers::<ScheduleView>(),
        Route::patch(one, "updateSchedule", "Changes a schedule", update, change)
            .details("Whoever changes what it does or when, or switches it on, needs the right for each of its steps.")
            .takes::<ScheduleUpdate>()
            .answers::<ScheduleView>()
            .fails(WRITING),
        Route::delete(one, "deleteSchedule", "Deletes a schedule", Requirement::Server(Permission::SchedulesDelete), delete)
            .details("One that is being followed ends where it is.")
            .status(204),
        Route::post("/api/servers/{id}/schedules/{scheduleId}/run", "runSchedule", "Has a schedule followed now", update, run)
            .details("Whatever the time is, whether it is on or off, and in whichever state the server is. It goes on by itself.")
            .status(202)
            .answers::<ScheduleRunStartedView>()
            .fails(&[Code::Conflict, Code::ServerHeld, Code::NotInstalled, Code::OperationInProgress, Code::NodeUnreachable, Code::DeadlineExceeded]),
        Route::post("/api/servers/{id}/schedules/{scheduleId}/call-off", "callOffSchedule", "Ends the run of a schedule where it is", update, call_off)
            .details("What its step began goes on: a server that is being started starts.")
            .status(204)
            .fails(&[Code::Conflict, Code::NodeUnreachable, Code::DeadlineExceeded]),
        Route::get("/api/servers/{id}/schedules/{scheduleId}/runs", "listScheduleRuns", "How a schedule was followed, latest first", read, runs)
            .query::<PageQuery>()
            .pages::<ScheduleRun>(),
    ]
}

async fn times(Query(query): Query<ScheduleTimesQuery>) -> Answer<ScheduleTimesView> {
    Ok(Json(gantry_app::schedule_times(query).await?))
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<Page<ScheduleView>> {
    Ok(Json(edge.app().list_schedules(&ctx, id).await?))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<ScheduleInput>,
) -> Result<Response, EdgeError> {
    Ok(created(edge.app().create_schedule(&ctx, id, input).await?).into_response())
}

async fn get(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
) -> Answer<ScheduleView> {
    Ok(Json(edge.app().schedule(&ctx, id, schedule).await?))
}

async fn change(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
    extract::Json(update): extract::Json<ScheduleUpdate>,
) -> Answer<ScheduleView> {
    Ok(Json(edge.app().update_schedule(&ctx, id, schedule, update).await?))
}

async fn delete(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
) -> Done {
    edge.app().delete_schedule(&ctx, id, schedule).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn run(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
) -> Result<(StatusCode, Json<ScheduleRunStartedView>), EdgeError> {
    Ok((StatusCode::ACCEPTED, Json(edge.app().run_schedule(&ctx, id, schedule).await?)))
}

async fn call_off(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
) -> Done {
    edge.app().call_off_schedule(&ctx, id, schedule).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn runs(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<ScheduleRun>> {
    Ok(Json(edge.app().schedule_runs(&ctx, id, schedule, page).await?))
}
