//! Three requests at once, and one more every 20 seconds: `cargo run --release -- limiter.wasm`.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::env;
use std::fs;
use std::time::SystemTime;

use anyhow::Context as _;
use tollgate_example_rust_wasmtime::{Bounds, LimiterComponent, wit};

fn main() -> anyhow::Result<()> {
    let path = env::args().nth(1).unwrap_or_else(|| "target/tollgate/limiter.wasm".into());
    let bytes = fs::read(&path).with_context(|| format!("{path}; `cargo xtask wasm` makes it"))?;
    let mut limiter = LimiterComponent::new(&bytes)?.start(Bounds::default())?;
    let bucket = wit::TokenBucket { capacity: 3, refill: 3, period: 60_000_000_000, initial: 3 };
    let policy = limiter.open(&[wit::Limit {
        name: "requests".into(),
        algorithm: wit::Algorithm::TokenBucket(bucket),
        shadow: false,
        overrun: wit::Overrun::Debt,
    }])?;
    let (costs, hold, once) = (vec![1], None, None);
    let one = wit::Operation::Acquire(wit::Acquire { costs, share_permille: 1_000, hold, once });
    let mut record = None;
    for request in 1..=4 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let now_ns = u64::try_from(now.as_nanos())?;
        let decision = limiter.apply(policy, record.as_deref(), &one, now_ns)?;
        let (left, wait) = (decision.limits[0].remaining, decision.retry_after / 1_000_000);
        println!("request {request}: {:?}, {left} left, again in {wait} ms", decision.verdict);
        record = decision.record.or(record);
    }
    Ok(())
}
