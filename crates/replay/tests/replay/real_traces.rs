//! Real traces, where they are to be had: every decision is checked against the oracle.
//!
//! They are no part of the project. Without them these tests say so and pass.

use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde_json::Value;

use crate::command::{Command, replay};
use crate::oracle::{AnyOrderOracle, Oracle, Rate};

const MINUTE_NS: i128 = 60_000_000_000;

/// A file of the folder that `TOLLGATE_SHARED` names, or of `shared` beside the repository.
fn trace(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = env::var_os("TOLLGATE_SHARED").map_or_else(beside, PathBuf::from);
    let path = folder.join("data").join(name);
    if !path.is_file() {
        // Straight to the stream: the test runner would keep what a passing test prints.
        let notice = format!("skipped: there is no {}; set TOLLGATE_SHARED\n", path.display());
        io::stderr().write_all(notice.as_bytes()).unwrap();
        return None;
    }
    Some(path)
}

/// Seven requests at once, and 11 more a minute: the time between two is no whole nanosecond.
const WEB: &str = r#"
[policy.web]
requests = { algorithm = "token-bucket", capacity = 7, refill = 11, per = "1m" }
"#;
const WEB_RATE: Rate = Rate { capacity: 7, refill: 11, period_ns: MINUTE_NS };
const LLM: &str = r#"
[policy.llm]
requests = { algorithm = "token-bucket", capacity = 70, refill = 97, per = "1m" }
input    = { algorithm = "token-bucket", capacity = 100000, refill = 300007, per = "1m" }
output   = { algorithm = "token-bucket", capacity = 3000, refill = 4001, per = "1m" }
"#;

fn llm(path: &PathBuf) -> Command<'_> {
    let costs = ["--cost=input=ContextTokens", "--cost=output=GeneratedTokens"];
    replay(&[path]).arg(costs[0]).arg(costs[1]).policies(LLM)
}

fn integer(value: &Value) -> i128 {
    value.as_i64().unwrap().into()
}

/// Compares each decision, and each number of units that remain, with the oracle's.
fn check<const N: usize>(decisions: &[Value], limits: [(&str, Rate); N]) {
    let mut oracle = Oracle::new(limits.map(|(_, rate)| rate));
    let mut seen = [false; 2];
    for decision in decisions {
        let (key, time_ns) = (decision["key"].as_str().unwrap(), integer(&decision["time_ns"]));
        let costs = limits.map(|(name, _)| integer(&decision["cost"][name]));
        let admits = oracle.admits(key, time_ns, costs);
        assert_eq!(decision["allowed"], admits, "{decision}");
        let remaining = limits.map(|(name, _)| integer(&decision["limits"][name]["remaining"]));
        assert_eq!(remaining, oracle.remaining(key), "{decision}");
        seen[usize::from(admits)] = true;
    }
    assert_eq!(seen, [true, true], "some are admitted and some are not");
}

#[test]
fn the_access_log_is_read_whole() {
    let Some(path) = trace("access.log") else { return };
    let summary = replay(&[&path]).policies(WEB).summary();
    let counts = ["requests", "bad_lines", "keys"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(counts, [10_000, 0, 1_753]);
    assert_eq!(summary["time"]["first"], "2015-05-17T10:05:00Z");
    assert_eq!(summary["time"]["last"], "2015-05-20T21:05:59Z");
}

#[test]
fn every_decision_on_the_access_log_as_it_stands_is_the_oracles() {
    let Some(path) = trace("access.log") else { return };
    let decisions = replay(&[&path]).policies(WEB).decisions();
    let mut oracle = AnyOrderOracle::new(WEB_RATE);
    for (index, decision) in decisions.iter().enumerate() {
        assert_eq!(decision["line"], index + 1);
        let admits =
            oracle.admits(decision["key"].as_str().unwrap(), integer(&decision["time_ns"]));
        assert_eq!(decision["allowed"], admits, "{decision}");
    }
}

#[test]
fn every_decision_on_the_access_log_in_time_order_is_the_oracles() {
    let Some(path) = trace("access.log") else { return };
    let decisions = replay(&[&path]).arg("--sort").policies(WEB).decisions();
    assert_eq!(decisions.len(), 10_000);
    check(&decisions, [("requests", WEB_RATE)]);
}

#[test]
fn the_llm_trace_is_read_whole() {
    let Some(path) = trace("llm-trace-code.csv") else { return };
    let summary = llm(&path).summary();
    let counts = ["requests", "bad_lines", "keys", "went_back"];
    assert_eq!(counts.map(|name| summary[name].as_u64().unwrap()), [8_819, 0, 1, 0]);
    assert_eq!(summary["time"]["first"], "2023-11-16T18:17:03.97996Z");
    assert_eq!(summary["limits"]["input"]["requested_units"], 18_059_974);
    assert_eq!(summary["limits"]["output"]["requested_units"], 245_896);
}

#[test]
fn every_decision_on_the_llm_trace_is_the_oracles() {
    let Some(path) = trace("llm-trace-code.csv") else { return };
    let decisions = llm(&path).decisions();
    assert_eq!(decisions.len(), 8_819);
    let rate = |capacity, refill| Rate { capacity, refill, period_ns: MINUTE_NS };
    let limits = [
        ("requests", rate(70, 97)),
        ("input", rate(100_000, 300_007)),
        ("output", rate(3_000, 4_001)),
    ];
    check(&decisions, limits);
}
