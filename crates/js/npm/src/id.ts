import { shown } from "./check.js";
import { InvalidError } from "./errors.js";

const SHAPE = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** The bytes of an id: a UUID, or 32 hexadecimal digits, the most significant first. */
export function idBytes(field: string, id: unknown): Uint8Array {
  if (typeof id !== "string" || !SHAPE.test(id)) {
    throw new InvalidError(field, `must be a UUID or 32 hexadecimal digits, not ${shown(id)}`);
  }
  const digits = id.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
}

/** The digits of an id. */
export function idText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An id that nobody else has, and that can't be guessed. */
export function randomId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16));
}
