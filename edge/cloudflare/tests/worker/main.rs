//! The Worker in workerd: it answers as the native service does, and what it adds holds.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answer;
mod bad_input;
mod failing_alarms;
mod idle;
mod lost_answers;
mod manifest;
mod native;
mod one_fresh_key;
mod restart;
mod same_answers;
mod set_up;
mod watch;
mod worker;

/// The policies of most tests. They are slow: a test that takes some seconds sees nothing come back.
const POLICIES: &str = r#"
[policy.budget]
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }

[policy.api]
requests = { algorithm = "gcra", limit = 24, per = "1d", burst = 20 }

[policy.llm]
requests     = { algorithm = "token-bucket", capacity = 60, refill = 24, per = "1d" }
input_tokens = { algorithm = "token-bucket", capacity = 100000, refill = 24, per = "1d" }

[policy.jobs]
slots = { algorithm = "concurrency", slots = 2 }

[policy.upstream]
calls = { algorithm = "adaptive", capacity = 24, per = "1d" }

[policy.brief]
requests = { algorithm = "gcra", limit = 1000, per = "1s" }

[pool.both]
members = [{ policy = "budget", key = "first" }, { policy = "budget", key = "second" }]
"#;
