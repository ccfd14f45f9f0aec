//! Whether somebody who has something under way may still have it: asked again at news of rights, and from time to time.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    rights::{RightsChange, RightsNews},
};
use gantry_auth::Actor;
use gantry_types::{ServerId, permission::Permission};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is asked without news.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// One person's right at one server, from the moment in which `news` began.
pub(crate) struct Standing {
    app: App,
    actor: Actor,
    server: ServerId,
    right: Permission,
    news: RightsNews,
    look_at: Instant,
}

impl Standing {
    pub(crate) fn new(app: &App, ctx: &OpCtx, server: ServerId, right: Permission, news: RightsNews) -> Self {
        let look_at = Instant::now() + LOOK_EVERY;
        Self { app: app.clone(), actor: ctx.actor.clone(), server, right, news, look_at }
    }

    /// Answers once the session or the right is gone, and why. To be awaited to its end, or not any more at all.
    pub(crate) async fn ended(&mut self) -> AppError {
        loop {
            self.doubt().await;
            if let Err(why) = self.ask().await {
                return why;
            }
        }
    }

    /// Ends when there is a reason to ask again. Safe to cancel.
    pub(crate) async fn doubt(&mut self) {
        loop {
            let change = tokio::select! {
                () = tokio::time::sleep_until(self.look_at) => return,
                change = self.news.next() => change,
            };
            let concerned = match change {
                RightsChange::User(user) => user == self.actor.user_id,
                RightsChange::Session(session) => session == self.actor.session_id,
                RightsChange::Server(server) => server == self.server,
                RightsChange::Everything => true,
            };
            if concerned {
                return;
            }
        }
    }

    /// What cannot be found out is a no.
    pub(crate) async fn ask(&mut self) -> Answer<()> {
        self.look_at = Instant::now() + LOOK_EVERY;
        let actor = self.app.present_actor(&self.actor).await?;
        let access = self.app.db().as_user(&actor).await?.server_access(&actor, self.server).await?;
        self.actor = actor;
        Ok(access.require(self.right)?)
    }
}
