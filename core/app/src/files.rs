//! A server's files: looking, fetching, bringing, changing names.
//!
//! Files live on the node alone, and so does every rule about paths, sizes and room. Here is who may: each call asks for
//! its right, and a change is written into the audit log before the node is asked, with its paths in their one spelling,
//! so that nothing is ever done that nobody knows of. What a node then refuses is said in a line of its own. While bytes
//! flow, news of changed rights end them.

mod delete;

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{FileCopyInput, FileDirectoryInput, FileRenameInput},
    views::FileContentView,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use gantry_domain::{audit::AuditEntry, problem};
use gantry_nodes::{BodyError, BodyStream, NodeClient, NodeError, Pace};
use gantry_protocol::{ExpectedFile, FileChange, FileListing, FileOutcome, FileSaved};
use gantry_store::UserTx;
use gantry_types::{ServerId, permission::Permission, problem::Code};
use serde_json::{Value, json};

/// The largest file that an editor gets or saves, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// Longest spelling of a path, in bytes: what fits through the link's headers even when every byte is escaped.
const MAX_PATH: usize = 4_096;

/// A file on its way out.
pub struct FileDownload {
    /// Its own name, as it is spelled.
    pub name: String,
    pub bytes: u64,
    pub content: BodyStream,
}

/// A file on its way in.
pub struct FileUpload {
    pub path: String,
    pub replace: bool,
    /// In bytes, if it is known.
    pub length: Option<u64>,
    pub content: BodyStream,
}

/// A change that somebody asks of a node, as the audit log tells it.
pub(crate) struct Wish {
    pub(crate) action: &'static str,
    pub(crate) about: Value,
}

impl Wish {
    pub(crate) fn entry(&self, ctx: &OpCtx, server: ServerId) -> AuditEntry {
        AuditEntry::server(self.action, server, ctx.origin.clone()).after(self.about.clone())
    }

    fn refused(mut self, ctx: &OpCtx, server: ServerId, why: &str) -> AuditEntry {
        if let Value::Object(about) = &mut self.about {
            about.insert("refused".to_owned(), json!(self.action));
            about.insert("reason".to_owned(), json!(why));
        }
        AuditEntry::server("file.refused", server, ctx.origin.clone()).after(self.about)
    }
}

/// A path is what it looks like: it stands in the audit log before the node has seen it.
fn spelled(path: &str) -> Answer<()> {
    let refused = |detail: &str| Err(AppError::refused(Code::InvalidRequest, detail));
    if path.len() > MAX_PATH || path.chars().any(char::is_control) {
        return refused("A path is too long or has control characters, which are spelled with %%.");
    }
    if path.split('/').any(|part| part == "..") {
        return refused(
            "A path leads out of its folder by \u{201c}..\u{201d}; name it from the server's directory on.",
        );
    }
    if path.contains("//") || path.split('/').any(|part| part == ".") && path != "." {
        return refused("A path has empty parts or \u{201c}.\u{201d}; name it without them.");
    }
    Ok(())
}

impl App {
    /// What is in a directory.
    pub async fn list_files(&self, ctx: &OpCtx, server: ServerId, path: &str) -> Answer<FileListing> {
        let node = self.file_node(ctx, server, Permission::FilesList, &[path]).await?;
        Ok(node.list_files(server, path).await?)
    }

    /// A text file for an editor.
    pub async fn file_content(&self, ctx: &OpCtx, server: ServerId, path: &str) -> Answer<FileContentView> {
        let node = self.file_node(ctx, server, Permission::FilesRead, &[path]).await?;
        let file = node.read_file(server, path, Pace::Whole).await?;
        let refused =
            |why: &str| AppError::refused(Code::FileRefused, format!("The file {why}; download it."));
        if file.bytes > MAX_TEXT as u64 {
            return Err(refused("has more than 1 MiB"));
        }
        let pieces: Vec<Bytes> = file.content.try_collect().await?;
        let text = String::from_utf8(pieces.concat()).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| refused("is not text"))?;
        Ok(FileContentView { text, version: file.version, protected: file.protected })
    }

    /// Saves what an editor has: over the version that it read, over anything (`*`), or as a further file.
    pub async fn save_file(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        path: &str,
        version: Option<&str>,
        text: Bytes,
    ) -> Answer<FileSaved> {
        let expected = ExpectedFile::from_text(version);
        if matches!(&expected, ExpectedFile::Version(version) if version.len() > 200) {
            return Err(
                problem("version", "It is no version of a file.", "Give the one that was read.").into()
            );
        }
        let about = json!({ "path": path, "bytes": text.len() });
        let wish = Wish { action: "file.save", about };
        let node = self.file_change(ctx, server, &[Permission::FilesWrite], &[path], &wish).await?;
        let length = text.len() as u64;
        let content = stream::iter([Ok(text)]).boxed();
        let saved = node.write_file(server, path, &expected, Pace::Whole, Some(length), content).await;
        self.told(ctx, server, wish, saved).await
    }

    /// Begins to fetch a file. The stream ends with an error as soon as the right is gone.
    pub async fn download_file(&self, ctx: &OpCtx, server: ServerId, path: &str) -> Answer<FileDownload> {
        let news = self.rights().listen();
        let node = self.file_node(ctx, server, Permission::FilesRead, &[path]).await?;
        let place = self.transfers().begin(node.node_id(), ctx.actor.user_id)?;
        let file = node.read_file(server, path, Pace::OfPerson).await?;
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let content = file.content.map_err(BodyError::from);
        let content = self.watch(ctx, server, Permission::FilesRead, news, place).guard(content);
        Ok(FileDownload { name, bytes: file.bytes, content })
    }

    /// Brings a file. Nothing is in its place until all of it is there, and nothing comes there once the right is gone.
    pub async fn upload_file(&self, ctx: &OpCtx, server: ServerId, upload: FileUpload) -> Answer<FileSaved> {
        let news = self.rights().listen();
        let FileUpload { path, replace, length, content } = upload;
        let (mut tx, node) = self.file_access(ctx, server, &[Permission::FilesWrite], &[&path]).await?;
        let place = self.transfers().begin(node.node_id(), ctx.actor.user_id)?;
        let about = json!({ "path": path, "bytes": length, "replace": replace });
        let wish = Wish { action: "file.upload", about };
        tx.audit(wish.entry(ctx, server));
        tx.commit().await?;
        let expected = if replace { ExpectedFile::Anything } else { ExpectedFile::Nothing };
        let watch = self.watch(ctx, server, Permission::FilesWrite, news, place);
        let (ending, content) = (watch.ending(), watch.guard(content));
        let saved = node.write_file(server, &path, &expected, Pace::OfPerson, length, content).await;
        // The node knows only that the bytes broke off.
        match (saved, ending.why()) {
            (Err(_), Some(why)) => Err(why),
            (saved, _) => self.told(ctx, server, wish, saved).await,
        }
    }

    pub async fn make_directory(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        input: FileDirectoryInput,
    ) -> Answer<FileOutcome> {
        let wish = Wish { action: "file.directory", about: json!({ "path": input.path }) };
        let node = self.file_change(ctx, server, &[Permission::FilesWrite], &[&input.path], &wish).await?;
        let made = node.change_files(server, &FileChange::MakeDirectory { path: input.path }).await;
        self.told(ctx, server, wish, made).await
    }

    pub async fn rename_file(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        input: FileRenameInput,
    ) -> Answer<FileOutcome> {
        let FileRenameInput { from, to, replace } = input;
        // What is replaced is gone, as over SFTP.
        let rights: &[Permission] = if replace {
            &[Permission::FilesWrite, Permission::FilesDelete]
        } else {
            &[Permission::FilesWrite]
        };
        let about = json!({ "from": from, "to": to, "replace": replace });
        let wish = Wish { action: "file.rename", about };
        let node = self.file_change(ctx, server, rights, &[&from, &to], &wish).await?;
        let renamed = node.change_files(server, &FileChange::Rename { from, to, replace }).await;
        self.told(ctx, server, wish, renamed).await
    }

    pub async fn copy_file(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        input: FileCopyInput,
    ) -> Answer<FileOutcome> {
        let FileCopyInput { from, to } = input;
        let wish = Wish { action: "file.copy", about: json!({ "from": from, "to": to }) };
        let node = self.file_change(ctx, server, &[Permission::FilesWrite], &[&from, &to], &wish).await?;
        let copied = node.change_files(server, &FileChange::Copy { from, to }).await;
        self.told(ctx, server, wish, copied).await
    }

    /// The node of a server, for who has the right, once the paths look like paths.
    async fn file_node(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        right: Permission,
        paths: &[&str],
    ) -> Answer<NodeClient> {
        Ok(self.file_access(ctx, server, &[right], paths).await?.1)
    }

    /// The same, for a change: it stands in the audit log from here on.
    async fn file_change(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        rights: &[Permission],
        paths: &[&str],
        wish: &Wish,
    ) -> Answer<NodeClient> {
        let (mut tx, node) = self.file_access(ctx, server, rights, paths).await?;
        tx.audit(wish.entry(ctx, server));
        tx.commit().await?;
        Ok(node)
    }

    /// What the node made of a wish. Its no stands behind the wish, so that the log does not tell of what was not done.
    pub(crate) async fn told<T>(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        wish: Wish,
        outcome: Result<T, NodeError>,
    ) -> Answer<T> {
        if let Err(NodeError::Refused(refusal)) = &outcome {
            let mut tx = self.db().as_user(&ctx.actor).await?;
            tx.audit(wish.refused(ctx, server, &refusal.message));
            tx.commit().await?;
        }
        Ok(outcome?)
    }

    /// The same, with the transaction in which the rights were weighed.
    async fn file_access(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        rights: &[Permission],
        paths: &[&str],
    ) -> Answer<(UserTx, NodeClient)> {
        let (tx, access, row) = self.server_and_access(ctx, server).await?;
        rights.iter().try_for_each(|right| access.require(*right))?;
        for path in paths {
            spelled(path)?;
        }
        Ok((tx, self.client(row.node.id)?))
    }
}
