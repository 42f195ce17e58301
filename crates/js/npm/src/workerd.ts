import { started } from "./memory.js";
import { storesBy } from "./stores-module.js";
import { initSync as initStores } from "./wasm/stores.js";
import storesModule from "./wasm/stores_bg.wasm";
import { initSync } from "./wasm/tollgate.js";
import module from "./wasm/tollgate_bg.wasm";

started(initSync({ module }));
storesBy(async () => initStores({ module: storesModule }));

export * from "./index.js";
