//! A game's own files as forms: what stands in them, and answers.
//!
//! Which files and places there are the plugin says here, for it is pure; the values are on the node, where a child without
//! power looks at them and changes them. So who sees and changes which field is decided here and at this moment, and a
//! change stands in the audit log before the node is asked, without its secrets. Rights are those of files.

use crate::{
    App, OpCtx,
    actions::possible,
    error::{Answer, AppError},
    files::Wish,
    inputs::ConfigFileInput,
    plugins::AskedFor,
    servers::{context, settings},
    views::{ConfigFieldView, ConfigFileItemView, ConfigFileSavedView, ConfigFileView, ConfigFilesView},
};
use gantry_auth::ServerAccess;
use gantry_domain::{
    config_files::{self, Answered},
    plugins::OfferedBlueprint,
    problem,
    servers::Server,
    variables,
};
use gantry_nodes::NodeError;
use gantry_protocol::{FormChange, FormRequest};
use gantry_types::{
    ServerId,
    blueprint::{Audience, FieldProblem},
    page::{ConfigField, ConfigFile, PlaceAnswer, PlaceValue},
    permission::Permission,
    server::ServerContext,
};
use serde_json::{Value, json};

/// Longest version of a file that somebody may give, in bytes.
const MAX_VERSION: usize = 200;
/// Characters of an answer that the audit log keeps.
const TOLD: usize = 200;

impl App {
    /// Which of the game's files are there as forms for the caller.
    pub async fn config_files(&self, ctx: &OpCtx, id: ServerId) -> Answer<ConfigFilesView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::FilesRead).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let there = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let files = self.forms(&server, &offered, &there, access.audience()?).await?;
        let possible = possible(config_files::check(self.situation(&server)));
        let items = files.into_iter().map(|file| ConfigFileItemView::of(file, possible.clone())).collect();
        Ok(ConfigFilesView { items })
    }

    /// One of them, with what stands in it.
    pub async fn config_file(&self, ctx: &OpCtx, id: ServerId, file: &str) -> Answer<ConfigFileView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::FilesRead).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let there = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let file = self.form(&server, &offered, &there, access.audience()?, file).await?;
        config_files::check(self.situation(&server))?;
        let request = FormRequest {
            path: file.path.clone(),
            format: file.format,
            places: file.fields.iter().map(|field| field.at.clone()).collect(),
            change: None,
        };
        let report = self.client(server.node.id)?.fill_form(id, &request).await?;
        let protected = report.protected;
        let nothing = std::iter::repeat_n(PlaceValue::Nothing, file.fields.len());
        let stands = report.values.into_iter().chain(nothing);
        let view = |(field, stands): (ConfigField, PlaceValue)| shown(field, &stands, &access, protected);
        let ConfigFile { id, title, help, path, fields, .. } = file;
        let items = fields.into_iter().zip(stands).map(view).collect::<Answer<_>>()?;
        Ok(ConfigFileView { id, title, help, path, version: report.version, items })
    }

    /// Writes some answers into a file, over the version that was read and no other.
    pub async fn update_config_file(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        file: &str,
        input: ConfigFileInput,
    ) -> Answer<ConfigFileSavedView> {
        let ConfigFileInput { version, values: given } = input;
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::FilesWrite).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let there = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let who = access.audience()?;
        let file = self.form(&server, &offered, &there, who, file).await?;
        config_files::check(self.situation(&server))?;
        if version.is_empty() || version.len() > MAX_VERSION {
            let remedy = "Give the one that was read.";
            return Err(problem("version", "It is no version of a file.", remedy).into());
        }
        let answers = config_files::answers(&file, &given, who).map_err(under_values)?;
        let wish = wish(&file, &answers);
        let change = FormChange { version, answers: answers.iter().map(place).collect() };
        // The plugin was asked meanwhile: rights are weighed again, and from here on the wish stands in the log.
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::FilesWrite).await?;
        config_files::answers(&file, &given, access.audience()?).map_err(under_values)?;
        let client = self.client(server.node.id)?;
        tx.audit(wish.entry(ctx, id));
        tx.commit().await?;
        let request = FormRequest {
            path: file.path.clone(),
            format: file.format,
            places: vec![],
            change: Some(change),
        };
        let saved = client.fill_form(id, &request).await;
        let version = self.told(ctx, id, wish, saved).await?.version.ok_or(NodeError::Unsupported)?;
        let waits = answers.iter().any(|answer| answer.field.question.needs_restart);
        Ok(ConfigFileSavedView { version, needs_restart: waits && server.observed.generation.is_some() })
    }

    /// The forms with the fields that are for somebody of this standing.
    async fn forms(
        &self,
        server: &Server,
        offered: &OfferedBlueprint,
        there: &ServerContext,
        who: Audience,
    ) -> Answer<Vec<ConfigFile>> {
        let files = self.components().config_files(self.db(), offered, there).await;
        let files = self.heard(offered, AskedFor { server: Some((server.id, &server.name)) }, files).await?;
        Ok(files.into_iter().filter_map(|file| config_files::visible(file, who)).collect())
    }

    async fn form(
        &self,
        server: &Server,
        offered: &OfferedBlueprint,
        there: &ServerContext,
        who: Audience,
        id: &str,
    ) -> Answer<ConfigFile> {
        let mut files = self.forms(server, offered, there, who).await?.into_iter();
        files.find(|file| file.id == id).ok_or_else(|| AppError::not_found("form of a file"))
    }
}

fn shown(
    field: ConfigField,
    stands: &PlaceValue,
    access: &ServerAccess,
    protected: bool,
) -> Answer<ConfigFieldView> {
    let config_files::Shown { value, set, misfit, fixed } = config_files::shown(&field, stands);
    let question = field.question;
    let reason = match question.editable {
        _ if !access.allows(Permission::FilesWrite) => {
            Some(format!("You need the permission {}.", Permission::FilesWrite.as_str()))
        }
        _ if protected => Some("Only the game and its plugin write this file.".to_owned()),
        _ if fixed => Some("Change it in the file itself.".to_owned()),
        editable if variables::may(access.audience()?, editable) => None,
        Audience::Administrators => Some("Only an administrator may change this.".to_owned()),
        Audience::Owners | Audience::Members => Some("Only the server's owner may change this.".to_owned()),
    };
    Ok(ConfigFieldView { question, value, is_set: set, misfit, editable: reason.is_none(), reason })
}

fn place(answer: &Answered<'_>) -> PlaceAnswer {
    let ConfigField { at, notation, .. } = answer.field;
    PlaceAnswer { at: at.clone(), notation: *notation, value: answer.value.value.clone() }
}

/// What was asked for, with secrets by their keys alone.
fn wish(file: &ConfigFile, answers: &[Answered<'_>]) -> Wish {
    let told = |answer: &Answered<'_>| -> (String, Value) {
        let value = if answer.value.secret { "(secret)".to_owned() } else { cut(&answer.value.value) };
        (answer.value.key.clone(), json!(value))
    };
    let form: serde_json::Map<_, _> = answers.iter().map(told).collect();
    Wish { action: "file.form", about: json!({ "path": file.path, "form": form }) }
}

/// As much of a text as the audit log keeps.
pub(crate) fn cut(value: &str) -> String {
    match value.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{}\u{2026}", &value[..end]),
        None => value.to_owned(),
    }
}

fn under_values(problems: Vec<FieldProblem>) -> AppError {
    let under = |problem: FieldProblem| FieldProblem { key: format!("values.{}", problem.key), ..problem };
    AppError::fields_of(problems.into_iter().map(under).collect())
}
