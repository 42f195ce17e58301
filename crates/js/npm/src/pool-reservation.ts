import { Reservation } from "./reservation.js";

/** A reservation on one member of a pool. */
export class PoolReservation<N extends string, M> extends Reservation<N> {
  /** The member that it is held on. */
  readonly member: M;

  /** @internal */
  constructor(held: Reservation<N>, member: M) {
    super(held, held);
    this.member = member;
  }
}
