import { readFileSync } from "node:fs";
import { started } from "./memory.js";
import { initSync } from "./wasm/tollgate.js";

started(initSync({ module: readFileSync(new URL("./wasm/tollgate_bg.wasm", import.meta.url)) }));

export * from "./index.js";
