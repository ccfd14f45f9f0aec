/**
 * Builders: the shortest true way to write a blueprint, a plan and a run spec.
 *
 * They answer plain objects of the contract. What they do not set is said in their last argument, which may set every field.
 */
import type {
  Action, Blueprint, ConfigEdit, ContainerRun, Edit, EndpointNeed, FieldProblem, Format, Image, InstallPlan, Kind, Limits,
  Player, Protocol, RunSpec, Sample, Server, Step, TextRule, Variable, Write,
} from "./contract.ts";
import { Failure } from "./failure.ts";
import { isControl } from "./wire.ts";

/** Memory in MiB and CPU in hundredths of a core; no swap, 256 processes, disk in MiB. */
export function limits(memory: number, cpu: number, disk: number): Limits {
  return { memory, swap: 0, cpu, disk, pids: 256 };
}

/** A blueprint, without variables or endpoints unless `rest` has them. */
export function blueprint(id: string, name: string, rest: Partial<Blueprint> = {}): Blueprint {
  return {
    id,
    name,
    summary: "",
    documentation: "",
    tags: [],
    icon: "",
    variables: [],
    endpoints: [],
    least: limits(128, 10, 256),
    recommended: limits(512, 100, 1024),
    collectEveryMs: null,
    commands: "console",
    protectedFiles: [],
    extra: [],
    ...rest,
  };
}

/** A port that the game cannot do without. */
export function requiredEndpoint(
  name: string, protocol: Protocol, defaultPort: number, help: string, rest: Partial<EndpointNeed> = {},
): EndpointNeed {
  return { name, protocol, help, defaultPort, required: true, relativeTo: null, ...rest };
}

/** Everything that a variable has besides its kind and its default. */
export type VariableAbout = Partial<Omit<Variable, "key" | "label" | "kind" | "defaultValue">>;
/** The rule of a text. `pattern` is RE2 and must match the whole text; `patternHelp` says the same in words. */
export type TextAbout = VariableAbout & Partial<TextRule>;

function ask(key: string, label: string, kind: Kind, defaultValue: string | null, about: VariableAbout): Variable {
  return {
    key,
    label,
    help: "",
    group: "General",
    kind,
    defaultValue,
    required: false,
    viewable: "members",
    editable: "members",
    needsReinstall: false,
    needsRestart: true,
    extra: [],
    ...about,
  };
}

/** Tells the rule of a text from the rest. */
function ruled(about: TextAbout, minLength: number, maxLength: number): [TextRule, VariableAbout] {
  const { minLength: least, maxLength: most, pattern, patternHelp, ...rest } = about;
  const rule = { minLength: least ?? minLength, maxLength: most ?? maxLength, pattern: pattern ?? null, patternHelp: patternHelp ?? null };
  return [rule, rest];
}

/** Typed questions to a person. */
export const variable = {
  /** One line of text of at most `maxLength` characters. */
  text(key: string, label: string, value: string, maxLength: number, about: TextAbout = {}): Variable {
    const [rule, rest] = ruled(about, 0, maxLength);
    return ask(key, label, { tag: "text", val: rule }, value, rest);
  },
  /** Text of several lines. */
  multiline(key: string, label: string, value: string, maxLength: number, about: TextAbout = {}): Variable {
    const [rule, rest] = ruled(about, 0, maxLength);
    return ask(key, label, { tag: "multiline", val: rule }, value, rest);
  },
  /** Text that is encrypted at rest and never shown again. */
  secret(key: string, label: string, minLength: number, maxLength: number, about: TextAbout = {}): Variable {
    const [rule, rest] = ruled(about, minLength, maxLength);
    return ask(key, label, { tag: "secret", val: rule }, null, rest);
  },
  /** A whole number. */
  number(
    key: string, label: string, value: number, minimum: number, maximum: number, about: VariableAbout & { unit?: string } = {},
  ): Variable {
    const { unit, ...rest } = about;
    return ask(key, label, { tag: "number", val: { minimum, maximum, step: 1, unit: unit ?? null } }, String(value), rest);
  },
  /** Yes or no. */
  boolean(key: string, label: string, value: boolean, about: VariableAbout = {}): Variable {
    return ask(key, label, { tag: "boolean" }, String(value), about);
  },
  /** One of some values, each with its label. */
  oneOf(key: string, label: string, value: string, choices: [string, string][], about: VariableAbout = {}): Variable {
    const listed = choices.map(([value, label]) => ({ value, label, help: null }));
    return ask(key, label, { tag: "one-of", val: listed }, value, about);
  },
  /**
   * One of the values that the plugin's catalog lists under this name when a form is filled in: the part `catalog` answers
   * them. `open` takes what is not listed as well, for the day on which nobody answers. What is there once a plan is made
   * is for the plugin to check.
   */
  fromCatalog(key: string, label: string, value: string, catalog: string, about: VariableAbout & { open?: boolean } = {}): Variable {
    const { open, ...rest } = about;
    return ask(key, label, { tag: "from-catalog", val: { name: catalog, open: open ?? false } }, value, rest);
  },
};

/** What is wrong with the variable `key`, and what to do about it. */
export function problem(key: string, message: string, remedy: string | null = null): FieldProblem {
  return { key, message, remedy };
}

/** A variable's value, or the empty text where it has none. */
export function setting(server: Server, key: string): string {
  return server.settings.find((each) => each.key === key)?.value ?? "";
}

/** What was looked up under this key, or the empty text where nothing was. */
export function fact(server: Server, key: string): string {
  return server.facts.find((each) => each.key === key)?.value ?? "";
}

/** Whether a boolean variable is true. */
export function flag(server: Server, key: string): boolean {
  return setting(server, key) === "true";
}

/**
 * A variable's value between double quotes, for configuration files where nothing else ends a value. It throws a
 * {@link Failure} if the value has a double quote or a control character, which would let it set what it was not meant to
 * set. A pattern of the variable that forbids both tells people so while they type.
 */
export function quoted(server: Server, key: string): string {
  const value = setting(server, key);
  if ([...value].some((character) => character === '"' || isControl(character))) {
    throw new Failure("unquotable_setting", `The variable ${key} has a double quote or a control character.`);
  }
  return `"${value}"`;
}

/** The port of a named endpoint. It throws a {@link Failure} if the server has no allocation for it. */
export function port(server: Server, name: string): number {
  const found = server.endpoints.find((endpoint) => endpoint.name === name);
  if (!found) throw new Failure("no_endpoint", `The server has no allocation for its ${name} port.`);
  return found.port;
}

/** Where a container comes from. */
export const image = {
  /** An image of a registry. */
  reference: (reference: string): Image => ({ tag: "reference", val: reference }),
  /** An image that the node builds from this Dockerfile, once. */
  dockerfile: (dockerfile: string): Image => ({ tag: "recipe", val: { dockerfile, files: [] } }),
};

/** A step of the given weight; {@link installPlan} makes its id from its place. */
export function step(title: string, weight: number, action: Action, rest: Partial<Step> = {}): Step {
  return { id: "", title, action, weight, mayFail: false, ...rest };
}

/** A plan of these steps, in their order. */
export function installPlan(steps: Step[], installedVersion: string | null = null): InstallPlan {
  const named = steps.map((each, index) => (each.id === "" ? { ...each, id: `step-${index + 1}` } : each));
  return { steps: named, installedVersion };
}

/** A file with ordinary rights, written each time unless `onlyIfMissing`. */
export function file(path: string, content: string, rest: Partial<Write> = {}): Write {
  return { path, content, mode: 0o644, onlyIfMissing: false, ...rest };
}

/** An edit that is made whatever stands there; its value is written like what stands there. */
export function edit(at: string, value: string, rest: Partial<Edit> = {}): Edit {
  return { at, value, condition: { tag: "always" }, notation: "like-there", ...rest };
}

/** Edits, given as pairs of where and what, to a file that is made where it is missing. */
export function configEdit(path: string, format: Format, edits: [string, string][]): ConfigEdit {
  return { path, format, edits: edits.map(([at, value]) => edit(at, value)), create: true };
}

/**
 * A command that runs as the server's own user in the server's directory, `/data`, without network, for at most an hour.
 */
export function containerRun(image: Image, command: string[], rest: Partial<ContainerRun> = {}): ContainerRun {
  return {
    image,
    command,
    environment: [],
    network: false,
    workingDirectory: "/data",
    files: [],
    user: "server",
    timeoutMs: 3_600_000,
    ...rest,
  };
}

/**
 * The server's directory is mounted at `/data`, where the command starts; the root file system is read-only; the process
 * gets SIGTERM and ten seconds to stop. It is ready as soon as it runs, unless `rest` has probes.
 */
export function runSpec(image: Image, command: string[], rest: Partial<RunSpec> = {}): RunSpec {
  return {
    image,
    command,
    environment: [],
    workingDirectory: "/data",
    edits: [],
    ready: [],
    readyTimeoutMs: 60_000,
    stop: [{ tag: "signal", val: "SIGTERM" }, { tag: "wait-ms", val: 10_000 }],
    terminal: true,
    readOnlyRoot: true,
    extra: [],
    ...rest,
  };
}

/** A sample; what it does not know is null. */
export function sample(known: Partial<Sample>): Sample {
  return {
    name: null,
    map: null,
    version: null,
    players: null,
    maxPlayers: null,
    listsPlayers: false,
    playerList: [],
    latencyMs: null,
    series: [],
    bots: null,
    ...known,
  };
}

/** A player of whom the name is known, and `rest`. */
export function player(name: string, rest: Partial<Player> = {}): Player {
  return { name, id: null, score: null, pingMs: null, secondsOnline: null, ...rest };
}
