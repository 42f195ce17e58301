import assert from "node:assert/strict";
import { test } from "node:test";

import { Project, checkSaid, imported, imports, runAll } from "./project.js";
import { answerOf } from "./worker.js";

test("workerd runs the vectors", async () => {
  using project = new Project();
  project.write(
    "main.js",
    `${imports("vectors")}
    export default {
      fetch() {
        try {
          return new Response(${runAll(imported)});
        } catch (error) {
          return new Response(error.stack);
        }
      },
    };`,
  );
  checkSaid("workerd", await answerOf(project));
});

test("a Durable Object's storage is exact: of many at the same time exactly as many pass as the limit says", async () => {
  using project = new Project();
  project.write(
    "main.js",
    `import { DurableObjectStore, StoreLimiter } from "tollgate";
    export class Keys {
      constructor(state) {
        this.limiter = new StoreLimiter("8/hour", new DurableObjectStore(state.storage));
      }
      async fetch() {
        for (;;) {
          try {
            const decision = await this.limiter.tryAcquire("alice");
            return Response.json(decision.allowed);
          } catch (error) {
            if (error.code !== "busy") throw error;
          }
        }
      }
    }
    export default {
      async fetch(_, env) {
        try {
          const ask = async () => (await env.KEYS.get(env.KEYS.idFromName("all")).fetch("http://keys/")).json();
          const passed = await Promise.all(Array.from({ length: 20 }, ask));
          return Response.json(passed.filter((it) => it).length);
        } catch (error) {
          return new Response(error.stack);
        }
      },
    };`,
  );
  const fields = `durableObjectNamespaces = [(className = "Keys", uniqueKey = "tollgate")],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "KEYS", durableObjectNamespace = "Keys")],`;
  assert.equal(await answerOf(project, fields), "8");
});
