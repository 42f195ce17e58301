//! `POST /v1/acquire/batch`: many acquires in one request, each decided as if alone.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::Operation;
use tollgate_store::{Clock, Store};

use crate::answer::BatchAnswer;
use crate::asked::Manner;
use crate::body::Members;
use crate::decide::Decided;
use crate::join::join_unordered;
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

/// Most acquires of one batch.
pub(crate) const BATCH_ACQUIRES_MAX: usize = 256;

/// An acquire, and its position in the batch.
struct Asked<'a, L: Limiter> {
    at: usize,
    opened: &'a Opened<L>,
    key: Cow<'a, str>,
    acquire: Operation,
}

impl<L: Limiter> Asked<'_, L> {
    /// Equal for acquires of the same policy and key only: within one request, a policy is one object.
    fn place(&self) -> (*const Opened<L>, &str) {
        (self.opened, &self.key)
    }
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// The whole batch is read before anything is charged. Acquires of one key are decided in order and written
    /// once. If the store fails for a key, its policy says what is answered for it; the other keys are unaffected.
    pub(crate) async fn acquire_batch(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let items = body.list("requests", BATCH_ACQUIRES_MAX)?;
        let items = items.ok_or_else(|| body.invalid("requests", "is missing"))?;
        body.end()?;
        let mut asked = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            asked.push(self.batched(at, item)?);
        }
        let mut by_key: Vec<&Asked<'_, L>> = asked.iter().collect();
        // Stable: acquires of one key keep their order.
        by_key.sort_by_key(|asked| asked.place());
        let of_keys = by_key.chunk_by(|a, b| a.place() == b.place());
        let decided = join_unordered(of_keys.map(|of_key| self.decide_all(of_key))).await;
        let mut decided: Vec<_> =
            decided.iter().flat_map(|(of_key, decided)| of_key.iter().zip(decided)).collect();
        decided.sort_unstable_by_key(|(asked, _)| asked.at);
        let results = decided.iter().map(|(asked, decided)| (asked.opened, decided.as_ref()));
        Ok(BatchAnswer::new(results).response())
    }

    fn batched<'a, 'b: 'a>(
        &'a self,
        at: usize,
        mut item: Members<'b>,
    ) -> Result<Asked<'a, L>, Problem> {
        let manner = Manner::read(&mut item)?;
        if manner.hold.is_some() {
            return Err(item.invalid("hold_ms", "a batch charges and does not hold"));
        }
        let leg = self.leg(&mut item)?;
        if let Some(limit) = leg.needs_hold() {
            let detail = format!("is of no use here: {limit} is held, and a batch charges");
            return Err(item.invalid("policy", detail));
        }
        item.end()?;
        let acquire = manner.acquire(leg.costs).into();
        Ok(Asked { at, opened: leg.opened, key: leg.key, acquire })
    }

    /// Decides all acquires of one key; `None` where the store failed and the policy does not let it pass.
    async fn decide_all<'b>(
        &self,
        of_key: &'b [&'b Asked<'b, L>],
    ) -> (&'b [&'b Asked<'b, L>], Vec<Option<Decided>>) {
        let Some(Asked { opened, key, .. }) = of_key.first() else {
            return (of_key, Vec::new());
        };
        let acquires: Vec<_> = of_key.iter().map(|asked| &asked.acquire).collect();
        let decided = self.decide_in_turn(opened, key, &acquires).await;
        decided.iter().flatten().for_each(|decided| opened.decisions.count(decided));
        (of_key, decided)
    }
}
