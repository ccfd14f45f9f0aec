//! One call of a plugin as its shares see it: weighed, let through with an ear on what it writes and uses, and heard of
//! when it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gantry_types::conduct::PluginLineKind;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::{Caller, Fair, Outcome, Tries, Whose, used_up};
use crate::budgets::CallBudget;
use crate::capability::{CallContext, LogLevel, PluginLog, Spent};
use crate::error::{CallError, RefusalReason};
use crate::kind::Kind;
use crate::record::{Keeper, Question};

const MIB: usize = 1024 * 1024;

impl Kind {
    /// What an operation of a person, or a game that was silenced, cannot do without.
    pub(crate) const fn is_essential(self) -> bool {
        matches!(self, Self::InstallPlan | Self::RunSpec | Self::Resume)
    }

    /// What nobody waits for.
    pub(crate) const fn is_background(self) -> bool {
        matches!(self, Self::Collect | Self::ConsoleEvents | Self::Handle)
    }
}

/// A call that may be made.
pub(crate) struct Turn<'a> {
    call: Cow<'a, CallContext>,
    admitted: Option<Admitted>,
    keeper: Option<Keeper>,
}

struct Admitted {
    ear: Arc<Ear>,
    tries: Tries,
    /// Whether its end was told. A call that is dropped ends too.
    told: bool,
    memory: Vec<OwnedSemaphorePermit>,
}

impl<'a> Turn<'a> {
    /// Where nobody has shares.
    pub(crate) fn unweighed(call: &'a CallContext, kind: Kind, keeper: Option<Keeper>) -> Self {
        let call = match &keeper {
            Some(keeper) => Cow::Owned(CallContext { lent: keeper.lend(kind, &call.lent), ..call.clone() }),
            None => Cow::Borrowed(call),
        };
        Self { call, admitted: None, keeper }
    }

    /// Weighs a call, and waits for memory as calls wait for an instance.
    pub(crate) async fn weighed(
        fair: Arc<Fair>,
        caller: Caller,
        call: &'a CallContext,
        (budget, patience): (CallBudget, Duration),
        keeper: Option<Keeper>,
    ) -> Result<Self, CallError> {
        let tries = fair.admit(&caller).map_err(CallError::Refused)?;
        let kind = caller.kind;
        let ear = Ear { fair, caller, inner: call.log.clone(), written: AtomicUsize::new(0) };
        let mut admitted = Admitted { ear: Arc::new(ear), tries, told: false, memory: Vec::new() };
        admitted.wait_for_memory(budget, patience).await?;
        let lent = keeper.as_ref().map_or_else(|| call.lent.clone(), |keeper| keeper.lend(kind, &call.lent));
        let call = CallContext { log: admitted.ear.clone(), lent, ..call.clone() };
        Ok(Self { call: Cow::Owned(call), admitted: Some(admitted), keeper })
    }

    pub(crate) fn call(&self) -> &CallContext {
        &self.call
    }

    /// Hears what came of it, and passes it on. What was asked is only asked for if the call was stopped.
    pub(crate) async fn ended<T>(
        mut self,
        answer: Result<T, CallError>,
        question: impl FnOnce() -> Question,
    ) -> Result<T, CallError> {
        if let Some(admitted) = &mut self.admitted {
            admitted.tell(&match &answer {
                Ok(_) => Outcome::Answered,
                Err(CallError::Failed(_)) => Outcome::Declined,
                Err(CallError::Stopped(stop)) => {
                    Outcome::Stopped { reason: stop.reason.as_str(), message: &stop.message }
                }
                Err(CallError::Refused(_) | CallError::Host(_)) => Outcome::Broken,
            });
        }
        // Others may have its share while it is written down.
        drop(self.admitted);
        if let (Some(keeper), Err(CallError::Stopped(stop))) = (self.keeper, &answer) {
            keeper.keep(&self.call, stop, question()).await;
        }
        answer
    }
}

impl Admitted {
    async fn wait_for_memory(&mut self, budget: CallBudget, patience: Duration) -> Result<(), CallError> {
        let Ear { fair, caller, .. } = &*self.ear;
        let mib = u32::try_from(budget.memory_bytes.div_ceil(MIB)).unwrap_or(u32::MAX);
        for memory in fair.memory(caller) {
            match timeout(patience, memory.acquire_many_owned(mib)).await {
                Ok(Ok(permit)) => self.memory.push(permit),
                Ok(Err(_)) | Err(_) => {
                    let full = used_up(caller, &Whose::Plugin, RefusalReason::Memory, patience);
                    return Err(CallError::Refused(full));
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, outcome: &Outcome<'_>) {
        self.told = true;
        self.ear.fair.ended(&self.ear.caller, self.tries, outcome);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.told {
            self.tell(&Outcome::Broken);
        }
    }
}

/// Stands between a call and where its words go.
struct Ear {
    fair: Arc<Fair>,
    caller: Caller,
    inner: Arc<dyn PluginLog>,
    written: AtomicUsize,
}

impl PluginLog for Ear {
    fn write(&self, plugin: &str, level: LogLevel, text: &str) {
        let kind = match level {
            LogLevel::Debug => PluginLineKind::Debug,
            LogLevel::Info => PluginLineKind::Info,
            LogLevel::Warn => PluginLineKind::Warn,
            LogLevel::Error => PluginLineKind::Error,
        };
        self.written.fetch_add(text.len(), Ordering::Relaxed);
        self.fair.write(&self.caller, kind, text);
        self.inner.write(plugin, level, text);
    }

    fn spent(&self, spent: &Spent) {
        let log_bytes = self.written.load(Ordering::Relaxed);
        self.fair.charge(&self.caller, &Spent { log_bytes, ..*spent });
        self.inner.spent(spent);
    }
}
