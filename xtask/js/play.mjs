// Plays a scenario in the WASM build under node and prints one JSON line per play:
//   node play.mjs GLUE_DIR SCENARIO.yaml [SEED] [REPEAT]
// The first play runs before the optimising compiler is warm: for timing take the last one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [glue, file, seed = "", repeat = "1"] = process.argv.slice(2);
if (!glue || !file) {
  console.error("usage: node play.mjs GLUE_DIR SCENARIO.yaml [SEED] [REPEAT]");
  process.exit(2);
}
const busyhour = createRequire(import.meta.url)(resolve(glue, "busyhour.js"));
const scenario = readFileSync(file, "utf8");
for (let play = 0; play < Number(repeat); play++) {
  const start_ms = performance.now();
  let report;
  try {
    report = JSON.parse(busyhour.play(scenario, seed === "" ? undefined : BigInt(seed)));
  } catch (problem) {
    console.error(String(problem));
    process.exit(1);
  }
  const wall_s = (performance.now() - start_ms) / 1e3;
  console.log(JSON.stringify({ digest: report.digest, requests: report.requests?.issued, wall_s }));
}
