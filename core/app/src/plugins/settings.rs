//! What administrators set for a plugin as a whole: shown without secrets, changed within the plugin's rules.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::VariablesInput,
    views::{PluginSettingsView, VariableView},
};
use gantry_domain::{
    audit::AuditEntry,
    plugins::{Listening, Plugin},
    variables::{self, StoredValue, Values},
};
use gantry_store::plugins::PluginSettings;
use gantry_types::{
    PluginId,
    blueprint::{Audience, FieldProblem, Variable},
    problem::Code,
};
use serde_json::{Map, Value, json};

impl App {
    pub async fn plugin_settings(&self, ctx: &OpCtx, id: PluginId) -> Answer<PluginSettingsView> {
        ctx.actor.administrator()?;
        let mut tx = self.db().as_system().await?;
        let listening = listening(&tx.plugin(id).await?)?;
        Ok(view(listening, &tx.plugin_settings(id).await?))
    }

    /// Changes some of them. They hold from the next event on.
    pub async fn set_plugin_settings(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        input: VariablesInput,
    ) -> Answer<PluginSettingsView> {
        let grant = ctx.actor.administrator()?;
        let given: Values =
            input.values.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect();
        // A release that became current meanwhile may have other questions.
        let mut tx = self.changing(ctx).await?;
        let plugin = tx.plugin(id).await?;
        let listening = listening(&plugin)?;
        let present = effective(&listening.settings, &tx.plugin_settings(id).await?.values);
        let change = variables::change(&listening.settings, &present, &given, Audience::Administrators)
            .map_err(|problems| AppError::fields_of(under_values(problems)))?;
        if !change.values.is_empty() {
            let side = |of: &dyn Fn(&StoredValue) -> Value| -> Value {
                change.values.iter().map(|value| (value.key.clone(), of(value))).collect::<Map<_, _>>().into()
            };
            let masked =
                |value: &StoredValue, plain: Value| if value.secret { json!("(secret)") } else { plain };
            let entry = AuditEntry::new("plugin.settings", "plugin", &plugin.manifest_id, ctx.origin.clone())
                .before(side(&|value| masked(value, json!(present.get(&value.key)))))
                .after(side(&|value| masked(value, json!(value.value))));
            tx.set_plugin_settings(&grant, id, &change.values, entry).await?;
            tx.commit().await?;
        }
        self.plugin_settings(ctx, id).await
    }
}

fn listening(plugin: &Plugin) -> Answer<Listening> {
    plugin.release.listening.clone().ok_or_else(|| {
        let detail = "This plugin does not listen to events, so there is nothing to set for it as a whole.";
        AppError::refused(Code::Conflict, detail)
    })
}

/// The values that hold: what was set, and defaults.
fn effective(asked: &[Variable], set: &Values) -> Values {
    let value = |variable: &Variable| {
        let value = set.get(&variable.key).or(variable.default_value.as_ref())?;
        Some((variable.key.clone(), value.clone()))
    };
    asked.iter().filter_map(value).collect()
}

/// The same as a plugin gets them, checked against the rules of the release that is to hear them.
pub(super) fn given(asked: &[Variable], set: &Values) -> Result<Vec<StoredValue>, Vec<FieldProblem>> {
    variables::complete(asked, &effective(asked, set), Audience::Administrators)
}

fn view(listening: Listening, set: &PluginSettings) -> PluginSettingsView {
    let values = effective(&listening.settings, &set.values);
    let missing = |variable: &&Variable| variable.required && !values.contains_key(&variable.key);
    let missing = listening.settings.iter().filter(missing).map(|variable| variable.label.clone()).collect();
    let shown = variables::shown(&listening.settings, &values, Audience::Administrators);
    let item = |(variable, shown): (Variable, variables::ShownValue)| VariableView {
        value: shown.value.filter(|_| !set.sealed.contains(&variable.key)),
        is_set: shown.set,
        variable,
        editable: true,
        reason: None,
        needs_restart: false,
    };
    let items = listening.settings.into_iter().zip(shown).map(item).collect();
    PluginSettingsView { items, missing, wants: listening.wants }
}

fn under_values(problems: Vec<FieldProblem>) -> Vec<FieldProblem> {
    let under = |problem: FieldProblem| FieldProblem { key: format!("values.{}", problem.key), ..problem };
    problems.into_iter().map(under).collect()
}
