//! Load by wrk: one thread and keep-alive connections over loopback.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::case::Case;
use crate::server::Server;

pub(super) const SCRIPT_FILE: &str = "acquire.lua";

/// Open connections, each with one request at a time.
pub(super) const CONNECTIONS: &str = "64";

/// Asks for some keys in turn, all written before the first is sent. The last line tells the figures.
pub(super) const SCRIPT: &str = r#"
local requests, turn = {}, 0

init = function(args)
  local headers = { ["content-type"] = "application/json" }
  if args[2] == "minimal" then headers["prefer"] = "return=minimal" end
  for key = 1, tonumber(args[3]) do
    local body = string.format('{"policy":"%s","key":"team-%02d"}', args[1], key)
    requests[key] = wrk.format("POST", "/v1/acquire", headers, body)
  end
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

/// A server and what it is asked.
pub(super) struct Load<'a> {
    pub(super) folder: &'a Path,
    pub(super) server: &'a Server,
    pub(super) case: &'a Case,
}

/// What one run gave.
pub(super) struct Measured {
    requests: f64,
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

    pub(super) fn cpu_us_per_request(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.requests
    }
}

impl Load<'_> {
    /// Loads the server; an error when it did not answer all as this case expects.
    pub(super) fn run(&self, duration: Duration) -> anyhow::Result<Measured> {
        let cpu_before = self.server.cpu_seconds()?;
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", CONNECTIONS])
            .arg("--duration")
            .arg(format!("{}s", duration.as_secs()))
            .arg("--script")
            .arg(self.folder.join(SCRIPT_FILE))
            .arg(format!("http://{}", self.server.address))
            .args(["--", self.case.policy, if self.case.body { "full" } else { "minimal" }])
            .arg(self.case.keys)
            .output()?;
        let cpu_seconds = self.server.cpu_seconds()? - cpu_before;
        ensure!(output.status.success(), "wrk: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let figures = text.lines().last().context("wrk said nothing")?;
        let figures: Vec<f64> =
            figures.split(' ').map(str::parse).collect::<Result<_, _>>().context(text.clone())?;
        let [requests, us, p50_us, p99_us, refused, broken] = figures[..] else {
            bail!("wrk said {figures:?}");
        };
        self.check(requests, refused, broken)?;
        let (p50_ms, p99_ms) = (p50_us / 1e3, p99_us / 1e3);
        Ok(Measured { requests, seconds: us / 1e6, p50_ms, p99_ms, cpu_seconds })
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
