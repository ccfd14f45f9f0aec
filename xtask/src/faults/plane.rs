//! The control plane dies, while people ask.

use super::{
    client::Client,
    crash::one_process,
    socket,
    wait::{check, throughout, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// People who ask for things at the same time.
const PEOPLE: u32 = 3;
const AWAY: Duration = Duration::from_secs(75);
/// Attempts to connect follow each other with growing pauses of at most 30 s.
const HEALED: Duration = Duration::from_secs(45);
/// How long what waited may take to be told.
const DRAINED: Duration = Duration::from_secs(60);
/// Before somebody who was not answered asks again.
const PAUSE: Duration = Duration::from_millis(20);

/// F13: a game runs, another is installed, and people keep asking while it dies twice.
pub fn crash(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let playing = world.counting("plays on", 50)?;
    let container = world.engine.container(&playing)?;
    let form = world.form("is installed", false, &json!({ "steps": "3", "step_ms": "700" }));
    let installing = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&installing)?;
    let (plane, node) = (&mut world.control_plane, world.node.clone());
    let names = burst_while(&world.admin, &node, |answers| {
        for _ in 0..2 {
            answers.more(20, SOON)?;
            plane.kill()?;
            plane.start()?;
        }
        answers.more(10, SOON)
    })?;
    world.check_once(&names)?;
    world.wait_until_connected(SOON)?;
    world.ends_well(&installing, &operation, 3)?;
    world.runs_on(&playing, &container, SOON)?;
    one_process(&world.counts_on(&playing, 50)?)
}

/// F14, for 75 s in place of ten minutes: one game runs on, one crashes and is started again by the daemon alone, and
/// all that happened is told once, in its order.
pub fn away(world: &mut World, watch: &mut Watch, _: &Parts) -> Result<()> {
    let (plays, crashes) = (world.counting("plays on", 20)?, world.counting("crashes meanwhile", 20)?);
    let (stays, ends) = (world.engine.container(&plays)?, world.engine.container(&crashes)?);
    watch.expect_starts(&crashes, 1);
    let began = Instant::now();
    let told = world.told_events()?;
    world.control_plane.kill()?;
    world.type_at_daemon(&crashes, "crash 3")?;
    until("the daemon starts the game again by itself", SOON, || {
        let now = world.engine.container(&crashes).map_err(|error| error.to_string())?;
        if now == ends { Err("it is the same process".to_owned()) } else { Ok(()) }
    })?;
    throughout("the other game runs on", AWAY.saturating_sub(began.elapsed()), || {
        let now = world.engine.container(&plays).map_err(|error| error.to_string())?;
        if now == stays { Ok(()) } else { Err(format!("{stays:?} became {now:?}")) }
    })?;
    let waiting = world.waiting_events()?;
    check(waiting.len() >= 3, || format!("a crash and a start are {} events", waiting.len()))?;
    world.control_plane.start()?;
    world.wait_until_ready()?;
    world.wait_until_connected(HEALED)?;
    world.wait_until_told()?;
    let stored = world.observed_since(told)?;
    let kept: Vec<&String> = waiting.iter().filter(|one| stored.contains(one)).collect();
    check(stored.iter().collect::<Vec<_>>() == kept && kept.len() == waiting.len(), || {
        format!("{waiting:?} waited, {stored:?} were stored")
    })?;
    world.wait_for_state(&crashes, "running", SOON)?;
    let counted = world.counts_on(&crashes, 20)?;
    check(counted.runs.len() == 2, || format!("one start was due: {counted:?}"))?;
    one_process(&world.counts_on(&plays, 20)?)?;
    world.runs_on(&plays, &stays, SOON)
}

impl World {
    /// Types into a game without the control plane.
    pub fn type_at_daemon(&self, server: &str, command: &str) -> Result<()> {
        let body = json!({ "command": command, "actor": "bench" }).to_string();
        let path = format!("/v1/servers/{server}/console");
        let (status, answer) = self.tell_daemon("POST", &path, body.as_bytes())?;
        check((200..300).contains(&status), || {
            format!("the daemon answered {status} {}", String::from_utf8_lossy(&answer))
        })
    }

    /// States that the daemon has seen and nobody has taken, in its order: server, state and time.
    fn waiting_events(&self) -> Result<Vec<String>> {
        let events = socket::events(&self.folder.join("node/gantryd.sock"))?;
        let seen = events.iter().filter(|event| event["event"]["type"] == "observed").map(|event| {
            let observed = &event["event"]["observed"];
            format!(
                "{} {} {}",
                text_of(&event["serverId"]),
                text_of(&observed["state"]),
                text_of(&observed["since"])
            )
        });
        Ok(seen.collect())
    }

    /// The number of the latest stored event of any server.
    pub fn told_events(&self) -> Result<u64> {
        Ok(self.sql("SELECT coalesce(max(id), 0) FROM server_events")?.parse()?)
    }

    /// States that were stored after that, in the order of storing.
    fn observed_since(&self, told: u64) -> Result<Vec<String>> {
        let rows = self.sql(&format!(
            "SELECT server_id || ' ' || (body->>'state') || ' ' || (body->>'since') FROM server_events
             WHERE id > {told} AND kind = 'observed' ORDER BY id"
        ))?;
        Ok(rows.lines().map(str::to_owned).collect())
    }

    /// Until all events of the daemon are stored.
    pub fn wait_until_told(&self) -> Result<()> {
        until("all events are told", DRAINED, || self.is_told())
    }

    /// An error says how many are.
    pub fn is_told(&self) -> std::result::Result<(), String> {
        let last = self.ask_daemon("/v1/node").map_err(|error| error.to_string())?["lastEvent"].clone();
        let stored = self
            .sql(&format!("SELECT last_event_seq FROM nodes WHERE id = '{}'", self.node))
            .map_err(|error| error.to_string())?;
        if last.as_u64() == stored.parse().ok() { Ok(()) } else { Err(format!("{stored} of {last}")) }
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// How many answers people got.
pub struct Answers(AtomicU32);

impl Answers {
    /// Until there are so many more than at this moment.
    pub fn more(&self, count: u32, patience: Duration) -> Result<()> {
        let before = self.0.load(Ordering::SeqCst);
        until("people are answered", patience, || {
            let more = self.0.load(Ordering::SeqCst) - before;
            if more >= count { Ok(()) } else { Err(format!("{more} answers")) }
        })
    }
}

/// People ask and ask while something is hurt. Whoever got no answer asks again with the same key. Answers what each of
/// the servers that they made was called at first.
pub fn burst_while(
    admin: &Client,
    node: &str,
    hurt: impl FnOnce(&Answers) -> Result<()>,
) -> Result<Vec<String>> {
    let (over, answers) = (AtomicBool::new(false), Answers(AtomicU32::new(0)));
    let asked = thread::scope(|scope| {
        let (over, answers) = (&over, &answers);
        let ask = |who| move || ask_on(admin, node, who, over, &answers.0).map_err(|error| error.to_string());
        let people: Vec<_> = (0..PEOPLE).map(|who| scope.spawn(ask(who))).collect();
        let hurt = hurt(answers).map_err(|error| error.to_string());
        over.store(true, Ordering::SeqCst);
        let asked: Vec<_> = people.into_iter().map(thread::ScopedJoinHandle::join).collect();
        hurt.map(|()| asked)
    })?;
    asked.into_iter().map(|one| Ok(one.map_err(|_| "somebody who asked broke")??)).collect()
}

impl World {
    /// One request with one key has one effect, however often it was sent.
    pub fn check_once(&self, names: &[String]) -> Result<()> {
        for name in names {
            let count = self.sql(&format!("SELECT count(*) FROM servers WHERE description = '{name}'"))?;
            check(count == "1", || format!("{count} servers came of one request with one key"))?;
        }
        Ok(())
    }
}

/// Makes one server and gives it one name after another.
fn ask_on(admin: &Client, node: &str, who: u32, over: &AtomicBool, answered: &AtomicU32) -> Result<String> {
    let first = crate::shell::random_hex(8)?;
    let form = json!({
        "name": "asked for", "description": first, "blueprintId": "counter:counter", "nodeId": node, "start": false,
        "variables": { "steps": "0" },
    });
    let create = || admin.create(&form, Some(&first)).map_err(|error| error.to_string());
    let server = until("a server is made", SOON, create)?;
    let again = until("the same is answered again", SOON, create)?;
    check(again == server, || format!("one key made {server} and {again}"))?;
    let mut number = 0;
    while !over.load(Ordering::SeqCst) {
        number += 1;
        match admin.rename(&server, &format!("name {number} of {who}")) {
            Ok(()) => drop(answered.fetch_add(1, Ordering::SeqCst)),
            Err(_) => thread::sleep(PAUSE),
        }
    }
    // What was not answered may or may not be so; the last word is one that was.
    let last = || admin.rename(&server, &format!("last of {who}")).map_err(|error| error.to_string());
    until("a last name is taken", SOON, last)?;
    Ok(first)
}
