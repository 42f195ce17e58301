import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { type UpstreamFile, runUpstreamVectors } from "./upstream-vectors.js";
import { UPSTREAM_FILES, VECTOR_FILES } from "./vector-files.js";
import { type VectorFile, runVectors } from "./vectors.js";

/** `cargo xtask js test` says where they are. */
const folder = process.env["TOLLGATE_VECTORS"] ?? "../../../tests/vectors";

for (const [name, stepsMin] of VECTOR_FILES) {
  test(`${name}: every step gives the decision, the numbers and the bytes that stand there`, () => {
    const file = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as VectorFile;
    const steps = runVectors(name, file);
    assert.ok(steps.length >= stepsMin, `${name} has lost steps: ${steps.length} are left`);
  });
}

for (const [name, stepsMin] of UPSTREAM_FILES) {
  test(`${name}: every step gives the answer and the bytes that stand there`, () => {
    const file = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as UpstreamFile;
    const steps = runUpstreamVectors(name, file);
    assert.ok(steps >= stepsMin, `${name} has lost steps: ${steps} are left`);
  });
}
