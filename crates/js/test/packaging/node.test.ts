import assert from "node:assert/strict";
import { test } from "node:test";

import { Project, checkSaid, runAll } from "./project.js";

test("the package that npm packs runs the vectors in Node, in an empty project", () => {
  using project = new Project();
  project.write(
    "main.js",
    `import { readFileSync } from "node:fs";
    import { runUpstreamVectors } from "./upstream-vectors.js";
    import { runVectors } from "./vectors.js";
    const read = (name) => JSON.parse(readFileSync(\`vectors/\${name}.json\`, "utf8"));
    console.log(${runAll((name) => `read("${name}")`)});`,
  );
  checkSaid("npm-node", project.node("main.js"));
});

test("each host finds its own entry", () => {
  using project = new Project();
  for (const [name, file] of [["tollgate", ""], ["tollgate/upstream", "upstream-"]]) {
    const resolve = ["--input-type=module", "--eval", `console.log(import.meta.resolve("${name}"))`];
    assert.ok(project.node(...resolve).endsWith(`dist/${file}node.js`));
    assert.ok(project.node("--conditions=workerd", ...resolve).endsWith(`dist/${file}workerd.js`));
  }
});

test("what is thrown at both entries is the same class, and a store of one serves the other", () => {
  using project = new Project();
  project.write(
    "main.js",
    `import * as limits from "tollgate";
    import * as upstream from "tollgate/upstream";
    console.log(limits.TollgateError === upstream.TollgateError && limits.MemoryStore === upstream.MemoryStore);`,
  );
  assert.equal(project.node("main.js"), "true");
});
