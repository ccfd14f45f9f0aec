/// <reference path="./imports.d.ts" />
/// <reference path="./assets.d.ts" />
/**
 * The guest SDK: a game becomes a plugin by a module that exports its parts.
 *
 * ```ts
 * import { blueprint, image, installPlan, runSpec, type BlueprintsPart, type PlansPart } from "@gantry/plugin";
 *
 * export const blueprints: Partial<BlueprintsPart> = { list: () => [blueprint("mygame", "My game")] };
 * export const plans: PlansPart = {
 *   install: () => installPlan([]),
 *   run: () => runSpec(image.reference("debian:bookworm-slim"), ["sh", "-c", "read line"]),
 * };
 * ```
 *
 * The types are those of the WIT contract (`sdk/wit`) as the engine hands them over: names in camel case, `null` for what
 * is absent, variants as `{ tag, val }`, failures thrown. A part that is not exported is not in the component, and a part of
 * the host that is not imported is not either. Each call runs in a fresh instance: what a module keeps does not survive it.
 */
export * from "./contract.ts";
export { Failure, asFailure } from "./failure.ts";
export * from "./host.ts";
export * from "./build.ts";
export * as wire from "./wire.ts";
export * as rules from "./rules.ts";
