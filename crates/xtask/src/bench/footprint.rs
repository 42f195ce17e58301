//! Start-up times and sizes.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tollgate_core::{Limit, Policy, Record, Span, Timestamp};

use super::{Bench, report};
use crate::server::Server;
use crate::{paths, size};

const WARM_STARTS: u32 = 5;

/// Time from the start of the program to the first 200 on `/healthz`: with nothing compiled yet, and with
/// the cache that the previous start left.
pub(super) fn starts(bench: &Bench) -> anyhow::Result<String> {
    let cache = bench.folder.join("cache");
    if cache.exists() {
        fs::remove_dir_all(cache)?;
    }
    let cold = start(bench)?;
    let warm = (0..WARM_STARTS).map(|_| start(bench)).collect::<anyhow::Result<Vec<_>>>()?;
    let warm = report::median(warm.iter().map(Duration::as_secs_f64));
    Ok(format!(
        "| start to first 200 on /healthz | ms |\n|---|--:|\n\
         | nothing compiled yet | {:.0} |\n| compiled by an earlier start | {:.0} |\n",
        cold.as_secs_f64() * 1e3,
        warm * 1e3
    ))
}

fn start(bench: &Bench) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let server = Server::start(bench.serve().args(["--store", "memory"]))?;
    server.check_health()?;
    Ok(started.elapsed())
}

/// Sizes of the components and of a record.
pub(super) fn sizes() -> anyhow::Result<String> {
    let mut table = String::from("| size | bytes | gzip -9 |\n|---|--:|--:|\n");
    for (file, what) in [
        ("limiter.wasm", "limiter"),
        ("edge.wasm", "edge"),
        ("tollgate.wasm", "edge with the limiter composed in"),
    ] {
        let path = paths::out().join(file);
        let (bytes, gzipped) = (fs::metadata(&path)?.len(), size::gzipped(&path)?);
        let _ = writeln!(table, "| {what}, `{file}` | {bytes} | {gzipped} |");
    }
    let _ = writeln!(table, "| record of one meter limit | {} | |", record_bytes()?);
    Ok(table)
}

/// The size of a charged key's record, under a policy of one limit.
fn record_bytes() -> anyhow::Result<usize> {
    let limit = Limit::token_bucket("requests", 10, 3, Span::from_secs(1))?;
    let policy = Policy::new([limit])?;
    let mut record = Record::new(&policy);
    let costs = policy.costs([]).ok().context("requests cost 1 by themselves")?;
    policy.apply(&mut record, &costs.into(), Timestamp::from_secs(1_800_000_000));
    Ok(record.encode(&policy).len())
}
