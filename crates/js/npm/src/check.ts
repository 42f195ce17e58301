import { InvalidError } from "./errors.js";

/** The largest capacity or cost: 2^53 - 1. */
export const UNITS_MAX = Number.MAX_SAFE_INTEGER;

/** Longest key in bytes of UTF-8. */
export const KEY_BYTES_MAX = 512;

/** Longest time in milliseconds that a caller may name: 31 days, the longest life of a hold. */
export const TIME_MS_MAX = 31 * 86_400_000;

/** Whether `value` is a whole number of 0 to 2^53 - 1, and not -0. */
export function isUnits(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

/** `value`, if it is a whole number of `min` to `max`. */
export function wholeNumber(field: string, value: unknown, min = 0, max = UNITS_MAX): number {
  if (!isUnits(value) || value < min || value > max) {
    throw new InvalidError(field, `must be a whole number from ${min} to ${max}, not ${shown(value)}`);
  }
  return value;
}

/** `value`, if it is one of these words. */
export function oneOf<T extends string>(field: string, value: unknown, words: readonly T[]): T {
  if (typeof value !== "string" || !words.includes(value as T)) {
    throw new InvalidError(field, `must be ${words.map((word) => `"${word}"`).join(" or ")}, not ${shown(value)}`);
  }
  return value as T;
}

/** `value`, if it is true or false; false when it is left out. */
export function truth(field: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean") {
    throw new InvalidError(field, `must be true or false, not ${shown(value)}`);
  }
  return value ?? false;
}

/** `value`, if it is an object of fields: nothing that keeps something else, as a list, a Map or a Promise does. */
export function object(field: string, value: unknown): Readonly<Record<string, unknown>> {
  const it = instance(field, value);
  const prototype: unknown = Object.getPrototypeOf(it);
  // One of another realm, or of a class of the caller's, is asked for its kind, which takes longer.
  if (prototype !== Object.prototype && prototype !== null && kind(it) !== "Object") {
    throw new InvalidError(field, `must be an object, not ${shown(it)}`);
  }
  return it;
}

/** `value`, if it is an object of any kind but a list. */
export function instance(field: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidError(field, `must be an object, not ${shown(value)}`);
  }
  return value as Record<string, unknown>;
}

function kind(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** `value`, if it is the bytes of a record, or nothing where there is none. */
export function record(value: unknown): Uint8Array | undefined {
  if (value !== undefined && !(value instanceof Uint8Array)) {
    throw new InvalidError("record", `must be a Uint8Array, not ${shown(value)}`);
  }
  return value;
}

/** `value`, if it has these methods. */
export function withMethods<T>(field: string, value: T, names: readonly string[]): T {
  const it = value as Readonly<Record<string, unknown>> | null | undefined;
  if (!names.every((name) => typeof it?.[name] === "function")) {
    throw new InvalidError(field, `must be an object with ${names.join(" and ")}, which are functions, not ${shown(value)}`);
  }
  return value;
}

/** `value`, if it is a function. */
export function callable<T>(field: string, value: T): T {
  if (typeof value !== "function") throw new InvalidError(field, `must be a function, not ${shown(value)}`);
  return value;
}

/** `value`, if it is a list with something in it. */
export function list<T>(field: string, value: unknown): readonly T[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new InvalidError(field, `must be a list with something in it, not ${shown(value)}`);
  }
  return value as T[];
}

/** The options of a call; none when they are left out. */
export function options(value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  const given = object("options", value);
  onlyKnown("", given, known);
  return given;
}

/** Refuses unknown fields. */
export function onlyKnown(at: string, given: object, known: readonly string[]): void {
  for (const field of Object.keys(given)) {
    if (!known.includes(field)) throw new InvalidError(at + field, known.length > 0 ? `is none of ${known.join(", ")}` : "is not known");
  }
}

/** `value`, if it is a key: 1 to 512 bytes of UTF-8. */
export function key(field: string, value: unknown): string {
  return text(field, value, KEY_BYTES_MAX);
}

/** `value`, if it is a string of 1 to `bytesMax` bytes of UTF-8. */
export function text(field: string, value: unknown, bytesMax: number): string {
  if (typeof value !== "string") throw new InvalidError(field, `must be a string, not ${shown(value)}`);
  // Each character has at least a byte: what is far too long is neither searched nor encoded.
  if (value.length > bytesMax) throw new InvalidError(field, `must have at most ${bytesMax} bytes, not ${value.length} or more`);
  if (!value.isWellFormed()) throw new InvalidError(field, "must not have half of a surrogate pair");
  const bytes = value.length * 3 <= bytesMax ? value.length : utf8.encode(value).length;
  if (bytes < 1 || bytes > bytesMax) throw new InvalidError(field, `must have 1 to ${bytesMax} bytes, not ${bytes}`);
  return value;
}

const utf8 = new TextEncoder();

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 50));
  if (typeof value === "function") return "a function";
  if (value === null || typeof value !== "object") return String(value);
  if (!Array.isArray(value)) return kind(value) === "Object" ? "an object" : `an object of kind ${kind(value)}`;
  return value.length > 0 ? "a list" : "an empty list";
}
