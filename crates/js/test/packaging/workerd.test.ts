import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, relative } from "node:path";
import { test } from "node:test";

import workerd from "workerd";

import { NAMES, Project, checkTranscript } from "./project.js";

/** How long workerd may take to start. */
const START_MS_MAX = 30_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Every module of the worker: its own, the package's, and the vectors. */
function modules(project: Project): string[] {
  const dist = project.path("node_modules/tollgate/dist");
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" });
  const module = (name: string, kind: string, path: string) => `(name = "${name}", ${kind} = embed "${path}")`;
  const own = (name: string, kind: string, file: string) => module(name, kind, relative(project.root, join(dist, file)));
  return [
    module("main.js", "esModule", "main.js"),
    module("vectors.js", "esModule", "vectors.js"),
    // What a bundler makes of the name of the package, by the condition `workerd`.
    own("tollgate", "esModule", "workerd.js"),
    ...files.filter((file) => file.endsWith(".js")).map((file) => own(file, "esModule", file)),
    own("wasm/tollgate_bg.wasm", "wasm", "wasm/tollgate_bg.wasm"),
    ...NAMES.map((name) => module(`vectors/${name}.json`, "json", `vectors/${name}.json`)),
  ];
}

function config(project: Project, port: number): string {
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
);
`;
}

async function answered(url: string, worker: ChildProcess): Promise<string> {
  const end = Date.now() + START_MS_MAX;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (Date.now() > end || worker.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test("workerd runs the vectors", async () => {
  using project = new Project();
  const imports = NAMES.map((name, index) => `import file${index} from "vectors/${name}.json";`);
  project.write(
    "main.js",
    `${imports.join("\n")}
    import { runVectors } from "./vectors.js";
    const files = [${NAMES.map((name, index) => `["${name}", file${index}]`).join(", ")}];
    export default {
      fetch() {
        try {
          return new Response(files.flatMap(([name, file]) => runVectors(name, file)).join("\\n"));
        } catch (error) {
          return new Response(error.stack);
        }
      },
    };`,
  );
  const port = await freePort();
  project.write("config.capnp", config(project, port));
  const worker = spawn(workerd.default, ["serve", project.path("config.capnp")], { stdio: "inherit" });
  try {
    const text = await answered(`http://127.0.0.1:${port}/`, worker);
    checkTranscript("workerd", text);
  } finally {
    const gone = new Promise((resolve) => worker.once("exit", resolve));
    worker.kill();
    await gone;
  }
});
