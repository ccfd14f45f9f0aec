//! Capability `secrets`: what an administrator stored for the plugin.

use async_trait::async_trait;
use gantry_host::{LentFailure, Secrets};
use gantry_store::Db;
use gantry_types::PluginId;
use secrecy::ExposeSecret;

/// The secrets of one plugin. The host has seen that the manifest asks for the name.
pub(super) struct Stored {
    db: Db,
    plugin: PluginId,
}

impl Stored {
    pub(super) fn new(db: Db, plugin: PluginId) -> Self {
        Self { db, plugin }
    }
}

#[async_trait]
impl Secrets for Stored {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        let read = async {
            let (mut tx, _place) = super::begun(&self.db).await?;
            tx.plugin_secret(self.plugin, name).await
        };
        match read.await.map_err(|error| super::shelf::unreachable(&error))? {
            Some(secret) => Ok(secret.expose_secret().to_owned()),
            None => Err(LentFailure::new(
                "absent",
                format!("no administrator has stored the secret {name} for this plugin yet"),
            )),
        }
    }
}
