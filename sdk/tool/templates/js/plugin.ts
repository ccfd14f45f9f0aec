/** Template name: the least that runs. It has one setting, nothing to install, and a program that answers on its console. */
import {
  type BlueprintsPart, type PlansPart, blueprint, image, installPlan, runSpec, setting, variable,
} from "@gantry/plugin";

/** The "game". What people typed reaches it by the environment and is never part of its text. */
const SCRIPT = `echo "Ready: $GREETING"
while IFS= read -r line; do
  [ "$line" = quit ] && exit 0
  echo "You said: $line"
done`;

export const blueprints: Partial<BlueprintsPart> = {
  list: () => [
    blueprint("template-id", "Template name", {
      summary: "Says again what it reads.",
      variables: [variable.text("greeting", "Greeting", "Hello", 80, { help: "Said as it starts." })],
    }),
  ],
};

export const plans: PlansPart = {
  install: () => installPlan([]),
  run: (server) =>
    runSpec(image.reference("debian:bookworm-slim"), ["sh", "-c", SCRIPT], {
      environment: [{ key: "GREETING", value: setting(server, "greeting") }],
      ready: [{ tag: "console", val: { pattern: "^Ready" } }],
      stop: [{ tag: "console", val: "quit" }, { tag: "wait-ms", val: 5_000 }],
      terminal: false,
    }),
};
