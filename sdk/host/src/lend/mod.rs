//! What a call may use of what its embedder lends, and the host functions of it.
//!
//! A capability serves a call if the contract has it in calls of that kind, the administrator granted it, and the
//! embedder has it: asked in this order, so that the failure that a guest sees names what there is to do. Undeclared
//! capabilities are kept out altogether by the import list, which is checked when a component is loaded.

mod files;
mod http;
mod keep;
mod query;

#[expect(unreachable_pub, reason = "the bindings re-export it")]
pub use query::OpenConnection;

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use gantry_types::server::Endpoint;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::bindings::types;
use crate::capability::{Grants, Lent, LentFailure};
use crate::inline;
use crate::plugin::Plugin;
use crate::state::CallState;

/// That the embedder's capability broke down. The guest ends, but is not to blame.
#[derive(Debug, thiserror::Error)]
#[error("a capability failed: {0}")]
pub(crate) struct EmbedderFault(String);

/// What is there for one call.
pub(crate) struct Access {
    /// The capabilities that the contract has in this kind of call.
    pub(crate) lends: &'static [&'static str],
    /// Whose grants and scopes count.
    pub(crate) plugin: Plugin,
    /// Of this call.
    pub(crate) grants: Grants,
    pub(crate) lent: Lent,
    /// Of the server that the call is about.
    pub(crate) endpoints: Vec<Endpoint>,
    /// The embedder's.
    pub(crate) runtime: Option<Handle>,
}

impl Access {
    /// That of a pure call.
    pub(crate) fn nothing(plugin: Plugin) -> Self {
        let (grants, lent) = (Grants::none(), Lent::default());
        Self { lends: &[], plugin, grants, lent, endpoints: Vec::new(), runtime: None }
    }

    /// What the embedder lends under this name, if this call may have it.
    fn find<T: Clone>(
        &self,
        capability: &'static str,
        lent: impl FnOnce(&Lent) -> &Option<T>,
    ) -> Result<(T, Handle), types::Failure> {
        if !self.lends.contains(&capability) {
            return Err(failure(
                "unavailable",
                format!("`{capability}` does not exist in calls of this kind"),
            ));
        }
        if !(self.plugin.grants().contains(capability) && self.grants.contains(capability)) {
            self.beyond(capability, "");
            return Err(failure(
                "denied",
                format!("the capability `{capability}` has not been granted to this plugin"),
            ));
        }
        let found = lent(&self.lent).clone().zip(self.runtime.clone());
        found.ok_or_else(|| failure("unavailable", format!("`{capability}` is not offered here")))
    }

    /// Tells the embedder that the guest went beyond what it has.
    fn beyond(&self, capability: &'static str, target: &str) {
        if let Some(hears) = &self.lent.beyond {
            hears.refused(capability, target);
        }
    }
}

impl CallState {
    /// Does a question on the embedder's runtime, with the guest's turn given back meanwhile, for as long as the call has.
    async fn asked<T: Send + 'static>(
        &mut self,
        runtime: &Handle,
        question: impl Future<Output = Result<T, LentFailure>> + Send + 'static,
    ) -> wasmtime::Result<Result<T, types::Failure>> {
        self.turn.give_back();
        // The embedder is trusted to keep to the time; the call's own wall clock ends it in any case.
        let answer = on_embedder(runtime, Box::pin(question)).await;
        self.turn.take().await;
        Ok(answer?.map_err(|no| failure(&no.code, no.message)))
    }

    /// A guest's time-out, within what is left of its call.
    fn patience(&self, timeout_ms: u32) -> Duration {
        Duration::from_millis(timeout_ms.into()).min(self.remaining())
    }
}

/// Does a question on the embedder's runtime: at once where the guest already is on a thread of it, and in a task there
/// if that is not the end of it.
async fn on_embedder<T: Send + 'static>(
    runtime: &Handle,
    mut question: Pin<Box<impl Future<Output = T> + Send + 'static>>,
) -> Result<T, EmbedderFault> {
    let is_here = Handle::try_current().is_ok_and(|here| here.id() == runtime.id());
    if is_here && let Poll::Ready(answer) = inline::poll(question.as_mut()).await {
        return answer.map_err(EmbedderFault);
    }
    let task = AbortOnDropHandle::new(runtime.spawn(question));
    task.await.map_err(|cause| EmbedderFault(cause.to_string()))
}

fn failure(code: &str, message: String) -> types::Failure {
    types::Failure { code: code.to_owned(), message, retry_after_ms: None }
}

fn too_large(what: &str, length: usize, most: usize) -> types::Failure {
    failure("too_large", format!("{what} has {length} bytes; the limit is {most}"))
}
