//! `GET /metrics`: counters in the text format of Prometheus. Their only labels are names of policies,
//! outcomes, causes and operations, of which there are few: never a caller's key, nor a tenant.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::Full;
use tollgate_store::{Clock, LATENCY_BOUNDS_NS, Latency, Store, StoreTally};

use crate::limiter::Limiter;
use crate::service::Service;
use crate::session::Session;
use crate::tally::Faults;

/// The text so far. Writing to it does not fail, and names need no escapes.
struct Text(String);

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(crate) fn metrics(&self) -> Response<Full<Bytes>> {
        let mut text = Text(String::new());
        text.decisions(self.service);
        let decided = "What could not be decided on a record, by cause.";
        text.faults("tollgate_faults_total", decided, &self.service.faults);
        let live =
            "Live policies that could not be read, by cause; those known last stay in force.";
        text.faults("tollgate_live_policy_faults_total", live, &self.service.live_faults);
        text.watchers(self.service.watchers.taken());
        if let Some(tally) = &self.service.store_tally {
            text.operations(tally);
            text.latencies(tally);
        }
        let mut response = Response::new(Full::from(text.0));
        let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        response
    }
}

/// The label for all policies whose names callers chose; no policy can have this name.
const LIVE: &str = ":live";

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn decisions<S: Store, L: Limiter, C: Clock>(&mut self, service: &Service<S, L, C>) {
        let name = "tollgate_decisions_total";
        self.head(name, "counter", "Requests for a decision, by policy and outcome.");
        let configured = service.policies().iter();
        let configured = configured.map(|opened| (&**opened.named.name(), &*opened.decisions));
        for (policy, decisions) in configured.chain([(LIVE, &*service.live_decisions)]) {
            for (outcome, count) in decisions.counts() {
                let labels = format!("policy=\"{policy}\",outcome=\"{outcome}\"");
                let _ = writeln!(self.0, "{name}{{{labels}}} {count}");
            }
        }
    }

    fn faults(&mut self, name: &str, help: &str, faults: &Faults) {
        self.head(name, "counter", help);
        for (cause, count) in faults.counts() {
            let _ = writeln!(self.0, "{name}{{cause=\"{cause}\"}} {count}");
        }
    }

    fn watchers(&mut self, watchers: usize) {
        let name = "tollgate_watchers";
        self.head(name, "gauge", "Streams of GET /v1/watch that are open.");
        let _ = writeln!(self.0, "{name} {watchers}");
    }

    fn operations(&mut self, tally: &StoreTally) {
        let name = "tollgate_store_operations_total";
        self.head(name, "counter", "What the store was asked, by operation and outcome.");
        for counts in tally.operations() {
            let outcomes = [
                ("done", counts.done),
                ("conflict", counts.conflicts),
                ("failed", counts.failures),
            ];
            for (outcome, count) in outcomes {
                let labels = format!("operation=\"{}\",outcome=\"{outcome}\"", counts.operation);
                let _ = writeln!(self.0, "{name}{{{labels}}} {count}");
            }
        }
    }

    /// Only for operations that were timed: in a guest, none are.
    fn latencies(&mut self, tally: &StoreTally) {
        let name = "tollgate_store_operation_seconds";
        self.head(name, "histogram", "How long the store took, by operation.");
        for counts in tally.operations() {
            if let Some(latency) = &counts.latency {
                self.latency(name, counts.operation, latency);
            }
        }
    }

    fn latency(&mut self, name: &str, operation: &str, latency: &Latency) {
        let Latency { within, count, total_ns } = latency;
        for (bound_ns, within) in LATENCY_BOUNDS_NS.into_iter().zip(within) {
            let bound = seconds(bound_ns);
            let labels = format!("operation=\"{operation}\",le=\"{bound}\"");
            let _ = writeln!(self.0, "{name}_bucket{{{labels}}} {within}");
        }
        let label = format!("operation=\"{operation}\"");
        let _ = writeln!(self.0, "{name}_bucket{{{label},le=\"+Inf\"}} {count}");
        let _ = writeln!(self.0, "{name}_sum{{{label}}} {}", seconds(*total_ns));
        let _ = writeln!(self.0, "{name}_count{{{label}}} {count}");
    }
}

/// Seconds, without the formatting of fractions, which is large in a guest.
fn seconds(nanos: u64) -> String {
    let fraction = format!("{:09}", nanos % 1_000_000_000);
    format!("{}.{}", nanos / 1_000_000_000, fraction.trim_end_matches('0'))
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_are_written_as_prometheus_reads_them() {
        let rows = [
            (0, "0"),
            (1, "0.000000001"),
            (250_000, "0.00025"),
            (1_000_000_000, "1"),
            (12_500_000_000, "12.5"),
        ];
        for (nanos, text) in rows {
            assert_eq!(seconds(nanos), text);
        }
    }
}
