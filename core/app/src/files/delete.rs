//! Deleting several things in one request, each for itself.
//!
//! One thing that cannot be deleted keeps nothing else from going. So there are two answers: of a single path a refusal
//! is a problem, as with every other change; of several there is an account of each. The audit log has the wish first,
//! then what of it was refused.

use super::Wish;
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::FileDeleteInput,
    views::{FileDeletionView, FileFailureView},
};
use gantry_domain::problem;
use gantry_nodes::NodeError;
use gantry_protocol::MAX_DELETED;
use gantry_types::{ServerId, permission::Permission};
use serde_json::json;

/// Reasons that one line of the audit log tells.
const TOLD_REASONS: usize = 5;

impl App {
    /// Deletes files and directories with all that is in them.
    pub async fn delete_files(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        input: FileDeleteInput,
    ) -> Answer<FileDeletionView> {
        let paths: Vec<&str> = input.paths.iter().map(String::as_str).collect();
        if paths.is_empty() || paths.len() > MAX_DELETED {
            let remedy = format!("Name 1 to {MAX_DELETED} paths.");
            return Err(problem("paths", "That many cannot be deleted at once.", remedy).into());
        }
        let wish = Wish { action: "file.delete", about: json!({ "paths": paths }) };
        let node = self.file_change(ctx, server, &[Permission::FilesDelete], &paths, &wish).await?;
        let mut outcome = node.delete_files(server, &input.paths).await;
        if let ([_], Ok(told)) = (paths.as_slice(), &mut outcome)
            && let Some(failure) = told.failed.pop()
        {
            outcome = Err(NodeError::Refused(failure.refusal));
        }
        let told = self.told(ctx, server, wish, outcome).await?;
        let mut view = FileDeletionView { deleted: Vec::new(), failed: Vec::new() };
        let mut failures = told.failed.into_iter().peekable();
        for (at, path) in input.paths.into_iter().enumerate() {
            match failures.next_if(|failure| failure.at == at) {
                None => view.deleted.push(path),
                Some(failure) => view.failed.push(failure_view(path, failure.refusal)),
            }
        }
        if !view.failed.is_empty() {
            self.note_failures(ctx, server, &view.failed).await?;
        }
        Ok(view)
    }

    /// Says in the audit log what of a wish was not done.
    async fn note_failures(&self, ctx: &OpCtx, server: ServerId, failed: &[FileFailureView]) -> Answer<()> {
        let paths: Vec<&str> = failed.iter().map(|failure| failure.path.as_str()).collect();
        let mut reasons: Vec<&str> =
            failed.iter().take(TOLD_REASONS).map(|failure| failure.detail.as_str()).collect();
        if failed.len() > TOLD_REASONS {
            reasons.push("…");
        }
        let wish = Wish { action: "file.delete", about: json!({ "paths": paths }) };
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.audit(wish.refused(ctx, server, &reasons.join(" ")));
        tx.commit().await?;
        Ok(())
    }
}

fn failure_view(path: String, refusal: gantry_protocol::Refusal) -> FileFailureView {
    let error = AppError::from(NodeError::Refused(refusal));
    let code = error.code();
    FileFailureView { path, code, detail: error.detail(), remedy: code.remedy().to_owned() }
}
