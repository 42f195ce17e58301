//! The store contract of tollgate, the loop that drives a decision through it, and the suite that a
//! store has to pass.
//!
//! A store maps keys to records (opaque bytes) and offers two operations: [`Store::load`] and
//! [`Store::swap`]. That is all a limiter needs to be exact, whoever else writes to the same store:
//! [`drive()`] loads, asks, swaps, and starts again when somebody else was faster.
//!
//! ```
//! use tollgate_core::Span;
//! use tollgate_store::{Answer, ManualClock, MemoryStore, drive};
//! # futures::executor::block_on(async {
//! // A turnstile that lets two through.
//! let ask = |record: Option<&[u8]>, _| {
//!     let passed = record.map_or(0, |record| record[0]);
//!     let record = (passed < 2).then(|| vec![passed + 1]);
//!     Ok::<_, ()>(Answer { outcome: passed < 2, record, forget_after: Span::NEVER })
//! };
//! let (store, clock) = (MemoryStore::default(), ManualClock::default());
//! assert_eq!(drive(&store, &clock, "door", ask).await, Ok(true));
//! assert_eq!(drive(&store, &clock, "door", ask).await, Ok(true));
//! assert_eq!(drive(&store, &clock, "door", ask).await, Ok(false));
//! # });
//! ```
//!
//! [`run`] does the same for a machine of the core that works on several keys, and [`at_once()`] where the
//! store can swap several together.
//!
//! Where `swap` on an absent key is not exact, [`ElectedStore`] makes it so; where no swap is exact,
//! [`BestEffort`] writes without one, if the policy allows it. [`Breaker`] leaves a store that is down
//! alone, and [`Metered`] counts what a store is asked. Idle records are removed by a [`Sweeper`], or in
//! the background by [`sweep()`].

mod at_once;
mod best_effort;
mod breaker;
mod clock;
#[cfg(feature = "combine")]
mod combine;
#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
mod drive;
mod elected;
mod looks;
mod memory;
mod metered;
mod random;
pub mod scripts;
mod several;
mod store_tally;
mod sweep;
mod sweeping;

pub use at_once::at_once;
pub use best_effort::BestEffort;
pub use breaker::{Breaker, FAILURES_MAX, PAUSE};
pub use clock::{Clock, ManualClock};
#[cfg(feature = "combine")]
pub use combine::{BATCH_MAX, Combiner, LINES_MAX, WAITING_MAX};
pub use contract::{KeySwap, Loaded, Page, Store, StoreError, Swap, SweptStore};
pub use drive::{Answer, DriveError, drive};
pub use elected::{ABANDONED_AFTER, Atomics, ElectedStore, ListedAtomics};
pub use memory::MemoryStore;
pub use metered::Metered;
pub use random::random_id;
pub use several::{Driven, run};
pub use store_tally::{LATENCY_BOUNDS_NS, Latency, OperationCounts, StoreTally};
pub use sweep::{IDLE_GRACE, Judgement, Round, Sweeper};
pub use sweeping::{SWEEP_STEP_KEYS, sweep};
