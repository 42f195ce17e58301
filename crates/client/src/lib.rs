//! Asks a tollgate over HTTP, as `docs/api.md` describes it.
//!
//! | for | there is |
//! |---|---|
//! | tasks on tokio | [`Client`], and a [`Lease`] for what is held |
//! | threads | [`blocking::Client`], and a [`blocking::Lease`] |
//! | what is asked | [`Acquire`]: one key or several, all or nothing; or a pool |
//! | what happens | [`Watch`] and [`blocking::Watch`], which tell [`News`] |
//! | what is answered | [`Answer`]; [`ClientError`] when there is no decision |
#![cfg_attr(
    feature = "blocking",
    doc = r#"
```
# mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/service.rs")); }
# let service = support::Service::start();
# let url = service.url();
use std::time::Duration;
use tollgate_client::{Acquire, Config, Settled, blocking::Client};

let client = Client::new(Config::new(&url)?);
let minute = Duration::from_secs(60);

// Charged at once, or told how long to wait.
let answer = client.try_acquire(&Acquire::new("llm", "team-7", [("input_tokens", 812)]))?;
assert!(answer.is_allowed());
assert_eq!(answer.limits["requests"].remaining, 59);

// Waits for at most a minute until 4,000 tokens are free, and holds them during the call to a model.
let lease = client.hold(&Acquire::new("llm", "team-7", [("input_tokens", 4_000)]), minute, minute)?;
assert_eq!(lease.settle([("input_tokens", 1_312)])?, Settled::Charged);
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]
//! # What it does for its caller
//! - A request whose answer is lost is sent again, three times in all, with random pauses and under the
//!   same random id, so that it is charged once. Requests that are not idempotent are not repeated
//!   ([`Client::reduce_capacity`], requests [without an id](Acquire::without_request_id)).
//! - A service that can't decide (503) is asked again after as long as it says, up to five seconds.
//! - A waiting request waits as told: up to four seconds on the service, beyond that here.
//! - A watch resumes where its stream ended or broke.
//! - Answers come without a body where they can (`Prefer: return=minimal`): on Spin that is one write
//!   instead of two.
//! - Everything is bounded: the time of an answer, its length, the attempts ([`Config`]).
//! - API keys and leases appear in no error and in no `Debug` output.
//!
//! # Coming from the crate `tollgate`
//! The in-process limiter has the same vocabulary: `try_acquire`, `acquire`, `hold`, `peek`,
//! a lease that is settled when it is dropped, [`AcquireError::TimedOut`]. Here a request names its policy
//! besides its key, times are those of the standard library, and any call may fail.
//!
//! # Features
//! `async` and `blocking` (both by default): the two clients. The logic between request and answer is the
//! same, and does no I/O.
//!
//! `tls`: `https://` addresses, with the root certificates that browsers trust.
#![forbid(unsafe_code)]

#[cfg(not(any(feature = "async", feature = "blocking")))]
compile_error!("choose a face: the feature `async`, or `blocking`, or both");

mod answer;
#[cfg(feature = "blocking")]
pub mod blocking;
mod calls;
#[cfg(feature = "async")]
mod client;
mod config;
mod error;
mod exchange;
mod face;
mod heard;
mod held;
mod limits_field;
mod millis;
mod random;
#[cfg(test)]
mod script;
mod waiting;
mod watch;

#[cfg(feature = "async")]
pub use self::client::{Client, Lease, Watch};
pub use self::{
    answer::{Answer, CountedBy, LimitStatus, Limits, Verdict},
    calls::{
        Acquire, AdaptiveLimit, Capacity, CapacityChange, Cost, Event, EventReport, Events, Member,
        Priority, Reported, Settled,
    },
    config::{
        ANSWER_BYTES, ANSWER_BYTES_MAX, ANSWER_TIMEOUT, ANSWER_TIMEOUT_MAX, ATTEMPTS, ATTEMPTS_MAX,
        CONNECT_TIMEOUT, Config,
    },
    error::{AcquireError, ClientError},
    watch::{CapacityNews, EventNews, LimitedNews, News, WatchRequest},
};
