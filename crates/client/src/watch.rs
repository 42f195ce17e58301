//! What happens to capacities, upstreams and keys, as it happens: `GET /v1/watch`. No I/O happens here: a
//! [`Watching`] says what to do, a face does it and tells what came of it.

mod machine;
mod news;
mod request;
mod sse;

pub use news::{CapacityNews, EventNews, LimitedNews, News};
pub use request::WatchRequest;

pub(crate) use machine::{Opened, SILENCE_MAX, WatchStep, Watching, is_stream};
