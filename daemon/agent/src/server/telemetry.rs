//! Numbers of a running server: what its container uses each second, and what its game says of itself.
//!
//! Three loops share one [`Board`]: container statistics set the beat and send the samples, the plugin's collector puts
//! up what the game answered, and console events keep the list of players where the collector has none. Samples may be
//! lost; nothing waits for whoever watches.

use super::{
    lent::Kept,
    played::Played,
    players::Players,
    presence::Presence,
    work::{Work, to_watch},
};
use crate::failure::of_call;
use futures_util::StreamExt;
use gantry_host::{CallContext, CallError, Endpoints, Lent, Part, Plugin, Query, Refusal, RefusalReason};
use gantry_lifecycle::Cause;
use gantry_protocol::{Event, SampleEnvelope};
use gantry_runtime::ContainerId;
use gantry_types::sample::{ConsoleEvent, LiveSample, Sample, Statistics};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

const COLLECT_FASTEST: Duration = Duration::from_secs(1);
const COLLECT_SLOWEST: Duration = Duration::from_secs(300);
/// A server's directory is measured at most this often.
const MEASURE_EVERY: Duration = Duration::from_secs(30);
/// Before broken statistics are opened again.
const RETRY: Duration = Duration::from_secs(5);
/// Lines of one call of `console-events`.
const BATCH: usize = 64;
/// For so long lines are gathered.
const GATHER: Duration = Duration::from_millis(100);
/// A collector may fail so often in a row before anybody is told.
const PATIENCE: u32 = 3;
/// After so long a plugin that is not asked is asked anew, in case its hold was lifted.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// So long what a game printed last may take to be understood, once it has ended.
const UNDERSTOOD: Duration = Duration::from_secs(2);
/// What was said longer before an end is not why it came.
const CAUSE_HOLDS: Duration = Duration::from_secs(120);

/// What the loops tell each other.
pub(crate) struct Board {
    game: Mutex<Option<Sample>>,
    /// Why the game may end, and when that was heard.
    cause: Mutex<Option<(Instant, Cause)>>,
    /// Nobody makes sense of its lines any more.
    understood: CancellationToken,
    said_ready: Arc<Notify>,
    players: Mutex<Players>,
    presence: Mutex<Presence>,
    played: Mutex<Played>,
    disk_bytes: AtomicU64,
    hearing: Hearing,
    /// Whether the list that console events built has everybody: the plugin reads the console, and has since the process
    /// began. Who joined before this daemon came is in no line that it reads.
    heard_all: AtomicBool,
    /// How many people play, for as long as that is known.
    count: watch::Sender<Option<u32>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// Of a process that has just begun, of whose players nothing is known.
    pub(crate) fn new(said_ready: Arc<Notify>, count: watch::Sender<Option<u32>>, hearing: Hearing) -> Self {
        count.send_replace(None);
        Self {
            game: Mutex::default(),
            cause: Mutex::default(),
            understood: CancellationToken::new(),
            said_ready,
            players: Mutex::default(),
            presence: Mutex::new(Presence::new(hearing)),
            played: Mutex::default(),
            hearing,
            disk_bytes: AtomicU64::default(),
            heard_all: AtomicBool::default(),
            count,
        }
    }

    /// Why the game ended, as far as it said so. Waits a moment until its last lines are understood.
    pub(crate) async fn cause(&self) -> Option<Cause> {
        tokio::time::timeout(UNDERSTOOD, self.understood.cancelled()).await.ok();
        lock(&self.cause).take().filter(|(heard, _)| heard.elapsed() <= CAUSE_HOLDS).map(|(_, cause)| cause)
    }

    /// Puts up what the collector said, completed by what the console said. Answers what is news in it.
    fn post(&self, mut sample: Sample) -> Vec<Event> {
        let now = Instant::now();
        let mut news = lock(&self.presence).list(&sample, now);
        news.extend(lock(&self.played).note(&sample, now));
        let mut players = lock(&self.players);
        if sample.lists_players {
            players.replace(&sample.player_list);
        } else {
            players.trim(sample.players);
            sample.player_list = players.list();
            if sample.players.is_none() && self.heard_all.load(Ordering::Relaxed) {
                sample.players = u32::try_from(sample.player_list.len()).ok();
                sample.lists_players = true;
            }
        }
        drop(players);
        self.put_up(sample);
        news
    }

    fn put_up(&self, sample: Sample) {
        let count = sample.people();
        self.count.send_if_modified(|known| std::mem::replace(known, count) != count);
        *lock(&self.game) = Some(sample);
    }

    /// Who came meanwhile is not counted: the collector did not answer, or was asked before.
    fn lose_count(&self) {
        self.count.send_if_modified(|known| known.take().is_some());
    }

    /// What events say of the process itself.
    fn note(&self, event: &ConsoleEvent) {
        match event {
            ConsoleEvent::Ready => self.said_ready.notify_one(),
            ConsoleEvent::CrashCause { text, remedy } => {
                let cause = Cause { text: text.clone(), remedy: remedy.clone() };
                *lock(&self.cause) = Some((Instant::now(), cause));
            }
            ConsoleEvent::Joined { .. }
            | ConsoleEvent::Left { .. }
            | ConsoleEvent::Chat { .. }
            | ConsoleEvent::Warning { .. } => {}
        }
    }

    /// Players changed and no collector will say so.
    fn post_players(&self) {
        let list = lock(&self.players).list();
        let complete = self.heard_all.load(Ordering::Relaxed);
        let players = u32::try_from(list.len()).ok().filter(|_| complete);
        self.put_up(Sample { players, lists_players: complete, player_list: list, ..Sample::default() });
    }
}

/// Sends a sample each second until the process has ended.
pub(crate) async fn statistics(work: Work, container: ContainerId, board: Arc<Board>) {
    loop {
        match work.shared.runtime.statistics(&container).await {
            Ok(mut stream) => {
                while let Some(Ok(mut beat)) = stream.next().await {
                    beat.disk_bytes = board.disk_bytes.load(Ordering::Relaxed);
                    send(&work, &board, beat);
                }
            }
            Err(gantry_runtime::RuntimeError::NoSuchContainer { .. }) => return,
            Err(error) => {
                tracing::debug!(server.id = %work.id(), %error, "statistics are not available");
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn send(work: &Work, board: &Board, statistics: Statistics) {
    let game = lock(&board.game).take();
    let sample = LiveSample { at: work.now(), statistics: Some(statistics), game };
    // Without a watcher there is nobody to send to.
    work.shared.samples.send(SampleEnvelope { server_id: work.id(), sample }).ok();
}

/// Measures the server's directory now and then.
pub(crate) async fn disk(work: Work, board: Arc<Board>) {
    loop {
        if let Ok(jail) = work.jail().await {
            let cancel = work.cancel.clone();
            if let Ok(usage) = jail.run(move |jail| jail.usage(&cancel)).await {
                board.disk_bytes.store(usage.bytes, Ordering::Relaxed);
            }
        }
        tokio::time::sleep(MEASURE_EVERY).await;
    }
}

/// Asks the game at the blueprint's interval once it is ready.
pub(crate) async fn collect(work: Work, board: Arc<Board>, mut ready: watch::Receiver<bool>) {
    if ready.wait_for(|ready| *ready).await.is_err() {
        return;
    }
    let Some(plugin) = ready_plugin(&work).await else { return };
    if !plugin.has(Part::Collector) {
        return;
    }
    let Some(asked) = work.server.blueprint.collect_every_ms else { return };
    let interval = Duration::from_millis(u64::from(asked)).clamp(COLLECT_FASTEST, COLLECT_SLOWEST);
    let mut beat = tokio::time::interval(interval);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let context = to_watch(&work.server);
    let mut failures = 0;
    loop {
        beat.tick().await;
        let query = Arc::new(Endpoints::new(work.server.endpoints.clone()));
        let found = plugin.collect(&lent_to(&work, &plugin, query), &context).await;
        if found.is_err() {
            board.lose_count();
        }
        match found {
            Ok(sample) => {
                failures = 0;
                let news = board.post(sample);
                if !news.is_empty() {
                    work.shared.tell(work.id(), news).await;
                }
            }
            Err(CallError::Refused(refusal)) => paused(&work, "collector.collect", refusal).await,
            Err(error) => {
                failures += 1;
                if failures == PATIENCE || matches!(error, CallError::Stopped(_)) {
                    fault(&work, "collector.collect", &error).await;
                }
            }
        }
    }
}

/// A collector may keep what it counts from.
fn lent_to(work: &Work, plugin: &Plugin, query: Arc<dyn Query>) -> CallContext {
    let call = work.call().querying(query);
    let lent = Lent { kv: Some(Arc::new(Kept::of(work, plugin))), ..call.lent.clone() };
    CallContext { lent, ..call }
}

/// From where in the life of its process the console is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    FromTheStart,
    /// Another daemon heard what came before.
    Midway,
}

/// Has the plugin make sense of console lines, in batches.
pub(crate) async fn meaning(work: Work, board: Arc<Board>, mut lines: mpsc::Receiver<String>) {
    let _understood = board.understood.clone().drop_guard();
    let plugin = ready_plugin(&work).await.filter(|plugin| plugin.has(Part::ConsoleEvents));
    if let Some(plugin) = &plugin
        && board.hearing == Hearing::FromTheStart
    {
        board.heard_all.store(true, Ordering::Relaxed);
        if !plugin.has(Part::Collector) {
            board.post_players();
        }
    }
    let context = to_watch(&work.server);
    let mut batch = Vec::with_capacity(BATCH);
    while lines.recv_many(&mut batch, BATCH).await > 0 {
        // What has ended says no more.
        if batch.len() < BATCH && !lines.is_closed() {
            tokio::time::sleep(GATHER).await;
            while batch.len() < BATCH
                && let Ok(line) = lines.try_recv()
            {
                batch.push(line);
            }
        }
        let texts: Vec<_> = batch.drain(..).map(|line| crate::console::text::plain(&line)).collect();
        let Some(plugin) = &plugin else { continue };
        let found = loop {
            match plugin.console_events(&work.call(), &context, &texts).await {
                // Lines wait meanwhile, as many as there is room for; what comes beyond is left out.
                Err(CallError::Refused(_)) if lines.is_closed() => return,
                Err(CallError::Refused(refusal)) => paused(&work, "console-events.parse", refusal).await,
                found => break found,
            }
        };
        match found {
            Ok(found) => {
                let events: Vec<_> = found.into_iter().map(|(_, event)| event).collect();
                understood(&work, &board, plugin, events).await;
            }
            Err(error) => fault(&work, "console-events.parse", &error).await,
        }
    }
}

async fn understood(work: &Work, board: &Board, plugin: &Plugin, events: Vec<ConsoleEvent>) {
    if events.is_empty() {
        return;
    }
    let mut changed = false;
    {
        let mut players = lock(&board.players);
        for event in &events {
            changed |= players.hear(event);
        }
    }
    for event in &events {
        board.note(event);
    }
    match changed {
        // It counts them when it is asked next.
        true if plugin.has(Part::Collector) => board.lose_count(),
        true => board.post_players(),
        false => {}
    }
    let is_news = |event: &ConsoleEvent| lock(&board.presence).hear(event);
    let events: Vec<_> = events.into_iter().filter(is_news).map(|event| Event::Console { event }).collect();
    if !events.is_empty() {
        work.shared.tell(work.id(), events).await;
    }
}

async fn ready_plugin(work: &Work) -> Option<Plugin> {
    match work.plugin().await {
        Ok(plugin) => Some(plugin),
        Err(failure) => {
            tracing::warn!(server.id = %work.id(), failure.message, "the plugin cannot be used");
            None
        }
    }
}

/// Waits until the plugin may be asked again, and tells once that it is on hold. An administrator may end that earlier.
async fn paused(work: &Work, call: &str, refusal: Refusal) {
    let wait = refusal.retry_after.min(LONGEST_PAUSE);
    if refusal.reason == RefusalReason::Hold {
        fault(work, call, &CallError::Refused(refusal)).await;
    }
    tokio::time::sleep(wait).await;
}

async fn fault(work: &Work, call: &str, error: &CallError) {
    let failure = of_call(error);
    if !work.shared.faults.is_news(work.id(), call, &failure.code) {
        return;
    }
    tracing::warn!(server.id = %work.id(), call, code = failure.code, "a plugin call failed");
    let blueprint = &work.server.blueprint;
    let event = Event::PluginFault {
        plugin: blueprint.plugin.clone(),
        digest: Some(blueprint.digest.clone()),
        call: call.to_owned(),
        code: failure.code,
        message: failure.message,
    };
    work.shared.tell(work.id(), vec![event]).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(board: &Board, player: &str) {
        lock(&board.players).hear(&ConsoleEvent::Joined { player: player.to_owned() });
    }

    fn posted(board: &Board, sample: Sample) -> (Option<u32>, bool, usize) {
        board.post(sample);
        let game = lock(&board.game).take().unwrap();
        (game.players, game.lists_players, game.player_list.len())
    }

    #[test]
    fn who_is_counted_by_nobody_is_counted_by_what_the_console_said() {
        let count = watch::Sender::new(None);
        let board = Board::new(Arc::default(), count.clone(), Hearing::FromTheStart);
        joined(&board, "ann");
        assert_eq!(posted(&board, Sample::default()), (None, false, 1), "others may have come before");
        board.heard_all.store(true, Ordering::Relaxed);
        assert_eq!(posted(&board, Sample::default()), (Some(1), true, 1));
        // The game's own number stands, whatever the console said.
        let counted = Sample { players: Some(3), ..Sample::default() };
        assert_eq!(posted(&board, counted), (Some(3), false, 1));
        assert_eq!(*count.borrow(), Some(3), "also between two samples");
        board.lose_count();
        assert_eq!(*count.borrow(), None, "somebody may have come since");
    }
}
