/**
 * Runs the shared vectors (`README.md`) on what a host in JavaScript made of the core: `open` makes a
 * policy ready, `apply` does an operation to a record and says what the vectors expect. The first step
 * that differs is an error.
 *
 * With TOLLGATE_TRANSCRIPTS set all that was said is written to `NAME.txt` in that folder, for
 * `cargo xtask conformance`.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

const FILES = [
  ...["adaptive", "concurrency", "control", "fixed-window", "gcra", "holds", "interval-bucket", "leaky-bucket"],
  ...["leaky-queue", "requests", "several", "shadow", "shares", "sliding-counter", "sliding-log", "token-bucket"],
];

/** Fewer steps than that, and a file has lost rows. */
const STEPS_MIN = 600;

/** A wait that never ends. */
const NEVER = 2n ** 64n - 1n;

export function runVectors(name, host) {
  const transcript = FILES.flatMap((file) => {
    const { vectors } = JSON.parse(readFileSync(new URL(`${file}.json`, import.meta.url), "utf8"));
    return vectors.flatMap((vector) => runVector(host, vector).map((said) => `${file}\t${said}\n`));
  });
  assert.ok(transcript.length >= STEPS_MIN, `only ${transcript.length} steps`);
  const folder = process.env.TOLLGATE_TRANSCRIPTS;
  if (folder) writeFileSync(`${folder}/${name}.txt`, transcript.join(""));
}

function runVector(host, vector) {
  let policy = host.open(vector.policy.limits);
  let record = vector.record ?? "01";
  return vector.steps.map((step) => {
    if (step.policy) policy = host.open(step.policy.limits);
    const said = host.apply(policy, unhex(record), step.operation, nanosOf(step.now_ns));
    said.changed = said.record !== undefined;
    said.record = said.changed ? hex(said.record) : record;
    record = said.record;
    const [line, expected] = [JSON.stringify(sorted(said)), JSON.stringify(sorted(step.expect))];
    assert.equal(line, expected, `${vector.why} ${step.why}`);
    return line;
  });
}

/** From text to nanoseconds, and back. */
export const nanosOf = (text) => (text === "never" ? NEVER : BigInt(text));
export const textOf = (nanos) => (nanos === NEVER ? "never" : String(nanos));

export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}
