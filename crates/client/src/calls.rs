//! What can be asked of a service: the request, and how its answer is read.

mod acquire;
mod batch;
mod capacity;
mod events;
mod lease;
mod peek;
mod pool;

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

pub use acquire::{Acquire, Cost, Priority};
pub use capacity::{AdaptiveLimit, Capacity, CapacityChange};
pub use events::{Event, EventReport, Events, Reported};
pub use lease::Settled;
pub use pool::Member;

pub(crate) use acquire::Granted;
pub(crate) use batch::try_acquire_batch;
pub(crate) use capacity::{capacity, clear_capacity, reduce_capacity, set_capacity};
pub(crate) use events::{events, report_event};
pub(crate) use lease::{release, renew, settle};
pub(crate) use peek::peek;

use crate::config::Config;
use crate::error::ClientError;
use crate::heard::{Heard, MINIMAL};

/// What stays as it is in a segment of a path. A dot does not: `..` is a key like any other.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// One request that can be made again, and what its answer means.
pub(crate) struct Call<T> {
    method: Method,
    /// From `/v1` on.
    path: String,
    body: Bytes,
    /// Whether it may be sent again when it may have been done.
    pub(crate) is_repeatable: bool,
    /// How long the service is asked to wait.
    pub(crate) waits: Duration,
    pub(crate) read: fn(&Heard) -> Result<T, ClientError>,
}

impl<T> Call<T> {
    /// Looks, and so may be sent as often as one likes.
    fn get(path: String, read: fn(&Heard) -> Result<T, ClientError>) -> Self {
        let (method, body) = (Method::GET, Bytes::new());
        Self { method, path, body, is_repeatable: true, waits: Duration::ZERO, read }
    }

    fn post(
        path: &str,
        body: &impl Serialize,
        is_repeatable: bool,
        read: fn(&Heard) -> Result<T, ClientError>,
    ) -> Self {
        // Strings and numbers under plain names: writing them as JSON does not fail.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        let (method, path) = (Method::POST, path.to_owned());
        Self { method, path, body, is_repeatable, waits: Duration::ZERO, read }
    }

    /// Whether it leaves something behind.
    pub(crate) fn changes(&self) -> bool {
        self.method != Method::GET
    }

    pub(crate) fn request(&self, config: &Config) -> Result<Request<Bytes>, ClientError> {
        request(config, &self.method, &self.path, &self.body)
    }
}

/// A request that looks at what is at a path.
pub(crate) fn look(config: &Config, path: &str) -> Result<Request<Bytes>, ClientError> {
    request(config, &Method::GET, path, &Bytes::new())
}

fn request(
    config: &Config,
    method: &Method,
    path: &str,
    body: &Bytes,
) -> Result<Request<Bytes>, ClientError> {
    let mut request = Request::builder()
        .method(method.clone())
        .uri(format!("{}{path}", config.base_url))
        .header("prefer", MINIMAL);
    if *method == Method::POST {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    if let Some(authorization) = &config.authorization {
        request = request.header(AUTHORIZATION, authorization.clone());
    }
    let request = request.body(body.clone());
    request.map_err(|_| ClientError::refused("base_url", "makes no URL with what is asked"))
}

/// A text as a segment of a path, or as a value in a query.
pub(crate) fn segment(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, SEGMENT)
}
