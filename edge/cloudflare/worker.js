// The Worker's entry: starts the module, and hands out what it has.
import { DurableObject } from "cloudflare:workers";
import { RecordObject, fetch, initSync } from "./tollgate.js";
import module from "./tollgate_bg.wasm";

initSync({ module });

// The runtime lets others call methods of such a class alone.
Object.setPrototypeOf(RecordObject, DurableObject);
Object.setPrototypeOf(RecordObject.prototype, DurableObject.prototype);

export { RecordObject };
export default { fetch };
