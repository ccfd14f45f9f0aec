//! What a game's plugin lets people do beyond power, and messages to everybody who plays.
//!
//! The plugin says here what it offers, for it is pure; what it does, it does on the node, beside the game. So the form is
//! checked against the offer of this very moment, and the wish stands in the audit log before the node is asked: what was
//! typed as a secret by its key alone. Where the node or the plugin says no, a line of its own says that too.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{ActionInput, BroadcastInput},
    plugins::AskedFor,
    servers::{context, settings},
    standing::Standing,
    transfers::Transfer,
    views::{ActionDoneView, OfferedActionView, OfferedActionsView, PossibleView},
};
use gantry_auth::rights;
use gantry_domain::{
    actions::{self, NotPossible},
    audit::AuditEntry,
    plugins::OfferedBlueprint,
    problem,
    servers::Server,
    variables::{self, StoredValue, Values},
};
use gantry_nodes::{NodeClient, NodeError};
use gantry_protocol::{ActionReport, ActionRequest, BroadcastRequest};
use gantry_types::unsaid::Unsaid;
use gantry_types::{
    ServerId,
    action::{Availability, ServerAction},
    blueprint::{Audience, FieldProblem},
    permission::Permission,
    problem::Code,
    server::{ServerContext, Setting},
};
use serde_json::{Value, json};

/// Longest message to players, in characters.
const MAX_TEXT: usize = 256;
/// All answers of one form together, in bytes as they go to the node.
const MAX_FORM: usize = 48 * 1024;
/// Characters of one answer that the audit log keeps.
const TOLD: usize = 200;

/// What an action has while the node works on it.
struct UnderWay {
    standing: Standing,
    place: Transfer,
    /// Nobody is told these, whatever is said of it.
    unsaid: Unsaid,
}

/// What somebody asks of the node, as the audit log tells it.
struct Wish {
    asked: &'static str,
    refused: &'static str,
    about: Value,
}

impl Wish {
    fn action(action: &ServerAction, values: &[StoredValue]) -> Self {
        let form: serde_json::Map<_, _> =
            values.iter().map(|value| (value.key.clone(), json!(told(value)))).collect();
        let about = json!({ "title": action.title, "id": action.id, "form": form });
        Self { asked: "action.perform", refused: "action.refused", about }
    }

    fn broadcast(text: &str) -> Self {
        Self { asked: "broadcast.send", refused: "broadcast.refused", about: json!({ "text": text }) }
    }

    fn entry(&self, ctx: &OpCtx, server: ServerId) -> AuditEntry {
        AuditEntry::server(self.asked, server, ctx.origin.clone()).after(self.about.clone())
    }

    fn no(mut self, ctx: &OpCtx, server: ServerId, why: &str) -> AuditEntry {
        if let Value::Object(about) = &mut self.about {
            about.insert("reason".to_owned(), json!(why));
        }
        AuditEntry::server(self.refused, server, ctx.origin.clone()).after(self.about)
    }
}

fn told(value: &StoredValue) -> String {
    if value.secret {
        return "(secret)".to_owned();
    }
    let mut text: String = value.value.chars().take(TOLD).collect();
    if text.len() < value.value.len() {
        text.push('\u{2026}');
    }
    text
}

impl App {
    /// What the server's plugin offers the caller, and whether it is possible at this moment.
    pub async fn server_actions(&self, ctx: &OpCtx, id: ServerId) -> Answer<OfferedActionsView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::ActionsUse).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let given = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let who = access.audience()?;
        let possible = |available| possible(actions::check_offered(self.situation(&server), available));
        let view = |action: ServerAction| OfferedActionView {
            possible: possible(action.available),
            action: answerable(action, who),
        };
        let items = self.offer(&server, &offered, &given, who).await?.into_iter().map(view).collect();
        let can = self.components().can_broadcast(self.db(), &offered).await?;
        let broadcast = can.then(|| possible(Availability::Running));
        Ok(OfferedActionsView { items, broadcast })
    }

    /// Has an action done, and tells what came of it.
    pub async fn perform_action(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        action: &str,
        input: ActionInput,
    ) -> Answer<ActionDoneView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::ActionsUse).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let given = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let who = access.audience()?;
        let mut offer = self.offer(&server, &offered, &given, who).await?.into_iter();
        let action = offer.find(|one| one.id == action).ok_or_else(|| AppError::not_found("action"))?;
        actions::check_offered(self.situation(&server), action.available)?;
        let answers = answers(&action, &input.form, who)?;
        let wish = Wish::action(&action, &answers);
        let of_form = answers.iter().filter(|one| one.secret).map(|one| one.value.as_str());
        let unsaid = Unsaid::new(of_form.chain(secret_values(&offered, &values)));
        let secrets = answers.iter().filter(|one| one.secret).map(|one| one.key.clone()).collect();
        let form = answers.into_iter().map(|one| Setting { key: one.key, value: one.value }).collect();
        let (secrets, actor) = (Some(secrets), ctx.actor.name.clone());
        let request = ActionRequest { form, secrets, actor, available: action.available };
        if serde_json::to_vec(&request.form).map_or(true, |form| form.len() > MAX_FORM) {
            let remedy = format!("Use {} KiB for all fields together.", MAX_FORM / 1024);
            return Err(problem("form", "The answers are too long.", remedy).into());
        }
        let (client, under_way) = self.written_down(ctx, id, action.available, &wish, unsaid).await?;
        let done = async move { client.perform_action(id, &action.id, &request).await };
        self.awaited(ctx, id, wish, under_way, done).await
    }

    /// Tells everybody who plays.
    pub async fn broadcast(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        input: BroadcastInput,
    ) -> Answer<ActionDoneView> {
        let (mut tx, _, server) = self.server_with(ctx, id, Permission::ActionsUse).await?;
        let text = message(&input.text)?;
        let (offered, values) = settings(&mut tx, &server).await?;
        drop(tx);
        if !self.components().can_broadcast(self.db(), &offered).await? {
            return Err(AppError::refused(
                Code::Conflict,
                "This game's plugin cannot tell players anything.",
            ));
        }
        let wish = Wish::broadcast(&text);
        let unsaid = Unsaid::new(secret_values(&offered, &values));
        let (client, under_way) = self.written_down(ctx, id, Availability::Running, &wish, unsaid).await?;
        let request = BroadcastRequest { text, actor: ctx.actor.name.clone() };
        let done = async move { client.broadcast(id, &request).await };
        self.awaited(ctx, id, wish, under_way, done).await
    }

    /// What is for somebody of this standing.
    pub(crate) async fn offer(
        &self,
        server: &Server,
        offered: &OfferedBlueprint,
        given: &ServerContext,
        who: Audience,
    ) -> Answer<Vec<ServerAction>> {
        let offer = self.components().actions(self.db(), offered, given).await;
        let asked = AskedFor { server: Some((server.id, &server.name)) };
        let mut offer = self.heard(offered, asked, offer).await?;
        offer.retain(|action| variables::may(who, action.audience));
        Ok(offer)
    }

    /// Weighs rights and state again, for the plugin was asked meanwhile. From here on the wish stands in the audit log.
    async fn written_down(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        available: Availability,
        wish: &Wish,
        unsaid: Unsaid,
    ) -> Answer<(NodeClient, UnderWay)> {
        // Listening begins before the rights are read, so that no change falls between the two.
        let news = self.rights().listen();
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::ActionsUse).await?;
        access.grant::<rights::ActionsUse>()?;
        actions::check_offered(self.situation(&server), available)?;
        let client = self.client(server.node.id)?;
        let place = self.waiting_actions().begin(server.node.id, ctx.actor.user_id)?;
        tx.audit(wish.entry(ctx, id));
        tx.commit().await?;
        let standing = Standing::new(self, ctx, id, Permission::ActionsUse, news);
        Ok((client, UnderWay { standing, place, unsaid }))
    }

    /// Waits for the node, whether whoever asked still listens or not: what was begun is not left half done, and the place is
    /// theirs until it has ended. A right that ends does end it: the node goes on for as long as this waits.
    async fn awaited(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        wish: Wish,
        under_way: UnderWay,
        done: impl Future<Output = Result<ActionReport, NodeError>> + Send + 'static,
    ) -> Answer<ActionDoneView> {
        let (app, ctx) = (self.clone(), ctx.clone());
        let whole = tokio::spawn(async move {
            let UnderWay { mut standing, place, unsaid } = under_way;
            let done = tokio::select! {
                done = done => done,
                why = standing.ended() => {
                    let mut tx = app.db().as_user(&ctx.actor).await?;
                    tx.audit(wish.no(&ctx, id, "It was ended: whoever asked for it may no longer do so."));
                    tx.commit().await?;
                    return Err(why);
                }
            };
            drop(place);
            app.renderings().forget(id);
            let done = match done {
                Ok(report) => {
                    let messages = report.messages.into_iter().map(|text| unsaid.out_of(text)).collect();
                    Ok(ActionReport { messages })
                }
                Err(NodeError::Refused(mut refusal)) => {
                    refusal.message = unsaid.out_of(refusal.message);
                    Err(NodeError::Refused(refusal))
                }
                other => other,
            };
            app.report(&ctx, id, wish, done).await
        });
        whole.await.map_err(|_| AppError::Broken("an action was not awaited"))?
    }

    async fn report(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        wish: Wish,
        done: Result<ActionReport, NodeError>,
    ) -> Answer<ActionDoneView> {
        if let Err(NodeError::Refused(refusal)) = &done {
            let mut tx = self.db().as_user(&ctx.actor).await?;
            tx.audit(wish.no(ctx, id, &refusal.message));
            tx.commit().await?;
        }
        Ok(ActionDoneView { messages: done?.messages })
    }
}

/// What the server's own secrets are; the plugin knows them too.
pub(crate) fn secret_values<'a>(
    offered: &OfferedBlueprint,
    values: &'a Values,
) -> impl Iterator<Item = &'a str> {
    let secrets = variables::secrets(&offered.blueprint.variables);
    values.iter().filter(move |(key, _)| secrets.contains(key)).map(|(_, value)| value.as_str())
}

pub(crate) fn possible(checked: Result<(), NotPossible>) -> PossibleView {
    let (code, reason) = checked.err().map(|no| (no.code, no.reason)).unzip();
    PossibleView { allowed: code.is_none(), code, reason }
}

/// The action with the questions that somebody of this standing may answer; the others have their defaults.
fn answerable(mut action: ServerAction, who: Audience) -> ServerAction {
    action.form.retain(|question| variables::may(who, question.editable));
    action
}

/// The whole form: what was given, and defaults. Unknown keys and wrong values are told by field.
pub(crate) fn answers(action: &ServerAction, given: &Values, who: Audience) -> Answer<Vec<StoredValue>> {
    let under_form = |problem: FieldProblem| FieldProblem { key: format!("form.{}", problem.key), ..problem };
    variables::complete(&action.form, given, who)
        .map_err(|problems| AppError::fields_of(problems.into_iter().map(under_form).collect()))
}

/// One line to players.
pub(crate) fn message(text: &str) -> Answer<String> {
    let text = text.trim();
    let say = |what: &str, remedy: String| Err(problem("text", what, remedy).into());
    match text.chars().count() {
        0 => say("The message is empty.", "Write what players are to read.".to_owned()),
        1..=MAX_TEXT if text.chars().any(gantry_types::names::leaves_line) => {
            say("A message is one plain line.", "Remove line breaks and control characters.".to_owned())
        }
        1..=MAX_TEXT => Ok(text.to_owned()),
        count => {
            say("The message is too long.", format!("It has {count} characters; use {MAX_TEXT} at most."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(value: &str, secret: bool) -> StoredValue {
        StoredValue { key: "key".to_owned(), value: value.to_owned(), secret }
    }

    #[test]
    fn the_log_hears_of_a_secret_that_it_was_given_and_of_a_long_answer_its_beginning() {
        assert_eq!(told(&value("hunter2", true)), "(secret)");
        assert_eq!(told(&value("oa_dm1", false)), "oa_dm1");
        assert_eq!(told(&value(&"x".repeat(TOLD + 1), false)).chars().count(), TOLD + 1);
    }

    #[test]
    fn a_message_is_one_line_of_some_length() {
        assert_eq!(message(" Back in five \n").unwrap(), "Back in five");
        for bad in
            ["", "  ", "one\ntwo", "bell \u{7}", "forged\rline", "one\u{2028}two", &"x".repeat(MAX_TEXT + 1)]
        {
            assert!(message(bad).is_err(), "{bad:?}");
        }
    }
}
