//! Which members of a pool are asked, and in which order.
//!
//! A retried request with an id may already have been charged by any member: by a second choice, or by one that has
//! no room any more. So all members are peeked at before one is charged. Two concurrent copies of a request may both
//! find that no member knows it. So where the pool's choice leaves the order open, the id determines it, and both ask
//! the same member first.

use futures::future::join_all;
use tollgate_core::{Acquire, Choice, Effect, Id, Span};
use tollgate_policy::PoolChoice;
use tollgate_store::{Clock, Store};

use super::Asked;
use crate::asked::Leg;
use crate::decide::Decided;
use crate::lease::random_id;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::session::Session;

/// The state of a member before it is asked.
struct Seen {
    /// Whether it has already let this request pass.
    knows_it: bool,
    /// What remains of its first limit; nothing if it is blocked.
    units: u64,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// The members in the order in which to ask them; only the one that knows the request, if there is one.
    pub(super) async fn order<'a>(
        &self,
        asked: &'a Asked<'_, L>,
    ) -> Result<Vec<(usize, &'a Leg<'a, L>)>, Problem> {
        let (pool, legs, once) = (asked.pool, &*asked.legs, asked.manner.once);
        let named = &pool.named;
        let is_seen = once.is_some() || named.choice() == PoolChoice::MostRoom;
        let seen = if is_seen { self.look_at(legs, once).await? } else { Vec::new() };
        if let Some(index) = seen.iter().position(|seen| seen.knows_it) {
            return Ok(legs.get(index).map(|leg| (index, leg)).into_iter().collect());
        }
        let units: Vec<u64> = seen.iter().map(|seen| seen.units).collect();
        let choice = match (named.choice(), once) {
            (PoolChoice::MostRoom, _) => Choice::MostRoom(&units),
            (_, Some(id)) => drawn_from(id),
            (PoolChoice::Random, None) => drawn_from(random_id()?),
            (PoolChoice::RoundRobin, None) => pool.next_turn(),
        };
        let order = named.pool().order(choice);
        Ok(order.filter_map(|index| Some((index, legs.get(index)?))).collect())
    }

    /// Peeks at every member, with the id of the request.
    async fn look_at(&self, legs: &[Leg<'_, L>], once: Option<Id>) -> Result<Vec<Seen>, Problem> {
        let looks = legs.iter().map(async |leg| {
            let peek = Acquire { once, ..Acquire::new(leg.opened.limits().no_costs()) }.into();
            let (applied, blocked_for) = match self.standing(leg.opened, &leg.key, &peek).await {
                Ok(seen) => seen,
                Err(fault) => match self.without(leg.opened, &fault, &peek) {
                    Some(Decided::Counted(applied) | Decided::Local(applied)) => {
                        (applied, Span::ZERO)
                    }
                    // Nothing is counted: it lets everything pass, so it has the most room.
                    Some(Decided::Uncounted) => {
                        return Ok(Seen { knows_it: false, units: u64::MAX });
                    }
                    None => return Err(fault.into()),
                },
            };
            let remaining = applied.limits.first().map_or(u64::MAX, |limit| limit.remaining);
            Ok(Seen {
                knows_it: applied.effect == Effect::Repeated,
                units: if blocked_for > Span::ZERO { 0 } else { remaining },
            })
        });
        join_all(looks).await.into_iter().collect()
    }
}

/// All orders are equally likely, for ids as for random numbers: an id is half of a hash.
const fn drawn_from(id: Id) -> Choice<'static> {
    Choice::Random(id.as_u128() as u64)
}
