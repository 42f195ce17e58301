//! Load by wrk: one thread and keep-alive connections over loopback. Redis has a load tool of its own.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::case::{Ask, Case, Runtime};
use crate::server::Server;

pub(super) const SCRIPT_FILE: &str = "acquire.lua";

/// Open connections, each with one request at a time.
pub(super) const CONNECTIONS: &str = "64";

/// Approximate size of a record with one meter limit.
const RECORD_BYTES: usize = 24;
const REDIS_KEY: &str = "tollgate:r/open/benchmark";
/// Approximate throughput of a Redis server here.
const REDIS_REQUESTS_PER_SECOND: u64 = 50_000;

/// wrk's script: sends requests for some keys in turn, all prepared before the first is sent, each after a random
/// pause if one is set. The last line of output has the figures.
pub(super) const SCRIPT: &str = r#"
local requests, turn, pause = {}, 0, 0

local function acquire(policy, key)
  return string.format('{"policy":"%s","key":"team-%02d"}', policy, key)
end

local function batch(policy, key, keys, count)
  local acquires = {}
  for index = 1, count do acquires[index] = acquire(policy, (key + index) % keys) end
  return '{"requests":[' .. table.concat(acquires, ",") .. ']}'
end

local function throttle(key)
  local numbers = '"max_burst":1000000000,"count_per_period":1000000000,"period":60'
  return string.format('{"key":"team-%02d",%s}', key, numbers)
end

init = function(args)
  local path, policy, answer, keys = args[1], args[2], args[3], tonumber(args[4])
  pause = tonumber(args[5])
  local headers = { ["content-type"] = "application/json" }
  if answer == "minimal" then headers["prefer"] = "return=minimal" end
  for key = 1, keys do
    local body = acquire(policy, key)
    if path == "/v1/acquire/batch" then body = batch(policy, key, keys, 100) end
    if path == "/throttle" then body = throttle(key) end
    requests[key] = wrk.format("POST", path, headers, body)
  end
  if pause > 0 then delay = function() return math.random(0, 2 * pause) end end
end

request = function()
  turn = turn % #requests + 1
  return requests[turn]
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("%d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"#;

/// A server and the requests sent to it.
pub(super) struct Load<'a> {
    pub(super) folder: &'a Path,
    pub(super) server: &'a Server,
    pub(super) case: &'a Case,
}

/// The measurements of one run.
pub(super) struct Measured {
    requests: f64,
    /// Decisions that each request asked for.
    decisions: f64,
    seconds: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// CPU time of the server.
    cpu_seconds: f64,
}

impl Measured {
    pub(super) fn per_second(&self) -> f64 {
        self.requests / self.seconds
    }

    pub(super) fn decisions_per_second(&self) -> f64 {
        self.per_second() * self.decisions
    }

    pub(super) fn cpu_us_per_request(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.requests
    }

    pub(super) fn p99_over_p50(&self) -> f64 {
        self.p99_ms / self.p50_ms
    }
}

impl Load<'_> {
    /// Loads the server; an error unless all answers are what this case expects.
    pub(super) fn run(&self, duration: Duration) -> anyhow::Result<Measured> {
        match self.case.runtime {
            Runtime::Redis => self.redis_benchmark(duration),
            _ => self.wrk(duration, 0),
        }
    }

    /// Loads the server with wrk; each connection pauses before every request, for `pause_ms` on average.
    pub(super) fn wrk(&self, duration: Duration, pause_ms: u64) -> anyhow::Result<Measured> {
        let (case, cpu_before) = (self.case, self.server.cpu_seconds()?);
        let text = stdout(
            Command::new("wrk")
                .args(["--threads", "1", "--connections", CONNECTIONS])
                .arg("--duration")
                .arg(format!("{}s", duration.as_secs()))
                .arg("--script")
                .arg(self.folder.join(SCRIPT_FILE))
                .arg(format!("http://{}", self.server.address))
                .args(["--", case.ask.path(), case.policy])
                .args([if case.body { "full" } else { "minimal" }, case.keys])
                .arg(pause_ms.to_string()),
        )?;
        let cpu_seconds = self.server.cpu_seconds()? - cpu_before;
        let figures = text.lines().last().context("wrk said nothing")?;
        let figures: Vec<f64> =
            figures.split(' ').map(str::parse).collect::<Result<_, _>>().context(text.clone())?;
        let [requests, us, p50_us, p99_us, refused, broken] = figures[..] else {
            bail!("wrk said {figures:?}");
        };
        self.check(requests, refused, broken)?;
        let (seconds, p50_ms, p99_ms) = (us / 1e6, p50_us / 1e3, p99_us / 1e3);
        let decisions = case.decisions().into();
        Ok(Measured { requests, decisions, seconds, p50_ms, p99_ms, cpu_seconds })
    }

    /// Swaps one record for itself, from the same number of connections, for about this long.
    fn redis_benchmark(&self, duration: Duration) -> anyhow::Result<Measured> {
        let (_, port) = self.server.address.rsplit_once(':').context("an address has a port")?;
        let redis = |program: &str, args: &[&str]| {
            stdout(Command::new(program).args(["-h", "127.0.0.1", "-p", port]).args(args))
        };
        let record = "x".repeat(RECORD_BYTES);
        redis("redis-cli", &["SET", REDIS_KEY, &record])?;
        let hash = redis("redis-cli", &["SCRIPT", "LOAD", tollgate_store::scripts::SWAP_EACH])?;
        let requests = (duration.as_secs() * REDIS_REQUESTS_PER_SECOND).to_string();
        let cpu_before = self.server.cpu_seconds()?;
        let options = ["-c", CONNECTIONS, "-n", &requests, "--csv"];
        let swap = ["EVALSHA", hash.trim(), "1", REDIS_KEY, "1", &record, &record, "0"];
        let text = redis("redis-benchmark", &[&options[..], &swap].concat())?;
        let cpu_seconds = self.server.cpu_seconds()? - cpu_before;
        let row = text.lines().last().context("redis-benchmark said nothing")?;
        let figures: Vec<f64> =
            row.rsplit(',').filter_map(|it| it.trim_matches('"').parse().ok()).collect();
        // From the last: maximum, p99, p95, p50, minimum, mean, and requests per second.
        let [_, p99_ms, _, p50_ms, _, _, rate] = figures[..] else {
            bail!("redis-benchmark said {text}");
        };
        let requests: f64 = requests.parse()?;
        let seconds = requests / rate;
        Ok(Measured { requests, decisions: 1.0, seconds, p50_ms, p99_ms, cpu_seconds })
    }

    fn check(&self, requests: f64, refused: f64, broken: f64) -> anyhow::Result<()> {
        let title = self.case.title;
        ensure!(broken == 0.0, "{title}: {broken} connections broke off or timed out");
        if self.case.is_limited() {
            // The first request of each of the 64 keys passes.
            ensure!(refused >= requests - 64.0, "{title}: some requests were not limited");
        } else {
            ensure!(refused == 0.0, "{title}: {refused} of {requests} requests were refused");
        }
        Ok(())
    }
}

impl Ask {
    fn path(self) -> &'static str {
        match self {
            Self::Acquire => "/v1/acquire",
            Self::Batch => "/v1/acquire/batch",
            Self::Throttle => "/throttle",
        }
    }
}

/// The output of a program, if it succeeded.
fn stdout(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("can't start {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
