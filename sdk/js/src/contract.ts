// Made from sdk/wit by `cargo xtask gen`; not to be edited.

/** A result within a list or a record; a function's own result is returned or thrown. */
export type Result<T, E> = { tag: "ok"; val: T } | { tag: "err"; val: E };

export type Level = "debug" | "info" | "warn" | "error";

/** One variable's value. Booleans are "true" or "false", numbers decimal. Validated before the plugin sees it. */
export interface Setting {
  key: string;
  value: string;
}

export type Protocol = "tcp" | "udp";

/**
 * An address that the game uses. `name` is the one that the blueprint asked for, such as "game" or "query".
 * `port` is the same number inside and outside the container.
 */
export interface Endpoint {
  name: string;
  protocol: Protocol;
  address: string;
  port: number;
}

/** Memory, swap and disk in MiB, CPU in hundredths of a core; zero means unlimited. */
export interface Limits {
  memory: number;
  swap: number;
  cpu: number;
  disk: number;
  pids: number;
}

/** The server that a call is about: everything that a plugin may know of it. */
export interface Server {
  id: string;
  name: string;
  blueprint: string;
  /** Without the secrets in calls that read what strangers write: `collector` and `console-events`. */
  settings: Setting[];
  /** What `facts.resolve` found when this server was last installed. Empty where the plugin has no such interface. */
  facts: Setting[];
  endpoints: Endpoint[];
  limits: Limits;
  timeZone: string;
  extra: [string, string][];
}

/** What a person should be told about one variable. An empty key speaks about the whole form. */
export interface FieldProblem {
  key: string;
  message: string;
  remedy: string | null;
}

/** Why a function could not answer: `code` is stable, `message` is for people. */
export interface Failure {
  code: string;
  message: string;
  retryAfterMs: number | null;
}

export interface TextRule {
  minLength: number;
  maxLength: number;
  pattern: string | null;
  patternHelp: string | null;
}

export interface NumberRule {
  minimum: number;
  maximum: number;
  step: number;
  unit: string | null;
}

export interface Choice {
  value: string;
  label: string;
  help: string | null;
}

/** Choices that `catalog.choices` lists under this name. `open` also takes what is not listed. */
export interface CatalogRule {
  name: string;
  open: boolean;
}

export type Kind =
  | { tag: "text"; val: TextRule }
  | { tag: "multiline"; val: TextRule }
  /** Encrypted at rest, never shown again; given to the plugin's own functions alone. */
  | { tag: "secret"; val: TextRule }
  | { tag: "number"; val: NumberRule }
  | { tag: "boolean" }
  | { tag: "one-of"; val: Choice[] }
  | { tag: "from-catalog"; val: CatalogRule };

/** Who may see or edit: administrators alone, the owner too, or every member with the right permission. */
export type Audience = "administrators" | "owners" | "members";

/** A typed question to a person: a setting of a server, or a field of an action's form. */
export interface Variable {
  key: string;
  label: string;
  help: string;
  group: string;
  kind: Kind;
  defaultValue: string | null;
  required: boolean;
  viewable: Audience;
  editable: Audience;
  needsReinstall: boolean;
  needsRestart: boolean;
  extra: [string, string][];
}

export type Format = "properties" | "ini" | "json" | "yaml" | "toml" | "xml" | "lines";

/**
 * When an edit is made. `equals` and `matches` (RE2 syntax) look at the value that stands there; an edit under `matches`
 * replaces only what matched.
 */
export type Condition =
  | { tag: "always" }
  | { tag: "absent" }
  | { tag: "present" }
  | { tag: "equals"; val: string }
  | { tag: "matches"; val: string };

/**
 * What a value is written as, in formats that tell text from numbers: like the value that stands there (where there is
 * none, as what it looks like), or as said. `document` is JSON text that stands for a whole tree.
 */
export type Notation = "like-there" | "text" | "number" | "boolean" | "document";

/**
 * `at` is a dotted path for structured formats, with `[0]` for the place in a list and one `*` for every child;
 * "section.key" or "[section].key" for ini, the key for properties, and for `lines` the beginning of the line that is
 * replaced (appended where none begins so and `condition` is `always` or `absent`).
 */
export interface Edit {
  at: string;
  value: string;
  condition: Condition;
  notation: Notation;
}

export interface ConfigEdit {
  path: string;
  format: Format;
  edits: Edit[];
  create: boolean;
}

/** Waits until a line of the console matches, without escape sequences, and fails if none has in that time. */
export interface AwaitedLine {
  pattern: string;
  timeoutMs: number;
}

/** What the host does to a running game on a plugin's behalf, in order; the first that fails ends the rest. */
export type Effect =
  /** One line to the game, as if it had been typed. */
  | { tag: "command"; val: string }
  | { tag: "await-line"; val: AwaitedLine }
  | { tag: "wait-ms"; val: number }
  | { tag: "edit-config"; val: ConfigEdit }
  /** Shown to who asked for it. */
  | { tag: "message"; val: string };

export interface Reply {
  payload: Uint8Array;
  afterUs: number;
}

/** A TCP connection for a conversation. It ends with the call. */
export declare class Connection {
  private constructor();
  static open(endpoint: string, timeoutMs: number): Connection;
  write(payload: Uint8Array): void;
  /** Reads what comes next, at least one byte and at most `max-bytes`. Nothing at all is the end of the stream. */
  read(maxBytes: number, timeoutMs: number): Uint8Array;
}

export interface Entry {
  name: string;
  isDirectory: boolean;
  size: number;
}

export interface Request {
  /** GET, HEAD, POST, PUT, PATCH or DELETE. */
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
  /** A longer answer is the failure `too_large`. */
  maxBytes: number;
}

export interface Response {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

export interface EndpointNeed {
  name: string;
  protocol: Protocol;
  help: string;
  defaultPort: number | null;
  required: boolean;
  /** At a fixed distance from another endpoint's port; zero is the same number with the other protocol. */
  relativeTo: [string, number] | null;
}

/** How a running game takes commands: on its standard input, through `commands.send`, or not at all. */
export type CommandDoor = "console" | "plugin" | "none";

export interface Blueprint {
  id: string;
  name: string;
  summary: string;
  documentation: string;
  tags: string[];
  /** A square picture as SVG text, drawn by the panel as an image and never as markup. Empty for none. */
  icon: string;
  variables: Variable[];
  endpoints: EndpointNeed[];
  least: Limits;
  recommended: Limits;
  /** How often the host calls the collector, within its limits of one second and five minutes; none means never. */
  collectEveryMs: number | null;
  commands: CommandDoor;
  /** Globs of files that only the game and its plugin write: people read them, and are told why they cannot change them. */
  protectedFiles: string[];
  extra: [string, string][];
}

export type Algorithm = "sha256" | "sha512" | "sha1";

export interface Digest {
  algorithm: Algorithm;
  hex: string;
}

/** `url` is https; `path` is relative to the server's directory, as are all paths here. */
export interface Download {
  url: string;
  path: string;
  expect: Digest | null;
  maxBytes: number;
}

export type ArchiveFormat = "tar" | "tar-gz" | "tar-xz" | "tar-bz2" | "tar-zst" | "zip";

export interface Extract {
  archive: string;
  format: ArchiveFormat;
  into: string;
  stripComponents: number;
  maxBytes: number;
}

export interface Write {
  path: string;
  content: string;
  mode: number;
  onlyIfMissing: boolean;
}

/** An image that the node builds once and keeps by the digest of this text. */
export interface Recipe {
  dockerfile: string;
  files: [string, string][];
}

export type Image =
  | { tag: "reference"; val: string }
  | { tag: "recipe"; val: Recipe };

/**
 * Who a step's command is. As `root` (capability `container-root`) it still has neither the host nor most of root's
 * powers, and whatever it leaves in the server's directory is given to the server's user afterwards.
 */
export type User = "server" | "root";

export interface ContainerRun {
  image: Image;
  /** Program and arguments, instead of the image's own. Empty: the image's own. */
  command: string[];
  environment: Setting[];
  network: boolean;
  /** Where the server's directory is mounted and the command starts. */
  workingDirectory: string;
  /** Text files that the container finds read-only, by their absolute path outside the server's directory. */
  files: [string, string][];
  user: User;
  timeoutMs: number;
}

export type Action =
  | { tag: "download"; val: Download }
  | { tag: "extract"; val: Extract }
  | { tag: "write"; val: Write }
  | { tag: "edit-config"; val: ConfigEdit }
  | { tag: "build-image"; val: Image }
  | { tag: "run"; val: ContainerRun }
  | { tag: "make-directory"; val: string }
  | { tag: "remove"; val: string }
  /** From, to. */
  | { tag: "copy"; val: [string, string] }
  | { tag: "move"; val: [string, string] }
  /** Unix permission bits. */
  | { tag: "set-mode"; val: [string, number] }
  /** The link's path, and what it names within the server's directory. */
  | { tag: "link"; val: [string, string] };

/**
 * One step: idempotent, named to people by its title, skipped on resume once its journal entry says done. Where it
 * `may-fail`, the plan goes on without it, and says so.
 */
export interface Step {
  id: string;
  title: string;
  action: Action;
  weight: number;
  mayFail: boolean;
}

export interface InstallPlan {
  steps: Step[];
  installedVersion: string | null;
}

export interface ConsoleProbe {
  pattern: string;
}

export interface UdpProbe {
  endpoint: string;
  payload: Uint8Array;
}

/** Passes with any status below 400. */
export interface HttpProbe {
  endpoint: string;
  path: string;
}

export type Probe =
  /** A regular expression on one console line, with escape sequences removed. */
  | { tag: "console"; val: ConsoleProbe }
  /** An endpoint that accepts connections. */
  | { tag: "tcp"; val: string }
  /** An endpoint that answers a datagram. */
  | { tag: "udp"; val: UdpProbe }
  | { tag: "http"; val: HttpProbe }
  /** The collector answers. */
  | { tag: "collector" };

export type StopStep =
  | { tag: "console"; val: string }
  | { tag: "signal"; val: string }
  /** What Control-C does: its character where the game has a terminal, and SIGINT where it has none. */
  | { tag: "interrupt" }
  | { tag: "wait-ms"; val: number }
  /** One of the plugin's own actions, by its id, with an empty form: for games that are stopped by a protocol. */
  | { tag: "action"; val: string };

export interface RunSpec {
  image: Image;
  /** Program and arguments, instead of the image's own. Empty: the image's own. */
  command: string[];
  environment: Setting[];
  /** Where the server's directory is mounted and the command starts. */
  workingDirectory: string;
  edits: ConfigEdit[];
  /** All must pass before the server counts as running. None: it runs as soon as its process does. */
  ready: Probe[];
  readyTimeoutMs: number;
  /** In order; the host kills when they are exhausted. */
  stop: StopStep[];
  terminal: boolean;
  readOnlyRoot: boolean;
  extra: [string, string][];
}

export interface Player {
  name: string;
  id: string | null;
  score: number | null;
  pingMs: number | null;
  secondsOnline: number | null;
}

export interface Series {
  name: string;
  unit: string;
  value: number;
}

export interface Sample {
  name: string | null;
  map: string | null;
  version: string | null;
  players: number | null;
  maxPlayers: number | null;
  /** Whether `player-list` is complete; if not, the host keeps the list that console events built. */
  listsPlayers: boolean;
  playerList: Player[];
  latencyMs: number | null;
  series: Series[];
  /** How many of `players` are no people but the game's own, where it says so. Nobody waits for them when a server is to stop. */
  bots: number | null;
}

/** Why a game ended that should not have, in words for people, and what helps. */
export interface CrashCause {
  cause: string;
  remedy: string | null;
}

export type Event =
  /** The game says that it is ready: then it is, whichever probes of the run spec have not passed yet. */
  | { tag: "ready" }
  | { tag: "joined"; val: string }
  | { tag: "left"; val: string }
  | { tag: "chat"; val: [string, string] }
  | { tag: "warning"; val: string }
  | { tag: "crash-cause"; val: CrashCause };

/** `line` is an index into the batch. */
export interface Found {
  line: number;
  event: Event;
}

export type Availability = "running" | "stopped" | "always";

export interface PlayerAction {
  id: string;
  title: string;
  help: string;
  /** A name from the panel's set, such as "megaphone", "user-x" or "save"; another is drawn as a plain button. */
  icon: string;
  /** The questions of its form; keys are unique within it. */
  form: Variable[];
  /** Whom it is for, besides the permission to use actions. */
  audience: Audience;
  available: Availability;
  /** Asked before it is done, where it cannot be undone. */
  confirm: string | null;
}

export type Severity = "different" | "lost";

/** What could not be kept as it was: where it stands in the source, what it is, what that means for the server. */
export interface Loss {
  severity: Severity;
  at: string;
  what: string;
  meaning: string;
}

export interface Imported {
  id: string;
  name: string;
  document: string;
  losses: Loss[];
}

/** One value of a file: `at` as in an edit, and the question that stands for it. */
export interface Field {
  at: string;
  notation: Notation;
  question: Variable;
}

export interface ConfigFile {
  id: string;
  title: string;
  help: string;
  path: string;
  format: Format;
  fields: Field[];
}

export interface Tab {
  id: string;
  title: string;
  audience: Audience;
  /** How often the page asks anew while somebody looks at it; none means when it is asked to. */
  refreshMs: number | null;
}

export type Alignment = "start" | "end";

export interface Column {
  title: string;
  alignment: Alignment;
}

/** A button of a row: an action of the plugin, with what its form begins with. */
export interface RowAction {
  action: string;
  label: string;
  form: Setting[];
}

export interface Row {
  cells: string[];
  actions: RowAction[];
}

export interface Table {
  title: string;
  columns: Column[];
  rows: Row[];
  whenEmpty: string;
}

/** Lines of numbers over time: series of the collector by name, whose history the panel has. */
export interface Chart {
  title: string;
  series: string[];
}

export interface Fact {
  label: string;
  value: string;
}

export type Tone = "neutral" | "good" | "warning" | "bad";

export interface Note {
  tone: Tone;
  text: string;
}

export type Block =
  | { tag: "heading"; val: string }
  | { tag: "text"; val: string }
  | { tag: "note"; val: Note }
  | { tag: "facts"; val: Fact[] }
  | { tag: "table"; val: Table }
  | { tag: "chart"; val: Chart }
  /** The form of one of the plugin's actions, by its id. */
  | { tag: "form"; val: string };

/** The server that an event is about, in few words. */
export interface About {
  id: string;
  name: string;
  blueprint: string;
  node: string;
}

export interface HookEvent {
  /** The same when it is told again. */
  id: string;
  /** From the list in SPEC.md, such as "server.crashed". */
  kind: string;
  /** Milliseconds since 1970. */
  atMs: number;
  server: About | null;
  /** Who brought it about, as the audit log names them; none for the system. */
  actor: string | null;
  /** For people, one sentence. */
  summary: string;
  details: Setting[];
}

/** Which games there are and which settings they take. */
export interface BlueprintsPart {
  list(): Blueprint[];
  /** Rules that cross variables. Rules of single variables have been checked by the host. */
  validate(server: Server): FieldProblem[];
}

/** What to do, as data. */
export interface PlansPart {
  install(server: Server): InstallPlan;
  run(server: Server): RunSpec;
}

/** What a running game is doing. Called by the daemon beside the container. Optional. */
export interface CollectorPart {
  collect(server: Server): Sample;
}

/** Meaning in console output. Called with batches of lines without escape sequences; keeps no state. Optional. */
export interface ConsoleEventsPart {
  parse(server: Server, lines: string[]): Found[];
}

/** What people do to a game beyond power: buttons of the panel, calls of the API, steps of a schedule. Optional. */
export interface ActionsPart {
  /** What there is for this server. Pure. */
  offer(server: Server): PlayerAction[];
  /** Does one, with a form that has been checked. May query the game; what else is to happen it answers as effects. */
  perform(server: Server, id: string, form: Setting[]): Effect[];
}

/** What the host asks of a running game on its own. Optional. */
export interface QuiescingPart {
  /** Tells everybody who plays. */
  broadcast(server: Server, text: string): Effect[];
  /** Makes the files on the disk whole and keeps them so, for a backup. */
  quiesce(server: Server): Effect[];
  /** Lets the game write again. Done after `quiesce` whatever happened in between, and must bear to be done without it. */
  resume(server: Server): Effect[];
}

/** Commands to games that do not read them from their standard input, such as by RCON. Optional. */
export interface CommandsPart {
  /** Sends one line, and answers what the game said to it. */
  send(server: Server, line: string): string;
}

/** Lists that change with the world: versions, maps, mods. Called by the control plane, which keeps answers for a while. Optional. */
export interface CatalogPart {
  /** The choices under a name that a variable's `from-catalog` gave, with the other values of the form so far. */
  choices(name: string, settings: Setting[]): Choice[];
}

/**
 * What must be looked up before a plan can be made: which build is the newest, where it is, what its digest is. So that
 * plans stay pure, it is looked up beforehand by the control plane, kept with the server, and given to `plans` with it. Optional.
 */
export interface FactsPart {
  /** Called before each installation, with `server.facts` as they were. Keys are the plugin's own. */
  resolve(server: Server): Setting[];
}

/** Foreign descriptions of games turned into documents that `plugins/declarative` runs. Optional. */
export interface ImporterPart {
  /** Pure. */
  convert(fileName: string, content: Uint8Array): Imported;
}

/** Forms for a game's own files. The plugin says what stands where; the node reads and writes it. Optional. */
export interface ConfigFilesPart {
  /** Pure. */
  list(server: Server): ConfigFile[];
}

/** Pages of a server that the panel draws from data. Optional. */
export interface TabsPart {
  /** Pure. */
  offer(server: Server): Tab[];
  render(server: Server, tab: string): Block[];
}

/**
 * What happens in Gantry, told to a plugin once it has happened. Called by the control plane, at least once and in no
 * promised order, and never in the way of what it tells. Optional.
 */
export interface HooksPart {
  /** Which kinds it wants; `server.*` is all of a family. Asked once, when the plugin is installed. Pure. */
  wants(): string[];
  /** What an administrator may set for the plugin as a whole. Pure. */
  settings(): Variable[];
  handle(event: HookEvent, settings: Setting[]): void;
}
