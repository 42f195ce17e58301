import assert from "node:assert/strict";
import { test } from "node:test";

import { NAMES, Project, checkTranscript } from "./project.js";

test("the package that npm packs runs the vectors in Node, in an empty project", () => {
  using project = new Project();
  project.write(
    "main.js",
    `import { readFileSync } from "node:fs";
    import { runVectors } from "./vectors.js";
    const read = (name) => JSON.parse(readFileSync(\`vectors/\${name}.json\`, "utf8"));
    const steps = ${JSON.stringify(NAMES)}.flatMap((name) => runVectors(name, read(name)));
    console.log(steps.join("\\n"));`,
  );
  checkTranscript("npm-node", project.node("main.js"));
});

test("each host finds its own entry", () => {
  using project = new Project();
  const resolve = ["--input-type=module", "--eval", `console.log(import.meta.resolve("tollgate"))`];
  assert.match(project.node(...resolve), /dist\/node\.js$/);
  assert.match(project.node("--conditions=workerd", ...resolve), /dist\/workerd\.js$/);
});
