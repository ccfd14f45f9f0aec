//! What no record of a call may have that asks the world: the secrets that administrators stored for the plugin, whether this call
//! was told them or one before it, and those that the call was given.

use async_trait::async_trait;
use gantry_host::{Discretion, Manifest, SECRETS};
use gantry_store::{Db, StoreError};
use gantry_types::PluginId;
use secrecy::ExposeSecret;

pub(super) struct Untold {
    db: Db,
    plugin: PluginId,
    names: Vec<String>,
    given: Vec<String>,
}

impl Untold {
    /// Of a plugin with that manifest, in a call that was given these.
    pub(super) fn new(db: Db, plugin: PluginId, manifest: &Manifest, given: Vec<String>) -> Self {
        let asked = manifest.capabilities.iter().filter(|asked| asked.name == SECRETS);
        Self { db, plugin, names: asked.flat_map(|asked| asked.names.iter().cloned()).collect(), given }
    }

    async fn stored(&self) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.as_system().await?;
        let mut all = Vec::new();
        for name in &self.names {
            let secret = tx.plugin_secret(self.plugin, name).await?;
            all.extend(secret.map(|secret| secret.expose_secret().to_owned()));
        }
        let set = tx.plugin_settings(self.plugin).await?;
        all.extend(
            set.values.into_iter().filter(|(key, _)| set.sealed.contains(key)).map(|(_, value)| value),
        );
        Ok(all)
    }
}

#[async_trait]
impl Discretion for Untold {
    async fn secrets(&self) -> Option<Vec<String>> {
        let stored = self.stored().await.inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::warn!(plugin.id = %self.plugin, error, "a plugin's secrets cannot be read");
        });
        Some(self.given.iter().cloned().chain(stored.ok()?).collect())
    }
}
