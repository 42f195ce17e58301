/** An empty project that the packed package is installed in. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UPSTREAM_FILES, VECTOR_FILES } from "../vector-files.js";

/** The names of all files of vectors. */
export const NAMES = VECTOR_FILES.map(([name]) => name);
export const UPSTREAM_NAMES = UPSTREAM_FILES.map(([name]) => name);

/** The fewest steps that all of them have together. */
export const STEPS_MIN = [...VECTOR_FILES, ...UPSTREAM_FILES].reduce((sum, [, steps]) => sum + steps, 0);

/** Imports of all vectors from this folder, and an expression that runs them and is the number of their steps. */
export function runsOfImported(folder: string): { readonly imports: string; readonly sum: string } {
  const all = [...NAMES, ...UPSTREAM_NAMES];
  const files = all.map((name, index) => `import file${index} from "${folder}/${name}.json";`);
  const own = [
    `import { runVectors } from "./vectors.js";`,
    `import { runUpstreamVectors } from "./upstream-vectors.js";`,
  ];
  const runs = all.map((name, index) => `${NAMES.includes(name) ? "runVectors" : "runUpstreamVectors"}("${name}", file${index})`);
  return { imports: [...files, ...own].join("\n"), sum: runs.join(" + ") };
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
