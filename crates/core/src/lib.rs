//! The pure core of tollgate: exact rate-limit decisions over records of bytes.
//!
//! A [`Policy`] is a list of [`Limit`]s that are applied together to one key. The state of a key is its
//! [`Record`]: bytes that the caller keeps wherever it likes. A decision is a function of only the
//! policy, the record, the operation and the time: the same history gives the same decisions, bit for
//! bit, on every machine. [`Policy::apply`] makes it.
//!
//! ```
//! use tollgate_core::{Limit, Policy, Record, Span, Timestamp, Verdict};
//!
//! // 3 requests at once, and one more every 20 seconds.
//! let policy = Policy::new([Limit::token_bucket("requests", 3, 3, Span::from_secs(60))?])?;
//! let one = policy.costs([])?.into(); // `requests` cost 1 unless it is said otherwise
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let mut record = Record::new(&policy);
//! for remaining in [2, 1, 0] {
//!     let decision = policy.apply(&mut record, &one, now);
//!     assert_eq!(decision.verdict(), Verdict::Allowed);
//!     assert_eq!(decision.limits().next().unwrap().remaining, remaining);
//! }
//!
//! let decision = policy.apply(&mut record, &one, now);
//! assert_eq!(decision.verdict(), Verdict::Limited);
//! assert_eq!(decision.retry_after(), Span::from_secs(20));
//!
//! // The record is 23 bytes; any host that decodes them continues from there.
//! let bytes = record.encode(&policy);
//! assert_eq!(bytes.len(), 23);
//! assert_eq!(Record::decode(&policy, &bytes)?, record);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//! It reads no clock, keeps no state, draws no random numbers, knows no store and no wire format, and
//! depends only on `core` and `alloc`. Time, costs and bytes come in as arguments.
//!
//! # Bounds
//! | what | bound |
//! |---|---|
//! | limits in a policy | [`LIMITS_MAX`], of which [`LOGS_MAX`] sliding logs |
//! | a limit's name | 1 to [`NAME_BYTES_MAX`] bytes of `a-z A-Z 0-9 _ - .` |
//! | capacity, burst, refill, a cost | at most [`UNITS_MAX`] (2^53 - 1, what a JSON number holds) |
//! | charges that a sliding log remembers | [`LOG_ENTRIES_MAX`] |
//! | holds of one key | [`HOLDS_MAX`], each for at most [`HOLD_TTL_MAX`] (31 days) at a time |
//! | request ids that a key remembers | [`REQUEST_IDS_MAX`] |
//! | debt | one capacity of its limit |
//! | a share of a capacity, a reduction of it | 1 to 1,000 thousandths; 0 to 999 thousandths, but at least 1 unit |
//! | a recovery | 1,010 to 1,000,000 thousandths per step, up to 1,000 to 1,000,000 thousandths of the original |
//! | who changes a capacity, and why | [`SOURCE_BYTES_MAX`] and [`REASON_BYTES_MAX`] bytes |
//! | hours in a schedule | [`SCHEDULE_HOURS_MAX`] |
//! | an offset from UTC | [`UTC_OFFSET_SECS_MAX`] either way |
//! | a period, and the time from empty to full | at most [`Span::MAX`] (146 years) |
//! | a time | at most [`Timestamp::MAX`] (the year 2262); later times count as that one |
//! | an encoded record | [`RECORD_BYTES_MAX`] bytes, of which [`FOREIGN_BYTES_MAX`] for entries of others |
//! | how far ahead of the clock a record is believed | [`SKEW_MAX`] beyond what could have been written: of a meter twice its time to full (a capacity of debt), of a hold [`HOLD_TTL_MAX`] |
//! | events in a record of cooldowns | [`cooldown::EVENTS_MAX`]; [`cooldown::RECORD_BYTES_MAX`] bytes |
//! | a code, a label | 1 to [`cooldown::TEXT_BYTES_MAX`] bytes |
//! | the duration of an event | 1 ns to [`cooldown::DURATION_MAX`] (366 days) |
//! | the safety factor of an event | 1 to [`cooldown::SAFETY_PERMILLE_MAX`] thousandths |
//! | what is read of an upstream's answer | [`feedback::HEADERS_MAX`] headers of at most [`feedback::VALUE_BYTES_MAX`] bytes |
//! | what is learned from it | [`feedback::LEVELS_MAX`] levels; waits of at most [`feedback::WAIT_MAX`] (31 days) |
//! | parties of a barrier | 1 to [`barrier::PARTIES_MAX`]; [`barrier::RECORD_BYTES_MAX`] bytes |
//! | a barrier's time to live | 1 ns to [`barrier::TTL_MAX`] (366 days) |
//! | how far ahead of the clock an event, or a barrier's creation, is believed | [`SKEW_MAX`] |
//! | keys that are asked together | [`ACQUISITION_KEYS_MAX`] |
//! | swaps to charge or hold on one key, and to end a hold | [`ATTEMPTS_MAX`], [`SETTLE_ATTEMPTS_MAX`] |
//! | how long attempts are made, by whoever drives a store | [`DECISION_TIME_MAX`] |
//! | how long a commit may take | half of its time to live, [`COMMIT_TTL_DEFAULT`] unless set |
//! | members of a pool | [`POOL_MEMBERS_MAX`], each with [`MEMBER_PAIRS_MAX`] texts of [`MEMBER_TEXT_BYTES_MAX`] bytes |
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod acquisition;
mod algorithms;
mod apply;
pub mod barrier;
mod bytes;
pub mod cooldown;
pub mod feedback;
mod id;
mod policy;
mod pool;
mod record;
mod shift;
mod time;
mod varint;

pub use acquisition::decide::{Applied, Decide, DecideError};
pub use acquisition::keys::{ACQUISITION_KEYS_MAX, AcquisitionError};
pub use acquisition::lease_update::LeaseUpdate;
pub use acquisition::machine::Acquisition;
pub use acquisition::outcome::{Ending, Outcome};
pub use acquisition::step::{Step, Swap};
pub use acquisition::turn::{ATTEMPTS_MAX, DECISION_TIME_MAX, SETTLE_ATTEMPTS_MAX};
pub use acquisition::{COMMIT_TTL_DEFAULT, Machine};
pub use algorithms::adaptive::{Capacity, Change, Note, REASON_BYTES_MAX, SOURCE_BYTES_MAX};
pub use algorithms::calendar::{CalendarUnit, UTC_OFFSET_SECS_MAX};
pub use algorithms::meter::{Meter, SKEW_MAX, Tat};
pub use algorithms::recovery::Recovery;
pub use algorithms::sliding_log::LOG_ENTRIES_MAX;
pub use algorithms::windows::Windows;
pub use apply::decision::{Decision, Waits};
pub use apply::operation::{Acquire, CapacitySetting, Hold, Operation, ReduceFactor};
pub use apply::outcome::{Effect, Verdict};
pub use apply::standing::LimitStatus;
pub use bytes::CorruptBytes;
pub use id::Id;
pub use policy::algorithm::Algorithm;
pub use policy::carry::Carry;
pub use policy::costs::{CostError, Costs};
pub use policy::limit::{Limit, Overrun};
pub use policy::limit_error::{Field, LimitError};
pub use policy::name::{NAME_BYTES_MAX, Name};
pub use policy::schedule::{Hours, SCHEDULE_HOURS_MAX, Schedule, ScheduleError};
pub use policy::share::Share;
pub use policy::{LIMITS_MAX, LOGS_MAX, Policy, PolicyError};
pub use pool::{
    Choice, MEMBER_PAIRS_MAX, MEMBER_TEXT_BYTES_MAX, Member, MemberError, POOL_MEMBERS_MAX, Pool,
    PoolError,
};
pub use record::Record;
pub use record::codec::{CorruptRecord, FOREIGN_BYTES_MAX, RECORD_BYTES_MAX};
pub use record::compact::CompactRecord;
pub use record::holds::{HOLD_TTL_MAX, HOLDS_MAX};
pub use record::once::REQUEST_IDS_MAX;
pub use record::plain::Plain;
pub use time::{Span, Timestamp};

/// The largest capacity, burst, refill or cost: 2^53 - 1, the largest integer that JSON carries safely.
pub const UNITS_MAX: u64 = (1 << 53) - 1;

/// Longest key, in bytes of UTF-8. The core itself sees no keys; every API that takes one accepts 1 to this many.
pub const KEY_BYTES_MAX: usize = 512;

/// Whether `key` is valid: 1 to [`KEY_BYTES_MAX`] bytes. Every character is allowed.
///
/// ```
/// use tollgate_core::{KEY_BYTES_MAX, is_key};
/// assert!(is_key("team 7/\u{1f980}"));
/// assert!(!is_key("") && !is_key(&"k".repeat(KEY_BYTES_MAX + 1)));
/// ```
#[must_use]
pub const fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= KEY_BYTES_MAX
}
