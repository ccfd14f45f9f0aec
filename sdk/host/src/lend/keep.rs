//! Capabilities `kv` and `secrets`: what outlives a call, and what an administrator keeps for the plugin.

use std::sync::Arc;

use crate::bindings::{kv, secrets, types};
use crate::capability::{KV, KeyValue, LentFailure, SECRETS};
use crate::convert::text;
use crate::lend::clerk::{Asked, Clerk, asked};
use crate::lend::{Answer, Question, ask, failure, too_large};
use crate::state::CallState;

const KEY_BYTES: usize = 256;
const VALUE_BYTES: usize = 64 * 1024;

fn check_key(key: &str) -> Result<(), types::Failure> {
    if key.len() > KEY_BYTES {
        return Err(too_large("the key", key.len(), KEY_BYTES));
    }
    if key.chars().any(char::is_control) {
        return Err(failure("invalid", "a key has no control characters".to_owned()));
    }
    Ok(())
}

impl Clerk {
    /// What this call may keep things in, where a key may stand.
    fn kept(&self, key: &str) -> Result<Arc<dyn KeyValue>, types::Failure> {
        let found = self.find(KV, |lent| &lent.kv)?;
        check_key(key)?;
        Ok(found)
    }

    pub(super) fn get(&self, key: String) -> Result<Asked, types::Failure> {
        let kept = self.kept(&key)?;
        Ok(asked(async move { kept.get(&key).await.map(Answer::Value) }))
    }

    pub(super) fn set(&self, key: String, value: Vec<u8>) -> Result<Asked, types::Failure> {
        if value.len() > VALUE_BYTES {
            return Err(too_large("the value", value.len(), VALUE_BYTES));
        }
        let kept = self.kept(&key)?;
        Ok(asked(async move { kept.set(&key, value).await.map(Answer::Done) }))
    }

    pub(super) fn remove(&self, key: String) -> Result<Asked, types::Failure> {
        let kept = self.kept(&key)?;
        Ok(asked(async move { kept.remove(&key).await.map(Answer::Done) }))
    }

    pub(super) fn keys(&self, prefix: String) -> Result<Asked, types::Failure> {
        let kept = self.kept(&prefix)?;
        Ok(asked(async move { kept.keys(&prefix).await.map(Answer::Names) }))
    }

    pub(super) fn secret(&self, name: String) -> Result<Asked, types::Failure> {
        let kept = self.find(SECRETS, |lent| &lent.secrets)?;
        let named = self.plugin.manifest().asks_for_name(SECRETS, &name);
        if !named {
            self.beyond(SECRETS, &text::escaped(&name, KEY_BYTES));
        }
        Ok(asked(async move {
            if !named {
                return Err(LentFailure::new(
                    "denied",
                    "the manifest does not ask for a secret of this name",
                ));
            }
            kept.get(&name).await.map(Answer::Text)
        }))
    }
}

impl kv::Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Get { key }, Answer::Value)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Set { key, value }, Answer::Done)
    }

    async fn remove(&mut self, key: String) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Remove { key }, Answer::Done)
    }

    async fn keys(&mut self, prefix: String) -> wasmtime::Result<Result<Vec<String>, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Keys { prefix }, Answer::Names)
    }
}

impl secrets::Host for CallState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::Secret { name }, Answer::Text)
    }
}
