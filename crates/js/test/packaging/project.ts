/** An empty project that the packed package is installed in. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VECTOR_FILES } from "../vector-files.js";

/** The names of all files of vectors. */
export const NAMES = VECTOR_FILES.map(([name]) => name);

/** The fewest steps that all of them have together. */
const STEPS_MIN = VECTOR_FILES.reduce((sum, [, steps]) => sum + steps, 0);

/**
 * All steps were run. What was said, a line for each, is written to `NAME.txt` in the folder that
 * TOLLGATE_TRANSCRIPTS names, for `cargo xtask conformance`.
 */
export function checkTranscript(name: string, transcript: string): void {
  const lines = transcript.split("\n");
  assert.ok(lines.length >= STEPS_MIN, transcript);
  const folder = process.env["TOLLGATE_TRANSCRIPTS"];
  if (folder !== undefined) writeFileSync(join(folder, `${name}.txt`), `${transcript}\n`);
}

function told(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; \`cargo xtask js test\` sets it`);
  return value;
}

/** A project in a folder of its own, with the tarball installed and the vectors beside it. */
export class Project implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "tollgate-"));

  constructor() {
    const npm = (args: string[], cwd: string) => execFileSync("npm", [...args, "--silent"], { cwd, encoding: "utf8" });
    const tarball = npm(["pack", "--pack-destination", this.root], told("TOLLGATE_PACKAGE")).trim();
    this.write("package.json", JSON.stringify({ name: "empty", private: true, type: "module" }));
    npm(["install", "--offline", "--no-audit", "--no-fund", join(this.root, tarball)], this.root);
    mkdirSync(join(this.root, "vectors"));
    for (const name of NAMES) {
      cpSync(join(told("TOLLGATE_VECTORS"), `${name}.json`), join(this.root, "vectors", `${name}.json`));
    }
    cpSync(join(import.meta.dirname, "../vectors.js"), join(this.root, "vectors.js"));
  }

  /** A path in the project. */
  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** What a program of the project prints. */
  node(...args: string[]): string {
    return execFileSync("node", args, { cwd: this.root, encoding: "utf8" }).trim();
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
