import { InvalidError } from "./errors.js";
import type { GcraSpec } from "./limit-spec.js";

const SHAPE = /^ *(\d{1,16}) *(?:\/|per) *([0-9a-z ]+?)(?: +burst +(\d{1,16}))? *$/;

/** The limit that a text such as `100/minute` or `10/s burst 20` describes. */
export function limitOfText(field: string, text: string): GcraSpec {
  const parts = SHAPE.exec(text.slice(0, 200));
  if (parts === null) {
    throw new InvalidError(field, `must be like "100/minute" or "10/s burst 20", not ${JSON.stringify(text.slice(0, 50))}`);
  }
  const [, limit, per = "", burst] = parts;
  const spec = { algorithm: "gcra", limit: Number(limit), per } as const;
  return burst === undefined ? spec : { ...spec, burst: Number(burst) };
}
