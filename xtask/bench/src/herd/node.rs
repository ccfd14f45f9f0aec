//! Nodes: the daemon's own link, over a router that answers what a node without servers answers.

use super::{ENROLLING, Orders, roll::Roll};
use crate::{row::Result, stack::text};
use axum::{
    Json, Router,
    body::Body,
    routing::{get, post, put},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use gantry_agent::{
    link::{self, Identity, LinkConfig, LinkState},
    report::AGENT_VERSION,
};
use gantry_protocol::{EnrollRequest, EnrollResponse, NodeReport, SystemReport, tunnel::keys};
use http::StatusCode;
use serde_json::json;
use std::{convert::Infallible, sync::Arc};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// That are made at once.
const AT_ONCE: usize = 4;

pub(super) struct Nodes {
    pub(super) roll: Arc<Roll>,
    ids: Vec<String>,
    links: JoinSet<()>,
    stop: CancellationToken,
}

impl Nodes {
    /// Enrolls each by a one-time token and keeps its link up.
    pub(super) async fn gather(orders: &Orders) -> Result<Self> {
        let identities: Vec<Identity> = stream::iter((0..orders.nodes).map(|number| enroll(orders, number)))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let roll = Arc::new(Roll::of("nodes", identities.len()));
        let ids = identities.iter().map(|identity| identity.node_id.to_string()).collect();
        let (mut links, stop) = (JoinSet::new(), CancellationToken::new());
        for (number, identity) in identities.into_iter().enumerate() {
            let (state, seen) = watch::channel(LinkState::default());
            let config =
                LinkConfig { identity, agent_version: AGENT_VERSION.to_owned(), extra_ca: None, state };
            links.spawn(link::run(config, router(), stop.clone()));
            links.spawn(note(seen, Arc::clone(&roll), number));
        }
        Ok(Self { roll, ids, links, stop })
    }

    /// Ends the links and has the nodes forgotten.
    pub(super) async fn end(mut self, orders: &Orders) -> Result<()> {
        self.stop.cancel();
        while self.links.join_next().await.is_some() {}
        let admin = orders.admin();
        for id in &self.ids {
            let answer = admin.ask("DELETE", &format!("/api/nodes/{id}"), None).await?;
            if answer.status != 204 {
                return Err(format!("deleting a node answered {}: {}", answer.status, answer.body).into());
            }
        }
        Ok(())
    }
}

/// Until its link ends for good.
async fn note(mut state: watch::Receiver<LinkState>, roll: Arc<Roll>, number: usize) {
    while state.changed().await.is_ok() {
        match &*state.borrow_and_update() {
            LinkState::Connected => roll.came(number),
            LinkState::Connecting | LinkState::Disconnected { .. } => roll.went(number),
        }
    }
}

/// What `gantryd enroll` does, from an address of its own: so many from one would be held for one that guesses.
async fn enroll(orders: &Orders, number: usize) -> Result<Identity> {
    let admin = orders.admin();
    let form = json!({ "name": format!("of the herd {number}"), "locationId": orders.location });
    let node = text(&admin.must("POST", "/api/nodes", Some(&form)).await?, "/id")?;
    let enrollment = admin.must("POST", &format!("/api/nodes/{node}/enrollment"), None).await?;
    let signing_key = keys::generate()?;
    let request = EnrollRequest {
        token: text(&enrollment, "/token")?,
        public_key: keys::encode_public(&signing_key),
        agent_version: AGENT_VERSION.to_owned(),
    };
    let request = serde_json::to_value(&request)?;
    let answer =
        orders.stranger(ENROLLING, number).must("POST", "/api/daemon/enroll", Some(&request)).await?;
    let EnrollResponse { node_id, name, public_key } = serde_json::from_value(answer)?;
    let url = format!("http://{}", orders.address).parse()?;
    Ok(Identity {
        node_id,
        name,
        url,
        signing_key,
        control_plane_public_key: keys::decode_public(&public_key)?,
    })
}

/// Nothing runs there and nothing has happened: reports and lists are short, streams are open and silent.
fn router() -> Router {
    let silence =
        || async { Body::from_stream(stream::pending::<std::result::Result<Vec<u8>, Infallible>>()) };
    let done = || async { StatusCode::NO_CONTENT };
    Router::new()
        .route("/v1/node", get(async || Json(report())))
        .route("/v1/servers", get(async || Json(json!([]))))
        .route("/v1/sftp", put(done))
        .route("/v1/events/acknowledge", post(done))
        .route("/v1/node/samples", get(silence))
        .route("/v1/events", get(silence))
        .route("/v1/samples", get(silence))
}

fn report() -> NodeReport {
    NodeReport {
        agent_version: AGENT_VERSION.to_owned(),
        system: SystemReport::default(),
        runtime: "simulated".to_owned(),
        plugins: Vec::new(),
        last_event: 0,
        tasks: 0,
        sftp: None,
        drain: None,
    }
}
