//! The control plane dies under all nodes and all open pages at once, and they all come back.

use super::{
    client::{Client, text},
    program::{Program, Usage},
    wait::{check, until},
    watch::Watch,
    world::{Parts, World},
};
use crate::shell::Result;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

const NODES: usize = 200;
const PAGES: usize = 5_000;
const PEOPLE: usize = 100;
/// Servers that they follow.
const FOLLOWED: usize = 2;
/// Of this many, a second may see no more than half come back.
const SPREAD: usize = 2;
/// Seconds within which 99 of 100 people are signed in, on a machine that bears all of it, the herd itself included.
const SIGNED_IN: f64 = 2.0;
/// Pools of 16, 8, 8 and 4, and one connection that listens.
const CONNECTIONS: u64 = 37;
/// Nodes and pages come as soon as the control plane listens, while it still begins.
const READY: Duration = Duration::from_secs(120);
/// Between two changes of somebody who works on.
const CHANGES: Duration = Duration::from_millis(500);

/// What the herd tells of the storm; times are seconds since just before the control plane died.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Storm {
    complaint: Option<String>,
    /// When the control plane said that it was ready.
    up: f64,
    nodes: Comings,
    pages: Comings,
    /// What pages were told in place of an answer, and how often.
    refusals: BTreeMap<String, usize>,
    sign_ins: SignIns,
    connections: Connections,
    /// How long it took until every page had heard of one change.
    change_heard_by_all: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comings {
    count: usize,
    p50: f64,
    p99: f64,
    last: f64,
    by_second: BTreeMap<u64, usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignIns {
    measured: usize,
    p50: f64,
    p99: f64,
    longest: f64,
    sessions: usize,
    lost: usize,
    refused: usize,
    refused_without_saying_when: usize,
    unanswered: usize,
}

/// The most that the control plane had to PostgreSQL.
#[derive(Debug, Deserialize)]
struct Connections {
    before: u64,
    after: u64,
}

/// F33.
pub fn restarted(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let followed: Vec<String> = (1..=FOLLOWED)
        .map(|number| world.installed(&format!("is followed {number}"), &json!({ "steps": "0" })))
        .collect::<Result<_>>()?;
    let changed = world.installed("is changed all along", &json!({ "steps": "0" }))?;
    let quiet = world.control_plane.usage()?;
    let mut herd = Herd::gather(world, parts, &followed)?;
    let before = world.control_plane.usage()?;
    let (plane, admin, working) = (&mut world.control_plane, &world.admin, AtomicBool::new(true));
    let (storm, changes) = thread::scope(|scope| {
        let work = scope.spawn(|| change_on(admin, &changed, &working));
        let storm = storm(plane, admin, &mut herd);
        working.store(false, Ordering::SeqCst);
        (storm, work.join())
    });
    let (storm, changes) = (storm?, changes.map_err(|_| "who changed something broke")?);
    tell(&storm, changes, [quiet, before, world.control_plane.usage()?]);
    storm.judge()?;
    check(changes > 0, || "nobody could change anything".into())?;
    herd.say("end")?;
    herd.hear::<Value>().map(drop)
}

/// All are there when it dies; answers once all are back.
fn storm(plane: &mut Program, admin: &Client, herd: &mut Herd) -> Result<Storm> {
    herd.say("storm")?;
    herd.hear::<Value>()?;
    plane.kill()?;
    plane.start()?;
    until("the control plane is ready", READY, || admin.is_ready())?;
    herd.say("up")?;
    herd.hear()
}

/// Changes one thing over and over; the watch asks for the last change that was taken. Answers how many were.
fn change_on(admin: &Client, server: &str, working: &AtomicBool) -> usize {
    let mut taken = 0;
    for number in 0.. {
        if !working.load(Ordering::SeqCst) {
            break;
        }
        taken += usize::from(admin.rename(server, &format!("name {number}")).is_ok());
        thread::sleep(CHANGES);
    }
    taken
}

fn tell(storm: &Storm, changes: usize, [quiet, before, after]: [Usage; 3]) {
    let Storm { up, nodes, pages, sign_ins, connections, refusals, change_heard_by_all, .. } = storm;
    println!("      the control plane was ready after {up:.1} s; seconds since its death:");
    for (what, comings) in [("nodes", nodes), ("pages", pages)] {
        let Comings { count, p50, p99, last, by_second } = comings;
        println!(
            "      {count} {what} back: p50 {p50:.1}, p99 {p99:.1}, the last {last:.1}; by second {by_second:?}"
        );
    }
    let SignIns { measured, p50, p99, longest, refused, unanswered, .. } = sign_ins;
    println!(
        "      {measured} sign-ins: p50 {p50:.2} s, p99 {p99:.2} s, the longest {longest:.2} s; {refused} refused, {unanswered} unanswered"
    );
    println!(
        "      PostgreSQL: at most {} connections before, {} after",
        connections.before, connections.after
    );
    println!(
        "      memory: {} MiB without the herd, {} with it, {} after the storm",
        quiet.memory_mib, before.memory_mib, after.memory_mib
    );
    println!(
        "      refused to pages: {refusals:?}; {changes} changes; one heard by all within {change_heard_by_all:?} s"
    );
}

impl Storm {
    fn judge(&self) -> Result<()> {
        if let Some(complaint) = &self.complaint {
            return Err(complaint.clone().into());
        }
        for (what, comings) in [("nodes", &self.nodes), ("pages", &self.pages)] {
            let most = comings.by_second.values().max().copied().unwrap_or_default();
            check(most * SPREAD <= comings.count, || {
                format!("{most} of {} {what} came back within one second", comings.count)
            })?;
        }
        let SignIns { p99, sessions, lost, refused_without_saying_when, .. } = &self.sign_ins;
        check(*p99 < SIGNED_IN, || format!("signing in took {p99:.1} s"))?;
        check(*lost == 0, || format!("{lost} of {sessions} sessions that began are lost"))?;
        check(*refused_without_saying_when == 0, || {
            format!("{refused_without_saying_when} sign-ins were refused without a Retry-After")
        })?;
        let mute = self.refusals.keys().find(|said| said.contains("without"));
        check(mute.is_none(), || format!("pages were told {mute:?}"))?;
        let most = self.connections.before.max(self.connections.after);
        check(most <= CONNECTIONS, || format!("{most} connections to PostgreSQL at a time"))
    }
}

/// The program that is all of them.
struct Herd {
    child: Child,
    told: ChildStdin,
    tells: BufReader<ChildStdout>,
}

impl Herd {
    /// Waits until all are there.
    fn gather(world: &World, parts: &Parts, servers: &[String]) -> Result<Self> {
        let mut command = Command::new(parts.programs.join("gantry-bench"));
        let mut child = command.arg("herd").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let told = child.stdin.take().ok_or("a process without an input")?;
        let tells = BufReader::new(child.stdout.take().ok_or("a process without an output")?);
        let mut herd = Self { child, told, tells };
        let orders = json!({
            "address": world.admin.url().trim_start_matches("http://"),
            "database": world.cluster.url("gantry"),
            "cookie": world.admin.cookie(),
            "location": text(&world.admin.get(&format!("/api/nodes/{}", world.node))?, "/locationId")?,
            "servers": servers,
            "nodes": NODES,
            "pages": PAGES,
            "people": PEOPLE,
        });
        herd.say(&orders.to_string())?;
        herd.hear::<Value>()?;
        Ok(herd)
    }

    fn say(&mut self, line: &str) -> Result<()> {
        Ok(writeln!(self.told, "{line}")?)
    }

    /// The next that it tells. Each of its waits has an end of its own.
    fn hear<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        if self.tells.read_line(&mut line)? == 0 {
            return Err("the herd is gone; why stands above".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Herd {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storm(by_second: &[(u64, usize)], connections: u64, said: &str) -> Storm {
        let comings = json!({
            "count": by_second.iter().map(|(_, count)| count).sum::<usize>(),
            "p50": 1.0, "p99": 2.0, "last": 2.0,
            "bySecond": BTreeMap::from_iter(by_second.iter().copied()),
        });
        let told = json!({
            "complaint": null, "up": 1.0, "nodes": comings, "pages": comings, "refusals": { said: 1 },
            "signIns": {
                "measured": 1, "p50": 0.1, "p99": 0.1, "longest": 0.1, "sessions": 1, "lost": 0, "refused": 0,
                "refusedWithoutSayingWhen": 0, "unanswered": 0,
            },
            "connections": { "before": 1, "after": connections }, "changeHeardByAll": 1.0,
        });
        serde_json::from_value(told).expect("as the herd tells it")
    }

    #[test]
    fn a_herd_that_comes_back_in_one_second_is_found() {
        assert!(storm(&[(1, 100), (2, 100)], 37, "503").judge().is_ok());
        assert!(storm(&[(1, 30), (2, 170)], 37, "503").judge().is_err());
    }

    #[test]
    fn a_connection_too_many_is_found_and_a_refusal_that_does_not_say_when_to_come_again() {
        assert!(storm(&[(1, 100), (2, 100)], 38, "503").judge().is_err());
        assert!(storm(&[(1, 100), (2, 100)], 37, "503 without Retry-After").judge().is_err());
    }
}
