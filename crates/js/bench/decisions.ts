/** Measures decisions, and prints the tables of docs/benchmarks.md. */

import { execFileSync } from "node:child_process";

import { RateLimiter } from "limiter";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { Limiter } from "tollgate";

import { Floor } from "./floor.js";

const ROUNDS = 5;
/** Decisions of a round; of what takes microseconds fewer do. */
const DECISIONS = 400_000;
const SLOW_DECISIONS = 50_000;

interface Case {
  readonly name: string;
  readonly decisions: number;
  /** Asks for every key in turn. */
  run(keys: readonly string[], decisions: number): Promise<void> | void;
}

/** Each case anew: 1,000,000 units per second lets everything pass, 1 per day next to nothing. */
function cases(perSecond: number): readonly Case[] {
  const [limit, perMs] = perSecond > 0 ? [1_000_000, 1_000] : [1, 86_400_000];
  const floor = new Floor(limit, perMs, limit);
  const tollgate = new Limiter({ requests: { algorithm: "gcra", limit, per: perMs } });
  const limiters = new Map<string, RateLimiter>();
  const flexible = new RateLimiterMemory({ points: limit, duration: perMs / 1_000 });
  return [
    { name: "Map and GCRA by hand (the floor)", decisions: DECISIONS, run: every((key) => floor.tryAcquire(key)) },
    { name: "tollgate", decisions: DECISIONS, run: every((key) => tollgate.tryAcquire(key)) },
    {
      name: "limiter, one per key in a Map",
      decisions: DECISIONS,
      run: every((key) => {
        let limiter = limiters.get(key);
        if (limiter === undefined) {
          limiter = new RateLimiter({ tokensPerInterval: limit, interval: perMs });
          limiters.set(key, limiter);
        }
        return limiter.tryRemoveTokens(1);
      }),
    },
    {
      name: "rate-limiter-flexible, memory",
      decisions: SLOW_DECISIONS,
      async run(keys, decisions) {
        for (let count = 0; count < decisions; count += 1) {
          // A denial is a rejection there.
          await flexible.consume(keys[count % keys.length]!).catch(() => {});
        }
      },
    },
  ];
}

function every(ask: (key: string) => unknown): Case["run"] {
  return (keys, decisions) => {
    for (let count = 0; count < decisions; count += 1) ask(keys[count % keys.length]!);
  };
}

/** CPU time, since others use this machine too. */
async function nanosPerDecision(it: Case, keys: readonly string[]): Promise<number> {
  const before = process.cpuUsage();
  await it.run(keys, it.decisions);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / it.decisions;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

async function table(title: string, keyCount: number, perSecond: number): Promise<void> {
  const keys = Array.from({ length: keyCount }, (_, index) => `user:${index}`);
  const all = cases(perSecond);
  const rounds = all.map((): number[] => []);
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, it] of all.entries()) {
      const nanos = await nanosPerDecision(it, keys);
      if (round > 0) rounds[index]!.push(nanos);
    }
  }
  const floor = median(rounds[0]!);
  console.log(`\n| ${title} | ns | of the floor |\n|---|--:|--:|`);
  for (const [index, it] of all.entries()) {
    const nanos = median(rounds[index]!);
    console.log(`| ${it.name} | ${nanos.toFixed(0)} | ${(nanos / floor).toFixed(1)} |`);
  }
}

/** From a cold `import` to the first decision, less what Node takes to start. */
function startMs(): number {
  const script = `const start = performance.now();
    const { Limiter } = await import("tollgate");
    new Limiter("1/s").tryAcquire("a");
    console.log(performance.now() - start);`;
  const one = () => Number(execFileSync("node", ["--input-type=module", "--eval", script], { encoding: "utf8" }));
  return median(Array.from({ length: 9 }, one));
}

await table("1 key, allowed", 1, 1_000_000);
await table("100,000 keys, allowed", 100_000, 1_000_000);
await table("1 key, limited", 1, 0);
console.log(`\nimport to first decision: ${startMs().toFixed(1)} ms`);
