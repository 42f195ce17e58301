import { started } from "./memory.js";
import { storesBy } from "./stores-module.js";
import initStores from "./wasm/stores.js";
import init from "./wasm/tollgate.js";

started(await init({ module_or_path: new URL("./wasm/tollgate_bg.wasm", import.meta.url) }));
storesBy(() => initStores({ module_or_path: new URL("./wasm/stores_bg.wasm", import.meta.url) }));

export * from "./index.js";
