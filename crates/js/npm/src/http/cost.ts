import { object, wholeNumber } from "../check.js";

/** Units by limit name, or of a policy of one limit a plain number; the edge says what is wrong with them. */
export type HttpCost = number | Readonly<Record<string, number>>;

/** The cost, if it has only whole numbers: JSON turns NaN into `null`, which would be taken for left out. */
export function checkedCost(cost: HttpCost | undefined): HttpCost | undefined {
  if (cost === undefined) return undefined;
  if (typeof cost !== "object") return wholeNumber("cost", cost);
  for (const [name, units] of Object.entries(object("cost", cost))) wholeNumber(`cost.${name}`, units);
  return cost;
}
