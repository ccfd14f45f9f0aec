//! Capabilities `kv` and `secrets`: what outlives a call, and what an administrator keeps for the plugin.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::bindings::{kv, secrets, types};
use crate::capability::{KV, KeyValue, LentFailure, SECRETS};
use crate::convert::text;
use crate::lend::{failure, too_large};
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

impl CallState {
    /// What this call may keep things in, and a key that may stand there.
    fn kept(&self, key: &str) -> Result<(Arc<dyn KeyValue>, Handle), types::Failure> {
        let found = self.access.find(KV, |lent| &lent.kv)?;
        check_key(key)?;
        Ok(found)
    }
}

impl kv::Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, types::Failure>> {
        self.count_host_call()?;
        match self.kept(&key) {
            Ok((kept, runtime)) => self.asked(&runtime, async move { kept.get(&key).await }).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        if value.len() > VALUE_BYTES {
            return Ok(Err(too_large("the value", value.len(), VALUE_BYTES)));
        }
        match self.kept(&key) {
            Ok((kept, runtime)) => self.asked(&runtime, async move { kept.set(&key, value).await }).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn remove(&mut self, key: String) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        match self.kept(&key) {
            Ok((kept, runtime)) => self.asked(&runtime, async move { kept.remove(&key).await }).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    async fn keys(&mut self, prefix: String) -> wasmtime::Result<Result<Vec<String>, types::Failure>> {
        self.count_host_call()?;
        match self.kept(&prefix) {
            Ok((kept, runtime)) => self.asked(&runtime, async move { kept.keys(&prefix).await }).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

impl secrets::Host for CallState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, types::Failure>> {
        self.count_host_call()?;
        let (kept, runtime) = match self.access.find(SECRETS, |lent| &lent.secrets) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let named = self.access.plugin.manifest().asks_for_name(SECRETS, &name);
        if !named {
            self.access.beyond(SECRETS, &text::escaped(&name, KEY_BYTES));
        }
        let question = async move {
            if !named {
                return Err(LentFailure::new(
                    "denied",
                    "the manifest does not ask for a secret of this name",
                ));
            }
            kept.get(&name).await
        };
        self.asked(&runtime, question).await
    }
}
