/**
 * Where the lines of a bundle come from, small enough to travel in the component: what is thrown then names the author's own file
 * and line, on every machine.
 */
import { decode } from "@jridgewell/sourcemap-codec";
import { isAbsolute, join, relative, resolve, sep } from "node:path";

/** Begins the global's name in the bundle; `src/guard.ts` reads it. */
export const PLACES = "globalThis.gantryPlaces";

/**
 * A statement that keeps the places: the files, and runs of lines as numbers `line,file,its line,how many` in one text. It is read
 * only when something is thrown.
 */
export function keeping(map, bundle, out, folder, sdk) {
  const { sources, mappings } = JSON.parse(map);
  const files = sources.map((source) => shown(resolve(out, source), folder, sdk));
  const lines = bundle.split("\n");
  const runs = [];
  decode(mappings).forEach((segments, index) => {
    // What stands before the first word of a line belongs to the line before.
    const begins = lines[index].search(/\S/);
    const known = segments.find((segment) => segment.length > 1 && segment[0] >= begins);
    if (!known) return;
    const [line, file, own] = [index + 1, known[1], known[2] + 1];
    const last = runs.at(-1);
    const goesOn = last && last[1] === file && line - last[0] === last[3] && own - last[2] === last[3];
    if (goesOn) last[3] += 1;
    else runs.push([line, file, own, 1]);
  });
  return `${PLACES} = ${JSON.stringify({ files, runs: runs.map((run) => run.join()).join(";") })};\n`;
}

/** Words of the engine about a bundle, with the author's files and lines in the place of the bundle's. */
export function told(words, source) {
  const kept = source.slice(source.lastIndexOf(`${PLACES} = `) + PLACES.length + 3).replace(/;\n$/, "");
  const { files, runs } = JSON.parse(kept);
  const known = runs.split(";").map((run) => run.split(",").map(Number));
  return words.replace(/^[:\s]+/, "").trimEnd().replace(/[\w:.-]+\.js:(\d+)(?::\d+)?/g, (whole, text) => {
    const line = Number(text);
    const run = known.find(([first, , , count]) => line >= first && line < first + count);
    return run ? `${files[run[1]]}:${run[2] + line - run[0]}` : whole;
  });
}

/** A file as its author calls it, and never with the folders of this machine. */
function shown(path, folder, sdk) {
  const own = relative(folder, path);
  if (!own.startsWith("..") && !isAbsolute(own)) return own.split(sep).join("/");
  const ours = relative(sdk, path);
  if (!ours.startsWith("..") && !isAbsolute(ours)) return join("@gantry/plugin", ours).split(sep).join("/");
  return path.split(sep).slice(-2).join("/");
}
