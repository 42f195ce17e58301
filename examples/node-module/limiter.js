/** tollgate's plain module (`docs/module.md`) in Node. Numbers of 64 bits are bigints. */

import {
  ABI_VERSION, ALGORITHMS, DECISION, EFFECTS, ERRORS, LIMIT, OPERATION, OPERATIONS, RECORD_AT, VERDICTS, WINDOWS,
} from "./layout.js";

/** Recovery from a reduction, unless a policy says it: a tenth more every 30 s, up to what it was. */
const RECOVERY = { intervalNs: 30_000_000_000n, factorPermille: 1_100, ceilingPermille: 1_000 };

export class Limiter {
  #exports;
  #exchange;
  /** How many limits each open policy has. */
  #counts = new Map();

  /** Compiles the bytes of `module.wasm`. */
  constructor(bytes) {
    let module;
    try {
      module = new WebAssembly.Module(bytes);
    } catch (cause) {
      throw new Error("this is no WebAssembly module; `cargo xtask wasm` makes one, named module.wasm", { cause });
    }
    const wanted = WebAssembly.Module.imports(module).length === 0;
    this.#exports = wanted ? new WebAssembly.Instance(module).exports : {};
    const version = this.#exports.tollgate_abi_version?.();
    if (version !== ABI_VERSION) {
      const what = version === undefined ? "this module is not tollgate's" : `this module speaks version ${version}`;
      throw new Error(`${what}; version ${ABI_VERSION} is wanted: build module.wasm of the same release`);
    }
    this.#exchange = this.#exports.tollgate_exchange();
  }

  /** Opens a policy; answers its id. */
  open(limits) {
    limits.slice(0, 16).forEach((limit, index) => this.#writeLimit(limit, index));
    const id = this.#exports.tollgate_policy_open(limits.length);
    if (id <= -32) {
      const { name } = limits[this.#at(DECISION.at).getUint32(4, true)];
      throw new RangeError(`limit ${JSON.stringify(name)}: ${ERRORS.get(id)}`);
    }
    this.#counts.set(checked(id), limits.length);
    return id;
  }

  close(policy) {
    checked(this.#exports.tollgate_policy_close(policy));
    this.#counts.delete(policy);
  }

  /** Does an operation to a record, or to none. The decision has a record when it has to be written. */
  apply(policy, record, operation, nowNs) {
    const limits = this.#counts.get(policy);
    if (limits === undefined) throw new RangeError(ERRORS.get(-1));
    this.#writeOperation(operation, limits);
    const bytes = record?.length ?? 0;
    if (bytes > this.#exports.tollgate_record_bytes_max()) throw new RangeError(ERRORS.get(-3));
    if (bytes) this.#bytes(RECORD_AT, bytes).set(record);
    const code = checked(this.#exports.tollgate_apply(policy, bytes, unsigned("nowNs", nowNs, 64)));
    return this.#decision(code, limits);
  }

  #writeLimit(limit, index) {
    const at = index * LIMIT.bytes;
    const name = new TextEncoder().encode(limit.name).subarray(0, LIMIT.nameBytesMax + 1);
    const view = this.#at(at);
    this.#bytes(at, LIMIT.bytes).fill(0);
    view.setUint8(0, ALGORITHMS.indexOf(limit.algorithm));
    view.setUint8(1, (limit.shadow ? 1 : 0) | (limit.overrun === "refuse" ? 2 : 0));
    view.setUint8(2, WINDOWS.indexOf(limit.window ?? "aligned"));
    view.setUint8(3, name.length);
    const offset = limit.utcOffsetSecs ?? 0;
    if (offset !== (offset | 0)) throw new RangeError(`limit ${JSON.stringify(limit.name)}: ${ERRORS.get(-40)}`);
    view.setInt32(4, offset, true);
    numbersOf(limit).forEach((number, position) => {
      view.setBigUint64(LIMIT.numbers + position * 8, unsigned(`limit ${JSON.stringify(limit.name)}`, number, 64), true);
    });
    this.#bytes(at + LIMIT.name, LIMIT.nameBytesMax).set(name.subarray(0, LIMIT.nameBytesMax));
  }

  #writeOperation({ kind, costs, hold, once, permille = 0, limit = 0, spanNs = 0n, units = 0, source, reason }, limits) {
    if (costs && costs.length !== limits) throw new RangeError(`costs: must be ${limits}, one of each limit`);
    const view = this.#at(OPERATION.at);
    this.#bytes(OPERATION.at, OPERATION.bytes).fill(0);
    view.setUint8(0, OPERATIONS.indexOf(kind));
    view.setUint8(1, (hold ? 1 : 0) | (once ? 2 : 0) | (costs ? 4 : 0));
    view.setUint16(2, Number(unsigned("permille", permille, 16)), true);
    view.setUint32(4, Number(unsigned("limit", limit, 32)), true);
    view.setBigUint64(8, unsigned("spanNs", spanNs, 64), true);
    view.setBigUint64(16, unsigned("units", units, 64), true);
    if (hold) this.#bytes(OPERATION.at + OPERATION.hold, 16).set(idOf("hold", hold));
    if (once) this.#bytes(OPERATION.at + OPERATION.once, 16).set(idOf("once", once));
    costs?.forEach((cost, index) => view.setBigUint64(OPERATION.costs + index * 8, unsigned("costs", cost, 64), true));
    this.#writeText(source, OPERATION.texts, OPERATION.source);
    this.#writeText(reason, OPERATION.texts + 2, OPERATION.reason);
  }

  #writeText(text = "", lengthAt, textAt) {
    const bytes = new TextEncoder().encode(text);
    this.#at(OPERATION.at).setUint16(lengthAt, bytes.length, true);
    this.#bytes(OPERATION.at + textAt, OPERATION.bytes - textAt).set(bytes.subarray(0, OPERATION.bytes - textAt));
  }

  #decision(code, count) {
    const view = this.#at(DECISION.at);
    const recordBytes = view.getUint32(0, true);
    const spans = [8, 16, 24].map((at) => view.getBigUint64(at, true));
    return {
      verdict: VERDICTS[code & 3],
      effect: EFFECTS[code >> 2],
      retryAfterNs: spans[0],
      closedForNs: spans[1],
      delayNs: spans[2],
      limits: Array.from({ length: count }, (_, index) => this.#status(index)),
      record: recordBytes ? this.#bytes(RECORD_AT, recordBytes).slice() : undefined,
    };
  }

  #status(index) {
    const view = this.#at(DECISION.at + DECISION.limits + index * DECISION.limitBytes);
    const [verdict, limit, remaining, held, retryAfterNs, resetAfterNs, delayNs, capacity, original, periodNs] =
      Array.from({ length: 10 }, (_, position) => view.getBigUint64(position * 8, true));
    const status = { verdict: VERDICTS[verdict], limit, remaining, held, retryAfterNs, resetAfterNs, delayNs };
    return capacity ? { ...status, capacity: { capacity, original, periodNs } } : status;
  }

  /** A view is made anew each time: when the memory grows, older ones end. */
  #at(offset) {
    return new DataView(this.#exports.memory.buffer, this.#exchange + offset);
  }

  #bytes(offset, length) {
    return new Uint8Array(this.#exports.memory.buffer, this.#exchange + offset, length);
  }
}

function numbersOf(limit) {
  const capacity = limit.capacity ?? limit.limit ?? limit.slots;
  const { intervalNs, factorPermille, ceilingPermille } = { ...RECOVERY, ...limit.recovery };
  if (limit.algorithm === "adaptive") return [capacity, factorPermille, limit.perNs, intervalNs, ceilingPermille];
  return [capacity, limit.refill ?? limit.leak ?? limit.burst ?? 0, limit.perNs ?? 0n, limit.initial ?? capacity];
}

function checked(code) {
  if (code < 0) throw new RangeError(ERRORS.get(code) ?? `error ${code}`);
  return code;
}

/** A number that fits, as a bigint: what does not would be cut to one that does. */
function unsigned(name, value, bits) {
  const number = BigInt(value);
  if (BigInt.asUintN(bits, number) !== number) throw new RangeError(`${name}: must be 0 to 2^${bits} - 1`);
  return number;
}

function idOf(name, id) {
  if (id.length !== 16) throw new RangeError(`${name}: must be 16 bytes`);
  return id;
}
