/** The Redis store on a real Redis, through ioredis. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Redis } from "ioredis";
import { RedisStore, StoreLimiter } from "tollgate";
import { Cooldowns } from "tollgate/upstream";

import { freePort } from "./free-port.js";

/** A Redis of its own, that is gone afterwards. */
async function withRedis(work: (connect: () => Redis) => Promise<void>): Promise<void> {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), "tollgate-redis-"))];
  const flags = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--dir", folder];
  const server = spawn("redis-server", flags, { stdio: "ignore" });
  const missing = new Promise<never>((_, reject) => {
    server.once("error", (cause) => reject(new Error("there is no Redis: `apt-get install redis-server`", { cause })));
  });
  const clients: Redis[] = [];
  const connect = () => {
    const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 50, maxRetriesPerRequest: null });
    clients.push(client.on("error", () => {}));
    return client;
  };
  try {
    await Promise.race([connect().ping(), missing]);
    await work(connect);
  } finally {
    for (const client of clients) client.disconnect();
    const gone = new Promise((resolve) => server.once("close", resolve));
    server.kill();
    await gone;
    rmSync(folder, { recursive: true });
  }
}

function storeOf(redis: Redis): RedisStore {
  return new RedisStore((...args) => redis.callBuffer(...args));
}

test("Redis: of many that ask at the same time on two connections exactly as many pass as the limit says", () =>
  withRedis(async (connect) => {
    const limiters = [connect(), connect()].map((redis) => new StoreLimiter("8/hour", storeOf(redis)));
    let passed = 0;
    const ask = async (index: number) => {
      // Who finds the key busy asks again: nothing was let in.
      for (;;) {
        try {
          if ((await limiters[index % 2]!.tryAcquire("alice")).allowed) passed += 1;
          return;
        } catch (error) {
          assert.equal((error as { code: string }).code, "busy");
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
    assert.equal(passed, 8);
  }));

test("Redis: records expire a minute after they decide as none would, and holds are settled by whoever has them", () =>
  withRedis(async (connect) => {
    const redis = connect();
    const limiter = new StoreLimiter<"requests">("60/minute", storeOf(redis), { prefix: "limit:" });
    const held = await limiter.reserve("alice", { cost: 30, ttlMs: 10_000 });
    const ttl = await redis.pttl("limit:alice");
    assert.ok(ttl > 90_000 && ttl <= 100_001, `${ttl} ms`);
    assert.ok((await held.settle(2)).settled);
    assert.equal(await limiter.control("alice", { block: { for: "1h" } }).then((limits) => limits.requests.held), 0);
    assert.ok((await redis.pttl("limit:alice")) > 3_650_000);
    await limiter.reset("alice");
    assert.equal((await limiter.peek("alice")).requests.remaining, 60);
  }));

test("Redis: events of a cooldown are kept, and what is no record is told", () =>
  withRedis(async (connect) => {
    const redis = connect();
    const reports = [0, 1, 2].map((code) => new Cooldowns(storeOf(redis), "chat").report({ code: `${code}`, for: "1m" }));
    assert.deepEqual(await Promise.all(reports), ["added", "added", "added"]);
    assert.equal((await new Cooldowns(storeOf(connect()), "chat").active()).length, 3);
    await redis.set("alice", "what somebody else wrote");
    const limiter = new StoreLimiter("1/s", storeOf(redis));
    await assert.rejects(limiter.tryAcquire("alice"), { code: "corrupt-record" });
    await assert.rejects(limiter.reset("alice"), { code: "corrupt-record" });
    await redis.lpush("list", "1");
    await assert.rejects(limiter.tryAcquire("list"), { code: "store" });
  }));
