import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join } from "node:path";
import { test } from "node:test";

import { build } from "vite";

import { Project, checkSaid, imported, imports, runAll } from "./project.js";

/** How long the browser may take. */
const TIME_MS_MAX = 60_000;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Where Chromium is, or an error that says what to do. */
function chromium(): string {
  const named = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = [process.env["CHROMIUM"] ?? "", ...named.flatMap((name) => folders.map((it) => join(it, name)))];
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return path !== "";
    } catch {
      return false;
    }
  });
  if (found === undefined) {
    throw new Error("there is no Chromium: `apt-get install chromium`, or set CHROMIUM to the path of one");
  }
  return found;
}

/** Serves a folder, has the browser look at it, and answers what the page posts. */
async function posted(folder: string, profile: string): Promise<string> {
  let settle: { resolve: (text: string) => void; reject: (error: Error) => void };
  const answer = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      settle.resolve(Buffer.concat(chunks).toString());
      return response.end();
    }
    const path = join(folder, request.url === "/" ? "index.html" : (request.url ?? ""));
    try {
      response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
      return response.end(readFileSync(path));
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
  const browser = spawn(chromium(), [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
  const tooLong = setTimeout(() => settle.reject(new Error("the browser posted nothing")), TIME_MS_MAX);
  try {
    return await answer;
  } finally {
    clearTimeout(tooLong);
    const gone = new Promise((resolve) => browser.once("exit", resolve));
    browser.kill();
    await gone;
    server.closeAllConnections();
    server.close();
  }
}

test("a bundle of Vite runs the vectors in Chromium, and works on a store", async () => {
  using project = new Project();
  project.write("index.html", `<!doctype html><script type="module" src="./main.js"></script>`);
  project.write(
    "main.js",
    `${imports("./vectors")}
    import { MemoryStore, StoreLimiter } from "tollgate";
    let said;
    try {
      const { allowed } = await new StoreLimiter("1/hour", new MemoryStore()).tryAcquire("alice");
      said = { text: ${runAll(imported)}, allowed, agent: navigator.userAgent };
    } catch (error) {
      said = { error: String(error) };
    }
    await fetch("/", { method: "POST", body: JSON.stringify(said) });`,
  );
  await build({ root: project.root, logLevel: "error", build: { target: "es2022" } });
  const said = JSON.parse(await posted(project.path("dist"), project.path("profile"))) as Record<string, unknown>;
  assert.equal(said["error"], undefined);
  assert.match(String(said["agent"]), /Chrome/);
  assert.equal(said["allowed"], true);
  checkSaid("chromium", String(said["text"]));
});
