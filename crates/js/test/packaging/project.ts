/** An empty project that the packed package is installed in. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UPSTREAM_FILES, VECTOR_FILES } from "../vector-files.js";

/** The names of all files of vectors. */
export const NAMES = VECTOR_FILES.map(([name]) => name);
export const UPSTREAM_NAMES = UPSTREAM_FILES.map(([name]) => name);

/** The fewest steps that all of them have together. */
const STEPS_MIN = stepsOf(VECTOR_FILES);
const UPSTREAM_STEPS_MIN = stepsOf(UPSTREAM_FILES);

function stepsOf(files: readonly (readonly [string, number])[]): number {
  return files.reduce((sum, [, steps]) => sum + steps, 0);
}

/** An expression that runs all vectors: of a file's content it is told the expression. {@link checkSaid} takes its value. */
export function runAll(content: (name: string) => string): string {
  const steps = NAMES.map((name) => `...runVectors("${name}", ${content(name)})`);
  const upstream = UPSTREAM_NAMES.map((name) => `runUpstreamVectors("${name}", ${content(name)})`);
  return `JSON.stringify({ steps: [${steps.join(", ")}], upstreamSteps: ${upstream.join(" + ")} })`;
}

/** Imports of all vectors from this folder and of what runs them, for {@link runAll} of {@link imported}. */
export function imports(folder: string): string {
  const files = [...NAMES, ...UPSTREAM_NAMES].map((name) => `import ${imported(name)} from "${folder}/${name}.json";`);
  const own = [
    `import { runVectors } from "./vectors.js";`,
    `import { runUpstreamVectors } from "./upstream-vectors.js";`,
  ];
  return [...files, ...own].join("\n");
}

/** The name under which a file of vectors is imported. */
export function imported(name: string): string {
  return `file_${name.replaceAll("-", "_")}`;
}

/**
 * All steps were run. What was said at each of a limiter's, a line for each, is written to `NAME.txt` in the
 * folder that TOLLGATE_TRANSCRIPTS names, for `cargo xtask conformance`.
 */
export function checkSaid(name: string, text: string): void {
  assert.match(text, /^\{"steps":/, text);
  const said = JSON.parse(text) as { readonly steps: readonly string[]; readonly upstreamSteps: number };
  assert.ok(said.steps.length >= STEPS_MIN, `${said.steps.length} steps`);
  assert.ok(said.upstreamSteps >= UPSTREAM_STEPS_MIN, `${said.upstreamSteps} steps`);
  const folder = process.env["TOLLGATE_TRANSCRIPTS"];
  if (folder !== undefined) writeFileSync(join(folder, `${name}.txt`), `${said.steps.join("\n")}\n`);
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
    for (const name of [...NAMES, ...UPSTREAM_NAMES]) {
      cpSync(join(told("TOLLGATE_VECTORS"), `${name}.json`), join(this.root, "vectors", `${name}.json`));
    }
    for (const file of ["vectors.js", "upstream-vectors.js"]) {
      cpSync(join(import.meta.dirname, "..", file), join(this.root, file));
    }
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
