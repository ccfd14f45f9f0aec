//! The control plane dies, while people ask.

use super::{
    client::Client,
    crash::one_process,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

/// People who ask for things at the same time.
const PEOPLE: u32 = 3;
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
