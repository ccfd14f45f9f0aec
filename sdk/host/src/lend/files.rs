//! Capability `files`: the directory of the server that the call is about.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::bindings::{files, types};
use crate::capability::{FILES, FileEntry, Files};
use crate::convert;
use crate::lend::{failure, too_large};
use crate::state::CallState;

const CONTENT_BYTES: usize = 4 * 1024 * 1024;
const ENTRIES: usize = 4_096;

impl CallState {
    /// The directory, where this call may have it, and a path that stays within.
    fn directory(&self, path: String) -> Result<(Arc<dyn Files>, Handle, String), types::Failure> {
        let (files, runtime) = self.access.find(FILES, |lent| &lent.files)?;
        let path = convert::relative_path("the path", path).map_err(|why| failure("invalid", why))?;
        Ok((files, runtime, path))
    }
}

impl files::Host for CallState {
    async fn list(&mut self, path: String) -> wasmtime::Result<Result<Vec<files::Entry>, types::Failure>> {
        self.count_host_call()?;
        let (files, runtime, path) = match self.directory(path) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let entries = self.asked(&runtime, async move { files.list(&path).await }).await?;
        Ok(entries.map(|entries| entries.into_iter().take(ENTRIES).map(entry).collect()))
    }

    async fn read(
        &mut self,
        path: String,
        max_bytes: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
        self.count_host_call()?;
        let (files, runtime, path) = match self.directory(path) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let most = max_bytes.min(u32::try_from(CONTENT_BYTES).unwrap_or(u32::MAX));
        let content = self.asked(&runtime, async move { files.read(&path, most).await }).await?;
        Ok(content.and_then(|content| match content.len() {
            length if length > most as usize => Err(too_large("the file", length, most as usize)),
            _ => Ok(content),
        }))
    }

    async fn write(
        &mut self,
        path: String,
        content: Vec<u8>,
    ) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        if content.len() > CONTENT_BYTES {
            return Ok(Err(too_large("the content", content.len(), CONTENT_BYTES)));
        }
        match self.directory(path) {
            Ok((files, runtime, path)) => {
                self.asked(&runtime, async move { files.write(&path, content).await }).await
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

fn entry(given: FileEntry) -> files::Entry {
    files::Entry { name: given.name, is_directory: given.is_directory, size: given.size }
}
