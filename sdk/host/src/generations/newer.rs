//! What 0.1 has not: the functions of the interfaces that came with 0.2.

use wasmtime::Store;
use wasmtime::component::Instance;

use crate::bindings::{actions, config_files, hooks, importer, tabs, types};
use crate::generations::exports::{Exports, New, Said, there};
use crate::state::CallState;

impl Exports {
    fn newer(&self) -> wasmtime::Result<&New> {
        match self {
            Self::V0_1(_) => Err(wasmtime::Error::msg("contract 0.1 has no such interface")),
            Self::V0_2(new) => Ok(new),
        }
    }

    /// `actions.offer`.
    pub(crate) async fn offer_actions(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> wasmtime::Result<Vec<actions::Action>> {
        let guest = there(&self.newer()?.actions)?.load(&mut *store, instance)?;
        guest.call_offer(store, server).await
    }

    /// `actions.perform`.
    pub(crate) async fn perform(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
        id: &str,
        form: &[types::Setting],
    ) -> Said<Vec<types::Effect>> {
        let guest = there(&self.newer()?.actions)?.load(&mut *store, instance)?;
        guest.call_perform(store, server, id, form).await
    }

    /// `quiescing.broadcast`.
    pub(crate) async fn broadcast(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
        text: &str,
    ) -> wasmtime::Result<Vec<types::Effect>> {
        let guest = there(&self.newer()?.quiescing)?.load(&mut *store, instance)?;
        guest.call_broadcast(store, server, text).await
    }

    /// `quiescing.quiesce`.
    pub(crate) async fn quiesce(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> wasmtime::Result<Vec<types::Effect>> {
        let guest = there(&self.newer()?.quiescing)?.load(&mut *store, instance)?;
        guest.call_quiesce(store, server).await
    }

    /// `quiescing.resume`.
    pub(crate) async fn resume(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> wasmtime::Result<Vec<types::Effect>> {
        let guest = there(&self.newer()?.quiescing)?.load(&mut *store, instance)?;
        guest.call_resume(store, server).await
    }

    /// `commands.send`.
    pub(crate) async fn send(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
        line: &str,
    ) -> Said<String> {
        let guest = there(&self.newer()?.commands)?.load(&mut *store, instance)?;
        guest.call_send(store, server, line).await
    }

    /// `catalog.choices`.
    pub(crate) async fn choices(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        name: &str,
        settings: &[types::Setting],
    ) -> Said<Vec<types::Choice>> {
        let guest = there(&self.newer()?.catalog)?.load(&mut *store, instance)?;
        guest.call_choices(store, name, settings).await
    }

    /// `facts.resolve`.
    pub(crate) async fn resolve(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> Said<Vec<types::Setting>> {
        let guest = there(&self.newer()?.facts)?.load(&mut *store, instance)?;
        guest.call_resolve(store, server).await
    }

    /// `importer.convert`.
    pub(crate) async fn convert(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        file_name: &str,
        content: &[u8],
    ) -> Said<importer::Imported> {
        let guest = there(&self.newer()?.importer)?.load(&mut *store, instance)?;
        guest.call_convert(store, file_name, content).await
    }

    /// `config-files.list`.
    pub(crate) async fn config_files(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> wasmtime::Result<Vec<config_files::ConfigFile>> {
        let guest = there(&self.newer()?.config_files)?.load(&mut *store, instance)?;
        guest.call_list(store, server).await
    }

    /// `tabs.offer`.
    pub(crate) async fn offer_tabs(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
    ) -> wasmtime::Result<Vec<tabs::Tab>> {
        let guest = there(&self.newer()?.tabs)?.load(&mut *store, instance)?;
        guest.call_offer(store, server).await
    }

    /// `tabs.render`.
    pub(crate) async fn render(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        server: &types::Server,
        tab: &str,
    ) -> Said<Vec<tabs::Block>> {
        let guest = there(&self.newer()?.tabs)?.load(&mut *store, instance)?;
        guest.call_render(store, server, tab).await
    }

    /// `hooks.wants`.
    pub(crate) async fn wants(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
    ) -> wasmtime::Result<Vec<String>> {
        let guest = there(&self.newer()?.hooks)?.load(&mut *store, instance)?;
        guest.call_wants(store).await
    }

    /// `hooks.settings`.
    pub(crate) async fn settings(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
    ) -> wasmtime::Result<Vec<types::Variable>> {
        let guest = there(&self.newer()?.hooks)?.load(&mut *store, instance)?;
        guest.call_settings(store).await
    }

    /// `hooks.handle`.
    pub(crate) async fn handle(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        event: &hooks::Event,
        settings: &[types::Setting],
    ) -> Said<()> {
        let guest = there(&self.newer()?.hooks)?.load(&mut *store, instance)?;
        guest.call_handle(store, event, settings).await
    }
}
