//! What can go wrong, and which errors are worth a retry.

use std::fmt;

use crate::answer::Answer;

/// Longest text of somebody else that an error repeats, in characters.
const DETAIL_CHARS_MAX: usize = 256;

/// Why there is no decision. It contains no API key and no lease; text from the service has its
/// control characters escaped, and is truncated if long.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// The request, or the configuration, is not what it should be. Nothing was charged.
    Refused {
        /// What is wrong: `cost.input_tokens`, `keys[1].key`, `base_url`.
        field: Option<String>,
        /// What it should be.
        detail: String,
    },
    /// The service wants another key. Nothing was charged.
    Unauthorized {
        /// What it said.
        detail: String,
    },
    /// The service could not be asked, or could not decide, as often as that was tried.
    Unavailable {
        /// What happened last.
        detail: String,
        /// Whether it may have been done all the same: a request was sent, and no clear answer came.
        is_unclear: bool,
    },
    /// What answered is not a tollgate, or not of this version.
    Protocol {
        /// What is wrong with the answer.
        detail: String,
    },
}

impl ClientError {
    pub(crate) fn refused(field: &str, detail: impl Into<String>) -> Self {
        Self::Refused { field: Some(quoted(field)), detail: detail.into() }
    }

    pub(crate) fn too_long(bytes_max: usize) -> Self {
        Self::protocol(format!("the answer is longer than {bytes_max} bytes"))
    }

    pub(crate) fn protocol(detail: impl Into<String>) -> Self {
        Self::Protocol { detail: detail.into() }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { field: Some(field), detail } => write!(f, "{field}: {detail}"),
            Self::Refused { field: None, detail } => write!(f, "refused: {detail}"),
            Self::Unauthorized { detail } => write!(f, "unauthorized: {detail}"),
            Self::Unavailable { detail, is_unclear: false } => write!(f, "unavailable: {detail}"),
            Self::Unavailable { detail, is_unclear: true } => {
                write!(f, "unavailable, and may be charged: {detail}")
            }
            Self::Protocol { detail } => write!(f, "no tollgate answered: {detail}"),
        }
    }
}

impl std::error::Error for ClientError {}

/// Why nothing was acquired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// It would not pass in time. Returned at once where waiting can't help. Nothing was charged.
    #[error("timeout: {}", passes(.0))]
    TimedOut(Answer),
    /// It never passes: a cost exceeds what its limit can ever offer it. Nothing was charged.
    #[error("cost: above what the limit ever has for it")]
    Impossible(Answer),
    /// There is no decision.
    #[error(transparent)]
    Client(#[from] ClientError),
}

fn passes(answer: &Answer) -> String {
    match answer.retry_after {
        Some(wait) => format!("it passes in {} ms at the soonest", wait.as_millis()),
        None => String::from("waiting alone does not make it pass"),
    }
}

/// A text from the service, made safe for one line of a log.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(DETAIL_CHARS_MAX).flat_map(escaped).collect()
}

fn escaped(it: char) -> impl Iterator<Item = char> {
    let (plain, escape) = match it.is_control() {
        true => (None, Some(it.escape_default())),
        false => (Some(it), None),
    };
    plain.into_iter().chain(escape.into_iter().flatten())
}
