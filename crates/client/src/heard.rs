//! The outcome of sending a request.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{ClientError, quoted};

/// The preference for decisions without a body.
pub(crate) const MINIMAL: &str = "return=minimal";

/// An answer of any status.
pub(crate) struct Heard {
    pub(crate) response: Response<Bytes>,
    /// Whether the same request was sent before and may have been carried out then.
    pub(crate) is_repeated: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Nothing was sent.
    NotSent(String),
    /// It was sent, or may have been.
    Lost(String),
    /// The answer is too long.
    TooLong,
}

/// The fields of a problem document (RFC 9457) that are used.
#[derive(Deserialize, Default)]
struct Problem {
    field: Option<String>,
    detail: Option<String>,
}

impl Heard {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// How long it asks to wait. Only seconds are understood, since no tollgate service sends a date.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.field("retry-after")?.parse().ok().map(Duration::from_secs)
    }

    /// The body of a 200.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        if self.status() != 200 {
            return Err(self.refusal());
        }
        self.body()
    }

    /// The body, whatever the status is.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(self.response.body())
            .map_err(|_| ClientError::protocol("the body of the answer is not what was asked for"))
    }

    /// The error for an answer without the expected result, in the service's words.
    pub(crate) fn refusal(&self) -> ClientError {
        let (field, detail) = self.problem();
        match self.status() {
            401 | 403 => ClientError::Unauthorized { detail },
            400..500 => ClientError::Refused { field, detail },
            status => ClientError::protocol(format!("status {status}")),
        }
    }

    /// The field that a problem is about, and what it says.
    pub(crate) fn problem(&self) -> (Option<String>, String) {
        let problem: Problem = serde_json::from_slice(self.response.body()).unwrap_or_default();
        let detail = problem.detail.map(|detail| quoted(&detail));
        let detail = detail.unwrap_or_else(|| format!("status {}", self.status()));
        (problem.field.map(|field| quoted(&field)), detail)
    }
}
