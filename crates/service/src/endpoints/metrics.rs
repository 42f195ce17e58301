//! `GET /metrics`: counters in the text format of Prometheus. Their only labels are names of policies,
//! outcomes and causes, of which there are few: never a caller's key, nor a tenant.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use http_body_util::Full;
use tollgate_store::{Clock, Store};

use crate::limiter::Limiter;
use crate::service::Service;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(crate) fn metrics(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(text(self.service)));
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        headers.insert(CONTENT_TYPE, text);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Writing to a string does not fail, and names need no escapes.
fn text<S: Store, L: Limiter, C: Clock>(service: &Service<S, L, C>) -> String {
    let mut out = String::from(
        "# HELP tollgate_decisions_total Requests for a decision, by policy and outcome.\n\
         # TYPE tollgate_decisions_total counter\n",
    );
    for opened in service.policies() {
        let policy = opened.named.name();
        for (outcome, count) in opened.decisions.counts() {
            let _ = writeln!(
                out,
                "tollgate_decisions_total{{policy=\"{policy}\",outcome=\"{outcome}\"}} {count}"
            );
        }
    }
    out.push_str(
        "# HELP tollgate_faults_total What could not be decided on a record, by cause.\n\
         # TYPE tollgate_faults_total counter\n",
    );
    for (cause, count) in service.faults.counts() {
        let _ = writeln!(out, "tollgate_faults_total{{cause=\"{cause}\"}} {count}");
    }
    let watchers = service.watchers.taken();
    let _ = write!(
        out,
        "# HELP tollgate_watchers Streams of GET /v1/watch that are open.\n\
         # TYPE tollgate_watchers gauge\n\
         tollgate_watchers {watchers}\n",
    );
    out
}
