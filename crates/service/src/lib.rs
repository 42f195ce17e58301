//! The HTTP API of tollgate, as a library: `http` types in and out, generic over the store, the limiter
//! and the clock. The edge function and the native server put it behind a thin handler each.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/acquire` | 200 and the decision, 429 when limited, 422 when it can never pass; one key or several, charged or held |
//! | `POST /v1/acquire/batch` | 200 and a decision each |
//! | `POST /v1/settle`, `/v1/release`, `/v1/renew` | ends or extends a lease: 200, or 410 when it is over |
//! | `POST /v1/penalise`, `/v1/block`, `/v1/reset`, `/v1/lower` | done to a key |
//! | `POST /v1/capacity/set`, `/clear`, `/reduce` | a capacity changed live |
//! | `GET /v1/capacity/{policy}/{key}` | 200 and what is in force |
//! | `POST /v1/pools/acquire` | acquires from whichever member of a pool has room |
//! | `POST /v1/feedback` | what an upstream's answer says about its limits, learned by a key |
//! | `POST /v1/events`, `/v1/events/cleanup`; `GET /v1/events/{upstream}` | upstream rate-limit events that callers share |
//! | `POST /v1/barriers`, `/v1/barriers/arrive`, `/v1/barriers/leave`; `GET /v1/barriers/{barrier}` | parties that wait for each other |
//! | `GET /v1/limits/{policy}/{key}` | 200 and where each limit stands; nothing is charged |
//! | `GET /v1/watch` | what happens to capacities, upstreams and keys, as server-sent events |
//! | `GET /v1/policies`; `GET`, `PUT`, `DELETE /v1/policies/{policy}`; `POST /v1/policies/validate` | policies, changed live by each tenant for itself |
//! | `POST /v1/sweep` | removes idle records, where a host asks [`Service::sweep`] |
//! | `GET /openapi.json` | this API as an OpenAPI 3.1 document |
//! | `GET /metrics` | counters for Prometheus |
//! | `GET /readyz` | 200 when the store answers in time |
//! | `GET /healthz` | 200 when the service runs |
//!
//! Every refusal is a problem (RFC 9457) that names the field at fault.
//!
//! ```
//! use http::Request;
//! use http_body_util::{BodyExt, Full};
//! use tollgate_policy::PolicySet;
//! use tollgate_service::{Content, CoreLimiter, Service};
//! use tollgate_store::{ManualClock, MemoryStore};
//! # futures::executor::block_on(async {
//! let text = "[policy.api]\nrequests = { algorithm = 'gcra', limit = 100, per = '1m', burst = 20 }";
//! let policies = PolicySet::parse(text).unwrap();
//! let (store, clock) = (MemoryStore::default(), ManualClock::default());
//! let service = Service::new(policies, store, CoreLimiter, clock, |_| {}).unwrap();
//!
//! let body: Full<bytes::Bytes> = Full::from(r#"{"policy":"api","key":"alice"}"#);
//! let answer = service.handle(Request::post("/v1/acquire").body(body).unwrap()).await;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(answer.headers()["ratelimit"], r#""requests";r=19;t=1"#);
//! let Content::Full(body) = answer.into_body() else { panic!("it is complete") };
//! let body = body.collect().await.unwrap().to_bytes();
//! assert_eq!(
//!     body,
//!     r#"{"allowed":true,"limits":{"requests":{"limit":20,"remaining":19,"retry_after_ms":0,"reset_after_ms":600}}}"#,
//! );
//! # });
//! ```

mod answer;
mod asked;
mod auth;
mod body;
mod content;
mod decide;
mod endpoints;
mod escapes;
mod fields;
mod hot;
mod join;
mod key;
mod lease;
mod limiter;
mod live;
mod local;
mod numbers;
mod opened;
mod patience;
mod place;
mod pools;
mod problem;
mod query;
mod retention;
mod route;
mod service;
mod session;
mod settling;
mod sweep;
mod tally;
mod watch;
mod without_store;

pub use answer::PREFER;
pub use body::BODY_BYTES_MAX;
pub use content::Content;
pub use key::{is_of_tenant, key_of, policy_of, record_key};
pub use limiter::{Capacity, CoreLimiter, Limiter, LimiterError, PolicyChange};
pub use place::is_repeatable;
pub use problem::{Problem, ProblemType};
pub use retention::Retention;
pub use service::{Fault, Service};
pub use sweep::{SWEEP_KEYS_MAX, SWEEP_PATH, SWEEP_REMOVALS_MAX};
pub use watch::{LAST_EVENT_ID, Watch};
