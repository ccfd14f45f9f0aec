//! How a daemon becomes a node and proves it afterwards.
//!
//! A one-time token buys a pair of keys for this node alone. Every later link is proved with them; taking them away is
//! the revocation, and ends a link that stands.

use crate::{
    App, OpCtx, Origin, Seldom,
    error::{Answer, AppError},
    views::EnrollmentView,
};
use async_trait::async_trait;
use chrono::Utc;
use gantry_auth::{Purpose, Token};
use gantry_domain::{audit::AuditEntry, nodes::ENROLLMENT_LIFETIME, problem};
use gantry_nodes::{FrameSocket, KeysError, LinkError, Network, NodeKeyPair, NodeKeys, SigningKey, keys};
use gantry_protocol::{EnrollRequest, EnrollResponse};
use gantry_store::{Db, enrollment::NewNodeKeys};
use gantry_types::{NodeId, problem::Code};
use serde_json::json;
use std::time::Duration;

/// Longest version text that a daemon may send, in characters.
const MAX_VERSION: usize = 64;

impl App {
    /// A one-time token for a node; one that was made before is good no longer.
    pub async fn create_enrollment(&self, ctx: &OpCtx, node: NodeId) -> Answer<EnrollmentView> {
        let grant = ctx.actor.administrator()?;
        let token = Token::generate(Purpose::Enrollment)?;
        let expires_at = Utc::now() + ENROLLMENT_LIFETIME;
        let entry = AuditEntry::new("node.enrollment", "node", node, ctx.origin.clone());
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.create_enrollment(&grant, node, &token.hash(), expires_at, entry).await?;
        tx.commit().await?;
        // The token goes through standard input, so that it stands in no process list and no shell history.
        let command =
            format!("gantryd enroll --data-dir /var/lib/gantryd --url {} --token-stdin", self.public_url());
        Ok(EnrollmentView { token: token.expose().to_owned(), command, expires_at })
    }

    /// Spends a token: the daemon becomes the node that the token was made for.
    pub async fn enroll_daemon(&self, origin: &Origin, request: EnrollRequest) -> Answer<EnrollResponse> {
        let refused = || {
            let minutes = ENROLLMENT_LIFETIME.num_minutes();
            let detail = format!(
                "The token was used already, is older than {minutes} minutes, was replaced by a later one or is mistyped."
            );
            AppError::refused(Code::EnrollmentRefused, detail)
        };
        let token = Token::parse(Purpose::Enrollment, request.token.trim()).ok_or_else(refused)?;
        let daemon_public_key = keys::decode_public(&request.public_key).map_err(|_| {
            problem("publicKey", "This is not an Ed25519 public key.", "Send 32 bytes as base64.")
        })?;
        let ours = keys::generate()?;
        let public_key = keys::encode_public(&ours);
        let made = NewNodeKeys {
            public_key: ours.verifying_key().to_bytes(),
            private_key: ours.to_bytes().into(),
            daemon_public_key,
            agent_version: request.agent_version.chars().take(MAX_VERSION).collect(),
        };
        let mut tx = self.db().as_system().await?;
        let (node_id, name) = tx.spend_enrollment(&token.hash(), Utc::now()).await?.ok_or_else(refused)?;
        let entry = AuditEntry::new("node.enroll", "node", node_id, origin.clone())
            .after(json!({ "agentVersion": made.agent_version }));
        tx.enroll_node(node_id, &made, Utc::now(), entry).await?;
        tx.commit().await?;
        // Whatever is linked with the former keys is not this node any longer.
        self.links().close(node_id);
        tracing::info!(node.id = %node_id, "a daemon enrolled");
        Ok(EnrollResponse { node_id, name, public_key })
    }

    /// Takes a node's identity away: its daemon is cut off at once, and refused until it enrolls again.
    pub async fn revoke_node(&self, ctx: &OpCtx, node: NodeId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let entry = AuditEntry::new("node.revoke", "node", node, ctx.origin.clone());
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.node(node).await?;
        tx.revoke_node(&grant, node, entry).await?;
        tx.commit().await?;
        self.links().close(node);
        Ok(())
    }

    /// Refuses a daemon as overloaded while too many others prove themselves.
    pub fn has_room_for_link(&self, from: Network) -> Answer<()> {
        if self.links().has_room(from) {
            return Ok(());
        }
        Err(AppError::refused(Code::Overloaded, "Too many daemons connect at this moment."))
    }

    /// Runs a daemon's link over its upgraded socket until it ends.
    pub async fn accept_link<S: FrameSocket + 'static>(&self, from: Network, socket: S) {
        if let Err(error) = self.links().serve(from, socket).await {
            note_end(&error);
        }
    }

    /// Closes a link whose node lost its keys through another instance.
    pub(crate) async fn check_link(&self, node: NodeId) -> Answer<()> {
        if self.links().client(node).is_some()
            && self.db().as_system_for_nodes().await?.node_keys(node).await?.is_none()
        {
            self.links().close(node);
        }
        Ok(())
    }
}

/// A link that ended by an error. Anybody can begin one, so those that never became a node's are told of once in a while.
fn note_end(error: &LinkError) {
    static STRANGERS: Seldom = Seldom::new(Duration::from_secs(10));
    let cause = error as &dyn std::error::Error;
    match error {
        LinkError::Deadline | LinkError::Busy | LinkError::Crowded | LinkError::Handshake(_) => {
            metrics::counter!("gantry_link_refusals_total").increment(1);
            match STRANGERS.due("link") {
                Some(left_out) => tracing::warn!(error = cause, left_out, "a daemon was not let in"),
                None => tracing::debug!(error = cause, "a daemon was not let in"),
            }
        }
        LinkError::Keys(_) | LinkError::Revoked | LinkError::ShuttingDown | LinkError::Broken(_) => {
            tracing::warn!(error = cause, "a daemon's link ended");
        }
    }
}

/// The keys of nodes, as the database has them.
pub(crate) struct StoredKeys {
    db: Db,
}

impl StoredKeys {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl NodeKeys for StoredKeys {
    async fn keys(&self, node_id: NodeId) -> Result<Option<NodeKeyPair>, KeysError> {
        let stored = self.db.as_system_for_nodes().await?.node_keys(node_id).await?;
        Ok(stored.map(|keys| NodeKeyPair {
            daemon_public_key: keys.daemon_public_key,
            signing_key: SigningKey::from_bytes(&keys.private_key),
        }))
    }
}
