//! Plugins that come with Gantry: a folder of components, looked at when it starts.

use super::intake::{installed_entry, release};
use crate::{
    App, Origin,
    error::{Answer, AppError},
    workshop::all,
};
use bytes::Bytes;
use gantry_types::problem::Code;
use std::path::{Path, PathBuf};

/// What became of the bundled plugins at the start.
#[derive(Clone, Debug, Default)]
pub struct Bundled {
    pub installed: Vec<String>,
    /// Files that did not become plugins, with why.
    pub refused: Vec<(PathBuf, String)>,
}

impl App {
    /// Installs the components of a directory, as Gantry brings them. One that is at fault does not keep the others from
    /// it, and none replaces what an administrator uploaded under the same name.
    pub async fn install_bundled(&self, directory: &Path) -> Answer<Bundled> {
        let mut result = Bundled::default();
        for path in components_in(directory).await? {
            match self.install_file(&path).await {
                Ok(Some(name)) => result.installed.push(name),
                Ok(None) => {}
                Err(error @ AppError::Store(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(
                        path = %path.display(), error = &error as &dyn std::error::Error,
                        "a bundled plugin was not installed"
                    );
                    result.refused.push((path, error.detail()));
                }
            }
        }
        Ok(result)
    }

    async fn install_file(&self, path: &Path) -> Answer<Option<String>> {
        let component = read(path).await?;
        let (manifest, parts) = self.components().look(&component, &all()).await?;
        if self.workshop().takes(path, &manifest, parts) {
            return Ok(None);
        }
        // What comes with Gantry gets what it asks for.
        let loaded = self.components().inspect(&component, &all()).await?;
        let requested = manifest.capabilities.iter().map(|request| request.name.clone()).collect();
        let release = release(&loaded, &component, requested, true).await?;
        let mut tx = self.db().as_system().await?;
        let present =
            tx.plugins().await?.into_iter().find(|plugin| plugin.manifest_id == release.manifest_id);
        if present.is_some_and(|plugin| !plugin.bundled) {
            tracing::info!(
                plugin.id = release.manifest_id,
                "an uploaded plugin stands in for the bundled one"
            );
            return Ok(None);
        }
        let entry = installed_entry(&release, Origin::default());
        let installed = tx.install_bundled(&release, entry).await?;
        tx.commit().await?;
        self.components().keep(loaded);
        Ok(installed.changed.then(|| format!("{} {}", release.name, release.version)))
    }
}

async fn components_in(directory: &Path) -> Answer<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        AppError::refused(
            Code::Internal,
            format!("The directory {} cannot be read: {error}.", directory.display()),
        )
    };
    let mut entries = tokio::fs::read_dir(directory).await.map_err(unreadable)?;
    let mut paths = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(unreadable)? {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

pub(crate) async fn read(path: &Path) -> Answer<Bytes> {
    let bytes = tokio::fs::read(path).await;
    bytes.map(Bytes::from).map_err(|error| {
        AppError::refused(
            Code::PluginRejected,
            format!("The file {} cannot be read: {error}.", path.display()),
        )
    })
}
