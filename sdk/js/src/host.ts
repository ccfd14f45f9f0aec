// Made from sdk/wit by `cargo xtask gen`; not to be edited.
import { throwing } from "./failure.ts";
import logFunctions from "gantry:plugin/log@0.2.0";
import bundleFunctions from "gantry:plugin/bundle@0.2.0";
import queryFunctions from "gantry:plugin/query@0.2.0";
import kvFunctions from "gantry:plugin/kv@0.2.0";
import filesFunctions from "gantry:plugin/files@0.2.0";
import httpFunctions from "gantry:plugin/http@0.2.0";
import secretsFunctions from "gantry:plugin/secrets@0.2.0";

/** Always there: one line to the plugin's own log. Bounded; control characters are escaped by the host. */
export const log = /* @__PURE__ */ throwing(logFunctions);

/** Always there: files that were packed into the component, in custom sections `gantry:file/NAME`. */
export const bundle = /* @__PURE__ */ throwing(bundleFunctions);

/** Capability `query`: datagrams and streams to this server's own endpoints, by name, and nowhere else. */
export const query = /* @__PURE__ */ throwing(queryFunctions);

/** Capability `kv`: a few bytes that outlive a call, apart for each plugin and, in calls about a server, for each server. */
export const kv = /* @__PURE__ */ throwing(kvFunctions);

/** Capability `files`: inside this server's directory, on its node. */
export const files = /* @__PURE__ */ throwing(filesFunctions);

/** Capability `http`: https requests to public addresses of the hosts that the manifest names. */
export const http = /* @__PURE__ */ throwing(httpFunctions);

/** Capability `secrets`: what an administrator stored under a name that the manifest asks for. */
export const secrets = /* @__PURE__ */ throwing(secretsFunctions);
