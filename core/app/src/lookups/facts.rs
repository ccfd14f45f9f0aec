//! Facts: what must be looked up before an installation can be planned.

use super::Asked;
use crate::{
    App,
    components::secrets,
    error::{Answer, AppError},
    lend::About,
    plugins::AskedFor,
};
use gantry_domain::plugins::OfferedBlueprint;
use gantry_host::{CallError, Part, Plugin, StopReason};
use gantry_types::server::{ServerContext, Setting};

impl App {
    /// Whether the plugin looks anything up before an installation.
    pub(crate) async fn looks_up(&self, offered: &OfferedBlueprint) -> Answer<bool> {
        Ok(self.components().parts(self.db(), offered).await?.has(Part::Facts))
    }

    /// What the plugin looks up for an installation of this server; nothing where it looks nothing up.
    ///
    /// For a server that is to be, what was found stands for a while, so that what was reviewed is what is installed.
    pub(crate) async fn facts(
        &self,
        offered: &OfferedBlueprint,
        server: &ServerContext,
        about: About,
        asked_for: AskedFor<'_>,
    ) -> Answer<Vec<Setting>> {
        if !self.looks_up(offered).await? {
            return Ok(Vec::new());
        }
        let plugin = self.components().plugin(self.db(), offered).await;
        let plugin = self.heard_of_plan(offered, asked_for, plugin).await?;
        let ask = self.resolve(&plugin, offered, server, about);
        let found = match about {
            About::Draft => self.lookups().facts.get(asked(offered, server)?, ask).await,
            About::Server(_) | About::Plugin => ask.await,
        };
        match &found {
            // Whoever waits for the world is not to blame for it.
            Err(AppError::LookUp { source: CallError::Stopped(stop), .. })
                if stop.reason != StopReason::WallTime =>
            {
                self.heard_of_plan(offered, asked_for, found).await
            }
            _ => self.heard(offered, asked_for, found).await,
        }
    }

    async fn resolve(
        &self,
        plugin: &Plugin,
        offered: &OfferedBlueprint,
        server: &ServerContext,
        about: About,
    ) -> Answer<Vec<Setting>> {
        let secrets = secrets(&offered.blueprint.variables, &server.settings);
        let call = self.lend(plugin, offered.plugin_id, about, secrets);
        let facts = plugin.facts(&call, server).await;
        facts.map_err(|source| AppError::LookUp { plugin: offered.plugin_name.clone(), source })
    }
}

fn asked(offered: &OfferedBlueprint, server: &ServerContext) -> Answer<Asked> {
    // Its name is the one thing that is typed and changes nothing that could be looked up.
    let anonymous = ServerContext { name: String::new(), settings: Vec::new(), ..server.clone() };
    let what = serde_json::to_string(&anonymous);
    Ok(Asked {
        digest: offered.digest.clone(),
        granted: offered.granted.clone(),
        what: what.map_err(|_| AppError::Broken("a server cannot be written"))?,
        settings: server.settings.clone(),
    })
}
