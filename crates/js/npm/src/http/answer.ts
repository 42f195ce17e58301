import { HttpError, InvalidError } from "../errors.js";

/** Most characters of an answer that an error repeats. */
const SHOWN_MAX = 1_000;

/** The edge's answer, read to its end: an unread body would keep its connection from being reused. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The whole answer. Where it breaks off, its status is still known. */
export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  if (typeof status !== "number" || typeof headers?.get !== "function") throw new TypeError("fetch answers no Response");
  return { status, headers, text: await response.text().catch(() => "") };
}

/** What the edge refused or could not do, in its own words: by field, where one is at fault. */
export function refusedBy({ status, text }: Answer): HttpError | InvalidError {
  const { field, detail } = membersOf(text);
  if (status === 400 && typeof field === "string") return new InvalidError(field, String(detail).slice(0, SHOWN_MAX));
  return new HttpError(status, `the edge answered ${status}: ${text.slice(0, SHOWN_MAX)}`);
}

/** Whether it is an edge's word that a lease is over. */
export function isLeaseGone({ status, text }: Answer): boolean {
  return status === 410 && typeof membersOf(text).type === "string";
}

/** The members of a body; none if it is no JSON object. */
export function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}
