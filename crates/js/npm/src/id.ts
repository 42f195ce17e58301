import { shown } from "./check.js";
import { InvalidError } from "./errors.js";

/** The bytes of an id: 32 hexadecimal digits, the most significant first. */
export function idBytes(field: string, id: unknown): Uint8Array {
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/i.test(id)) {
    throw new InvalidError(field, `must be 32 hexadecimal digits, not ${shown(id)}`);
  }
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(id.slice(2 * index, 2 * index + 2), 16));
}

/** An id that nobody else has, and that can't be guessed. */
export function randomId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16));
}
