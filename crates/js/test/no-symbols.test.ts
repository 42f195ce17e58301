/** The package where `using` is not known yet: a host without `Symbol.dispose`. */

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

/** The package as a host would see it that lacks the symbols. Node has them, and they can't be taken away. */
async function withoutSymbols(folder: string): Promise<typeof import("tollgate")> {
  await cp(process.env["TOLLGATE_PACKAGE"]!, folder, { recursive: true });
  let count = 0;
  for (const file of await readdir(join(folder, "dist"))) {
    if (!file.endsWith(".js")) continue;
    const text = await readFile(join(folder, "dist", file), "utf8");
    count += text.split(/Symbol\.(?:asyncD|d)ispose/).length - 1;
    await writeFile(join(folder, "dist", file), text.replaceAll("Symbol.dispose", "Symbol.none").replaceAll("Symbol.asyncDispose", "Symbol.none"));
  }
  assert.ok(count >= 2, "the symbols are used somewhere");
  return (await import(pathToFileURL(join(folder, "dist/node.js")).href)) as typeof import("tollgate");
}

test("a slot is free when work has ended", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-"));
  try {
    const { Limiter } = await withoutSymbols(folder);
    const limiter = new Limiter({ calls: { algorithm: "concurrency", slots: 1 } });
    for (let count = 0; count < 2; count += 1) {
      assert.equal(await limiter.withSlot("alice", () => "done", { timeoutMs: 100 }), "done");
    }
    assert.equal(limiter.peek("alice").calls.held, 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
