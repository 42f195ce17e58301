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

test("the module of the machines is loaded when a store is first asked, and looked for again when it is missing", () => {
  using project = new Project();
  project.write(
    "main.js",
    `import { renameSync } from "node:fs";
    import { Limiter, MemoryStore, StoreLimiter } from "tollgate";
    const there = "node_modules/tollgate/dist/wasm/stores_bg.wasm";
    renameSync(there, "away.wasm");
    const [limiter, shared] = [new Limiter("1/hour"), new StoreLimiter("1/hour", new MemoryStore())];
    const missing = await shared.tryAcquire("alice").catch((error) => error.code);
    renameSync("away.wasm", there);
    console.log(limiter.tryAcquire("alice").allowed, missing, (await shared.tryAcquire("alice")).allowed);`,
  );
  assert.equal(project.node("main.js"), "true ENOENT true");
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
