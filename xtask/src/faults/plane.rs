//! The control plane dies, or its database does.

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

/// F13: a game runs, another is installed, and people keep asking while it dies twice.
pub fn crash(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let playing = world.counting("plays on", 50)?;
    let container = world.engine.container(&playing)?;
    let form = world.form("is installed", false, &json!({ "steps": "4", "step_ms": "700" }));
    let installing = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&installing)?;
    burst(world, 2)?;
    world.wait_until_connected(SOON)?;
    world.ends_well(&installing, &operation, 4)?;
    world.runs_on(&playing, &container, SOON)?;
    one_process(&world.counts_on(&playing, 50)?)
}

/// Asks and asks while the control plane is killed. Whoever got no answer asks again with the same key.
pub fn burst(world: &mut World, crashes: u32) -> Result<()> {
    let (over, answered) = (AtomicBool::new(false), AtomicU32::new(0));
    let forms: Vec<_> = (0..PEOPLE)
        .map(|who| world.form(&format!("asked for {who}"), false, &json!({ "steps": "0" })))
        .collect();
    let (admin, plane) = (&world.admin, &mut world.control_plane);
    let asked = thread::scope(|scope| {
        let people: Vec<_> = forms
            .iter()
            .enumerate()
            .map(|(who, form)| {
                let (over, answered) = (&over, &answered);
                scope.spawn(move || {
                    ask_on(admin, who, form, over, answered).map_err(|error| error.to_string())
                })
            })
            .collect();
        let killed = kill_while_answering(plane, &answered, crashes);
        over.store(true, Ordering::SeqCst);
        let asked: Vec<_> = people.into_iter().map(thread::ScopedJoinHandle::join).collect();
        killed.map_err(|error| error.to_string()).map(|()| asked)
    })?;
    for one in asked {
        one.map_err(|_| "somebody who asked broke")??;
    }
    for form in &forms {
        let name = form["name"].as_str().unwrap_or_default();
        let count = world.sql(&format!("SELECT count(*) FROM servers WHERE description = '{name}'"))?;
        check(count == "1", || format!("{count} servers came of one request with one key, asked again"))?;
    }
    Ok(())
}

fn kill_while_answering(
    plane: &mut super::program::Program,
    answered: &AtomicU32,
    crashes: u32,
) -> Result<()> {
    for _ in 0..crashes {
        let before = answered.load(Ordering::SeqCst);
        until("people are answered", SOON, || {
            let more = answered.load(Ordering::SeqCst) - before;
            if more >= 20 { Ok(()) } else { Err(format!("{more} answers")) }
        })?;
        plane.kill()?;
        plane.start()?;
    }
    let before = answered.load(Ordering::SeqCst);
    until("people are answered again", SOON, || {
        if answered.load(Ordering::SeqCst) > before + 10 { Ok(()) } else { Err("nobody is") }
    })
}

/// Makes one server and gives it one name after another. The description says what the name was at first.
fn ask_on(
    admin: &Client,
    who: usize,
    form: &serde_json::Value,
    over: &AtomicBool,
    answered: &AtomicU32,
) -> Result<()> {
    let mut form = form.clone();
    form["description"] = form["name"].clone();
    let key = format!("burst-{who}-{:?}", std::time::SystemTime::now());
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let server = until("a server is made", SOON, || {
        admin.create(&form, Some(&key)).map_err(|error| error.to_string())
    })?;
    let again = until("the same is answered again", SOON, || {
        admin.create(&form, Some(&key)).map_err(|error| error.to_string())
    })?;
    check(again == server, || format!("one key made {server} and {again}"))?;
    let mut number = 0;
    while !over.load(Ordering::SeqCst) {
        number += 1;
        match admin.rename(&server, &format!("name {number} of {who}")) {
            Ok(()) => drop(answered.fetch_add(1, Ordering::SeqCst)),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
    // What was not answered may or may not be so; the last word is one that was.
    until("a last name is taken", SOON, || {
        admin.rename(&server, &format!("last of {who}")).map_err(|error| error.to_string())
    })
}
