/** What can be set, and which settings do not go together. */
import {
  type Blueprint, type FieldProblem, type Server, type Variable, blueprint, limits, problem, requiredEndpoint, rules, setting,
  variable,
} from "@gantry/plugin";
import icon from "./icon.svg";

/** Game modes as the server names them. Those in `FLAG_MODE` want a map with flags. */
const MODES: [string, string][] = [
  ["dm", "Deathmatch"],
  ["tdm", "Team deathmatch"],
  ["ctf", "Capture the flag"],
  ["lms", "Last man standing"],
  ["lts", "Last team standing"],
];
const FLAG_MODE = "ctf";

/** Maps of the packaged game. */
const PLAIN_MAPS = ["dm1", "dm2", "dm6", "dm7", "dm8", "dm9", "lms1"];
const FLAG_MAPS = ["ctf1", "ctf2", "ctf3", "ctf4", "ctf5", "ctf6", "ctf7", "ctf8"];
const MAPS: [string, string][] = [
  ...PLAIN_MAPS.map((map): [string, string] => [map, map]),
  ...FLAG_MAPS.map((map): [string, string] => [map, `${map} (with flags)`]),
];

export function teeworlds(): Blueprint {
  return blueprint("teeworlds", "Teeworlds", {
    summary: "Small round creatures, big guns and a hook to swing on.",
    documentation:
      "Players connect with the Teeworlds client 0.7: Play, then the server's address in the field below the list.",
    tags: ["shooter", "2d"],
    icon: icon.trim(),
    variables: variables(),
    endpoints: [
      requiredEndpoint("game", "udp", 8_303, "The port that players connect to; it answers the server browser too."),
    ],
    least: limits(64, 10, 64),
    recommended: limits(128, 50, 256),
    collectEveryMs: 5_000,
  });
}

function variables(): Variable[] {
  // These texts end up in the game's own configuration language, where a quote or a line break would begin another
  // command. The host checks the pattern before the plugin ever sees the value.
  const plain = {
    pattern: rules.PLAIN_TEXT,
    patternHelp: "No quotes, semicolons, backslashes, percent or dollar signs.",
  };
  const word = { pattern: "[A-Za-z0-9_.-]*", patternHelp: "Letters, digits, dot, underscore and hyphen." };
  const match = { group: "Match" };
  const access = { group: "Access" };
  return [
    variable.text("name", "Name shown to players", "A Gantry server", 60, {
      ...plain,
      required: true,
      help: "Shown in the server browser.",
    }),
    variable.text("motd", "Message of the day", "", 200, { ...plain, help: "Shown as players join." }),
    variable.number("max_players", "Player slots", 8, 1, 16, { required: true }),
    variable.boolean("listed", "Show in the public server browser", false),
    variable.oneOf("mode", "Game mode", "dm", MODES, match),
    variable.oneOf("map", "Map", "dm1", MAPS, match),
    variable.number("score_limit", "Score limit", 20, 0, 1_000, { ...match, help: "Zero plays until the time is up." }),
    variable.number("time_limit", "Time limit", 0, 0, 1_000, { ...match, unit: "minutes", help: "Zero is no limit." }),
    variable.secret("join_password", "Password to join", 0, 31, { ...access, ...word, help: "Empty lets everybody in." }),
    variable.secret("rcon_password", "Remote console password", 0, 31, {
      ...access,
      ...word,
      editable: "owners",
      help: "Left empty, the game makes one up at each start and prints it on the console.",
    }),
  ];
}

export function validate(server: Server): FieldProblem[] {
  const hasFlags = setting(server, "map").startsWith(FLAG_MODE);
  const wantsFlags = setting(server, "mode") === FLAG_MODE;
  if (!wantsFlags || hasFlags) return [];
  return [problem("map", "This map has no flags.", "Choose a map with flags, or another mode.")];
}
