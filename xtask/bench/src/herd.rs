//! The herd of `cargo xtask faults F33`: nodes and open pages that lose their control plane together and all come back.
//!
//! A node is the daemon's own link with its keys, handshake and pauses, over a router that answers what a node without
//! servers answers. A page is a signed-in person's WebSocket that comes back as the panel's does. Whoever starts this says in
//! one line of JSON what to gather and then what happens, a word a line; each answer is a line too. Cookies and addresses of
//! databases come that way because everybody may read a command line.
//!
//! Modules in reading order: [`ask`], [`roll`], [`node`], [`people`], [`page`], [`logins`], [`connections`].

mod ask;
mod connections;
mod logins;
mod node;
mod page;
mod people;
mod roll;

use crate::row::Result;
use ask::Door;
use connections::Connections;
use logins::Logins;
use node::Nodes;
use page::Pages;
use people::People;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

/// How long all of them may take to be there for the first time.
const GATHERED: Duration = Duration::from_secs(300);
/// How long they may take to be back. Whoever asks judges what is told after it.
const BACK: Duration = Duration::from_secs(180);
/// How long a change may take to reach every page.
const HEARD: Duration = Duration::from_secs(60);
/// Open files beside one for each node and two for each page.
const FILES: u64 = 1_000;

/// What is to be gathered.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Orders {
    /// Of the control plane.
    address: SocketAddr,
    /// A superuser's address of its database.
    database: String,
    /// An administrator's.
    cookie: String,
    location: String,
    /// What pages show, each person one of them.
    servers: Vec<String>,
    nodes: usize,
    pages: usize,
    people: usize,
}

impl Orders {
    /// The administrator.
    fn admin(&self) -> Door {
        Door { from: Ipv4Addr::LOCALHOST, to: self.address, cookie: Some(self.cookie.clone()) }
    }

    /// Somebody else, at an address of their own: strangers have limits by network.
    fn stranger(&self, quarter: u8, number: usize) -> Door {
        let [.., high, low] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
        Door { from: Ipv4Addr::new(127, quarter, high, low.max(1)), to: self.address, cookie: None }
    }
}

/// Whose addresses are whose.
const PEOPLE: u8 = 1;
const SIGNING_IN: u8 = 2;
const ENROLLING: u8 = 3;

/// Gathers, bears the storm, tells of it, and goes.
pub(crate) async fn run() -> Result<()> {
    let orders: Orders = serde_json::from_str(&next().await?)?;
    have_files(&orders)?;
    // Whoever may newly see something is news to every node: people come before nodes.
    let people = People::gather(&orders).await?;
    let nodes = Nodes::gather(&orders).await?;
    nodes.roll.full(GATHERED).await?;
    let pages = Pages::gather(&orders, &people);
    pages.roll.full(GATHERED).await?;
    tell(&json!({ "gathered": true }));
    expect("storm").await?;
    let storm = Instant::now();
    pages.count_refusals();
    let mut connections = Connections::watch(&orders.database).await?;
    let logins = Logins::begin(&orders, &people);
    tell(&json!({ "watching": true }));
    expect("up").await?;
    let up = Instant::now();
    let back = async {
        nodes.roll.full_since(storm, BACK).await?;
        pages.roll.full_since(storm, BACK).await
    };
    let back = tokio::select! {
        back = back => back,
        error = connections.failed() => Err(error),
    };
    let logins = logins.end(up).await?;
    let changed = match &back {
        Ok(()) => Some(change(&orders, &pages).await?),
        Err(_) => None,
    };
    tell(&json!({
        "complaint": back.err().map(|error| error.to_string()),
        "up": up.duration_since(storm).as_secs_f64(),
        "nodes": nodes.roll.told(storm),
        "pages": pages.roll.told(storm),
        "refusals": pages.refusals(),
        "signIns": logins,
        "connections": connections.end(),
        "changeHeardByAll": changed,
    }));
    expect("end").await?;
    pages.end().await;
    nodes.end(&orders).await?;
    people.end(&orders).await?;
    tell(&json!({ "gone": true }));
    Ok(())
}

/// Each page shows one of the servers, so each must hear of a new name. Answers how many seconds it took.
async fn change(orders: &Orders, pages: &Pages) -> Result<f64> {
    let begun = Instant::now();
    for server in &orders.servers {
        let form = json!({ "name": page::NEW_NAME });
        orders.admin().must("PATCH", &format!("/api/servers/{server}"), Some(&form)).await?;
    }
    pages.hearers.full_since(begun, HEARD).await?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Programs begin with room for about a thousand.
fn have_files(orders: &Orders) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let needed = FILES + orders.nodes as u64 + 2 * orders.pages as u64;
    if limit.maximum.is_some_and(|most| most < needed) {
        return Err(format!(
            "this many nodes and pages take {needed} open files: raise the hard limit (ulimit -Hn)"
        )
        .into());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

/// The next line that was said.
async fn next() -> Result<String> {
    let said = tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await?;
    Ok(said.ok_or("whoever started this is gone")??)
}

async fn expect(word: &str) -> Result<()> {
    let said = next().await?;
    if said == word { Ok(()) } else { Err(format!("{said} was said in place of {word}").into()) }
}

fn tell(what: &Value) {
    println!("{what}");
}
