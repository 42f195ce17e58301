import assert from "node:assert/strict";
import { test } from "node:test";

import { tollgateHttp } from "tollgate";

interface Asked {
  readonly url: string;
  readonly body: unknown;
}

/** An edge that answers these, one after the other, and what it was asked. */
function edge(...answers: readonly Response[]): { fetch: (url: string, init: RequestInit) => Promise<Response>; asked: Asked[] } {
  const [rest, asked] = [[...answers], [] as Asked[]];
  const fetch = async (url: string, init: RequestInit) => {
    assert.equal(new Headers(init.headers).get("prefer"), "return=minimal");
    asked.push({ url, body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined });
    return rest.shift() ?? Promise.reject(new Error("down"));
  };
  return { fetch, asked };
}

function minimal(status: number, fields: Record<string, string>): Response {
  return new Response(null, { status, headers: { "preference-applied": "return=minimal", ...fields } });
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status });
}

const ALLOWED =
  '"requests";limit=60;remaining=59;retry_after_ms=0;reset_after_ms=1000, "input_tokens";limit="9007199254740991";remaining=99188;retry_after_ms=0';

test("a decision is told by status and header fields", async () => {
  const { fetch, asked } = edge(minimal(200, { "tollgate-limits": ALLOWED }));
  const llm = tollgateHttp("http://edge:3000/", "llm", { fetch });
  const decision = await llm.tryAcquire("team-7", { input_tokens: 812 }, { requestId: "r1" });
  assert.deepEqual(decision, {
    allowed: true,
    delayMs: 0,
    limits: {
      requests: { limit: 60, remaining: 59, retryAfterMs: 0, resetAfterMs: 1_000, delayMs: 0 },
      input_tokens: { limit: 2 ** 53 - 1, remaining: 99_188, retryAfterMs: 0, resetAfterMs: null, delayMs: 0 },
    },
  });
  const body = { policy: "llm", key: "team-7", cost: { input_tokens: 812 }, request_id: "r1" };
  assert.deepEqual(asked, [{ url: "http://edge:3000/v1/acquire", body }]);
});

test("a denial says how long to wait, a block in seconds, and what is never let in says so", async () => {
  const { fetch } = edge(
    minimal(429, { "retry-after": "1", "tollgate-limits": '"requests";limit=1;remaining=0;retry_after_ms=556' }),
    minimal(429, { "retry-after": "30", "tollgate-limits": '"requests";limit=1;remaining=1;retry_after_ms=0' }),
    minimal(429, { "tollgate-limits": '"budget";limit=1;remaining=0' }),
    minimal(422, { "tollgate-limits": '"requests";limit=1;remaining=1' }),
  );
  const api = tollgateHttp("http://edge", "api", { fetch });
  const said = [];
  for (let count = 0; count < 4; count += 1) {
    const decision = await api.tryAcquire("alice");
    assert.ok(!decision.allowed);
    said.push([decision.reason, decision.retryAfterMs]);
  }
  assert.deepEqual(said, [["limited", 556], ["limited", 30_000], ["limited", null], ["impossible", null]]);
});

test("a denial's wait is that of the limit that denies, or of the block, whatever other limits say", async () => {
  const { fetch } = edge(
    // A limit in shadow is used up for a day.
    minimal(429, { "retry-after": "1", "tollgate-limits": '"requests";limit=1;remaining=0;retry_after_ms=900, "daily";limit=1;remaining=0;retry_after_ms=86400000' }),
    // One in shadow that is free a little later.
    minimal(429, { "retry-after": "1", "tollgate-violated": '"requests"', "tollgate-limits": '"requests";limit=1;remaining=0;retry_after_ms=600, "daily";limit=1;remaining=0;retry_after_ms=950' }),
    // A blocked key that has no room either.
    minimal(429, { "retry-after": "60", "tollgate-limits": '"requests";limit=1;remaining=0;retry_after_ms=1000' }),
    minimal(429, { "retry-after": "0" }),
  );
  const api = tollgateHttp("http://edge", "api", { fetch });
  const waits = [];
  for (let count = 0; count < 4; count += 1) {
    const decision = await api.tryAcquire("alice");
    assert.ok(!decision.allowed);
    waits.push(decision.retryAfterMs);
  }
  assert.deepEqual(waits, [900, 600, 60_000, 1_000]);
});

test("what is no edge admits, denies and settles nothing", async () => {
  const page = (status: number, fields = {}) => new Response("<html>", { status, headers: fields });
  for (const answer of [page(200), page(429, { "retry-after": "1" }), page(422), minimal(429, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }), minimal(204, {})]) {
    const { status } = answer;
    await assert.rejects(tollgateHttp("http://edge", "api", { fetch: edge(answer).fetch }).tryAcquire("alice"), { code: "http", status }, String(status));
  }
  await assert.rejects(tollgateHttp("http://edge", "api", { fetch: edge(page(200)).fetch }).peek("alice"), { code: "http", status: 200 });
  const lease = minimal(200, { "tollgate-limits": ALLOWED, "tollgate-lease": "token" });
  const answers = [page(200), page(429), page(422), page(410), new Response("{}", { status: 200 }), new Response('{"allowed":true}', { status: 429 })];
  const held = await tollgateHttp("http://edge", "api", { fetch: edge(lease, ...answers).fetch }).reserve("alice");
  for (const { status } of answers) await assert.rejects(held.settle(), { code: "http", status }, String(status));
});

test("a fetch that hangs, or answers what is no response, is an error in time", async () => {
  const hangs = tollgateHttp("http://edge", "api", { fetch: () => new Promise(() => {}), callMsMax: 20 });
  await assert.rejects(hangs.tryAcquire("alice"), { code: "http", status: undefined });
  const unread = { status: 200, headers: new Headers(), text: () => new Promise(() => {}) };
  for (const answer of [undefined, {}, { status: 200, text: async () => "" }, unread]) {
    const api = tollgateHttp("http://edge", "api", { fetch: async () => answer as never, callMsMax: 20 });
    await assert.rejects(api.tryAcquire("alice"), { code: "http", status: undefined });
  }
});

test("who comes back under the id of a reservation gets it, or an error when it is over", async () => {
  const repeated = () => minimal(200, { "tollgate-limits": ALLOWED, "tollgate-lease": "token", "tollgate-repeated": "?1" });
  const gone = () => json(410, { type: "urn:tollgate:problem:lease-gone", field: "request_id" });
  const { fetch, asked } = edge(repeated(), json(200, { allowed: true }), gone(), repeated(), gone());
  const llm = tollgateHttp("http://edge", "llm", { fetch });
  assert.equal((await llm.reserve("team-7", { requestId: "r1", ttlMs: 5_000 })).allowed, true);
  assert.deepEqual(asked[1], { url: "http://edge/v1/renew", body: { lease: "token", hold_ms: 5_000 } });
  await assert.rejects(llm.reserve("team-7", { requestId: "r1" }), { code: "lease-gone" });
  await assert.rejects(llm.reserve("team-7", { requestId: "r1" }), { code: "lease-gone" }, "it ended just now");
});

test("a lease is settled for what it came to, and once", async () => {
  const { fetch, asked } = edge(
    minimal(200, { "tollgate-limits": ALLOWED, "tollgate-lease": "token" }),
    json(200, { allowed: true }),
    json(410, { type: "urn:tollgate:problem:lease-gone" }),
  );
  const llm = tollgateHttp("http://edge", "llm", { fetch });
  {
    await using held = await llm.reserve("team-7", { cost: { input_tokens: 900 }, ttlMs: 5_000 });
    assert.deepEqual(await held.settle({ input_tokens: 300 }), { settled: true });
    assert.deepEqual(await held.settle({ input_tokens: 300 }), { settled: false, reason: "gone" });
  }
  assert.deepEqual(asked.map((it) => it.body), [
    { policy: "llm", key: "team-7", cost: { input_tokens: 900 }, hold_ms: 5_000 },
    { lease: "token", cost: { input_tokens: 300 } },
    { lease: "token", cost: { input_tokens: 300 } },
  ]);
});

test("a cost that is none is refused by name, and the edge is not asked", async () => {
  const { fetch, asked } = edge(minimal(200, { "tollgate-limits": ALLOWED, "tollgate-lease": "token" }));
  const llm = tollgateHttp("http://edge", "llm", { fetch });
  const held = await llm.reserve("team-7");
  const bad: [unknown, string][] = [[NaN, "cost"], [null, "cost"], [[], "cost"], ["1", "cost"], [{ requests: NaN }, "cost.requests"], [{ cost: 0.5 }, "cost.cost"]];
  for (const [cost, field] of bad) {
    await assert.rejects(held.settle(cost as number), { code: "invalid", field }, String(cost));
    await assert.rejects(llm.tryAcquire("team-7", cost as number), { code: "invalid", field }, String(cost));
  }
  assert.equal(asked.length, 1);
});

test("who waits asks again when there is room", async () => {
  const { fetch, asked } = edge(
    minimal(429, { "retry-after": "1", "tollgate-limits": '"requests";limit=1;remaining=0;retry_after_ms=5' }),
    minimal(200, { "tollgate-limits": ALLOWED }),
  );
  assert.equal((await tollgateHttp("http://edge", "api", { fetch }).acquire("alice")).allowed, true);
  assert.equal(asked.length, 2);
});

test("a key is one segment of the path when nothing is charged", async () => {
  const { fetch, asked } = edge(minimal(200, { "tollgate-limits": ALLOWED }));
  const limits = await tollgateHttp("http://edge", "llm", { fetch }).peek("a/b ü");
  assert.equal(limits["requests"]?.remaining, 59);
  assert.equal(asked[0]?.url, "http://edge/v1/limits/llm/a%2Fb%20%C3%BC");
});

test("what is no decision is an error with a code", async () => {
  const { fetch } = edge(new Response('{"title":"no such policy"}', { status: 404 }), new Response(null, { status: 503 }));
  const api = tollgateHttp("http://edge", "api", { fetch });
  const refused = { name: "HttpError", code: "http", status: 404, message: 'the edge answered 404: {"title":"no such policy"}' };
  await assert.rejects(api.tryAcquire("a"), refused);
  await assert.rejects(api.tryAcquire("a"), { code: "http", status: 503 });
  await assert.rejects(api.tryAcquire("a"), { code: "http", status: undefined }, "nobody is there");
  const { fetch: holdsNothing } = edge(minimal(200, { "tollgate-limits": ALLOWED }));
  await assert.rejects(tollgateHttp("http://edge", "api", { fetch: holdsNothing }).tryReserve("a"), { code: "http", status: 200 });
});

test("what the edge does not take is told by its field", async () => {
  const problem = (field: unknown) => new Response(JSON.stringify({ status: 400, field, detail: "must be given" }), { status: 400 });
  const { fetch } = edge(problem("cost.input_tokens"), problem(7), new Response("null", { status: 400 }), new Response("[", { status: 400 }));
  const llm = tollgateHttp("http://edge", "llm", { fetch });
  await assert.rejects(llm.tryAcquire("a"), { name: "InvalidError", field: "cost.input_tokens", problem: "must be given" });
  for (let count = 0; count < 3; count += 1) await assert.rejects(llm.tryAcquire("a"), { code: "http", status: 400 });
});

test("more than its policy lets be settled leaves the lease as it is, and says why", async () => {
  const { fetch, asked } = edge(
    minimal(200, { "tollgate-limits": ALLOWED, "tollgate-lease": "token" }),
    json(422, { allowed: false }),
    json(429, { allowed: false }),
    json(200, { allowed: true }),
  );
  {
    await using held = await tollgateHttp("http://edge", "llm", { fetch }).reserve("team-7");
    assert.deepEqual(await held.settle(9_000), { settled: false, reason: "impossible" });
    assert.deepEqual(await held.settle(5), { settled: false, reason: "limited" });
  }
  assert.deepEqual(asked.at(-1)?.body, { lease: "token" }, "the end of the block settles for what is held");
});

test("an answer is read to its end, so that its connection is free for the next", async () => {
  const problem = new Response("{}", { status: 429, headers: { "preference-applied": "return=minimal", "retry-after": "1" } });
  const answers = [minimal(200, { "tollgate-lease": "token" }), json(200, { allowed: true }), json(200, { allowed: true }), problem];
  const { fetch } = edge(...answers);
  const api = tollgateHttp("http://edge", "api", { fetch });
  const held = await api.reserve("alice");
  await held.renew(5_000);
  await held.settle();
  await api.tryAcquire("alice");
  assert.deepEqual(answers.slice(1).map((it) => it.bodyUsed), [true, true, true]);
});

test("who asks is told by header fields of any kind", async () => {
  for (const headers of [{ authorization: "Bearer key" }, new Headers({ Authorization: "Bearer key" })]) {
    const fetch = async (_: string, init: RequestInit) => {
      const fields = new Headers(init.headers);
      assert.deepEqual([fields.get("authorization"), fields.get("content-type")], ["Bearer key", "application/json"]);
      return minimal(200, { "tollgate-limits": ALLOWED });
    };
    assert.equal((await tollgateHttp("http://edge", "api", { fetch, headers }).tryAcquire("alice")).allowed, true);
  }
});

test("arguments that are none are refused by name, and the edge is not asked", async () => {
  for (const url of ["edge", "", "ftp://edge", "http://user:secret@edge", "http://edge?a=1", "http://edge#a", null, undefined, 7, {}]) {
    const isShownNowhere = (error: Error) => !error.message.includes("secret");
    assert.throws(() => tollgateHttp(url as string, "api"), { code: "invalid", field: "url" }, String(url));
    assert.throws(() => tollgateHttp(url as string, "api"), isShownNowhere, String(url));
  }
  const bad: [unknown, string][] = [
    [{ fetch: "fetch" }, "fetch"],
    [{ headers: "secret" }, "headers"],
    [{ headers: { "no name": "x" } }, "headers"],
    [{ headers: { authorization: "two\nlines" } }, "headers"],
    [{ callMsMax: 60_001 }, "callMsMax"],
    [{ clock: {} }, "clock"],
    [{ maxWaiting: -1 }, "maxWaiting"],
    [{ timeout: 5 }, "timeout"],
    [null, "options"],
  ];
  for (const [options, field] of bad) {
    assert.throws(() => tollgateHttp("http://edge", "api", options as object), { code: "invalid", field }, field);
  }
  const api = tollgateHttp("http://edge", "api", { fetch: () => assert.fail("nobody is asked") });
  const asked: [() => Promise<unknown>, string][] = [
    [() => api.tryAcquire(""), "key"],
    [() => api.tryAcquire("a", NaN), "cost"],
    [() => api.tryAcquire("a", { cost: 2 }, 5 as never), "options"],
    [() => api.tryAcquire("a", 1, { timeoutMs: 5 } as never), "timeoutMs"],
    [() => api.tryAcquire("a", 1, { requestId: "" }), "requestId"],
    [() => api.tryAcquire("a", 1, { requestId: "é".repeat(65) }), "requestId"],
    [() => api.tryAcquire("a", 1, { requestId: null as never }), "requestId"],
    [() => api.acquire("a", 5 as never), "options"],
    [() => api.acquire("a", { timeoutMs: -1 }), "timeoutMs"],
    [() => api.tryReserve("a", { ttlMs: 0 }), "ttlMs"],
    [() => api.tryReserve("a", { ttl: 5 } as never), "ttl"],
    [() => api.reserve("a", { signal: "abort" as never }), "signal"],
    [() => api.peek(7 as never), "key"],
  ];
  for (const [ask, field] of asked) await assert.rejects(ask, { code: "invalid", field }, String(ask));
});
