import { started } from "./memory.js";
import { initSync } from "./wasm/tollgate.js";
import module from "./wasm/tollgate_bg.wasm";

started(initSync({ module }));

export * from "./index.js";
