//! Three requests at once, and one more every 20 seconds: `cargo run -- module.wasm`.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::env;
use std::fs;
use std::time::SystemTime;

use anyhow::Context as _;
use tollgate_example_wasmi::{Bounds, LimitFields, Limiter, OperationFields};

fn main() -> anyhow::Result<()> {
    let path = env::args().nth(1).unwrap_or_else(|| "target/tollgate/module.wasm".into());
    let wasm = fs::read(&path).with_context(|| format!("{path}; `cargo xtask wasm` makes it"))?;
    let mut limiter = Limiter::new(&wasm, Bounds::default())?;
    let requests = LimitFields {
        name: "requests".into(),
        algorithm: 1,
        numbers: [3, 3, 60_000_000_000, 3, 0],
        ..LimitFields::default()
    };
    let policy = limiter.open(&[requests])?;
    let mut record = Vec::new();
    for request in 1..=4 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let now_ns = u64::try_from(now.as_nanos())?;
        let one = OperationFields::acquire(&[1]);
        let decision = limiter.apply(policy, &record, &one, now_ns)?;
        let verdict = ["allowed", "limited", "impossible"][usize::from(decision.verdict)];
        let (left, wait) = (decision.limits[0].remaining, decision.retry_after_ns / 1_000_000);
        println!("request {request}: {verdict}, {left} left, again in {wait} ms");
        record = decision.record.unwrap_or(record);
    }
    Ok(())
}
