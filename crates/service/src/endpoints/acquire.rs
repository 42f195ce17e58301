//! `POST /v1/acquire`: charge or hold, or say why not.

use std::slice;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Span, Verdict};
use tollgate_store::{Clock, Store};

use crate::answer::Detail;
use crate::asked::{Manner, lease};
use crate::body::Members;
use crate::decide::Decided;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::session::Session;

/// Longest wait that an acquire may ask for, in milliseconds. A host aborts a request after five seconds.
pub(crate) const WAIT_MS_MAX: u64 = 4_000;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(crate) async fn acquire(
        &self,
        mut body: Members<'_>,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let manner = Manner::read(&mut body)?;
        let wait_ms = body.number("wait_ms", 0..=WAIT_MS_MAX)?.unwrap_or(0);
        let patience = Span::from_millis(wait_ms);
        if body.has("keys") {
            return self.acquire_several(body, &manner, patience, detail).await;
        }
        let leg = self.leg(&mut body)?;
        manner.suits(&leg)?;
        body.end()?;
        let answers = leg.opened.answers(detail);
        let lease = manner.hold.map(|hold| lease(hold.id(), slice::from_ref(&leg)).token());
        let acquire = manner.acquire(leg.costs).into();
        let ask = || self.decide(leg.opened, &leg.key, &acquire);
        let decided =
            self.ask_within(patience, &[(leg.opened, &leg.key)], ask, passes_after).await?;
        let decided = decided.still_held()?;
        leg.opened.decisions.count(&decided);
        Ok(answers.decided(&decided, lease.as_deref()))
    }
}

fn passes_after(decided: &Decided) -> Option<Span> {
    let (Decided::Counted(applied) | Decided::Local(applied)) = decided else { return None };
    (applied.verdict == Verdict::Limited).then_some(applied.retry_after)
}
