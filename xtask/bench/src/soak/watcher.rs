//! Somebody with a page open: the list, or one server with its console.

use super::said;
use crate::{row::Result, socket::Socket, stack::Stack};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::task::JoinSet;

/// What a page shows.
#[derive(Clone)]
pub(super) enum Watched {
    List,
    Server(String),
}

/// What the page knows, by what it was told alone.
pub(super) struct Picture {
    watched: Watched,
    /// States of servers that were told of since the page was opened.
    servers: Mutex<BTreeMap<String, String>>,
    /// States of operations.
    operations: Mutex<BTreeMap<String, String>>,
    frames: AtomicU64,
    /// How often it was told that it missed something.
    holes: AtomicU64,
}

/// Opens the page's sockets, and follows them until the task is dropped or a socket ends.
pub(super) async fn start(
    tasks: &mut JoinSet<Result<()>>,
    stack: &Stack,
    watched: Watched,
) -> Result<Arc<Picture>> {
    let topics = match &watched {
        Watched::List => ["servers".to_owned(), "operations".to_owned()],
        Watched::Server(id) => [format!("server:{id}"), "operations".to_owned()],
    };
    let mut live = Socket::live(stack, &topics).await?;
    let picture = Arc::new(Picture {
        servers: Mutex::default(),
        operations: Mutex::default(),
        frames: AtomicU64::default(),
        holes: AtomicU64::default(),
        watched,
    });
    if let Watched::Server(id) = &picture.watched {
        let mut console = Socket::open(stack, &format!("console/{id}")).await?;
        let picture = Arc::clone(&picture);
        tasks.spawn(async move {
            let mut last = None;
            loop {
                picture.console(&console.hear().await?, &mut last)?;
            }
        });
    }
    let following = Arc::clone(&picture);
    tasks.spawn(async move {
        loop {
            following.live(&live.hear().await?)?;
        }
    });
    Ok(picture)
}

impl Picture {
    pub(super) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    pub(super) fn holes(&self) -> u64 {
        self.holes.load(Ordering::Relaxed)
    }

    fn live(&self, frame: &Value) -> Result<()> {
        self.frames.fetch_add(1, Ordering::Relaxed);
        match said(frame, "/type") {
            "server" => keep(&self.servers, said(frame, "/server/id"), said(frame, "/server/observed/state")),
            "operation" => {
                keep(&self.operations, said(frame, "/operation/id"), said(frame, "/operation/state"));
            }
            "ended" => return Err("a live page was told to fetch everything again".into()),
            _ => {}
        }
        Ok(())
    }

    /// Lines follow each other by their numbers.
    fn console(&self, frame: &Value, last: &mut Option<u64>) -> Result<()> {
        self.frames.fetch_add(1, Ordering::Relaxed);
        match said(frame, "/type") {
            "gap" => drop(self.holes.fetch_add(1, Ordering::Relaxed)),
            "restarted" => *last = None,
            "revoked" => return Err("a console was taken away".into()),
            _ => {}
        }
        for line in frame["lines"].as_array().into_iter().flatten() {
            let number = line["seq"].as_u64().ok_or("a line has no number")?;
            if last.is_some_and(|last| number != last + 1) {
                return Err(format!("line {number} of a console follows {last:?}").into());
            }
            *last = Some(number);
        }
        Ok(())
    }

    /// Whether everything that the page was to be told is as it is told. Servers that nothing happened to are not in it.
    pub(super) fn compare(
        &self,
        servers: &BTreeMap<String, String>,
        operations: &BTreeMap<String, String>,
    ) -> std::result::Result<(), String> {
        let known = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, state) in known.iter() {
            if servers.get(id) != Some(state) {
                return Err(format!("server {id} is shown as {state} and is {:?}", servers.get(id)));
            }
        }
        if matches!(&self.watched, Watched::Server(id) if known.keys().any(|other| other != id)) {
            return Err("the page of one server was told of another".to_owned());
        }
        let known = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, state) in operations {
            if known.get(id) != Some(state) {
                return Err(format!("operation {id} is shown as {:?} and is {state}", known.get(id)));
            }
        }
        Ok(())
    }
}

fn keep(map: &Mutex<BTreeMap<String, String>>, id: &str, state: &str) {
    map.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), state.to_owned());
}
