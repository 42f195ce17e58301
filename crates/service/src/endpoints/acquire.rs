//! `POST /v1/acquire`: charge or hold, or say why not.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Span, Verdict};
use tollgate_store::{Clock, Store};

use crate::answer::Detail;
use crate::asked::{Leg, Manner};
use crate::body::Members;
use crate::decide::Decided;
use crate::lease::Lease;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::session::Session;

/// Longest wait that an acquire may ask for, in milliseconds. A host gives a request up after five
/// seconds.
pub(crate) const WAIT_MS_MAX: u64 = 4_000;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(crate) async fn acquire(
        &self,
        mut body: Members,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let manner = Manner::read(&mut body)?;
        let wait_ms = body.number("wait_ms", 0..=WAIT_MS_MAX)?.unwrap_or(0);
        if body.has("keys") {
            if wait_ms > 0 {
                return Err(body.invalid("wait_ms", "several keys are not waited for"));
            }
            return self.acquire_several(body, &manner, detail).await;
        }
        let leg = self.leg(&mut body)?;
        manner.suits(&leg, body.field("hold_ms"))?;
        body.end()?;
        let answers = leg.opened.answers(detail);
        let lease = manner.hold.map(|hold| {
            let legs = vec![(leg.opened.named.name().to_string(), leg.key.clone())];
            Lease { id: hold.id(), legs }.token()
        });
        let decided = self.decide_within(&leg, &manner, Span::from_millis(wait_ms)).await?;
        leg.opened.decisions.count(&decided);
        Ok(match decided {
            Decided::Counted(applied) => answers.acquired(&applied, lease.as_deref()),
            Decided::Local(applied) => answers.local(&applied),
            Decided::Uncounted => answers.uncounted(),
        })
    }

    /// Decides, and again when what is denied would pass within `patience`.
    async fn decide_within(
        &self,
        leg: &Leg<'_, L>,
        manner: &Manner,
        patience: Span,
    ) -> Result<Decided, Problem> {
        let acquire = manner.acquire(leg.costs).into();
        let start = self.service.clock.now();
        loop {
            let decided = self.decide(leg.opened, &leg.key, &acquire).await?;
            let (Decided::Counted(applied) | Decided::Local(applied)) = &decided else {
                return Ok(decided);
            };
            let waited = self.service.clock.now().since(start);
            let left = Span::from_nanos(patience.as_nanos().saturating_sub(waited.as_nanos()));
            if applied.verdict != Verdict::Limited || applied.retry_after > left {
                return Ok(decided);
            }
            self.service.clock.sleep(applied.retry_after).await;
            if !self.is_in_force(leg.opened).await {
                return Ok(decided);
            }
        }
    }
}
