//! Live events of capacities, upstreams and keys: `GET /v1/watch`. No I/O happens here: a
//! [`Watching`] says what to do, a client does it and reports the outcome.

mod machine;
mod news;
mod request;
mod sse;

pub use news::{CapacityNews, EventNews, LimitedNews, News};
pub use request::WatchRequest;

pub(crate) use machine::{Opened, SILENCE_MAX, WatchStep, Watching, is_stream};
