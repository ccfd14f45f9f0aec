//! What must hold whatever breaks, looked at all along and once more when the dust has settled.
//!
//! | | what |
//! |---|---|
//! | I1 | what was answered with 2xx is there |
//! | I2 | a server has one node and at most one running container |
//! | I3 | no process was started that no operation asked for, nor the entry expected |
//! | I4 | the files of a server that nobody touches stay as they are |
//! | I5 | no operation goes on for more than twice its time |
//! | I6 | the audit log is numbered without gaps |
//! | I7 | somebody else sees nothing of it |
//! | I8 | both programs come back to the memory and files that they had, and leave nothing behind in Docker or on disk |
//! | I9 | what is secret is in clear in no log, error, ledger, dump or command line |

use super::{
    client::Promise,
    engine::Engine,
    servers::tree,
    wait::{check, until},
    world::{SOON, World},
};
use crate::shell::Result;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const LOOK: Duration = Duration::from_millis(400);
/// Room for what allocators keep.
const MEMORY_MIB: u64 = 64;
/// Connections to PostgreSQL: pools of 16, 8, 8 and 4 keep them for five minutes after they were needed.
const PLANE_FILES: usize = 36;
/// Idle connections to Docker, and those of its own and of people that are about to end.
const DAEMON_FILES: usize = 8;

/// Looks at the engine all along.
pub struct Watch {
    ending: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    looking: JoinHandle<()>,
    idle_tree: String,
    /// Starts beyond those that operations account for, by server.
    allowed: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Seen {
    /// Every process of a server: container and time of its start.
    starts: BTreeMap<String, BTreeSet<(String, String)>>,
    faults: BTreeSet<String>,
}

impl Watch {
    pub fn start(world: &World) -> Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let seen = Arc::<Mutex<Seen>>::default();
        let engine = world.engine.seen_by_another();
        let node = world.node.clone();
        let looking = thread::spawn({
            let (ending, seen) = (Arc::clone(&ending), Arc::clone(&seen));
            move || {
                while !ending.load(Ordering::SeqCst) {
                    look(&engine, &node, &seen);
                    thread::sleep(LOOK);
                }
            }
        });
        let idle_tree = tree(&world.files(&world.idle))?;
        Ok(Self { ending, seen, looking, idle_tree, allowed: BTreeMap::new() })
    }

    /// The entry itself makes a process of this server end, and it is to come back so often.
    pub fn expect_starts(&mut self, server: &str, starts: usize) {
        *self.allowed.entry(server.to_owned()).or_default() += starts;
    }

    /// Ends the looking, then looks at everything once more. All servers but the idle one are deleted on the way.
    pub fn finish(self, world: &mut World) -> Result<()> {
        let Self { ending, seen, looking, idle_tree, allowed } = self;
        let promised = promises(world);
        let done = promised.and_then(|()| clear(world)).and_then(|()| {
            operations(world)?;
            starts(world, &seen, &allowed)?;
            numbered(world)?;
            check(tree(&world.files(&world.idle))? == idle_tree, || {
                "I4: an idle server's files changed".into()
            })?;
            leftovers(world)?;
            world.tells_no_secret()?;
            usage(world)
        });
        ending.store(true, Ordering::SeqCst);
        looking.join().map_err(|_| "the looking broke")?;
        done?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.faults.iter().next().map_or(Ok(()), |fault| Err(fault.clone().into()))
    }
}

/// Containers as they are at this moment. An engine that is being hurt answers nothing.
fn look(engine: &Engine, node: &str, seen: &Mutex<Seen>) {
    let Ok(containers) = engine.containers(&format!("gantry.node={node}")) else { return };
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let mut running: BTreeMap<&str, usize> = BTreeMap::new();
    for container in containers.iter().filter(|container| container.running) {
        *running.entry(&container.server).or_default() += 1;
        if container.purpose == "server" {
            let process = (container.id.clone(), container.started_at.clone());
            seen.starts.entry(container.server.clone()).or_default().insert(process);
        }
    }
    for (server, count) in running.into_iter().filter(|(_, count)| *count > 1) {
        seen.faults.insert(format!("I2: {count} containers of server {server} ran at a time"));
    }
}

/// I1, I7.
fn promises(world: &World) -> Result<()> {
    let promises = world.admin.promises();
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let deleted: BTreeSet<&str> = promises
        .iter()
        .filter_map(|promise| match promise {
            Promise::Deleted { server } => Some(server.as_str()),
            Promise::Server { .. } | Promise::Operation { .. } | Promise::Name { .. } => None,
        })
        .collect();
    for promise in &promises {
        match promise {
            Promise::Server { id } if deleted.contains(id.as_str()) => world.wait_until_gone(id)?,
            Promise::Server { id } => {
                world.view(id).map_err(|error| format!("I1: a server that was made is lost: {error}"))?;
                let (status, _) = world.stranger.ask("GET", &format!("/api/servers/{id}"), None, None)?;
                check(status == 404, || format!("I7: a stranger's question for it was answered {status}"))?;
            }
            Promise::Operation { id } => {
                drop(world.wait_for_end(id, SOON).map_err(|error| format!("I1, I5: {error}"))?)
            }
            Promise::Name { server, name } => drop(names.insert(server, name)),
            Promise::Deleted { server } => world.wait_until_gone(server)?,
        }
    }
    for (server, name) in names.into_iter().filter(|(server, _)| !deleted.contains(server)) {
        let shown = world.view(server)?["name"].clone();
        check(shown == name, || format!("I1: the name {name} was answered with 2xx and is {shown}"))?;
    }
    let listed = world.stranger.get("/api/servers")?;
    check(listed["items"].as_array().is_some_and(Vec::is_empty), || format!("I7: a stranger sees {listed}"))
}

fn clear(world: &World) -> Result<()> {
    let mut ids = Vec::new();
    for server in world.admin.get("/api/servers?limit=100")?["items"].as_array().into_iter().flatten() {
        let id = server["id"].as_str().unwrap_or_default();
        if id != world.idle && server["desired"] != "deleted" {
            world.admin.act(id, "delete")?;
        }
        if id != world.idle {
            ids.push(id.to_owned());
        }
    }
    for id in ids {
        world.wait_until_gone(&id)?;
    }
    world.admin.promises();
    Ok(())
}

/// I5, and that what ended has an outcome.
fn operations(world: &World) -> Result<()> {
    let open = "state IN ('pending', 'running')";
    let late = format!("{open} AND now() > requested_at + 2 * (deadline - requested_at)");
    for (what, which) in [("goes on past twice its time", late.as_str()), ("has no end", open)] {
        let count = world.sql(&format!("SELECT count(*) FROM operations WHERE {which}"))?;
        check(count == "0", || format!("I5: {count} operations: {what}"))?;
    }
    let mute = world.sql("SELECT count(*) FROM operations WHERE state = 'failed' AND failure IS NULL")?;
    check(mute == "0", || format!("{mute} operations failed without a reason"))
}

/// I3.
fn starts(world: &World, seen: &Mutex<Seen>, allowed: &BTreeMap<String, usize>) -> Result<()> {
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    for (server, starts) in &seen.starts {
        let asked = world.sql(&format!(
            "SELECT count(*) FROM operations WHERE server_id = '{server}' AND kind IN ('install', 'reinstall', 'start', 'restart')"
        ))?;
        let most = asked.parse::<usize>()? + allowed.get(server).copied().unwrap_or_default();
        check(starts.len() <= most, || {
            format!("I3: {} starts of {server}, {most} were asked for", starts.len())
        })?;
    }
    Ok(())
}

/// I6.
fn numbered(world: &World) -> Result<()> {
    let gaps =
        world.sql("SELECT count(*) = coalesce(max(seq), 0) AND coalesce(min(seq), 1) = 1 FROM audit")?;
    check(gaps == "t", || "I6: the audit log has gaps".into())
}

/// I8: Docker and disk.
fn leftovers(world: &World) -> Result<()> {
    let label = format!("gantry.node={}", world.node);
    until("I8: nothing of deleted servers is left in Docker", SOON, || {
        let containers = world.engine.containers(&label).map_err(|error| error.to_string())?;
        let networks = world.engine.networks(&label).map_err(|error| error.to_string())?;
        // The idle server has the network of its installation.
        if containers.is_empty() && networks.len() <= 1 {
            Ok(())
        } else {
            Err(format!("{containers:?} {networks:?}"))
        }
    })?;
    let folders: Vec<PathBuf> =
        fs::read_dir(world.folder.join("node/servers"))?.flatten().map(|entry| entry.path()).collect();
    check(folders.len() == 1, || format!("I8: folders of servers that are gone: {folders:?}"))
}

/// I8: memory and files.
fn usage(world: &World) -> Result<()> {
    let (plane, daemon) = world.baseline;
    for (program, baseline, files, name) in [
        (&world.control_plane, plane, PLANE_FILES, "control plane"),
        (&world.daemon, daemon, DAEMON_FILES, "daemon"),
    ] {
        until(&format!("I8: the {name} gives back what it took"), SOON, || {
            let usage = program.usage().map_err(|error| error.to_string())?;
            let fits =
                usage.memory_mib <= baseline.memory_mib + MEMORY_MIB && usage.files <= baseline.files + files;
            if fits { Ok(()) } else { Err(format!("{usage:?}, at first {baseline:?}")) }
        })?;
    }
    Ok(())
}
