import { started } from "./memory.js";
import init from "./wasm/tollgate.js";

started(await init({ module_or_path: new URL("./wasm/tollgate_bg.wasm", import.meta.url) }));

export * from "./index.js";
