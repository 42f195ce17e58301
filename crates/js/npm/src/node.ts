import { readFileSync } from "node:fs";
import { started } from "./memory.js";
import { storesBy } from "./stores-module.js";
import { initSync as initStores } from "./wasm/stores.js";
import { initSync } from "./wasm/tollgate.js";

started(initSync({ module: readFileSync(new URL("./wasm/tollgate_bg.wasm", import.meta.url)) }));
storesBy(async () => initStores({ module: readFileSync(new URL("./wasm/stores_bg.wasm", import.meta.url)) }));

export * from "./index.js";
