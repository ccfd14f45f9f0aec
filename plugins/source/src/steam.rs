//! How a game of Steam gets onto the node: Valve's own SteamCMD, in a container of Debian's packages.
//!
//! SteamCMD renews itself in the server's directory and checks what it downloads; done again it takes what has changed alone.

use crate::games::Game;
use gantry_plugin::prelude::*;

/// What SteamCMD, which is a program of 32 bits, and the games want.
const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\\n\
    \x20   ca-certificates lib32gcc-s1 lib32stdc++6 libatomic1 libgdiplus libpulse0 xdg-user-dirs \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
const STEAMCMD: &str = "https://steamcdn-a.akamaihd.net/client/installer/steamcmd_linux.tar.gz";
const ARCHIVE: &str = "steamcmd.tar.gz";
/// A few times what it is; Valve says no digest.
const ARCHIVE_BYTES: u64 = 32 << 20;
/// A slow line takes long for 60 GiB.
const PATIENCE_MS: u32 = 6 * 3_600_000;
/// Where the game is, below the server's directory.
pub(crate) const GAME: &str = "server";

pub(crate) fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install(game: &Game, server: &Server) -> InstallPlan {
    let archive = Download {
        url: STEAMCMD.to_owned(),
        path: ARCHIVE.to_owned(),
        expect: None,
        max_bytes: ARCHIVE_BYTES,
    };
    let unpack = Extract {
        archive: ARCHIVE.to_owned(),
        format: ArchiveFormat::TarGz,
        into: "steamcmd".to_owned(),
        strip_components: 0,
        max_bytes: 4 * ARCHIVE_BYTES,
    };
    InstallPlan::new()
        .step("Build an image for games of Steam", 5, Action::BuildImage(image()))
        .step("Download SteamCMD", 1, Action::Download(archive))
        .step("Unpack SteamCMD", 1, Action::Extract(unpack))
        .step("Remove the archive", 1, Action::Remove(ARCHIVE.to_owned()))
        .step("Have SteamCMD download the game", 60, Action::Run(update(game, server)))
        .step("Make a place for Steam's library", 1, Action::MakeDirectory(".steam/sdk64".to_owned()))
        .step(
            "Put Steam's library where games look for it",
            1,
            Action::Link((
                ".steam/sdk64/steamclient.so".to_owned(),
                "steamcmd/linux64/steamclient.so".to_owned(),
            )),
        )
}

fn update(game: &Game, server: &Server) -> ContainerRun {
    let folder = format!("/data/{GAME}");
    let mut command: Vec<String> = ["/data/steamcmd/steamcmd.sh", "+@ShutdownOnFailedCommand", "1"]
        .into_iter()
        .chain(["+@NoPromptForPassword", "1", "+force_install_dir", &folder, "+login", "anonymous"])
        .chain(["+app_update"])
        .map(str::to_owned)
        .collect();
    command.push(game.app.to_string());
    let branch = server.setting("branch");
    if !branch.is_empty() {
        command.extend(["-beta".to_owned(), branch.to_owned()]);
    }
    command.extend(["validate", "+quit"].map(str::to_owned));
    let mut run = ContainerRun::new(image(), command);
    run.environment.push(Setting { key: "HOME".to_owned(), value: "/data".to_owned() });
    run.network = true;
    run.timeout_ms = PATIENCE_MS;
    run
}
