//! The laws of a decision, on random limits and schedules, through the public interface.
//!
//! Sums are compared as whole numbers multiplied out (units × period), so nothing here is rounded.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod clock;
mod format;
mod plain;
mod rate;
mod record;
mod several;
mod status;
mod writes;

use proptest::test_runner::TestCaseError;
use support::{Key, Step};

type Outcome = Result<(), TestCaseError>;

/// Drives `key` through `steps`, and checks `law` on every (state, cost asked next) on the way.
fn at_every_step(mut key: Key, steps: &[Step], law: impl Fn(&Key, u64) -> Outcome) -> Outcome {
    for step in steps {
        let cost = key.advance(*step);
        law(&key, cost)?;
        key.ask(cost);
    }
    Ok(())
}
