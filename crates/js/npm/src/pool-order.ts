import { UNITS_MAX, oneOf, wholeNumber } from "./check.js";
import { named } from "./named.js";
import { order_most_room, order_random, order_round_robin } from "./wasm/tollgate.js";

/** Who is asked first, and who is next when that one is full. */
export type PoolChoice = "round-robin" | "random" | "most-room";

/** In which order a pool asks its members. */
export class PoolOrder {
  readonly #members: number;
  readonly #choice: PoolChoice;
  readonly #offset: number;
  #turn = 0;

  /** @throws InvalidError that names the invalid option. */
  constructor(members: number, choice: PoolChoice = "round-robin", offset = 0) {
    named("members", () => order_round_robin(members, 0, 0));
    this.#members = members;
    this.#choice = oneOf("choice", choice, ["round-robin", "random", "most-room"]);
    this.#offset = wholeNumber("offset", offset);
  }

  /** Their positions, the first to be asked first; `rooms` says how many units each has left. */
  next(rooms: () => readonly number[]): Uint32Array {
    this.#turn = this.#turn >= UNITS_MAX ? 0 : this.#turn + 1;
    switch (this.#choice) {
      case "round-robin":
        return order_round_robin(this.#members, this.#turn - 1, this.#offset);
      case "random":
        return order_random(this.#members, crypto.getRandomValues(new BigUint64Array(1))[0]!);
      case "most-room":
        return order_most_room(Float64Array.from(rooms()));
    }
  }
}
