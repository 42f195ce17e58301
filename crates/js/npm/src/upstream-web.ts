import init from "./wasm/upstream.js";

await init({ module_or_path: new URL("./wasm/upstream_bg.wasm", import.meta.url) });

export * from "./upstream/index.js";
