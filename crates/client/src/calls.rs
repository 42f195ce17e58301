//! The calls to a service: how each request is built and its answer read.

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
pub(crate) use batch::{one_each, try_acquire_batch};
pub(crate) use capacity::{capacity, clear_capacity, reduce_capacity, set_capacity};
pub(crate) use events::{events, report_event};
pub(crate) use lease::{release, renew, settle};
pub(crate) use peek::peek;

use crate::config::Config;
use crate::error::ClientError;
use crate::heard::{Heard, MINIMAL};

/// Percent-encoding of a path segment. A dot is encoded too: `..` is a valid key.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// A request that can be sent more than once, and how to read its answer.
pub(crate) struct Call<T> {
    method: Method,
    /// Starts with `/v1`.
    path: String,
    body: Bytes,
    /// Whether it may be sent again when an earlier attempt may have been carried out.
    pub(crate) is_repeatable: bool,
    /// How long the service is asked to wait.
    pub(crate) waits: Duration,
    pub(crate) read: fn(&Heard) -> Result<T, ClientError>,
}

impl<T> Call<T> {
    /// A read, which may be repeated at will.
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
        // Strings and numbers under plain names: serializing them to JSON can't fail.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        let (method, path) = (Method::POST, path.to_owned());
        Self { method, path, body, is_repeatable, waits: Duration::ZERO, read }
    }

    /// Whether it has side effects.
    pub(crate) fn changes(&self) -> bool {
        self.method != Method::GET
    }

    pub(crate) fn request(&self, config: &Config) -> Result<Request<Bytes>, ClientError> {
        request(config, &self.method, &self.path, &self.body)
    }
}

/// A request that reads the resource at a path.
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

/// A text encoded as a path segment or a query value.
pub(crate) fn segment(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, SEGMENT)
}
