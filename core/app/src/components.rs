//! Plugins that are ready to be called, by the digest of their component.
//!
//! The bytes stand in the database; what is kept here can be dropped and loaded again at any time. One component is
//! loaded at a time, so a burst of requests for a fresh one loads it once.

use crate::error::{Answer, AppError};
use bytes::Bytes;
use gantry_domain::{plugins::OfferedBlueprint, variables};
use gantry_host::{CallContext, CallError, Grants, Host, Manifest, Part, Parts, Plugin};
use gantry_store::Db;
use gantry_types::{
    action::ServerAction,
    blueprint::{FieldProblem, Variable},
    page::{ConfigFile, Tab},
    plan::InstallPlan,
    server::{ServerContext, Setting},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Plugins that are kept ready; the one that was unused for longest makes way.
const READY: usize = 32;

pub(crate) struct Components {
    host: Host,
    ready: Mutex<Vec<Plugin>>,
    loading: tokio::sync::Mutex<()>,
}

impl Components {
    pub(crate) fn new(host: Host) -> Self {
        Self { host, ready: Mutex::default(), loading: tokio::sync::Mutex::default() }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// What a component says of itself and which parts it has; nothing of it is compiled.
    pub(crate) async fn look(&self, component: &Bytes, grants: &Grants) -> Answer<(Manifest, Parts)> {
        Ok(self.host.look(Arc::from(component.as_ref()), grants).await?)
    }

    /// Makes a plugin of bytes that nobody has accepted yet, and keeps nothing.
    pub(crate) async fn inspect(&self, component: &Bytes, grants: &Grants) -> Answer<Plugin> {
        Ok(self.host.load(Arc::from(component.as_ref()), grants).await?)
    }

    /// The plugin of an accepted component, with what it was granted.
    pub(crate) async fn plugin(&self, db: &Db, offered: &OfferedBlueprint) -> Answer<Plugin> {
        self.of_release(db, &offered.digest, &offered.granted).await
    }

    /// The plugin of an accepted release, with what that was granted.
    pub(crate) async fn of_release(&self, db: &Db, digest: &str, granted: &[String]) -> Answer<Plugin> {
        let grants = granted.iter().cloned().collect();
        if let Some(plugin) = self.ready(digest, &grants) {
            return Ok(plugin);
        }
        let _turn = self.loading.lock().await;
        if let Some(plugin) = self.ready(digest, &grants) {
            return Ok(plugin);
        }
        let component = db.as_system().await?.component(digest).await?;
        let plugin = self.host.load(Arc::from(component), &grants).await?;
        if plugin.digest() != digest {
            return Err(AppError::Broken(
                "a stored component does not have the digest that it is stored under",
            ));
        }
        self.keep(plugin.clone());
        Ok(plugin)
    }

    /// Which parts the plugin has; nothing is compiled to find out.
    pub(crate) async fn parts(&self, db: &Db, offered: &OfferedBlueprint) -> Answer<Parts> {
        let grants = offered.granted.iter().cloned().collect();
        if let Some(plugin) = self.ready(&offered.digest, &grants) {
            return Ok(plugin.parts());
        }
        let component = db.as_system().await?.component(&offered.digest).await?;
        Ok(self.look(&Bytes::from(component), &grants).await?.1)
    }

    fn ready(&self, digest: &str, grants: &Grants) -> Option<Plugin> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let at = ready.iter().position(|plugin| plugin.digest() == digest && plugin.grants() == grants)?;
        let plugin = ready.remove(at);
        ready.push(plugin.clone());
        Some(plugin)
    }

    pub(crate) fn keep(&self, plugin: Plugin) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.retain(|other| other.digest() != plugin.digest());
        if ready.len() >= READY {
            ready.remove(0);
        }
        ready.push(plugin);
    }

    /// What the plugin has to say about a server's variables as a whole.
    pub(crate) async fn validate(
        &self,
        db: &Db,
        offered: &OfferedBlueprint,
        server: &ServerContext,
    ) -> Answer<Vec<FieldProblem>> {
        let plugin = self.plugin(db, offered).await?;
        plugin
            .validate(&about(offered, server), server)
            .await
            .map_err(|source| failed(&offered.plugin_name, source))
    }

    /// What people can have done to a server beyond power; nothing where the plugin has no such part.
    pub(crate) async fn actions(
        &self,
        db: &Db,
        offered: &OfferedBlueprint,
        server: &ServerContext,
    ) -> Answer<Vec<ServerAction>> {
        let plugin = self.plugin(db, offered).await?;
        if !plugin.has(Part::Actions) {
            return Ok(Vec::new());
        }
        let actions = plugin.actions(&about(offered, server), server).await;
        actions.map_err(|source| failed(&offered.plugin_name, source))
    }

    /// The game's own files as forms; none where the plugin has no such part.
    pub(crate) async fn config_files(
        &self,
        db: &Db,
        offered: &OfferedBlueprint,
        server: &ServerContext,
    ) -> Answer<Vec<ConfigFile>> {
        let plugin = self.plugin(db, offered).await?;
        if !plugin.has(Part::ConfigFiles) {
            return Ok(Vec::new());
        }
        let files = plugin.config_files(&about(offered, server), server).await;
        files.map_err(|source| failed(&offered.plugin_name, source))
    }

    /// Pages that the plugin fills; none where it has no such part.
    pub(crate) async fn tabs(
        &self,
        db: &Db,
        offered: &OfferedBlueprint,
        server: &ServerContext,
    ) -> Answer<Vec<Tab>> {
        let plugin = self.plugin(db, offered).await?;
        if !plugin.has(Part::Tabs) {
            return Ok(Vec::new());
        }
        let tabs = plugin.tabs(&about(offered, server), server).await;
        tabs.map_err(|source| failed(&offered.plugin_name, source))
    }

    /// Whether the plugin knows how to tell everybody who plays.
    pub(crate) async fn can_broadcast(&self, db: &Db, offered: &OfferedBlueprint) -> Answer<bool> {
        Ok(self.plugin(db, offered).await?.has(Part::Quiescing))
    }

    /// What installing would do.
    pub(crate) async fn install_plan(
        &self,
        db: &Db,
        offered: &OfferedBlueprint,
        server: &ServerContext,
    ) -> Answer<InstallPlan> {
        let plugin = self.plugin(db, offered).await?;
        let plan = plugin.install_plan(&about(offered, server), server).await;
        plan.map_err(|source| failed(&offered.plugin_name, source))
    }
}

/// A call that is told nothing secret.
pub(crate) fn context(granted: &[String]) -> CallContext {
    CallContext::traced(granted.iter().cloned().collect()).kept(Arc::new(Vec::new()))
}

/// A call about a server with its settings, secrets among them.
fn about(offered: &OfferedBlueprint, server: &ServerContext) -> CallContext {
    let secrets = secrets(&offered.blueprint.variables, &server.settings);
    context(&offered.granted).kept(Arc::new(secrets))
}

/// The values of secret variables.
pub(crate) fn secrets(variables: &[Variable], settings: &[Setting]) -> Vec<String> {
    let keys = variables::secrets(variables);
    settings.iter().filter(|one| keys.contains(&one.key)).map(|one| one.value.clone()).collect()
}

pub(crate) fn failed(plugin: &str, source: CallError) -> AppError {
    AppError::Plugin { plugin: plugin.to_owned(), source }
}
