//! Pages that a game's plugin fills.
//!
//! Which there are it says here, for it is pure, and each is for whom it says. What stands on one it says on the node, where
//! it may ask the game and look into its files. That costs something, so all who look at a page share what was rendered for
//! the first of them, for as long as it holds. It is the same for all: what somebody may do from there, the action decides.

mod shared;

pub(crate) use shared::Renderings;

use crate::{
    App, OpCtx,
    actions::{possible, secret_values},
    error::{Answer, AppError},
    plugins::AskedFor,
    servers::{context, settings},
    views::{TabContentView, TabItemView, TabsView},
};
use chrono::Utc;
use gantry_domain::{actions, plugins::OfferedBlueprint, servers::Server, variables};
use gantry_nodes::NodeError;
use gantry_types::unsaid::Unsaid;
use gantry_types::{
    ServerId,
    action::Availability,
    blueprint::Audience,
    page::{Block, Tab},
    permission::Permission,
    server::ServerContext,
};
use shared::Rendered;
use std::time::Duration;

/// For so long a rendering holds at least, however often its tab wants to be asked.
const FLOOR: Duration = Duration::from_secs(2);

impl App {
    /// Which pages the server's plugin has for the caller.
    pub async fn server_tabs(&self, ctx: &OpCtx, id: ServerId) -> Answer<TabsView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::TabsRead).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let there = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let possible = possible(actions::check_offered(self.situation(&server), Availability::Always));
        let view = |tab: Tab| {
            let Tab { id, title, refresh_ms, .. } = tab;
            TabItemView { id, title, refresh_ms, possible: possible.clone() }
        };
        let tabs = self.tabs_for(&server, &offered, &there, access.audience()?).await?;
        Ok(TabsView { items: tabs.into_iter().map(view).collect() })
    }

    /// What stands on one of them.
    pub async fn server_tab(&self, ctx: &OpCtx, id: ServerId, tab: &str) -> Answer<TabContentView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::TabsRead).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let there = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let mut tabs = self.tabs_for(&server, &offered, &there, access.audience()?).await?.into_iter();
        let tab = tabs.find(|one| one.id == tab).ok_or_else(|| AppError::not_found("page"))?;
        actions::check_offered(self.situation(&server), Availability::Always)?;
        let client = self.client(server.node.id)?;
        let wanted = tab.refresh_ms.map_or(FLOOR, |ms| Duration::from_millis(ms.into()));
        let rendering = async {
            let unsaid = Unsaid::new(secret_values(&offered, &values));
            match client.render_tab(id, &tab.id).await {
                Ok(blocks) => {
                    let blocks = blocks.into_iter().map(|block| without(&unsaid, block)).collect();
                    Ok(Rendered { blocks, at: Utc::now() })
                }
                Err(NodeError::Refused(mut refusal)) => {
                    refusal.message = unsaid.out_of(refusal.message);
                    Err(NodeError::Refused(refusal).into())
                }
                Err(error) => Err(error.into()),
            }
        };
        let place = (id, offered.digest.clone(), tab.id.clone());
        let rendered = self.renderings().shared(place, wanted.max(FLOOR), rendering).await?;
        Ok(TabContentView { blocks: rendered.blocks.clone(), rendered_at: rendered.at })
    }

    /// What is for somebody of this standing.
    async fn tabs_for(
        &self,
        server: &Server,
        offered: &OfferedBlueprint,
        there: &ServerContext,
        who: Audience,
    ) -> Answer<Vec<Tab>> {
        let tabs = self.components().tabs(self.db(), offered, there).await;
        let asked = AskedFor { server: Some((server.id, &server.name)) };
        let mut tabs = self.heard(offered, asked, tabs).await?;
        tabs.retain(|tab| variables::may(who, tab.audience));
        Ok(tabs)
    }
}

/// The block without the server's secrets, which the plugin knows.
fn without(unsaid: &Unsaid, block: Block) -> Block {
    let out = |text: String| unsaid.out_of(text);
    match block {
        Block::Heading { text } => Block::Heading { text: out(text) },
        Block::Text { text } => Block::Text { text: out(text) },
        Block::Note { tone, text } => Block::Note { tone, text: out(text) },
        Block::Facts { mut facts } => {
            for fact in &mut facts {
                fact.label = out(std::mem::take(&mut fact.label));
                fact.value = out(std::mem::take(&mut fact.value));
            }
            Block::Facts { facts }
        }
        Block::Table { title, mut columns, mut rows, when_empty } => {
            for column in &mut columns {
                column.title = out(std::mem::take(&mut column.title));
            }
            for row in &mut rows {
                row.cells.iter_mut().for_each(|cell| *cell = out(std::mem::take(cell)));
                for action in &mut row.actions {
                    action.label = out(std::mem::take(&mut action.label));
                    action.form.iter_mut().for_each(|each| each.value = out(std::mem::take(&mut each.value)));
                }
            }
            Block::Table { title: out(title), columns, rows, when_empty: out(when_empty) }
        }
        Block::Chart { title, series } => Block::Chart { title: out(title), series },
        Block::Form { action } => Block::Form { action },
    }
}
