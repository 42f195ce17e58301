import { InvalidError, TollgateError } from "./errors.js";

/** What the core refuses says which field it is about, in its own spelling. */
export function named<T>(at: string, ask: () => T): T {
  try {
    return ask();
  } catch (refused) {
    if (typeof refused !== "string") throw refused;
    const parts = /^([a-zA-Z_]+): (.*)$/s.exec(refused);
    if (parts === null) throw new InvalidError(at, refused);
    const field = (parts[1] ?? "").replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    throw new InvalidError(field === at ? at : `${at}.${field}`, parts[2] ?? "");
  }
}

/** What a store holds, read by `ask`, is an error of the store when it is no record. */
export function notCorrupt<T>(ask: () => T): T {
  try {
    return named("store", ask);
  } catch (error) {
    throw new TollgateError("corrupt-record", "what is stored under this key is no record", { cause: error });
  }
}
