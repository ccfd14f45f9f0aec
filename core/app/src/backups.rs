//! Backups of a server: asked of its node, which makes and keeps them, and shown as it last told of them.
//!
//! A wish stands in the audit log before the node is asked, while no transaction is open; its no gets a line of its own. What it
//! answers is kept by the rule of its events, so that neither undoes the other. To restore one is an operation, and goes down
//! with the whole desired server.

use crate::{
    App, OpCtx,
    error::{Answer, AppError, sentence},
    inputs::{BackupInput, BackupUpdate},
    nodes::keep_backup,
    views::{Accepted, BackupsView},
};
use chrono::Utc;
use futures_util::TryStreamExt;
use gantry_domain::{
    actions,
    audit::AuditEntry,
    backups::{self, USUAL_NAME},
    servers::ServerAction,
};
use gantry_nodes::{BodyError, BodyStream, NodeError};
use gantry_protocol::{BackupChange, BackupRequest, Refusal, RefusalCode};
use gantry_types::{
    BackupId, NodeId, OperationId, ServerId,
    backup::{Backup, BackupState},
    operation::OperationKind,
    permission::Permission,
    problem::Code,
};
use serde_json::{Value, json};

/// A backup on its way out.
pub struct BackupDownload {
    /// For the file that it becomes.
    pub name: String,
    /// If the node says how many.
    pub bytes: Option<u64>,
    pub content: BodyStream,
}

/// What somebody asks of the node, as the audit log tells it.
struct Wish {
    action: &'static str,
    server: ServerId,
    backup: BackupId,
    before: Value,
    after: Value,
}

impl Wish {
    fn of(action: &'static str, server: ServerId, backup: &Backup) -> Self {
        let after = json!({ "name": backup.name, "createdAt": backup.created_at });
        Self { action, server, backup: backup.id, before: Value::Null, after }
    }

    fn entry(&self, ctx: &OpCtx) -> AuditEntry {
        AuditEntry::new(self.action, "backup", self.backup, ctx.origin.clone())
            .about(self.server)
            .before(self.before.clone())
            .after(self.after.clone())
    }

    fn refused(self, ctx: &OpCtx, why: &str) -> AuditEntry {
        let about = json!({ "name": self.after["name"], "refused": self.action, "reason": why });
        AuditEntry::new("backup.refused", "backup", self.backup, ctx.origin.clone())
            .about(self.server)
            .after(about)
    }
}

impl App {
    /// A server's backups, and whether one more can be made.
    pub async fn list_backups(&self, ctx: &OpCtx, server: ServerId) -> Answer<BackupsView> {
        let (mut tx, _, row) = self.server_with(ctx, server, Permission::BackupsRead).await?;
        let (items, limit) = (tx.backups(server).await?, row.limits.backups);
        let refusal = backups::check_make(self.situation(&row), limit, &items).err();
        Ok(BackupsView { items, limit, refusal: refusal.map(|no| no.reason) })
    }

    /// Begins a backup, which its node makes by itself.
    pub async fn create_backup(&self, ctx: &OpCtx, server: ServerId, input: BackupInput) -> Answer<Backup> {
        let (mut tx, access, row) = self.server_with(ctx, server, Permission::BackupsCreate).await?;
        if input.locked {
            access.require(Permission::BackupsUpdate)?;
        }
        // The claim of this transaction ends with it; the answer is kept once there is one. A request that comes again before
        // that is about the same backup.
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        let name = backups::name(input.name.as_deref().unwrap_or(USUAL_NAME))?;
        let present = tx.backups(server).await?;
        drop(tx);
        let (id, locked) = (BackupId::new(ctx.id_of_made()), input.locked);
        if let Some(made) = present.iter().find(|backup| backup.id == id) {
            return Ok(made.clone());
        }
        backups::check_make(self.situation(&row), row.limits.backups, &present)?;
        let client = self.client(row.node.id)?;
        let after = json!({ "name": name, "locked": locked });
        let wish = Wish { action: "backup.create", server, backup: id, before: Value::Null, after };
        let (mut tx, _, _) = self.server_with(ctx, server, Permission::BackupsCreate).await?;
        tx.audit(wish.entry(ctx));
        tx.commit().await?;
        let request = BackupRequest { id, name, locked, actor: ctx.actor.name.clone() };
        let made = self.answered(ctx, wish, client.make_backup(server, &request).await).await?;
        self.keep(row.node.id, server, &made).await?;
        self.remembered(ctx, made).await
    }

    /// Keeps the answer for a request that comes again.
    async fn remembered(&self, ctx: &OpCtx, made: Backup) -> Answer<Backup> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        ctx.keep(&mut tx, 202, &made).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Names, locks or unlocks a backup.
    pub async fn update_backup(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        id: BackupId,
        update: BackupUpdate,
    ) -> Answer<Backup> {
        let (mut tx, _, row) = self.server_with(ctx, server, Permission::BackupsUpdate).await?;
        let present = tx.backup(server, id).await?;
        let BackupUpdate { name, locked } = update;
        let name = name.as_deref().map(backups::name).transpose()?;
        if name.is_none() && locked.is_none() {
            return Ok(present);
        }
        backups::check_change(self.situation(&row))?;
        let client = self.client(row.node.id)?;
        let wish = Wish {
            before: json!({ "name": present.name, "locked": present.locked }),
            after: json!({ "name": name.as_ref().unwrap_or(&present.name), "locked": locked.unwrap_or(present.locked) }),
            ..Wish::of("backup.update", server, &present)
        };
        tx.audit(wish.entry(ctx));
        tx.commit().await?;
        let changed = client.change_backup(server, id, &BackupChange { name, locked }).await;
        let changed = self.answered(ctx, wish, changed).await?;
        self.keep(row.node.id, server, &changed).await?;
        Ok(changed)
    }

    /// Deletes a backup, or calls off one that is being made. One that the node does not have any more leaves the list.
    pub async fn delete_backup(&self, ctx: &OpCtx, server: ServerId, id: BackupId) -> Answer<()> {
        let (mut tx, _, row) = self.server_with(ctx, server, Permission::BackupsDelete).await?;
        let present = tx.backup(server, id).await?;
        backups::check_change(self.situation(&row))?;
        let client = self.client(row.node.id)?;
        let wish = Wish::of("backup.delete", server, &present);
        tx.audit(wish.entry(ctx));
        tx.commit().await?;
        match client.delete_backup(server, id).await {
            // It goes once its making has ended, and the node tells of that.
            Ok(()) if present.state == BackupState::Running => return Ok(()),
            Ok(()) => {}
            Err(NodeError::Refused(Refusal { code: RefusalCode::UnknownBackup, .. })) => {}
            refused => return self.answered(ctx, wish, refused).await,
        }
        let mut tx = self.db().as_system().await?;
        tx.forget_backup(row.node.id, server, id).await?;
        Ok(tx.commit().await?)
    }

    /// Begins to fetch a backup. The stream ends with an error as soon as the right is gone.
    pub async fn download_backup(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        id: BackupId,
    ) -> Answer<BackupDownload> {
        let (news, right) = (self.rights().listen(), Permission::BackupsDownload);
        let (mut tx, _, row) = self.server_with(ctx, server, right).await?;
        let backup = tx.backup(server, id).await?;
        backups::check_content(&backup)?;
        let client = self.client(row.node.id)?;
        let place = self.transfers().begin(row.node.id, ctx.actor.user_id)?;
        let wish = Wish::of("backup.download", server, &backup);
        tx.audit(wish.entry(ctx));
        tx.commit().await?;
        let archive = self.answered(ctx, wish, client.backup_content(server, id).await).await?;
        let content = archive.content.map_err(BodyError::from);
        let content = self.watch(ctx, server, right, news, place).guard(content);
        let name = backups::file_name(&row.name, backup.created_at);
        Ok(BackupDownload { name, bytes: archive.bytes, content })
    }

    /// Puts a backup in place of all files. Whether the server is to run stays as it is: its node stops the game for it, and starts
    /// it again.
    pub async fn restore_backup(&self, ctx: &OpCtx, server: ServerId, id: BackupId) -> Answer<Accepted> {
        let (mut tx, access) = self.access(ctx, server).await?;
        let grant = access.operation(OperationKind::Restore)?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        let row = tx.server_for_update(server).await?;
        let backup = tx.backup(server, id).await?;
        actions::check(self.situation(&row), ServerAction::Restore)?;
        backups::check_content(&backup)?;
        let operation_id = OperationId::new(gantry_store::new_uuid());
        let mut wish = Wish::of("backup.restore", server, &backup);
        wish.after["operationId"] = json!(operation_id);
        tx.request_restore(&grant, operation_id, id, Utc::now(), wish.entry(ctx)).await?;
        let accepted = Accepted { operation_id };
        ctx.keep(&mut tx, 202, &accepted).await?;
        tx.commit().await?;
        self.doorbells().ring(row.node.id);
        Ok(accepted)
    }

    /// What the node made of a wish. Its no stands behind the wish, so that the log does not tell of what was not done.
    async fn answered<T>(&self, ctx: &OpCtx, wish: Wish, outcome: Result<T, NodeError>) -> Answer<T> {
        let Err(NodeError::Refused(refusal)) = &outcome else { return Ok(outcome?) };
        let refused = said(refusal);
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.audit(wish.refused(ctx, &refusal.message));
        tx.commit().await?;
        match refused {
            Some(refused) => Err(refused),
            None => Ok(outcome?),
        }
    }

    /// Keeps what the node answered.
    async fn keep(&self, node: NodeId, server: ServerId, backup: &Backup) -> Answer<()> {
        let mut tx = self.db().as_system().await?;
        keep_backup(&mut tx, node, server, backup).await?;
        Ok(tx.commit().await?)
    }
}

/// A node's no in words for people, where it is about backups.
fn said(refusal: &Refusal) -> Option<AppError> {
    let code = match refusal.code {
        RefusalCode::UnknownBackup => {
            let gone = "The node no longer has this backup. Delete it to take it from the list.";
            return Some(AppError::refused(Code::NotFound, gone));
        }
        RefusalCode::TooManyBackups => Code::TooManyBackups,
        RefusalCode::BackupInUse => Code::BackupInUse,
        _ => return None,
    };
    Some(AppError::refused(code, sentence(&refusal.message)))
}
