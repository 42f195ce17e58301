import type { InitOutput } from "./wasm/tollgate.js";

let memory: WebAssembly.Memory | undefined;

/** Remembers the memory of the module, once an entry has started it. */
export function started(module: InitOutput): void {
  memory = module.memory;
}

/** Numbers at an address of the module's memory. The view is empty once the memory has grown. */
export function numbersAt(address: number, count: number): Float64Array {
  if (memory === undefined) throw new Error("tollgate is imported by one of its entries, which start the module");
  return new Float64Array(memory.buffer, address, count);
}
