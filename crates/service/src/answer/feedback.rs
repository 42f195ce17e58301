//! What was learned about an upstream, as an HTTP answer.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::LimitStatus;
use tollgate_core::feedback::Level;

use super::{LimitsBody, json};
use crate::limiter::Limiter;
use crate::opened::Opened;

#[derive(serde::Serialize)]
pub(crate) struct FeedbackAnswer<'a> {
    policy: &'a str,
    key: &'a str,
    /// How long the upstream asks not to be called; the key is blocked for that time.
    cooldown_ms: Option<u64>,
    /// The levels of its own limits that the upstream reports.
    levels: Vec<LevelBody<'a>>,
    /// The state of the key's own limits now.
    limits: LimitsBody<'a>,
}

#[derive(serde::Serialize)]
pub(crate) struct LevelBody<'a> {
    name: &'a str,
    limit: Option<u64>,
    remaining: Option<u64>,
    reset_after_ms: Option<u64>,
}

impl<'a> LevelBody<'a> {
    pub(crate) fn new(level: &'a Level) -> Self {
        Self {
            name: level.dimension.as_str(),
            limit: level.limit,
            remaining: level.remaining,
            reset_after_ms: level.reset_after.map(|span| span.as_millis_ceil()),
        }
    }
}

impl<'a> FeedbackAnswer<'a> {
    pub(crate) fn new<L: Limiter>(
        opened: &'a Opened<L>,
        key: &'a str,
        cooldown_ms: Option<u64>,
        levels: Vec<LevelBody<'a>>,
        limits: &'a [LimitStatus],
    ) -> Self {
        let limits = LimitsBody { policy: opened.limits(), limits };
        Self { policy: opened.named.name(), key, cooldown_ms, levels, limits }
    }

    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        json(self)
    }
}
