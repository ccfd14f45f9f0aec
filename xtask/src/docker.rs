//! Docker Engine and the base image, found or made.

use crate::{
    environment,
    processes::Processes,
    shell::{Result, find, is_root, output, say, succeeds},
};
use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// What every bundled game's image begins with.
pub const BASE_IMAGE: &str = "debian:bookworm-slim";

/// Makes sure that an engine answers. One that had to be started is recorded as `dockerd`.
pub fn ensure_engine(processes: &mut Processes) -> Result<()> {
    if answers() {
        return Ok(());
    }
    if find("dockerd").is_none() || find("docker").is_none() {
        environment::apt(&["docker.io", "iptables"], "game servers run in containers")?;
    }
    // The package may have started it.
    if answers() {
        return Ok(());
    }
    if !is_root() {
        return Err("Docker Engine does not answer: type `sudo systemctl start docker`, and make sure that you are in \
                    the group docker"
            .into());
    }
    say("starting Docker Engine", "game servers run in containers");
    if Path::new("/run/systemd/system").is_dir() {
        output(Command::new("systemctl").args(["start", "docker"]))?;
    } else {
        processes.start("dockerd", Command::new("dockerd").arg("--log-level=warn"))?;
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while !answers() {
        if Instant::now() > deadline {
            return Err(format!("Docker Engine did not start:\n{}", processes.log_tail("dockerd")).into());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn answers() -> bool {
    find("docker").is_some()
        && succeeds(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]))
}

/// Makes sure that the base image is there: pulled where a registry is in reach, else made from Debian's packages.
pub fn ensure_base_image() -> Result<()> {
    if succeeds(Command::new("docker").args(["image", "inspect", BASE_IMAGE])) {
        return Ok(());
    }
    say(&format!("pulling {BASE_IMAGE}"), "bundled games build on it");
    if succeeds(Command::new("timeout").args(["300", "docker", "pull", "--quiet", BASE_IMAGE])) {
        return Ok(());
    }
    if find("debootstrap").is_none() {
        environment::apt(
            &["debootstrap"],
            "no image registry is in reach, so the base image is made from packages",
        )?;
    }
    say(
        &format!("making {BASE_IMAGE} from Debian's packages"),
        "no image registry is in reach; about two minutes",
    );
    let folder = std::env::temp_dir().join(format!("gantry-debootstrap-{}", std::process::id()));
    let made = output(Command::new("debootstrap").args(["--variant=minbase", "bookworm"]).arg(&folder))
        .and_then(|_| {
            // Package lists and caches are of no use in an image.
            for cache in ["var/cache/apt/archives", "var/lib/apt/lists"] {
                fs::remove_dir_all(folder.join(cache))?;
                fs::create_dir_all(folder.join(cache).join("partial"))?;
            }
            let archive = folder.with_extension("tar");
            output(Command::new("tar").arg("-C").arg(&folder).arg("-cf").arg(&archive).arg("."))?;
            let imported = output(
                Command::new("docker")
                    .args(["import", "--change", "CMD [\"/bin/bash\"]"])
                    .arg(&archive)
                    .arg(BASE_IMAGE),
            );
            fs::remove_file(&archive)?;
            imported
        });
    fs::remove_dir_all(&folder).ok();
    made.map(drop)
}

/// Stops the containers of one node, letting the games end. Without an engine none runs.
pub fn stop_containers(node: &str) -> Result<()> {
    if !answers() {
        return Ok(());
    }
    let running = of_node(node, &["ps", "--quiet"])?;
    if !running.is_empty() {
        say("stopping game servers", &format!("{} of this node", running.len()));
        output(Command::new("docker").args(["stop", "--time", "15"]).args(running))?;
    }
    Ok(())
}

/// Whether a container of the server runs.
pub fn runs(server: &str) -> Result<bool> {
    Ok(!labelled(&["ps", "--quiet"], &format!("gantry.server={server}"))?.is_empty())
}

/// Removes what the servers of one node have in the engine: containers and networks.
pub fn remove_servers(node: &str) -> Result<()> {
    let kinds = [
        (&["ps", "--all", "--quiet"][..], ["rm", "--force"]),
        (&["network", "ls", "--quiet"], ["network", "rm"]),
    ];
    for (list, remove) in kinds {
        let found = of_node(node, list)?;
        if !found.is_empty() {
            output(Command::new("docker").args(remove).args(found))?;
        }
    }
    Ok(())
}

/// Ids of what one node has of a kind that this docker command lists.
pub fn of_node(node: &str, list: &[&str]) -> Result<Vec<String>> {
    labelled(list, &format!("gantry.node={node}"))
}

fn labelled(list: &[&str], label: &str) -> Result<Vec<String>> {
    let ids = output(Command::new("docker").args(list).arg("--filter").arg(format!("label={label}")))?;
    Ok(ids.split_whitespace().map(str::to_owned).collect())
}
