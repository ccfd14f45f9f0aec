//! What plugins are asked beside a game. The work is done in tasks of the server and not in its mailbox: an action may wait
//! for its game for minutes, and nothing else may wait for that.

use super::{
    Refused,
    routes::{Body, Id, known},
};
use crate::{
    failure::of_call,
    node::Node,
    server::{hand::Hand, refusal},
};
use axum::{
    Json,
    extract::{Path, State},
};
use gantry_host::{CallError, Part};
use gantry_protocol::{ActionReport, ActionRequest, BroadcastRequest, QuietRequest, RefusalCode};
use gantry_types::{ServerId, operation::OperationFailure, page::Block, problem::Code};

type Report = Result<Json<ActionReport>, Refused>;

pub(super) async fn perform(
    State(node): State<Node>,
    Path((id, action)): Path<(ServerId, String)>,
    Body(asked): Body<ActionRequest>,
) -> Report {
    let ActionRequest { form, actor } = asked;
    let deed = move |hand: Hand| async move { report(hand.act(&action, &form, &actor).await) };
    known(&node, id)?.with_hand(deed).await
}

pub(super) async fn broadcast(
    State(node): State<Node>,
    Id(id): Id,
    Body(asked): Body<BroadcastRequest>,
) -> Report {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(refused)?;
        let effects = plugin.broadcast(&hand.call(&plugin), &hand.context(), &asked.text).await;
        report(hand.carry_out(effects.map_err(said_no)?, &asked.actor).await)
    };
    known(&node, id)?.with_hand(deed).await
}

pub(super) async fn quiesce(State(node): State<Node>, Id(id): Id, Body(asked): Body<QuietRequest>) -> Report {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(refused)?;
        let effects = plugin.quiesce(&hand.call(&plugin), &hand.context()).await.map_err(said_no)?;
        report(hand.carry_out(effects, &asked.actor).await)
    };
    known(&node, id)?.with_hand(deed).await
}

pub(super) async fn resume(State(node): State<Node>, Id(id): Id, Body(asked): Body<QuietRequest>) -> Report {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(refused)?;
        let effects = plugin.resume(&hand.call(&plugin), &hand.context()).await.map_err(said_no)?;
        report(hand.carry_out(effects, &asked.actor).await)
    };
    known(&node, id)?.with_hand(deed).await
}

pub(super) async fn tab(
    State(node): State<Node>,
    Path((id, tab)): Path<(ServerId, String)>,
) -> Result<Json<Vec<Block>>, Refused> {
    let deed = move |hand: Hand| async move {
        let plugin = hand.plugin().await.map_err(refused)?;
        if !plugin.has(Part::Tabs) {
            return Err(refusal(RefusalCode::PluginRefused, "this game's plugin has no pages").into());
        }
        let blocks = plugin.render_tab(&hand.call(&plugin), &hand.context(), &tab).await;
        Ok(Json(blocks.map_err(said_no)?))
    };
    known(&node, id)?.with_hand(deed).await
}

fn report(done: Result<Vec<String>, OperationFailure>) -> Report {
    done.map(|messages| Json(ActionReport { messages })).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err hands over")]
fn said_no(error: CallError) -> Refused {
    refused(of_call(&error))
}

fn refused(failure: OperationFailure) -> Refused {
    let code = match failure.code.as_str() {
        "not_running" => RefusalCode::NotRunning,
        "no_commands" => RefusalCode::NoCommands,
        code if code == Code::PluginFailed.as_str() => RefusalCode::PluginFailed,
        _ => RefusalCode::PluginRefused,
    };
    refusal(code, failure.message).into()
}
