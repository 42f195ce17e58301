//! Asking several keys at once (a user, an organisation, a route), all or nothing, over a store whose
//! compare-and-swap covers only one key.
//!
//! The machine does no I/O, reads no clock and draws no random numbers: it says what to load or swap
//! next, and its driver does it.
//!
//! ```
//! use std::collections::HashMap;
//! use tollgate_core::{Acquisition, Id, Limit, Machine, Policy, Span, Step, Swap, Timestamp};
//!
//! let per_minute = |units| Limit::token_bucket("requests", units, units, Span::from_secs(60));
//! let (user, team) = (Policy::new([per_minute(2)?])?, Policy::new([per_minute(3)?])?);
//! let legs = [("user:7", user.costs([])?), ("team:1", team.costs([])?)];
//!
//! let mut store = HashMap::<&str, Vec<u8>>::new();
//! let mut acquire = |id, now| {
//!     let policies: &[&Policy] = &[&user, &team];
//!     let mut acquisition = Acquisition::new(policies, Id::from_u128(id), &legs).unwrap();
//!     let mut tokens = [None, None]; // this store's tokens are the records themselves
//!     loop {
//!         match acquisition.next(now).unwrap() {
//!             Step::Load { leg } => {
//!                 tokens[leg] = store.get(legs[leg].0).cloned();
//!                 acquisition.loaded(leg, tokens[leg].as_deref());
//!             }
//!             Step::Swap { leg, .. } if store.get(legs[leg].0) != tokens[leg].as_ref() => {
//!                 acquisition.swapped(Swap::Conflict);
//!             }
//!             Step::Swap { leg, record } => {
//!                 store.insert(legs[leg].0, record);
//!                 acquisition.swapped(Swap::Done);
//!             }
//!             Step::Wait { .. } => {} // others would sleep for a random time here
//!             Step::Done(outcome) => break outcome,
//!         }
//!     }
//! };
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! assert!(acquire(1, now).is_allowed());
//! assert!(acquire(2, now).is_allowed());
//! let denied = acquire(3, now);
//! assert!(!denied.is_allowed());
//! assert_eq!(denied.denied_by().collect::<Vec<_>>(), [0]); // the user; the team has 1 left
//! assert_eq!(denied.retry_after(), Span::from_secs(30));
//! assert_eq!(denied.legs[1].as_ref().unwrap().limits[0].remaining, 1);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # The protocol
//! 1. *Judge*: load all keys and decide on each. Any denial is the answer; nothing was written.
//! 2. *Place*: in key order, hold the costs on all but the last, under the caller's id and
//!    for [`COMMIT_TTL_DEFAULT`]. A conflict loads and decides again; a denial goes to 4.
//! 3. *Commit*: charge the last key. That one swap decides: before it nothing is consumed, after it
//!    everything is. Then *settle* the holds, and it is done.
//! 4. *Undo*: release what was placed.
//!
//! That is 2N - 1 loads and swaps for N keys, and one of each for one key, where only the commit is
//! left. Keys with no cost are only read, unless a lease is taken on them.
//!
//! # What holds when something breaks
//! * **Admitted means charged on every key**, even if the process dies right after the commit: a hold
//!   that nobody settles is charged when it expires. This does not depend on any clock.
//! * **Denied means that nothing is consumed.** A process that dies before the commit leaves holds that
//!   become charges when they expire, and drain: at most its own costs, once on each key.
//! * **After a swap with an unknown outcome, the machine checks whether it arrived.** The commit and the
//!   holds carry the id, so a write that arrived is recognised. If the commit arrived, and
//!   [`REQUEST_IDS_MAX`](crate::REQUEST_IDS_MAX) others were charged on that key before it was loaded
//!   again, it is no longer recognised, and that key is charged twice. A write that arrives only
//!   after the check charges its key, once, for something that was not admitted.
//! * **A lease** ([`Acquisition::with_lease`](crate::Acquisition::with_lease)) is the caller's only when it is whole: the commit places
//!   it on the last key, and the holds on the others are renewed to its time to live. If one of them
//!   expired before that, which frees its slots, the lease is given up ([`Ending::Lost`](crate::Ending::Lost)).
//!
//! # Clocks
//! A hold expires by the clock of whoever writes that key next, so its time to live must cover, in the
//! worst case, the time the commit may take, the longest store call, and the clock skew together. The
//! machine asks for no commit later than half of it after the first hold was placed
//! ([`Ending::TimedOut`](crate::Ending::TimedOut)), measured as the sum of the clock's forward steps, so that setting the
//! clock back does not hide elapsed time; the other half is for the rest. Clocks that differ by more
//! (records are believed up to [`SKEW_MAX`](crate::SKEW_MAX)) let a hold expire too early. It is then
//! charged: an admitted request is still charged, once (twice if the outcome of that swap was unknown as
//! well), and a denied one may stay charged for what it asked for, on the keys where that happened.

pub(crate) mod decide;
mod inbox;
pub(crate) mod keys;
pub(crate) mod lease_update;
pub(crate) mod machine;
pub(crate) mod outcome;
mod request;
mod stages;
pub(crate) mod step;
mod stopwatch;
mod sweep;
mod table;
pub(crate) mod turn;

use crate::acquisition::step::{Step, Swap};
use crate::time::{Span, Timestamp};

/// How long a hold waits for the commit, if the caller does not say otherwise: 10 s. That is far
/// longer than a few store calls take, and short enough that what a crash leaves is soon gone.
pub const COMMIT_TTL_DEFAULT: Span = Span::from_secs(10);

/// A machine that works on several keys. Its driver asks for the next step, takes it, and answers.
pub trait Machine {
    /// Why there is no decision.
    type Error;

    /// What to do next. An unanswered step is returned again; an unanswered swap counts as
    /// [`Swap::Unknown`]. Every machine ends within a number of steps that depends only on its keys.
    ///
    /// # Errors
    /// The limiter's error. It comes last: what was placed is taken back first.
    fn next(&mut self, now: Timestamp) -> Result<Step, Self::Error>;

    /// Answers [`Step::Load`] with the record; `None` when the key is absent. A driver that can load
    /// all keys at once may do so before the first step, and is then not asked for them.
    fn loaded(&mut self, leg: usize, record: Option<&[u8]>);

    /// Answers [`Step::Swap`].
    fn swapped(&mut self, swap: Swap);

    /// Answers [`Step::Load`] when the store can't load. It is not asked for that key again.
    fn failed(&mut self);

    /// How long after `now` the record of a [`Step::Swap`] decides as an absent one would: for a driver
    /// whose store can expire records.
    fn forget_after(&self, leg: usize, record: &[u8], now: Timestamp) -> Span;
}
