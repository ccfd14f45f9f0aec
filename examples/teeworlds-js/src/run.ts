/**
 * How it gets onto the node, and how it starts.
 *
 * Every setting is a line of `server.cfg`, edited before each start: what people write into that file themselves stays, and
 * passwords are on no command line.
 */
import {
  type InstallPlan, type RunSpec, type Server, configEdit, flag, image, installPlan, port, quoted, runSpec, setting, step,
} from "@gantry/plugin";
import { TOKEN_REQUEST } from "./info.ts";

/** Nothing but Debian's package. A node builds it once and keeps it by the digest of this text. */
const DOCKERFILE = `FROM debian:bookworm-slim
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends teeworlds-server \\
 && rm -rf /var/lib/apt/lists/*
`;
const CONFIGURATION = "server.cfg";

/** Steps may be done twice, and are, when the daemon is interrupted: each has to bear that. */
export function install(server: Server): InstallPlan {
  const configuration = configEdit(CONFIGURATION, "lines", settings(server));
  return installPlan([
    step("Build the Teeworlds image", 20, { tag: "build-image", val: image.dockerfile(DOCKERFILE) }),
    step("Write the first configuration", 1, { tag: "edit-config", val: configuration }),
  ]);
}

/** Pairs of how a line begins and what it shall be. */
function settings(server: Server): [string, string][] {
  const text = (at: string, key: string): [string, string] => [at, at + quoted(server, key)];
  const number = (at: string, value: string): [string, string] => [at, at + value];
  return [
    text("sv_name ", "name"),
    text("sv_motd ", "motd"),
    number("sv_max_clients ", setting(server, "max_players")),
    number("sv_player_slots ", setting(server, "max_players")),
    number("sv_register ", flag(server, "listed") ? "1" : "0"),
    text("sv_gametype ", "mode"),
    text("sv_map ", "map"),
    number("sv_scorelimit ", setting(server, "score_limit")),
    number("sv_timelimit ", setting(server, "time_limit")),
    text("password ", "join_password"),
    text("sv_rcon_password ", "rcon_password"),
    // Only at this level does the game print the names of those who join.
    number("console_output_level ", "2"),
  ];
}

export function run(server: Server): RunSpec {
  const lines: [string, string][] = [...settings(server), ["sv_port ", `sv_port ${port(server, "game")}`]];
  return runSpec(image.dockerfile(DOCKERFILE), ["/usr/games/teeworlds-server", "-f", CONFIGURATION], {
    // The game keeps its own files under its home; the rest of the file system is read-only.
    environment: [{ key: "HOME", value: "/data" }],
    edits: [configEdit(CONFIGURATION, "lines", lines)],
    ready: [{ tag: "udp", val: { endpoint: "game", payload: TOKEN_REQUEST } }],
    // It neither reads commands nor handles signals, and has nothing to save: any signal ends it at once.
    stop: [{ tag: "signal", val: "SIGTERM" }, { tag: "wait-ms", val: 5_000 }],
    terminal: false,
  });
}
