/** A worker in workerd, made of a project that the package is installed in. */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

import workerd from "workerd";

import { freePort } from "../free-port.js";
import { NAMES, type Project, UPSTREAM_NAMES } from "./project.js";

/** How long workerd may take to start. */
const START_MS_MAX = 30_000;

/** Every module of the worker: its own, the package's, and the vectors. */
function modules(project: Project): string[] {
  const dist = project.path("node_modules/tollgate/dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" });
  const module = (name: string, kind: string, path: string) => `(name = "${name}", ${kind} = embed "${path}")`;
  const own = (name: string, kind: string, file: string) => module(name, kind, relative(project.root, join(dist, file)));
  return [
    ...["main.js", "vectors.js", "upstream-vectors.js"].map((file) => module(file, "esModule", file)),
    // What a bundler makes of the names of the package, by the condition `workerd`.
    own("tollgate", "esModule", "workerd.js"),
    own("tollgate/upstream", "esModule", "upstream-workerd.js"),
    // What is found from `tollgate/upstream` is looked for beside it.
    ...["", "tollgate/"].flatMap((folder) => [
      ...files.filter((file) => file.endsWith(".js")).map((file) => own(folder + file, "esModule", file)),
      ...files.filter((file) => file.endsWith(".wasm")).map((file) => own(folder + file, "wasm", file)),
    ]),
    ...[...NAMES, ...UPSTREAM_NAMES].map((name) => module(`vectors/${name}.json`, "json", `vectors/${name}.json`)),
  ];
}

function config(project: Project, port: number, worker: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    ${modules(project).join(",\n    ")}
  ],
  ${worker}
);
`;
}

/** Starts the worker whose source is `main.js`, with more fields of its configuration, and answers what it answers. */
export async function answerOf(project: Project, fields = ""): Promise<string> {
  const port = await freePort();
  project.write("config.capnp", config(project, port, fields));
  const worker = spawn(workerd.default, ["serve", project.path("config.capnp")], { stdio: "inherit" });
  const end = Date.now() + START_MS_MAX;
  try {
    for (;;) {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/`)).text();
      } catch (error) {
        if (Date.now() > end || worker.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } finally {
    const gone = new Promise((resolve) => worker.once("exit", resolve));
    worker.kill();
    await gone;
  }
}
