//! `POST /v1/pools/acquire`: from whichever member of a pool has room.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::future::join_all;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Applied, Choice, Id, Member, Verdict};
use tollgate_policy::{NamedPool, PoolChoice};
use tollgate_store::{Clock, Store};

use crate::answer::{Detail, PoolAnswer};
use crate::asked::{Leg, Manner, costs};
use crate::body::{CostBody, Members};
use crate::decide::Decided;
use crate::lease::{Lease, random_id};
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Asks the members one after the other; the first that lets it pass is the one. What is refused by
    /// all of them is told with the shortest wait.
    pub(crate) async fn acquire_from_pool(
        &self,
        mut body: Members,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        if body.has("request_id") {
            let detail = "a repetition may come to another member, and be charged there";
            return Err(body.invalid("request_id", detail));
        }
        let manner = Manner::read(&mut body)?;
        let name = body.needed_text("pool")?;
        let pool = self.service.pools.iter().find(|pool| **pool.name() == *name);
        let pool = pool.ok_or_else(Problem::unknown_pool)?;
        let cost = body.cost()?;
        let legs = self.members(&body, pool, cost.as_ref())?;
        for leg in &legs {
            manner.suits(leg, body.field("hold_ms"))?;
        }
        body.end()?;
        let mut denied: Option<(Applied, usize)> = None;
        for (index, leg) in self.order(pool, &legs).await? {
            let acquire = manner.acquire(leg.costs).into();
            let decided = self.decide(leg.opened, &leg.key, &acquire).await?;
            leg.opened.decisions.count(&decided);
            let applied = match decided {
                Decided::Counted(applied) | Decided::Local(applied) => applied,
                Decided::Uncounted => return Ok(leg.opened.answers(Detail::Full).uncounted()),
            };
            if applied.verdict == Verdict::Allowed {
                let token = manner.hold.map(|hold| lease(leg, hold.id()));
                return Ok(self.granted(pool, leg, index, &applied, token.as_deref()));
            }
            let is_sooner = |(other, _): &(Applied, usize)| applied.retry_after < other.retry_after;
            if denied.as_ref().is_none_or(is_sooner) {
                denied = Some((applied, index));
            }
        }
        let (applied, index) = denied.ok_or_else(Problem::unavailable)?;
        let leg = legs.get(index).ok_or_else(Problem::unavailable)?;
        Ok(leg.opened.answers(Detail::Full).acquired(&applied, None))
    }

    fn members(
        &self,
        body: &Members,
        pool: &NamedPool,
        cost: Option<&CostBody>,
    ) -> Result<Vec<Leg<'_, L>>, Problem> {
        let legs = pool.places().map(|(policy, key)| {
            let opened = self.opened(policy)?;
            let costs = costs(body, opened.named.limits(), cost)?;
            Ok(Leg { opened, key: key.to_owned(), costs })
        });
        legs.collect()
    }

    /// The members in the order in which they are asked.
    async fn order<'a>(
        &self,
        pool: &NamedPool,
        legs: &'a [Leg<'a, L>],
    ) -> Result<Vec<(usize, &'a Leg<'a, L>)>, Problem> {
        let units;
        let choice = match pool.choice() {
            PoolChoice::RoundRobin => {
                let turn = self.service.turns.fetch_add(1, Ordering::Relaxed);
                Choice::RoundRobin { turn, offset: 0 }
            }
            PoolChoice::Random => Choice::Random(random_id()?.as_u128() as u64),
            PoolChoice::MostRoom => {
                units = self.units_left(legs).await?;
                Choice::MostRoom(&units)
            }
        };
        let order = pool.pool().order(choice);
        Ok(order.filter_map(|index| Some((index, legs.get(index)?))).collect())
    }

    /// What the first limit of each member has left.
    async fn units_left(&self, legs: &[Leg<'_, L>]) -> Result<Vec<u64>, Problem> {
        let peeks = legs.iter().map(async |leg| {
            let peek = leg.opened.named.limits().no_costs().into();
            let applied = self.apply(leg.opened, &leg.key, peek).await?;
            Ok(applied.limits.first().map_or(u64::MAX, |limit| limit.remaining))
        });
        join_all(peeks).await.into_iter().collect()
    }

    fn granted(
        &self,
        pool: &NamedPool,
        leg: &Leg<'_, L>,
        index: usize,
        applied: &Applied,
        lease: Option<&str>,
    ) -> Response<Full<Bytes>> {
        let about = pool.pool().member(index).map(Member::pairs).into_iter().flatten();
        PoolAnswer::new(leg.opened, &leg.key, about, applied, lease).response()
    }
}

fn lease<L: Limiter>(leg: &Leg<'_, L>, id: Id) -> String {
    Lease { id, legs: vec![(leg.opened.named.name().to_string(), leg.key.clone())] }.token()
}
