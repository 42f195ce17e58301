//! `POST /v1/acquire/batch`: many acquires in one request, each decided as if alone.

use bytes::Bytes;
use futures::future::join_all;
use http::Response;
use http_body_util::Full;
use tollgate_core::Operation;
use tollgate_store::{Clock, Store};

use crate::answer::BatchAnswer;
use crate::asked::{Leg, Manner};
use crate::body::Members;
use crate::decide::Decided;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::session::Session;

/// Most acquires of one batch.
pub(crate) const BATCH_ACQUIRES_MAX: usize = 256;

/// An acquire, and where it stands in the batch.
struct Asked<'a, L: Limiter> {
    at: usize,
    leg: Leg<'a, L>,
    acquire: Operation,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// All of it is read before anything is charged. Acquires of one key are decided in their order and
    /// written once; a key whose store fails is answered as its policy says, and the others are not.
    pub(crate) async fn acquire_batch(
        &self,
        mut body: Members,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let items = body.list("requests", BATCH_ACQUIRES_MAX)?;
        let items = items.ok_or_else(|| body.invalid("requests", "is missing"))?;
        body.end()?;
        let asked = items.into_iter().enumerate().map(|(at, item)| self.batched(at, item));
        let mut asked = asked.collect::<Result<Vec<_>, _>>()?;
        let place = |it: &Asked<'_, L>| (it.leg.opened.named.name().clone(), it.leg.key.clone());
        // Stable: what is asked of one key keeps its order.
        asked.sort_by_cached_key(place);
        let same = |a: &Asked<'_, L>, b: &Asked<'_, L>| place(a) == place(b);
        let decided = join_all(asked.chunk_by(same).map(|of_key| self.decide_all(of_key))).await;
        let mut decided: Vec<_> = asked.iter().zip(decided.into_iter().flatten()).collect();
        decided.sort_unstable_by_key(|(asked, _)| asked.at);
        let results = decided.iter().map(|(it, decided)| (it.leg.opened, decided.as_ref()));
        Ok(BatchAnswer::new(results).response())
    }

    fn batched(&self, at: usize, mut item: Members) -> Result<Asked<'_, L>, Problem> {
        let manner = Manner::read(&mut item)?;
        if manner.hold.is_some() {
            return Err(item.invalid("hold_ms", "a batch charges and does not hold"));
        }
        let leg = self.leg(&mut item)?;
        manner.suits(&leg, item.field("cost"))?;
        item.end()?;
        let acquire = manner.acquire(leg.costs).into();
        Ok(Asked { at, leg, acquire })
    }

    /// Decides on all acquires of one key; nothing where its store failed, and the policy does not let pass.
    async fn decide_all(&self, of_key: &[Asked<'_, L>]) -> Vec<Option<Decided>> {
        let Some(Asked { leg, .. }) = of_key.first() else { return Vec::new() };
        let acquires: Vec<_> = of_key.iter().map(|it| it.acquire.clone()).collect();
        let decided = self.decide_in_turn(leg.opened, &leg.key, &acquires).await;
        decided.iter().flatten().for_each(|decided| leg.opened.decisions.count(decided));
        decided
    }
}
