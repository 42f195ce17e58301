//! The pure core of tollgate: exact rate-limit decisions over records of bytes.
//!
//! A [`Policy`] is a list of [`Limit`]s that are applied together to one key. What is remembered of a
//! key is its [`Record`]: bytes that the caller keeps wherever it likes. A decision is a function of
//! the policy, the record, the costs asked for and the time, and of nothing else: the same history
//! gives the same decisions, bit for bit, on every machine.
//!
//! ```
//! use tollgate_core::{Limit, Policy, Record, Span, Timestamp, Verdict};
//!
//! // 3 requests at once, and one more every 20 seconds.
//! let policy = Policy::new([Limit::token_bucket("requests", 3, 3, Span::from_secs(60))?])?;
//! let costs = policy.costs([])?; // `requests` cost 1 unless it is said otherwise
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let mut record = Record::new(&policy);
//! for remaining in [2, 1, 0] {
//!     let decision = policy.decide(&mut record, &costs, now);
//!     assert_eq!(decision.verdict(), Verdict::Allowed);
//!     assert_eq!(decision.limits().next().unwrap().remaining, remaining);
//! }
//!
//! let decision = policy.decide(&mut record, &costs, now);
//! assert_eq!(decision.verdict(), Verdict::Limited);
//! assert_eq!(decision.retry_after(), Span::from_secs(20));
//!
//! // The record is 23 bytes; whoever decodes them goes on where this one stopped.
//! let bytes = record.encode(&policy);
//! assert_eq!(bytes.len(), 23);
//! assert_eq!(Record::decode(&policy, &bytes)?, record);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//! It reads no clock, keeps no state, draws no random numbers, knows no store and no wire format, and
//! depends on nothing but `core` and `alloc`. Time, costs and bytes come in as arguments.
//!
//! # Bounds
//! | what | bound |
//! |---|---|
//! | limits in a policy | [`LIMITS_MAX`] |
//! | a limit's name | 1 to [`NAME_BYTES_MAX`] bytes of `a-z A-Z 0-9 _ - .` |
//! | capacity, burst, refill, a cost | at most [`UNITS_MAX`] (2^53 - 1, what a JSON number holds) |
//! | a period, and the time from empty to full | at most [`Span::MAX`] (146 years) |
//! | a time | at most [`Timestamp::MAX`] (the year 2262); later times count as that one |
//! | an encoded record | [`RECORD_BYTES_MAX`] bytes, of which [`FOREIGN_BYTES_MAX`] for entries of others |
//! | how far ahead of the clock a record is believed | its time to full plus [`SKEW_MAX`] |
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod calendar;
mod costs;
mod decision;
pub mod feedback;
mod limit;
mod meter;
mod name;
mod policy;
mod record;
mod time;

pub use costs::{CostError, Costs};
pub use decision::{Decision, LimitStatus, Verdict};
pub use limit::{Algorithm, Field, Limit, LimitError};
pub use meter::{Meter, Refusal, SKEW_MAX, Tat};
pub use name::{NAME_BYTES_MAX, Name};
pub use policy::{LIMITS_MAX, Policy, PolicyError};
pub use record::{CorruptRecord, FOREIGN_BYTES_MAX, RECORD_BYTES_MAX, Record};
pub use time::{Span, Timestamp};

/// The largest capacity, burst, refill or cost: 2^53 - 1, the largest integer that JSON carries safely.
pub const UNITS_MAX: u64 = (1 << 53) - 1;
