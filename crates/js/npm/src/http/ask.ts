import { callable, instance, wholeNumber } from "../check.js";
import { systemClock } from "../clock.js";
import { HttpError, InvalidError } from "../errors.js";
import { within } from "../within.js";
import { type Answer, answerOf } from "./answer.js";

/** How long an answer may take by default. */
const CALL_MS_DEFAULT = 5_000;

/** How an edge is asked. */
export interface AskOptions {
  /** The `fetch` to ask with. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Header fields of every request, usually `authorization`. */
  readonly headers?: Headers | Readonly<Record<string, string>>;
  /** How long an answer may take (5,000 ms), at most a minute. */
  readonly callMsMax?: number;
}

/** The names of those options. */
export const ASK_OPTIONS: readonly (keyof AskOptions)[] = ["fetch", "headers", "callMsMax"];

/** Asks an edge for a path: with a body where there is one. @throws HttpError when there is no answer. */
export type Ask = (path: string, body?: object) => Promise<Answer>;

/** How the edge at `url` is asked. @throws InvalidError that names what is wrong with the URL or an option. */
export function askOf(url: string, options: AskOptions): Ask {
  const base = baseOf(url);
  const headers = headersOf(options.headers);
  const { callMsMax = CALL_MS_DEFAULT } = options;
  wholeNumber("callMsMax", callMsMax, 1, 60_000);
  const given = options.fetch === undefined ? undefined : callable("fetch", options.fetch);
  return async (path, body) => {
    const fetch = given ?? globalThis.fetch;
    const what = body === undefined ? { method: "GET" } : { method: "POST", body: JSON.stringify(body) };
    const ask = async () => answerOf(await fetch(base + path, { ...what, headers, signal: AbortSignal.timeout(callMsMax) }));
    try {
      // A `fetch` that was given may ignore the signal.
      return await within(systemClock, callMsMax, "the edge", ask);
    } catch (cause) {
      throw new HttpError(undefined, "the edge can't be asked, or took too long", { cause });
    }
  };
}

/** The base URL of the API's paths. */
function baseOf(url: string): string {
  if (typeof url !== "string" || !URL.canParse(url) || !/^https?:/i.test(url)) {
    // Its value is not shown: there may be a password in it.
    throw new InvalidError("url", "must be a text that begins with http:// or https://");
  }
  const { username, password, search, hash, href } = new URL(url);
  if (username + password + search + hash !== "") {
    throw new InvalidError("url", "must have no user name and end with its path; who asks is told by headers");
  }
  return href.replace(/\/$/, "");
}

/** The header fields of every request. */
function headersOf(given: AskOptions["headers"]): Headers {
  if (given !== undefined) instance("headers", given);
  try {
    const headers = new Headers(given);
    headers.set("prefer", "return=minimal");
    headers.set("content-type", "application/json");
    return headers;
  } catch {
    // The cause is not repeated: there are secrets in it.
    throw new InvalidError("headers", "must be names and values of header fields");
  }
}
