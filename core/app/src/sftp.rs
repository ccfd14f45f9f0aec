//! How somebody reaches a server's files by SFTP: the node's door, as far as the node told of it.

use crate::{App, OpCtx, error::Answer, views::SftpDoorView, views::SftpView};
use chrono::Utc;
use gantry_domain::{page::PageRequest, servers::Server, ssh_keys::PublicKey};
use gantry_protocol::SftpReport;
use gantry_types::{ServerId, permission::Permission};

impl App {
    /// For who may list the server's files.
    pub async fn server_sftp(&self, ctx: &OpCtx, server: ServerId) -> Answer<SftpView> {
        let (mut tx, _, row) = self.server_with(ctx, server, Permission::FilesList).await?;
        let typed = tx.sftp_door(ctx.actor.user_id, server, Utc::now()).await?;
        drop(tx);
        let door = self.door(&row).await?;
        let connected = self.links().client(row.node.id).is_some();
        let unavailable = match (&door, connected) {
            (Some(_), true) => None,
            (_, false) => Some(format!(
                "The node {} is not connected. While it is away, SFTP works for some minutes at most.",
                row.node.name
            )),
            (None, true) => Some(format!("The node {} offers no SFTP.", row.node.name)),
        };
        Ok(SftpView {
            door,
            user: format!("{}.{}", typed.user_handle, typed.server_handle),
            has_ssh_key: typed.has_key,
            has_app_password: typed.has_password,
            unavailable,
        })
    }

    /// Where the node is reached, if it said that it is. Nodes have no name of their own for people: it is the address that
    /// the server's players use, or else the first of the node's.
    async fn door(&self, server: &Server) -> Answer<Option<SftpDoorView>> {
        let mut tx = self.db().as_system().await?;
        let said = tx.sftp_report(server.node.id).await?;
        let Some(report) = said.and_then(|said| serde_json::from_value::<SftpReport>(said).ok()) else {
            return Ok(None);
        };
        // What a node says is shown to people who type it: a key is a key, and its fingerprint is its own.
        let Ok(host_key) = PublicKey::parse("hostKey", &report.host_key) else { return Ok(None) };
        let host = match server.endpoints.first() {
            Some(primary) => Some(primary.endpoint.address.clone()),
            None => {
                let first = PageRequest { cursor: None, limit: 1 };
                tx.allocations(server.node.id, &first).await?.items.pop().map(|one| one.address)
            }
        };
        Ok(host.map(|host| SftpDoorView {
            host,
            port: report.port,
            host_key: host_key.text,
            fingerprint: host_key.fingerprint,
        }))
    }
}
