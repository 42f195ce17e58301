//! Provider feedback: what response headers mean, as data and as laws.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod exact;
mod robust;
mod vectors;

use tollgate_core::feedback::Feedback;
use tollgate_core::{Span, Timestamp};

/// What one header says on a 429.
fn heard(name: &str, value: &str, now: Timestamp) -> Feedback {
    Feedback::from_headers(429, [(name, value)], now)
}

/// The cooldown that a `Retry-After` gives.
fn cooldown(value: &str, now: Timestamp) -> Option<Span> {
    heard("Retry-After", value, now).cooldown
}

/// The time to the reset that an `x-ratelimit-reset-tokens` gives.
fn reset(value: &str, now: Timestamp) -> Option<Span> {
    heard("x-ratelimit-reset-tokens", value, now).levels.first()?.reset_after
}
