// Draws the API document. Every text goes through textContent, so nothing in it can become markup.
"use strict";

const element = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

// Words in which names stand between backticks.
const prose = (name, text) => {
  const made = element(name);
  text.split("`").forEach((part, index) => made.append(index % 2 ? element("code", part) : part));
  return made;
};

// Resolves references to a depth that can still be read.
const shape = (schema, all, depth = 0, seen = []) => {
  if (!schema || typeof schema !== "object") return schema;
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (depth > 3 || seen.includes(name)) return name;
    return shape(all[name], all, depth, [...seen, name]);
  }
  if (schema.enum) return schema.enum.join(" | ");
  for (const key of ["oneOf", "anyOf", "allOf"]) {
    if (schema[key]) return { [key]: schema[key].map((each) => shape(each, all, depth + 1, seen)) };
  }
  if (schema.items) return [shape(schema.items, all, depth + 1, seen)];
  if (schema.properties) {
    const required = schema.required ?? [];
    return Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [
        required.includes(key) ? key : `${key}?`,
        shape(value, all, depth + 1, seen),
      ]),
    );
  }
  return [schema.type, schema.format].flat().filter(Boolean).join(" ") || "any";
};

const body = (title, content, all) => {
  const parts = [element("h3", title)];
  for (const [kind, { schema }] of Object.entries(content ?? {})) {
    parts.push(element("p", kind), element("pre", JSON.stringify(shape(schema, all), null, 2)));
  }
  return parts;
};

const draw = (path, method, operation, all) => {
  const details = element("details", undefined, { id: operation.operationId });
  details.dataset.text = `${method} ${path} ${operation.summary} ${operation.tags?.join(" ")}`.toLowerCase();
  const summary = element("summary");
  summary.append(element("span", method.toUpperCase(), { class: "method" }), element("code", path), " ");
  summary.append(element("span", operation.summary ?? "", { class: "summary" }));
  details.append(summary, prose("p", operation.description ?? ""));
  details.addEventListener("toggle", () => {
    if (details.dataset.drawn) return;
    details.dataset.drawn = "yes";
    if (operation.parameters?.length) {
      const list = element("ul");
      for (const each of operation.parameters) {
        list.append(prose("li", `${each.name} (${each.in}${each.required ? "" : ", optional"}): ${each.description ?? ""}`));
      }
      details.append(element("h3", "Parameters"), list);
    }
    if (operation.requestBody) details.append(...body("Request", operation.requestBody.content, all));
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      const isProblem = Object.keys(response.content ?? {})[0] === "application/problem+json";
      details.append(prose("p", `${status} ${response.description}`));
      if (!isProblem && response.content) details.append(...body(`Answer ${status}`, response.content, all));
    }
  });
  return details;
};

const load = async () => {
  const status = document.getElementById("status");
  const answer = await fetch("/api/openapi.json");
  if (!answer.ok) {
    status.textContent = `The document could not be loaded: ${answer.status}. Reload the page.`;
    return;
  }
  const api = await answer.json();
  document.getElementById("about").replaceChildren(...prose("p", api.info.description).childNodes);
  const place = document.getElementById("operations");
  for (const tag of api.tags) {
    const section = element("section");
    section.append(element("h2", tag.name), prose("p", tag.description));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (operation.tags?.[0] === tag.name) section.append(draw(path, method, operation, api.components.schemas));
      }
    }
    place.append(section);
  }
  status.textContent = "";
  document.getElementById("filter").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const each of place.querySelectorAll("details")) {
      each.hidden = !words.every((word) => each.dataset.text.includes(word));
    }
  });
};

load();
