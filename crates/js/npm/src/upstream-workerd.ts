import { initSync } from "./wasm/upstream.js";
import module from "./wasm/upstream_bg.wasm";

initSync({ module });

export * from "./upstream/index.js";
