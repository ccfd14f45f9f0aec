/**
 * What a package has and a checkout keeps elsewhere: the contract and the licence. npm packs no links, so that they are put
 * here while it packs (`npm pack` and `npm publish` run this before and after), and taken away again.
 */
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dirname;
const { wit } = JSON.parse(await readFile(join(here, "contract.json"), "utf8"));
await rm(join(here, "wit"), { recursive: true, force: true });
await rm(join(here, "LICENSE"), { force: true });
if (process.argv[2] !== "--undo") {
  await cp(join(here, "../wit", wit), join(here, "wit", wit), { recursive: true });
  await cp(join(here, "../../LICENSE"), join(here, "LICENSE"));
}
