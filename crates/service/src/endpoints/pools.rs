//! `POST /v1/pools/acquire`: an acquire from whichever member of a pool has room.

mod order;

use std::slice;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Member, Span, Verdict};
use tollgate_policy::NamedPool;
use tollgate_store::{Clock, Store};

use crate::answer::{Detail, PoolAnswer};
use crate::asked::{Leg, Manner, costs, lease};
use crate::body::{CostBody, Members};
use crate::decide::Decided;
use crate::limiter::Limiter;
use crate::pools::OpenPool;
use crate::problem::Problem;
use crate::session::Session;

/// A request to a pool.
struct Asked<'a, L: Limiter> {
    detail: Detail,
    pool: &'a OpenPool,
    manner: Manner,
    /// The request to each member.
    legs: Vec<Leg<'a, L>>,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Asks the members one after the other until one lets the request pass. If all refuse it, the answer is the
    /// refusal with the shortest wait.
    pub(crate) async fn acquire_from_pool(
        &self,
        body: Members<'_>,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let asked = self.asked_of_pool(body, detail)?;
        let mut denied: Option<(Span, Response<Full<Bytes>>)> = None;
        for (index, leg) in self.order(&asked).await? {
            let acquire = asked.manner.acquire(leg.costs).into();
            let decided = self.decide(leg.opened, &leg.key, &acquire).await?.still_held()?;
            leg.opened.decisions.count(&decided);
            let wait = match &decided {
                Decided::Counted(applied) | Decided::Local(applied)
                    if applied.verdict != Verdict::Allowed =>
                {
                    applied.retry_after
                }
                _ => return Ok(asked.granted(index, leg, &decided)),
            };
            if denied.as_ref().is_none_or(|(shortest, _)| wait < *shortest) {
                denied = Some((wait, leg.opened.answers(detail).decided(&decided, None)));
            }
        }
        denied.map(|(_, refusal)| refusal).ok_or_else(Problem::unavailable)
    }

    fn asked_of_pool(
        &self,
        mut body: Members<'_>,
        detail: Detail,
    ) -> Result<Asked<'_, L>, Problem> {
        let manner = Manner::read(&mut body)?;
        let pool = self.service.pools.find(&body.needed_text("pool")?)?;
        let cost = body.cost()?;
        let legs = self.members(&body, &pool.named, cost.as_ref())?;
        for leg in &legs {
            manner.suits(leg)?;
        }
        body.end()?;
        Ok(Asked { detail, pool, manner, legs })
    }

    fn members<'a>(
        &'a self,
        body: &Members<'_>,
        pool: &'a NamedPool,
        cost: Option<&CostBody<'_>>,
    ) -> Result<Vec<Leg<'a, L>>, Problem> {
        let legs = pool.places().map(|(policy, key)| {
            let opened = self.opened_for(policy, key)?;
            let costs = costs(body, opened.limits(), cost)?;
            Ok(Leg { opened, key: key.into(), costs })
        });
        legs.collect()
    }
}

impl<L: Limiter> Asked<'_, L> {
    fn granted(&self, index: usize, leg: &Leg<'_, L>, decided: &Decided) -> Response<Full<Bytes>> {
        let about = self.pool.named.pool().member(index).map(Member::pairs);
        let lease = self.manner.hold.map(|hold| lease(hold.id(), slice::from_ref(leg)).token());
        let answer = PoolAnswer {
            answers: leg.opened.answers(self.detail),
            policy: leg.opened.named.name(),
            key: &leg.key,
            member: about.into_iter().flatten().collect(),
        };
        answer.granted(decided, lease.as_deref())
    }
}
