//! tollgate for Rust: exact rate limits in the memory of a process.
//!
//! | for | there is |
//! |---|---|
//! | many keys under one policy | [`Limiter`], and a [`Lease`] for what is held |
//! | several limits on one thing | [`LimitSet`] |
//! | the one with room of several such sets | [`LimitPool`] |
//! | one bucket of tokens | [`TokenBucket`] |
//! | requests and tokens per minute | [`RateLimiter`] |
//! | so many at the same time | [`Concurrency`] |
//! | parties that wait for each other | [`Barrier`] |
//! | what processes learned of an upstream's limits | [`SharedCooldowns`] |
//! | capacities that a swarm of processes reduces together | [`AdaptiveLimiter`] |
//!
//! Whatever waits can wait on a thread (`…_blocking`) or on any async runtime. Time comes
//! from a [`Clock`] that tests set by hand: [`ManualClock`].
//!
//! ```
//! use tollgate::{Limit, Limiter, ManualClock, Policy, Span, Verdict};
//!
//! // 60 requests and 100,000 tokens per minute, together.
//! let minute = Span::from_secs(60);
//! let policy = Policy::new([
//!     Limit::token_bucket("requests", 60, 60, minute)?,
//!     Limit::token_bucket("input_tokens", 100_000, 100_000, minute)?,
//! ])?;
//! let limiter = Limiter::with_clock(policy, 10_000, ManualClock::default());
//!
//! let costs = limiter.policy().costs([("input_tokens", 99_000)])?;
//! assert!(limiter.try_acquire("team-7", costs)?.is_allowed());
//! let denied = limiter.try_acquire("team-7", costs)?;
//! assert_eq!(denied.verdict, Verdict::Limited);
//! assert_eq!(denied.denied_by, Some(1)); // the tokens
//! assert_eq!(denied.retry_after, Span::from_millis(58_800));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! `nats`: a bus between processes for the adaptive limiter, over a NATS server.
//!
//! `quanta`: a faster clock.
//!
//! `serde`: policies (`policy_serde`), answers, and what a limiter remembers (`Snapshot`), to be saved.
//!
//! `sqlite`: a store in a file shared by processes.
//!
//! `text`: policies from TOML or JSON, in the same format as everywhere in tollgate.
//!
#![cfg_attr(
    feature = "text",
    doc = r#"```
use tollgate::{Limiter, PolicySet};
let set = PolicySet::parse("[policy.api]\nrequests = { algorithm = 'gcra', limit = 100, per = '1m' }")?;
let limiter = Limiter::new(set.get("api").ok_or("there is no api")?.limits().clone());
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]
//!
//! `std` is on by default. Without it only the core is left, where the caller provides time and keeps
//! records: policies, records, decisions, cooldowns, barriers and pools, for machines without an
//! operating system.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
mod adaptive;
#[cfg(feature = "std")]
mod answer;
#[cfg(feature = "std")]
mod barrier_wait;
#[cfg(feature = "std")]
mod clock;
#[cfg(feature = "std")]
mod concurrency;
#[cfg(feature = "std")]
mod cooldowns;
#[cfg(feature = "quanta")]
mod counter_clock;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
mod id;
#[cfg(feature = "std")]
mod limit_pool;
#[cfg(feature = "std")]
mod limit_set;
#[cfg(feature = "std")]
mod limiter;
#[cfg(feature = "std")]
mod patience;
#[cfg(feature = "std")]
mod rate_limiter;
#[cfg(feature = "serde")]
mod saved;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "std")]
mod token_bucket;

pub use tollgate_core::*;

#[cfg(feature = "nats")]
pub use self::adaptive::{NATS_SUBJECT_BYTES_MAX, NatsBus, NatsBusError};
#[cfg(feature = "quanta")]
pub use self::counter_clock::CounterClock;
#[cfg(feature = "serde")]
pub use self::saved::{RestoreError, Snapshot, policy as policy_serde};
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
#[cfg(feature = "std")]
pub use self::{
    adaptive::{
        ANNOUNCEMENT_BYTES_MAX, AdaptiveError, AdaptiveLimiter, BusError, BusHealth, CapacityBus,
        CapacityEvent, LOCAL_BUS_MESSAGES_MAX, LocalBus, RESOURCES_MAX, Reduced,
    },
    answer::Answer,
    barrier_wait::{Barrier, BarrierTimedOut},
    clock::{SystemClock, WallClock},
    concurrency::Concurrency,
    cooldowns::{CooldownError, SharedCooldowns},
    error::{AcquireError, LimiterError},
    limit_pool::{Balance, Grant, GrantError, LimitPool},
    limit_set::LimitSet,
    limiter::{KEYS_MAX, KEYS_MAX_DEFAULT, Lease, Limiter},
    rate_limiter::{PerMinute, PerMinuteError, RateLimiter},
    token_bucket::TokenBucket,
};
#[cfg(feature = "nats")]
pub use async_nats;
#[cfg(feature = "text")]
pub use tollgate_policy::{PolicySet, TextError};
#[cfg(feature = "std")]
pub use tollgate_store::{Clock, ManualClock, MemoryStore, Store, StoreError};
