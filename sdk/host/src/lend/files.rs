//! Capability `files`: the directory of the server that the call is about.

use std::sync::Arc;

use crate::bindings::{files, types};
use crate::capability::{FILES, FileEntry, Files, LentFailure};
use crate::convert;
use crate::lend::clerk::{Asked, Clerk, asked};
use crate::lend::{Answer, Question, ask, failure, too_large};
use crate::state::CallState;

const CONTENT_BYTES: usize = 4 * 1024 * 1024;
const ENTRIES: usize = 4_096;

impl Clerk {
    /// The directory, where this call may have it, and a path that stays within.
    fn directory(&self, path: String) -> Result<(Arc<dyn Files>, String), types::Failure> {
        let files = self.find(FILES, |lent| &lent.files)?;
        let path = convert::relative_path("the path", path).map_err(|why| failure("invalid", why))?;
        Ok((files, path))
    }

    pub(super) fn list(&self, path: String) -> Result<Asked, types::Failure> {
        let (files, path) = self.directory(path)?;
        Ok(asked(async move {
            let entries = files.list(&path).await?;
            Ok(Answer::Entries(entries.into_iter().take(ENTRIES).map(Into::into).collect()))
        }))
    }

    pub(super) fn read_file(&self, path: String, max_bytes: u32) -> Result<Asked, types::Failure> {
        let (files, path) = self.directory(path)?;
        let most = max_bytes.min(u32::try_from(CONTENT_BYTES).unwrap_or(u32::MAX));
        Ok(asked(async move {
            let content = files.read(&path, most).await?;
            if content.len() > most as usize {
                let types::Failure { code, message, .. } =
                    too_large("the file", content.len(), most as usize);
                return Err(LentFailure { code, message });
            }
            Ok(Answer::Bytes(content))
        }))
    }

    pub(super) fn write_file(&self, path: String, content: Vec<u8>) -> Result<Asked, types::Failure> {
        if content.len() > CONTENT_BYTES {
            return Err(too_large("the content", content.len(), CONTENT_BYTES));
        }
        let (files, path) = self.directory(path)?;
        Ok(asked(async move { files.write(&path, content).await.map(Answer::Done) }))
    }
}

impl files::Host for CallState {
    async fn list(&mut self, path: String) -> wasmtime::Result<Result<Vec<files::Entry>, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::List { path }, Answer::Entries)
    }

    async fn read(
        &mut self,
        path: String,
        max_bytes: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::ReadFile { path, max_bytes }, Answer::Bytes)
    }

    async fn write(
        &mut self,
        path: String,
        content: Vec<u8>,
    ) -> wasmtime::Result<Result<(), types::Failure>> {
        self.count_host_call()?;
        ask!(self, Question::WriteFile { path, content }, Answer::Done)
    }
}

impl From<FileEntry> for files::Entry {
    fn from(given: FileEntry) -> Self {
        Self { name: given.name, is_directory: given.is_directory, size: given.size }
    }
}

impl From<files::Entry> for FileEntry {
    fn from(given: files::Entry) -> Self {
        Self { name: given.name, is_directory: given.is_directory, size: given.size }
    }
}
