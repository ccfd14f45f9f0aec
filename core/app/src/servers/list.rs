//! The list of servers: what the panel asks for most, and the longest answer that it gets.
//!
//! Reading fifty rows whole, building their views and writing them as JSON nearly always makes the bytes of a second
//! before. So a row is written once for each of its versions and for
//! each set of rights, without its latest second, which is put in when the list is asked for. The database is asked each
//! time which servers these are and what the caller may do with them: what is remembered here decides nothing.

use super::view::{Permissions, narrowed};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::ServersQuery,
    views::ServerView,
};
use chrono::Utc;
use gantry_domain::{
    page::{Page, PageRequest},
    problem,
    servers::{Server, ServerFilter, ServerStamp},
};
use gantry_types::{NodeId, ServerId, permission::Permission, sample::LiveSample};
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Longest search text, in characters.
const MAX_SEARCH: usize = 100;
/// Rows that are remembered at once, of about 2.5 kB each.
const REMEMBERED: usize = 2_000;
/// How long a row is believed. A row's version tells of every change but one: that the database was put back to what it
/// was before.
const BELIEVED: Duration = Duration::from_secs(60);

/// One page of servers, written as the `Page` of `ServerView` that it is.
#[derive(Clone, Debug)]
pub struct ServerPage(Vec<u8>);

impl ServerPage {
    /// The JSON.
    pub fn into_json(self) -> Vec<u8> {
        self.0
    }
}

/// A row for one set of rights, up to where its latest second stands.
#[derive(Clone)]
struct Written {
    version: i64,
    node: NodeId,
    connected: bool,
    at: Instant,
    json: Arc<[u8]>,
}

/// The rows that were written.
#[derive(Default)]
pub(crate) struct WrittenRows(Mutex<HashMap<(ServerId, Rights), Written>>);

/// A set of rights as bits.
type Rights = u64;

fn rights(permissions: Option<&Permissions>) -> Rights {
    let bits = |rights: Rights, each: &Permission| rights | 1 << *each as u32;
    permissions
        .map_or_else(|| Permission::ALL.iter().fold(0, bits), |permissions| permissions.iter().fold(0, bits))
}

const _: () = assert!(Permission::ALL.len() <= Rights::BITS as usize, "a right has no bit");

impl WrittenRows {
    /// The rows that still stand, in the order of the stamps, with none where one must be written.
    fn find(&self, stamps: &[ServerStamp], now: Instant) -> Vec<Option<Written>> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |stamp: &ServerStamp| {
            let row = rows.get(&(stamp.id, rights(stamp.permissions.as_ref())))?;
            let stands = row.version == stamp.version && now.duration_since(row.at) < BELIEVED;
            stands.then(|| row.clone())
        };
        stamps.iter().map(find).collect()
    }

    fn keep(&self, server: ServerId, rights: Rights, row: Written) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() >= REMEMBERED {
            rows.retain(|_, held| row.at.duration_since(held.at) < BELIEVED);
        }
        if rows.len() < REMEMBERED || rows.contains_key(&(server, rights)) {
            rows.insert((server, rights), row);
        }
    }
}

impl App {
    /// The servers that the caller may see, by name.
    pub async fn list_servers(&self, ctx: &OpCtx, query: ServersQuery) -> Answer<ServerPage> {
        let page = PageRequest::parse(query.cursor, query.limit)?;
        check_search(query.search.as_deref())?;
        let filter = ServerFilter { search: query.search, observed: query.status, ..ServerFilter::default() };
        if filter == ServerFilter::default() {
            return self.plain_list(ctx, &page).await;
        }
        let servers = self.db().as_user(&ctx.actor).await?.servers(&filter, &page).await?;
        let mut list = ListWriter::default();
        for server in servers.items {
            let (id, permissions) = (server.id, server.permissions.clone());
            let row = write_row(&self.row_view(server))?;
            list.add(&row, self.latest(id, Some(&permissions)).as_ref())?;
        }
        list.end(servers.next.as_deref())
    }

    async fn plain_list(&self, ctx: &OpCtx, page: &PageRequest) -> Answer<ServerPage> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let stamps = tx.server_stamps(page).await?;
        let now = Instant::now();
        let mut rows = self.written().find(&stamps.items, now);
        // A node's coming or going changes no row.
        for row in &mut rows {
            row.take_if(|row| row.connected != self.links().is_connected(row.node));
        }
        let missing = stamps.items.iter().zip(&rows).filter(|(_, row)| row.is_none());
        let missing: Vec<_> = missing.map(|(stamp, _)| stamp.id).collect();
        let mut read = HashMap::new();
        if !missing.is_empty() {
            read.extend(tx.servers_by_ids(&missing).await?.into_iter().map(|server| (server.id, server)));
        }
        // Its end travels while the answer is written.
        drop(tx);
        let Page { items, next } = stamps;
        let mut list = ListWriter::default();
        for (stamp, row) in items.into_iter().zip(rows) {
            let row = match (row, read.remove(&stamp.id)) {
                (Some(row), _) => row,
                (None, Some(server)) => self.write_anew(stamp.version, server, now)?,
                // It went, or the right to see it did, since it was listed.
                (None, None) => continue,
            };
            list.add(&row.json, self.latest(stamp.id, stamp.permissions.as_ref()).as_ref())?;
        }
        list.end(next.as_deref())
    }

    /// What was read is at least as recent as `version`, which was read before it.
    fn write_anew(&self, version: i64, server: Server, now: Instant) -> Answer<Written> {
        let (id, node, rights) = (server.id, server.node.id, rights(Some(&server.permissions)));
        let view = self.row_view(server);
        let row = Written {
            version,
            node,
            connected: view.node.connected,
            at: now,
            json: write_row(&view)?.into(),
        };
        self.written().keep(id, rights, row.clone());
        Ok(row)
    }

    fn latest(&self, server: ServerId, permissions: Option<&Permissions>) -> Option<LiveSample> {
        let sample = self.samples().latest(server, Utc::now())?;
        match permissions {
            Some(permissions) => narrowed(sample, permissions),
            None => Some(sample),
        }
    }
}

fn check_search(search: Option<&str>) -> Answer<()> {
    let Some(text) = search else { return Ok(()) };
    if text.chars().count() > MAX_SEARCH {
        let remedy = format!("Use at most {MAX_SEARCH} characters.");
        return Err(problem("search", "The text is too long.", remedy).into());
    }
    if text.chars().any(char::is_control) {
        return Err(problem("search", "The text has control characters.", "Remove them.").into());
    }
    Ok(())
}

/// The view without its end, which begins with the latest second.
fn write_row(view: &ServerView) -> Answer<Vec<u8>> {
    let mut row = Vec::with_capacity(4_096);
    write(&mut row, view)?;
    let kept = row.strip_suffix(b"null}").map(<[u8]>::len);
    row.truncate(kept.ok_or(AppError::Broken("a row of a list does not end with its latest second"))?);
    Ok(row)
}

fn write(to: &mut Vec<u8>, value: &impl Serialize) -> Answer<()> {
    serde_json::to_writer(to, value).map_err(|_| AppError::Broken("an answer cannot be written"))
}

/// Puts a page together.
#[derive(Default)]
struct ListWriter(Vec<u8>);

impl ListWriter {
    fn add(&mut self, row: &[u8], sample: Option<&LiveSample>) -> Answer<()> {
        self.0.extend_from_slice(if self.0.is_empty() { b"{\"items\":[" } else { b"," });
        self.0.extend_from_slice(row);
        write(&mut self.0, &sample)?;
        self.0.push(b'}');
        Ok(())
    }

    fn end(mut self, next: Option<&str>) -> Answer<ServerPage> {
        self.0.extend_from_slice(if self.0.is_empty() { b"{\"items\":[" } else { b"" });
        self.0.extend_from_slice(b"],\"nextCursor\":");
        write(&mut self.0, &next)?;
        self.0.push(b'}');
        Ok(ServerPage(self.0))
    }
}
