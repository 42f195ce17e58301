//! What happens, as it happens.

use std::thread;
use std::time::Instant;

use super::stream::Stream;
use super::transport::Transport;
use crate::error::ClientError;
use crate::face::watch_face;
use crate::watch::{News, WatchStep, Watching};

/// What happens to capacities, upstreams and keys. It reconnects by itself when its stream ends or breaks,
/// and resumes where it was: each event is delivered once, and in order; only a recovery may be
/// repeated, where a stream broke in the middle of several.
///
/// As an iterator it waits for the next event. If the service is unreachable, it returns an error after as many attempts
/// as the configuration says; the next call tries again. An event that can't be read is an error, and the next
/// call goes on after it. It ends after any other error.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/service.rs")); }
/// # let service = support::Service::start();
/// # let url = service.url();
/// use tollgate_client::{AdaptiveLimit, Config, News, WatchRequest, blocking::Client};
///
/// let client = Client::new(Config::new(&url)?);
/// client.reduce_capacity(&AdaptiveLimit::new("upstream", "openai"), None)?;
/// for news in client.watch(&WatchRequest::default().of_key("openai").after("0")) {
///     if let News::Reduced(news) = news? {
///         assert_eq!((news.capacity, news.original), (50, 100));
///         break;
///     }
/// }
/// # Ok::<(), tollgate_client::ClientError>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is asked before the first news is"]
pub struct Watch {
    watching: Watching,
    stream: Stream,
}

impl Watch {
    watch_face!([] [] thread::sleep);
}

impl Iterator for Watch {
    type Item = Result<News, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.news()
    }
}
