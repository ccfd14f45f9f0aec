//! Plugins made of what is none: eggs and other foreign descriptions, and documents that somebody wrote.
//!
//! Two kinds of bundled components are tools rather than games. An importer turns a foreign description into a document and
//! says what could not be kept; the interpreter, packed with a document, is a plugin. So nothing that an administrator
//! brings runs as a program of its own here: descriptions are read in the sandbox, and what comes of them is granted and
//! stored like any upload. Tools are remembered by their place and read when they are used, which is seldom.

use crate::{
    App, OpCtx, PluginFile, PluginUpload, Takeover,
    components::{context, failed},
    error::{Answer, AppError},
    plugins::{offered, read},
    views::{ConvertedView, PluginView},
};
use bytes::Bytes;
use gantry_document::{Document, DocumentError, Format, manifest::Capability};
use gantry_host::{CAPABILITIES, CallError, Grants, Manifest, Part, Parts, Plugin as Loaded};
use gantry_pack::INTERPRETER;
use gantry_types::{foreign::Imported, problem::Code};
use serde::{Deserialize, de::IgnoredAny};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A document that becomes a plugin.
pub struct DocumentUpload {
    /// JSON or TOML, as it comes.
    pub document: Bytes,
    /// The capabilities that it is granted; none given, an update has what the release before it had.
    pub grants: Option<Vec<String>>,
    pub takeover: Takeover,
}

/// Where the tools are.
#[derive(Default)]
pub(crate) struct Workshop(Mutex<Tools>);

#[derive(Clone, Default)]
struct Tools {
    importers: Vec<PathBuf>,
    interpreter: Option<PathBuf>,
}

impl Workshop {
    /// Takes a bundled component in if it is a tool.
    pub(crate) fn takes(&self, path: &Path, manifest: &Manifest, parts: Parts) -> bool {
        let mut tools = self.tools();
        if manifest.id == INTERPRETER {
            tools.interpreter = Some(path.to_owned());
            return true;
        }
        let is_importer = parts.has(Part::Importer) && !parts.has(Part::Game);
        if is_importer && !tools.importers.iter().any(|known| known == path) {
            tools.importers.push(path.to_owned());
        }
        is_importer
    }

    fn tools(&self) -> MutexGuard<'_, Tools> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Turns a foreign description of a game into a document, and shows what would be installed and what is lost; of a
    /// document nothing is. Nothing is stored.
    pub async fn convert_foreign(
        &self,
        ctx: &OpCtx,
        file_name: &str,
        content: Bytes,
    ) -> Answer<ConvertedView> {
        ctx.actor.administrator()?;
        let file_name = called(file_name)?;
        let (importer, imported, document) = if is_document(file_name, &content) {
            let document = document_of(&content)?;
            (None, as_imported(&document), document)
        } else {
            let (name, imported) = self.imported(file_name, &content).await?;
            let document = document_of(imported.document.as_bytes())?;
            (Some(name), imported, document)
        };
        let loaded = self.inspect_tool(&self.packed(&document).await?).await?;
        let blueprints = offered(&loaded, &context(&[])).await?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let present = tx.plugins().await?.into_iter().find(|plugin| plugin.manifest_id == imported.id);
        Ok(ConvertedView::of(importer, imported, loaded.manifest(), blueprints, present))
    }

    /// Makes a plugin of a document and installs it.
    pub async fn upload_document(&self, ctx: &OpCtx, upload: DocumentUpload) -> Answer<PluginView> {
        ctx.actor.administrator()?;
        let DocumentUpload { document, grants, takeover } = upload;
        let document = document_of(&document)?;
        let component = self.packed(&document).await?;
        let needs = document.manifest();
        self.granted_what_it_needs(&needs.id, &needs.capabilities, grants.as_deref()).await?;
        let file = PluginFile::Component(component);
        self.upload_plugin(ctx, PluginUpload { file, grants, takeover }).await
    }

    /// Components that import what they are not granted do not load. A document asks for what its plans do, and without that no
    /// server of it could be made. Of an update that is granted nothing anew it is decided by what is there.
    async fn granted_what_it_needs(
        &self,
        id: &str,
        needs: &[Capability],
        grants: Option<&[String]>,
    ) -> Answer<()> {
        let is_new = async || {
            let plugins = self.db().as_system().await?.plugins().await?;
            Answer::Ok(plugins.iter().all(|plugin| plugin.manifest_id != id))
        };
        let granted = match grants {
            Some(granted) => granted,
            None if is_new().await? => &[],
            None => return Ok(()),
        };
        let lacking: Vec<&str> = needs
            .iter()
            .map(|need| need.name.as_str())
            .filter(|name| !granted.iter().any(|one| one == name))
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let message = format!("No server of it can be made without {}.", lacking.join(" and "));
        let remedy = "Grant what it asks for, if its reasons convince you; or leave it.";
        Err(gantry_domain::problem("grant", message, remedy).into())
    }

    /// What the first importer makes of it that knows it; with its name.
    async fn imported(&self, file_name: &str, content: &Bytes) -> Answer<(String, Imported)> {
        let mut reasons = Vec::new();
        let importers = self.workshop().tools().importers.clone();
        for path in &importers {
            let importer = self.inspect_tool(&read(path).await?).await?;
            let manifest = importer.manifest();
            match importer.import(&context(&[]), file_name, content).await {
                Ok(imported) => return Ok((format!("{} {}", manifest.name, manifest.version), imported)),
                Err(CallError::Failed(failure)) => {
                    reasons.push(format!("{}: {}", manifest.name, failure.message));
                }
                Err(error) => return Err(failed(&manifest.name, error)),
            }
        }
        if importers.is_empty() {
            return Err(lacks("importer of foreign descriptions", "eggs"));
        }
        let remedy = "Choose an egg of Pterodactyl or Pelican as it was exported, in JSON or YAML.";
        Err(gantry_domain::problem("file", reasons.join(" "), remedy).into())
    }

    /// The interpreter with this document in it.
    async fn packed(&self, document: &Document) -> Answer<Bytes> {
        let Some(path) = self.workshop().tools().interpreter.clone() else {
            return Err(lacks("interpreter of documents", INTERPRETER));
        };
        let interpreter = read(&path).await?;
        let packed = gantry_pack::pack_document(&interpreter, document);
        packed.map(Bytes::from).map_err(|_| AppError::Broken("the bundled interpreter is no component"))
    }

    /// A tool, or what was made by one, with every capability: only what computes is asked of it.
    async fn inspect_tool(&self, component: &Bytes) -> Answer<Loaded> {
        self.components().inspect(component, &all()).await
    }
}

/// Every capability there is.
pub(crate) fn all() -> Grants {
    CAPABILITIES.iter().copied().collect()
}

/// Whether a file is a document already rather than what one is made of: no egg is TOML or has these two fields.
fn is_document(file_name: &str, content: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Shape {
        #[serde(rename = "plugin")]
        _plugin: IgnoredAny,
        #[serde(rename = "blueprint")]
        _blueprint: IgnoredAny,
    }
    Format::of(file_name) == Some(Format::Toml) || serde_json::from_slice::<Shape>(content).is_ok()
}

fn as_imported(document: &Document) -> Imported {
    Imported {
        id: document.plugin.id.clone(),
        name: document.blueprint.name.clone(),
        document: document.to_json(),
        losses: Vec::new(),
    }
}

/// What messages call a file.
fn called(file_name: &str) -> Answer<&str> {
    let is_plain = file_name.len() <= 255 && !file_name.chars().any(char::is_control);
    match file_name {
        "" => Ok("The file"),
        name if is_plain => Ok(name),
        _ => Err(gantry_domain::problem(
            "fileName",
            "It is longer than 255 bytes or has control characters.",
            "Leave it out, or give the file's plain name.",
        )
        .into()),
    }
}

fn document_of(bytes: &[u8]) -> Answer<Document> {
    let unusable = |message: String| {
        let remedy = "Correct it there. sdk/document/REFERENCE.md names every field.";
        AppError::from(gantry_domain::problem("document", message, remedy))
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| unusable(format!("It is no UTF-8 text, from byte {} on.", error.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let format = if text.trim_start().starts_with('{') { Format::Json } else { Format::Toml };
    Document::read(format, text).map_err(|error| unusable(told(&error)))
}

/// The first words of an error are a place, which is no sentence's beginning.
fn told(error: &DocumentError) -> String {
    format!("The document cannot be used: {error}")
}

fn lacks(what: &str, file: &str) -> AppError {
    AppError::refused(
        Code::PluginRejected,
        format!("This control plane has no {what}: {file}.wasm is not among its bundled plugins."),
    )
}
