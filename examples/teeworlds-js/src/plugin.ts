/**
 * Teeworlds: a dedicated server of Debian's package, and what it says of itself.
 *
 * This is an example to copy. Each part of a plugin has a module of its own, in reading order: `blueprint` says what can be
 * set, `run` how the game gets onto the node and how it starts, `info` asks the running game who plays, `console` reads who
 * came and went. All of them are ordinary functions from data to data. What this module exports are the plugin's parts.
 */
import type { BlueprintsPart, CollectorPart, ConsoleEventsPart, PlansPart } from "@gantry/plugin";
import { teeworlds, validate } from "./blueprint.ts";
import { parse } from "./console.ts";
import { collect } from "./info.ts";
import { install, run } from "./run.ts";

export const blueprints: BlueprintsPart = { list: () => [teeworlds()], validate };
export const plans: PlansPart = { install, run };
export const collector: CollectorPart = { collect };
export const consoleEvents: ConsoleEventsPart = { parse: (_server, lines) => parse(lines) };
