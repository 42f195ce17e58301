//! The policy text: TOML, or JSON of the same shape, to validated policies.
//!
//! ```
//! use tollgate_policy::{OnStoreFailure, PolicySet};
//!
//! let set = PolicySet::parse(r#"
//!     [policy.api]
//!     requests = { algorithm = "gcra", limit = 100, per = "1m", burst = 20 }
//!
//!     [policy.llm]
//!     on_store_failure = "open"
//!     requests     = { algorithm = "token-bucket", capacity = 60, refill = 60, per = "1m" }
//!     input_tokens = { algorithm = "token-bucket", capacity = 100000, refill = 100000, per = "1m" }
//! "#)?;
//!
//! let llm = set.get("llm").unwrap();
//! assert_eq!(llm.on_store_failure(), OnStoreFailure::Open);
//! assert_eq!(llm.limits().limits().len(), 2);
//!
//! let error = PolicySet::parse("[policy.api]\nrequests = { algorithm = 'gcra', per = '1m' }").unwrap_err();
//! assert_eq!(error.to_string(), "policy.api.requests.limit: gcra needs it");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | algorithm | fields | meaning |
//! |---|---|---|
//! | `gcra` | `limit`, `per`, `burst` (default: `limit`) | `limit` units per period, at most `burst` at once |
//! | `token-bucket` | `capacity`, `refill`, `per`, `initial` (default: `capacity`) | regains `refill` units per period, continuously; `refill = 0` is a budget that is spent once, without `per` |
//! | `interval-bucket` | `capacity`, `refill`, windows, `initial` | regains `refill` units at once when a window ends |
//! | `leaky-bucket` | `capacity`, `leak`, `per` | starts empty, drains `leak` units per period; what would spill over is refused |
//! | `leaky-queue` | `capacity`, `leak`, `per` | the same, and an admitted request is told when its turn is |
//! | `fixed-window` | `limit`, windows | `limit` units in each window |
//! | `sliding-log` | `limit`, `per` | `limit` units in any stretch of a period, exactly |
//! | `sliding-counter` | `limit`, `per` | about that, from two counters |
//! | `concurrency` | `slots` | so many at the same time; can only be held |
//! | `adaptive` | `capacity`, `per`, `recovery_interval` (30s), `recovery_factor_permille` (1100), `recovery_ceiling_permille` (1000) | a token bucket whose capacity is set live, reduced, and recovers |
//!
//! Windows are `per`, aligned to the epoch and shifted by `utc_offset` (`"+02:00"`), or with
//! `start = "first-use"` those that begin with the first use, or `calendar = "day"`, `"week"` or
//! `"month"` at a `utc_offset`.
//!
//! Every limit may have a `default_cost`, or say `per_call = true` (each call costs 1),
//! `shadow = true` (count and report, deny nothing) and `overrun = "debt"` (the default: what was used
//! beyond a hold is charged) or `"refuse"`. A period is a number with a unit (`250ms`, `1s`, `1m`,
//! `1h`, `1d`, `1w`), or several of them (`1h 30m`). A policy may say `on_store_failure = "closed"`
//! (the default: answer that it can't be decided), `"open"` (admit) or `"local"` (each process
//! counts by itself, and grants `local_share_percent` of every limit, 25 by default), and
//! how concurrent requests for the same key are handled: `contention = "retry"` (the default), `"combine"`
//! or `"lease"`, which is refused with limits that can't be leased (see [`Contention`]).
//! With `exactness = "best_effort"` it accepts a store without compare-and-swap, where it may lose
//! charges; `"exact"` is the default. `headers` names the rate-limit fields of answers: `"draft-10"`
//! (the default), `"draft-07"`, `"draft-03"`, `"x-ratelimit"` or `"none"` (see [`Dialect`]).
//!
//! Some keys, and some hours, may have other numbers: see [`Override`].
//!
//! A pool names keys that can stand in for each other, and what else answers say about them:
//!
//! ```
//! # let set = tollgate_policy::PolicySet::parse(r#"
//! [policy.account]
//! requests = { algorithm = "gcra", limit = 100, per = "1m" }
//!
//! [pool.chat]
//! choice = "most-room"     # or "random"; "round-robin" is the default
//! members = [
//!     { policy = "account", key = "a", region = "eu" },
//!     { policy = "account", key = "b", region = "us" },
//! ]
//! # "#).unwrap();
//! # assert_eq!(set.pools().next().unwrap().pool().members()[1].get("region"), Some("us"));
//! ```
//!
//! With `live_policies = false` before all tables, a policy can't be changed while it is in use.

mod algorithm_text;
mod api_keys;
mod contention;
mod dialect;
mod fields;
mod hours_text;
mod key_patterns;
mod limit_text;
mod limits_value;
mod named_policy;
mod options;
mod override_text;
mod policy_set;
mod pool_text;
mod position;
mod scaled;
mod spans;
mod toml_text;
mod value;

pub use api_keys::{API_KEYS_MAX, ApiKey, ApiKeys, Scope};
pub use contention::Contention;
pub use dialect::Dialect;
pub use key_patterns::KEY_PREFIXES_MAX;
pub use limits_value::{limits_from_value, limits_to_value};
pub use named_policy::NamedPolicy;
pub use options::{Exactness, LOCAL_SHARE_PERCENT_DEFAULT, OnStoreFailure};
pub use override_text::{OVERRIDES_MAX, Override};
pub use policy_set::{POLICIES_MAX, POOLS_MAX, PolicySet, TextError};
pub use pool_text::{NamedPool, PoolChoice};
pub use value::{Entry, LIST_ITEMS_MAX, TABLE_ENTRIES_MAX, TEXT_BYTES_MAX, Value, compact};
