//! What plugins are asked beside a game. The work is done in tasks of the server and not in its mailbox: an action may wait
//! for its game for minutes, and nothing else may wait for that.

use super::{
    Refused,
    routes::{Body, Id, known},
};
use crate::{
    failure::NotDone,
    node::Node,
    server::{hand::Hand, refusal},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use gantry_host::Part;
use gantry_protocol::{
    ActionReport, ActionRequest, BroadcastRequest, QuietRequest, Refusal, RefusalCode, RunRequest, RunStarted,
};
use gantry_types::{ScheduleId, ServerId, action::Availability, page::Block, problem::Code, server::Setting};

/// The largest page of a plugin, as it goes over the link.
const PAGE_BYTES: usize = 512 << 10;

type Report = Result<Json<ActionReport>, Refused>;

pub(super) async fn perform(
    State(node): State<Node>,
    Path((id, action)): Path<(ServerId, String)>,
    Body(asked): Body<ActionRequest>,
) -> Report {
    let ActionRequest { form, secrets, actor, available } = asked;
    let is_secret = |one: &&Setting| secrets.as_ref().is_none_or(|secrets| secrets.contains(&one.key));
    let secret = form.iter().filter(is_secret).map(|one| one.value.clone()).collect();
    let deed = move |hand: Hand| async move { report(hand.act(&action, &form, secret, &actor).await) };
    known(&node, id)?.with_hand(available, deed).await
}

pub(super) async fn broadcast(
    State(node): State<Node>,
    Id(id): Id,
    Body(asked): Body<BroadcastRequest>,
) -> Report {
    let deed = move |hand: Hand| async move { report(hand.broadcast(&asked.text, &asked.actor).await) };
    known(&node, id)?.with_hand(Availability::Running, deed).await
}

pub(super) async fn quiesce(State(node): State<Node>, Id(id): Id, Body(asked): Body<QuietRequest>) -> Report {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(|failure| refused(failure.into()))?;
        let (call, context) = (hand.call(&plugin), hand.context());
        let effects = hand.ask(plugin.quiesce(&call, &context)).await.map_err(refused)?;
        report(hand.carry_out(effects, &asked.actor).await)
    };
    known(&node, id)?.with_hand(Availability::Running, deed).await
}

pub(super) async fn resume(State(node): State<Node>, Id(id): Id, Body(asked): Body<QuietRequest>) -> Report {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(|failure| refused(failure.into()))?;
        let (call, context) = (hand.call(&plugin), hand.context());
        let effects = hand.ask(plugin.resume(&call, &context)).await.map_err(refused)?;
        report(hand.carry_out(effects, &asked.actor).await)
    };
    known(&node, id)?.with_hand(Availability::Running, deed).await
}

pub(super) async fn run_schedule(
    State(node): State<Node>,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
    Body(asked): Body<RunRequest>,
) -> Result<(StatusCode, Json<RunStarted>), Refused> {
    known(&node, id)?;
    let run = node.shared().schedules.run(id, schedule, asked.actor).await?;
    Ok((StatusCode::ACCEPTED, Json(RunStarted { run })))
}

pub(super) async fn call_off_schedule(
    State(node): State<Node>,
    Path((id, schedule)): Path<(ServerId, ScheduleId)>,
    Body(asked): Body<RunRequest>,
) -> Result<StatusCode, Refused> {
    known(&node, id)?;
    node.shared().schedules.call_off(id, schedule, asked.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn tab(
    State(node): State<Node>,
    Path((id, tab)): Path<(ServerId, String)>,
) -> Result<Json<Vec<Block>>, Refused> {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(|failure| refused(failure.into()))?;
        if !plugin.has(Part::Tabs) {
            return Err(refusal(RefusalCode::PluginRefused, "this game's plugin has no pages").into());
        }
        let (call, context) = (hand.call(&plugin), hand.context());
        let blocks = hand.ask(plugin.render_tab(&call, &context, &tab)).await.map_err(refused)?;
        if serde_json::to_vec(&blocks).map_or(true, |page| page.len() > PAGE_BYTES) {
            let why = format!("the page has more than {} KiB", PAGE_BYTES >> 10);
            return Err(refusal(RefusalCode::PluginRefused, why).into());
        }
        Ok(Json(blocks))
    };
    known(&node, id)?.with_hand(Availability::Always, deed).await
}

fn report(done: Result<Vec<String>, NotDone>) -> Report {
    done.map(|messages| Json(ActionReport { messages })).map_err(refused)
}

fn refused(NotDone { failure, retry_after }: NotDone) -> Refused {
    let code = match failure.code.as_str() {
        "not_running" => RefusalCode::NotRunning,
        "no_commands" => RefusalCode::NoCommands,
        code if code == Code::PluginFailed.as_str() => RefusalCode::PluginFailed,
        code if code == Code::PluginOnHold.as_str() => RefusalCode::PluginOnHold,
        code if code == Code::Overloaded.as_str() => RefusalCode::PluginBusy,
        _ => RefusalCode::PluginRefused,
    };
    let retry_after_ms = retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    Refusal { retry_after_ms, ..refusal(code, failure.message) }.into()
}
