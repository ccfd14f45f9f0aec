/**
 * What must be looked up: versions for the form, and facts for the installation. The same plugin as `examples/versions-rust`.
 *
 * A list is lines of `VERSION DIGEST`, the newest first, at a web server that the manifest names. The server tells a list's
 * `ETag`; the plugin keeps both and asks with `If-None-Match`, so that what has not changed is not sent again. A token goes
 * along where an administrator has stored one. Plans are pure: they read the facts, and nothing else.
 */
import {
  type BlueprintsPart, type CatalogPart, type FactsPart, type PlansPart, type Setting,
  Failure, asFailure, blueprint, fact, file, http, image, installPlan, kv, runSpec, secrets, setting, step, variable, wire,
} from "@gantry/plugin";

const HOST = "versions.example.org";
/** What stands in the form for the newest there is when the server is installed. */
const NEWEST = "latest";
const MAX_BYTES = 64 * 1024;

interface Version {
  name: string;
  digest: string;
}

/** Where a form wants the list from. Whoever fills it in may name any host; which may be asked stands in the manifest. */
function host(settings: Setting[]): string {
  return settings.find((each) => each.key === "mirror")?.value || HOST;
}

function token(): string | undefined {
  try {
    return secrets.get("token");
  } catch (caught) {
    // What is for everybody needs none.
    if (asFailure(caught)?.code === "absent") return undefined;
    throw caught;
  }
}

function list(host: string): Version[] {
  const known = kv.get(`list ${host}`);
  const tag = known && kv.get(`tag ${host}`);
  const headers: [string, string][] = tag ? [["if-none-match", wire.text(tag, 256)]] : [];
  const secret = token();
  if (secret !== undefined) headers.push(["authorization", `Bearer ${secret}`]);
  const request = { method: "GET", url: `https://${host}/versions.txt`, headers, body: new Uint8Array(), maxBytes: MAX_BYTES };
  const answer = http.send([request])[0];
  if (!answer) throw new Failure("no_answer", `${host} did not answer.`);
  if (answer.tag === "err") throw new Failure(answer.val.code, answer.val.message, answer.val.retryAfterMs);
  const { status, headers: said, body } = answer.val;
  if (status === 304 && known) return read(host, known);
  if (status === 429 || status === 503) throw new Failure("busy", `${host} is busy.`, 90_000);
  if (status !== 200) throw new Failure("refused", `${host} answered ${status}.`);
  const fresh = said.find(([name]) => name === "etag");
  if (fresh) {
    kv.set(`list ${host}`, body);
    kv.set(`tag ${host}`, wire.bytes(fresh[1]));
  }
  return read(host, body);
}

function read(host: string, body: Uint8Array): Version[] {
  const found: Version[] = [];
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(0x0a, start);
    const line = wire.text(body.subarray(start, end < 0 ? body.length : end), 256);
    const [name, digest] = line.split(" ", 2);
    if (!name || digest === undefined) throw new Failure("bad_answer", `What ${host} answered is no list of versions.`);
    found.push({ name, digest: digest.trim() });
    start = end < 0 ? body.length : end + 1;
  }
  return found;
}

// What is typed is taken too, for the day on which nobody answers.
const version = variable.fromCatalog("version", "Version", NEWEST, "versions", { open: true, required: true, needsReinstall: true });
const mirror = variable.text("mirror", "Mirror", "", 128, { help: "Another web server that has the same list." });

export const blueprints: Partial<BlueprintsPart> = {
  list: () => [
    blueprint("versions", "Versions", {
      summary: "A program whose versions stand on a web server.",
      variables: [version, mirror],
    }),
  ],
};

export const plans: PlansPart = {
  install(server) {
    const version = fact(server, "version");
    if (version === "") throw new Failure("no_facts", "Nobody has looked up which version there is.");
    const write = file("VERSION", `${version} ${fact(server, "digest")}\n`);
    return installPlan([step("Write down the version", 1, { tag: "write", val: write })], version);
  },
  run(server) {
    const says = `echo running ${fact(server, "version")}; exec sleep infinity`;
    return runSpec(image.reference("debian:bookworm-slim"), ["bash", "-c", says]);
  },
};

export const catalog: CatalogPart = {
  choices(name, settings) {
    if (name !== "versions") throw new Failure("unknown_catalog", `There is no list ${name}.`);
    const each = list(host(settings)).map(({ name }) => ({ value: name, label: name, help: null }));
    return [{ value: NEWEST, label: "Newest", help: null }, ...each];
  },
};

export const facts: FactsPart = {
  resolve(server) {
    const wanted = setting(server, "version");
    const found = list(host(server.settings)).find(({ name }) => wanted === NEWEST || name === wanted);
    if (!found) throw new Failure("unknown_version", `There is no version ${wanted}.`);
    return [{ key: "version", value: found.name }, { key: "digest", value: found.digest }];
  },
};
