//! Open pages: each has the WebSocket of `web/src/api/live.ts`, which comes back as that of `web/src/api/socket.ts` does.
//!
//! A fresh ticket for each opening, `authenticate`, the topics of what is shown; after a loss everything shown is read again.
//! A page that was refused waits as the panel's own does, with its pauses and its luck.

use super::{
    Orders,
    ask::{Answer, Door, Line},
    people::People,
    roll::Roll,
};
use crate::{row::Result, stack::text};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest},
};

/// The server's, once all are back.
pub(super) const NEW_NAME: &str = "heard by the whole herd";
/// Between the first openings of two pages: a herd gathers over time, and is one when it is frightened.
const ONE_BY_ONE: Duration = Duration::from_millis(10);
/// A link that lasted this long was a good one.
const GOOD: Duration = Duration::from_secs(5);

pub(super) struct Pages {
    pub(super) roll: Arc<Roll>,
    /// Who heard the new name.
    pub(super) hearers: Arc<Roll>,
    refusals: Arc<Refusals>,
    tasks: JoinSet<()>,
}

impl Pages {
    /// Opens them, people taking turns.
    pub(super) fn gather(orders: &Orders, people: &People) -> Self {
        let roll = Arc::new(Roll::of("pages", orders.pages));
        let hearers = Arc::new(Roll::of("pages that heard the new name", orders.pages));
        let refusals = Arc::new(Refusals::default());
        let mut tasks = JoinSet::new();
        for (number, person) in people.0.iter().cycle().take(orders.pages).enumerate() {
            let page = Page {
                number,
                door: person.door.clone(),
                server: person.server.clone(),
                roll: Arc::clone(&roll),
                hearers: Arc::clone(&hearers),
                refusals: Arc::clone(&refusals),
                pauses: Pauses::default(),
            };
            tasks.spawn(page.stay());
        }
        Self { roll, hearers, refusals, tasks }
    }

    /// From here on.
    pub(super) fn count_refusals(&self) {
        self.refusals.lock().clear();
    }

    /// Answers that were no answers, by what they were, and how many each.
    pub(super) fn refusals(&self) -> Value {
        json!(*self.refusals.lock())
    }

    pub(super) async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

/// How often what was said in place of an answer.
#[derive(Default)]
struct Refusals(Mutex<BTreeMap<String, usize>>);

impl Refusals {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, what: String) {
        *self.lock().entry(what).or_default() += 1;
    }
}

struct Page {
    number: usize,
    door: Door,
    server: String,
    roll: Arc<Roll>,
    hearers: Arc<Roll>,
    refusals: Arc<Refusals>,
    pauses: Pauses,
}

impl Page {
    /// Until the task is dropped.
    async fn stay(mut self) {
        let turn = u32::try_from(self.number).unwrap_or_default();
        tokio::time::sleep(ONE_BY_ONE * turn).await;
        let mut again = false;
        loop {
            // Why it ended is counted where it happened; a page shows no more than that it is lost.
            drop(self.open(&mut again).await);
            self.roll.went(self.number);
            tokio::time::sleep(self.pauses.next()).await;
        }
    }

    async fn open(&mut self, again: &mut bool) -> Result<()> {
        let mut line = self.door.line().await?;
        let ticket = self.ticket(&mut line).await?;
        let mut socket = self.dial().await?;
        let opened = Instant::now();
        say(&mut socket, &json!({ "type": "authenticate", "token": text(&ticket, "/token")? })).await?;
        let topics = [format!("server:{}", self.server), "operations".to_owned()];
        say(&mut socket, &json!({ "type": "subscribe", "topics": topics })).await?;
        let ended = self.show(&mut socket, line, std::mem::replace(again, true)).await;
        if opened.elapsed() > GOOD {
            self.pauses = Pauses::default();
        }
        ended
    }

    /// Hears, and reads again meanwhile what may have changed unheard.
    async fn show(&self, socket: &mut WebSocketStream<TcpStream>, line: Line, again: bool) -> Result<()> {
        let reading = async move {
            match again {
                true => self.read_again(line).await,
                false => drop(line),
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = self.hear(socket) => ended,
            () = reading => Ok(()),
        }
    }

    /// What failed is tried again when the person looks, and is counted.
    async fn read_again(&self, mut line: Line) {
        for path in [format!("/api/servers/{}", self.server), "/api/servers?limit=50".to_owned()] {
            if let Err(error) = self.read(&mut line, &path).await {
                self.refusals.count(error.to_string());
            }
        }
    }

    async fn hear(&self, socket: &mut WebSocketStream<TcpStream>) -> Result<()> {
        while let Some(message) = socket.next().await {
            match message? {
                Message::Text(text) if text.contains(NEW_NAME) => self.hearers.came(self.number),
                Message::Text(text) if text.contains("\"subscribed\"") => self.roll.came(self.number),
                Message::Close(why) => {
                    let code = why.map_or(0, |why| why.code.into());
                    self.refusals.count(format!("closed with {code}"));
                }
                Message::Text(_)
                | Message::Binary(_)
                | Message::Ping(_)
                | Message::Pong(_)
                | Message::Frame(_) => {}
            }
        }
        Ok(())
    }

    /// A refusal may say for how long the page is to wait.
    async fn ticket(&mut self, line: &mut Line) -> Result<Value> {
        let Answer { status, retry_after, body, .. } = line.ask("GET", "/api/ws/token", None).await?;
        if status == 200 {
            return Ok(body);
        }
        self.refused(status, retry_after.is_some());
        self.pauses.asked = retry_after;
        Err("refused".into())
    }

    async fn read(&self, line: &mut Line, path: &str) -> Result<Value> {
        let Answer { status, retry_after, body, .. } = line.ask("GET", path, None).await?;
        if status == 200 {
            return Ok(body);
        }
        self.refused(status, retry_after.is_some());
        Err(format!("{status}").into())
    }

    async fn dial(&self) -> Result<WebSocketStream<TcpStream>> {
        let origin = format!("http://{}", self.door.to);
        let mut request = format!("ws://{}/api/ws/live", self.door.to).into_client_request()?;
        request.headers_mut().insert("origin", origin.parse()?);
        match tokio_tungstenite::client_async(request, self.door.stream().await?).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => {
                self.refused(answer.status().as_u16(), answer.headers().contains_key("retry-after"));
                Err("refused".into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn refused(&self, status: u16, says_when: bool) {
        self.refusals.count(format!("{status}{}", if says_when { "" } else { " without Retry-After" }));
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, frame: &Value) -> Result<()> {
    Ok(socket.send(Message::Text(frame.to_string().into())).await?)
}

/// The pauses of `web/src/api/socket.ts`.
#[derive(Default)]
struct Pauses {
    attempt: u32,
    asked: Option<Duration>,
}

impl Pauses {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(30);
    const SHORTEST: Duration = Duration::from_millis(100);

    /// What the panel asked for comes first.
    fn next(&mut self) -> Duration {
        let range = Self::FIRST.saturating_mul(1 << self.attempt.min(16)).min(Self::LONGEST);
        self.attempt += 1;
        self.asked.take().unwrap_or_default() + range.mul_f64(luck()).max(Self::SHORTEST)
    }
}

/// Between 0 and 1.
fn luck() -> f64 {
    let mut random = [0; 4];
    // Without randomness the longest pause is right too.
    let draw = getrandom::fill(&mut random).map_or(u32::MAX, |()| u32::from_le_bytes(random));
    f64::from(draw) / f64::from(u32::MAX)
}
