import { shown } from "./check.js";
import { InvalidError } from "./errors.js";
import type { GcraSpec } from "./limit-spec.js";

/** Longest text of a limit: no number and no unit needs more. */
const TEXT_MAX = 200;
const SHAPE = /^ *(\d{1,16}) *(?:\/|per) *([0-9a-z ]+?)(?: +burst +(\d{1,16}))? *$/;

/** The limit that a text such as `100/minute` or `10/s burst 20` describes. */
export function limitOfText(field: string, text: string): GcraSpec {
  const parts = text.length > TEXT_MAX ? null : SHAPE.exec(text);
  if (parts === null) {
    throw new InvalidError(field, `must be like "100/minute" or "10/s burst 20", not ${shown(text)}`);
  }
  const [, limit, per = "", burst] = parts;
  const spec = { algorithm: "gcra", limit: Number(limit), per } as const;
  return burst === undefined ? spec : { ...spec, burst: Number(burst) };
}
