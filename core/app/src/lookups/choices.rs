//! Choices that change with the world: asked of the plugin with what the form says so far.

use super::Asked;
use crate::{
    App, OpCtx,
    components::secrets,
    error::{Answer, AppError},
    inputs::ChoicesInput,
    lend::About,
    plugins::AskedFor,
    servers::{settings, standing},
    views::Page,
};
use gantry_domain::{
    plugins::{BlueprintKey, OfferedBlueprint},
    variables::{self, Values},
};
use gantry_host::Part;
use gantry_types::{
    ServerId,
    blueprint::{Choice, Variable, VariableKind},
    permission::Permission,
};

impl App {
    /// The choices of a catalog for a server that is to be.
    pub async fn blueprint_choices(
        &self,
        ctx: &OpCtx,
        id: &str,
        name: &str,
        input: ChoicesInput,
    ) -> Answer<Page<Choice>> {
        ctx.actor.create_server(ctx.actor.user_id)?;
        let key: BlueprintKey = id.parse().map_err(|_| AppError::not_found("blueprint"))?;
        let offered = self.db().as_user(&ctx.actor).await?.blueprint(&key).await?;
        let all = &offered.blueprint.variables;
        let so_far = variables::so_far(all, &Values::new(), &input.variables, standing(ctx));
        self.choices(&offered, name, &so_far, AskedFor::default()).await
    }

    /// The choices of a catalog for a server that there is, whose secrets stand in for those that were not typed anew.
    pub async fn server_choices(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        name: &str,
        input: ChoicesInput,
    ) -> Answer<Page<Choice>> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::VariablesUpdate).await?;
        let (offered, present) = settings(&mut tx, &server).await?;
        drop(tx);
        let all = &offered.blueprint.variables;
        let so_far = variables::so_far(all, &present, &input.variables, access.audience()?);
        let asked = AskedFor { server: Some((id, &server.name)) };
        self.choices(&offered, name, &so_far, asked).await
    }

    async fn choices(
        &self,
        offered: &OfferedBlueprint,
        name: &str,
        so_far: &Values,
        asked_for: AskedFor<'_>,
    ) -> Answer<Page<Choice>> {
        if !offered.blueprint.variables.iter().any(|variable| is_from(variable, name)) {
            return Err(AppError::not_found("catalog"));
        }
        let asked = Asked {
            digest: offered.digest.clone(),
            granted: offered.granted.clone(),
            what: name.to_owned(),
            settings: variables::settings(&offered.blueprint.variables, so_far),
        };
        let settings = asked.settings.clone();
        let ask = async {
            let plugin = self.components().plugin(self.db(), offered).await?;
            if !plugin.has(Part::Catalog) {
                return Err(AppError::not_found("catalog"));
            }
            // A list is no server's, so what is kept for it is the plugin's own.
            let secrets = secrets(&offered.blueprint.variables, &settings);
            let call = self.lend(&plugin, offered.plugin_id, About::Plugin, secrets);
            let choices = plugin.choices(&call, name, &settings).await;
            choices.map_err(|source| AppError::LookUp { plugin: offered.plugin_name.clone(), source })
        };
        let found = self.lookups().choices.get(asked, ask).await;
        Ok(Page::whole(self.heard(offered, asked_for, found).await?))
    }
}

fn is_from(variable: &Variable, catalog: &str) -> bool {
    matches!(&variable.kind, VariableKind::FromCatalog { name, .. } if name == catalog)
}
