// Prints the digest of every node of a scenario at given times in the WASM build, as JSON:
//   node digests.mjs GLUE_DIR SCENARIO.yaml NS,NS,...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [glue, file, times] = process.argv.slice(2);
if (!glue || !file || !times) {
  console.error("usage: node digests.mjs GLUE_DIR SCENARIO.yaml NS,NS,...");
  process.exit(2);
}
const busyhour = createRequire(import.meta.url)(resolve(glue, "busyhour.js"));
const at_ns = new BigUint64Array(times.split(",").map(BigInt));
try {
  process.stdout.write(busyhour.node_digests(readFileSync(file, "utf8"), at_ns));
} catch (problem) {
  console.error(String(problem));
  process.exit(1);
}
