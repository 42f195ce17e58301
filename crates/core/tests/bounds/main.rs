//! Every bound that the crate's documentation states: the largest that is taken, and what is said of
//! the next one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod costs;
mod limits;
mod operations;
mod policies;
mod records;
mod time;

use tollgate_core::{Limit, Policy, Span};

const SECOND: Span = Span::from_secs(1);

fn numbered(count: usize) -> impl Iterator<Item = Limit> + Clone {
    (0..count).map(|i| Limit::gcra(&format!("limit-{i}"), 1, SECOND, 1).unwrap())
}

/// A policy of one limit.
fn alone(limit: Limit) -> Policy {
    Policy::new([limit]).unwrap()
}

fn refused<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.unwrap_err().to_string()
}
