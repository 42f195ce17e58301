import { join } from "node:path";
import { test } from "node:test";

import { Project } from "./project.js";

const MAIN = `import { Limiter, StoreLimiter, tollgateHttp } from "tollgate";
import { Barrier } from "tollgate/upstream";
const limiter = new Limiter("1/s");
export const held = await limiter.withSlot("alice", (slot) => slot.allowed);
export { Barrier, StoreLimiter, tollgateHttp };
`;

test("the types are complete in a strict project for browsers, which knows neither Node nor `using`", () => {
  using project = new Project();
  project.write("main.ts", MAIN);
  const compiler = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
  const options = ["--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "--types", "", "--noEmit"];
  project.node(compiler, ...options, "main.ts");
});
