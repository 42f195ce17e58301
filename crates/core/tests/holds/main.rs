//! The laws of everything that can be done to a key, on random policies of all algorithms and random
//! schedules of operations, through the public interface.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod control;
mod credit;
mod draw;
mod ends;
mod forget;
mod ledger;
mod once;
mod oracle;
mod quiet;
mod several;
mod traces;
mod waits;
mod ways;
mod world;

use proptest::test_runner::TestCaseError;

type Outcome = Result<(), TestCaseError>;
