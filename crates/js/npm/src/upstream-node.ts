import { readFileSync } from "node:fs";
import { initSync } from "./wasm/upstream.js";

initSync({ module: readFileSync(new URL("./wasm/upstream_bg.wasm", import.meta.url)) });

export * from "./upstream/index.js";
