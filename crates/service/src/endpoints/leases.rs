//! `POST /v1/settle`, `/v1/release` and `/v1/renew`: ending or extending a lease.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{
    ACQUISITION_KEYS_MAX, Costs, Effect, Ending, Hold, LeaseUpdate, Machine, Span,
};
use tollgate_store::{Clock, Store};

use crate::answer::{Detail, SeveralAnswer, Taken};
use crate::asked::{HOLD_MS_MAX, costs};
use crate::body::Members;
use crate::endpoints::several::refused;
use crate::lease::Lease;
use crate::limiter::{Limiter, LimiterError};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

/// The policies and keys on which a lease is held.
type Places<'a, L> = Vec<(&'a Opened<L>, &'a str)>;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Ends a lease and charges each key its actual cost: the one in the request, or else what was held.
    pub(crate) async fn settle(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let lease = lease(&mut body)?;
        let places = self.places(&lease)?;
        let actual = actual_costs(&mut body, &places)?;
        body.end()?;
        let names = self.record_keys(&places);
        let legs: Vec<_> = names.iter().map(|name| &**name).zip(actual).collect();
        let mut update =
            LeaseUpdate::settle(self.legs(&places), lease.id, &legs).map_err(refused)?;
        self.update(&places, &names, &mut update).await
    }

    /// Ends a lease and charges nothing.
    pub(crate) async fn release(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let lease = lease(&mut body)?;
        body.end()?;
        let places = self.places(&lease)?;
        let names = self.record_keys(&places);
        let keys: Vec<_> = names.iter().map(|name| &**name).collect();
        let mut update =
            LeaseUpdate::release(self.legs(&places), lease.id, &keys).map_err(refused)?;
        self.update(&places, &names, &mut update).await
    }

    /// Extends a lease to `hold_ms` from now.
    pub(crate) async fn renew(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let lease = lease(&mut body)?;
        let hold_ms = body.needed_number("hold_ms", 1..=HOLD_MS_MAX)?;
        body.end()?;
        let places = self.places(&lease)?;
        let names = self.record_keys(&places);
        let keys: Vec<_> = names.iter().map(|name| &**name).collect();
        let hold = Hold::new(lease.id, Span::from_millis(hold_ms));
        let hold = hold.ok_or_else(|| Problem::invalid("hold_ms", "is too long"))?;
        let mut update = LeaseUpdate::renew(self.legs(&places), hold, &keys).map_err(refused)?;
        self.update(&places, &names, &mut update).await
    }

    /// The open policies of a lease. A policy removed since has nothing to settle: an error.
    fn places<'a>(&'a self, lease: &'a Lease) -> Result<Places<'a, L>, Problem> {
        let place =
            |(policy, key): &'a (String, String)| Ok((self.opened_for(policy, key)?, &**key));
        lease.legs.iter().map(place).collect()
    }

    async fn update<M: Machine<Error = LimiterError>>(
        &self,
        places: &[(&Opened<L>, &str)],
        names: &[String],
        update: &mut M,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let outcome = self.run(places, names, update).await?;
        let mut effects = outcome.legs.iter().flatten().map(|leg| leg.effect);
        if outcome.ending == Ending::Allowed && effects.all(|effect| effect == Effect::NoHold) {
            return Err(Problem::lease_gone());
        }
        let taken = Taken::Counted(outcome);
        let answer = SeveralAnswer { legs: places, taken: &taken, lease: None, is_update: true };
        Ok(answer.response(Detail::Full))
    }
}

fn lease(body: &mut Members<'_>) -> Result<Lease, Problem> {
    Lease::read(&body.needed_text("lease")?)
}

/// What each key is charged, where the request says so: `cost` for a lease on one key, `keys` for any lease.
fn actual_costs<L: Limiter>(
    body: &mut Members<'_>,
    places: &[(&Opened<L>, &str)],
) -> Result<Vec<Option<Costs>>, Problem> {
    let mut actual = vec![None; places.len()];
    if let Some(cost) = body.cost()? {
        let ([(opened, _)], [first]) = (places, &mut *actual) else {
            return Err(body.invalid("cost", "a lease of several keys is settled by `keys`"));
        };
        *first = Some(costs(body, opened.limits(), Some(&cost))?);
    }
    for mut item in body.list("keys", ACQUISITION_KEYS_MAX)?.unwrap_or_default() {
        let (policy, key) = (item.needed_text("policy")?, item.needed_text("key")?);
        let is_it = |(opened, there): &(&Opened<L>, &str)| {
            **opened.named.name() == *policy && *there == key
        };
        let leg = places.iter().position(is_it);
        let leg = leg.ok_or_else(|| item.invalid("key", "is no key of this lease"))?;
        if let (Some(cost), Some((opened, _))) = (item.cost()?, places.get(leg)) {
            let costs = costs(&item, opened.limits(), Some(&cost))?;
            if actual.get_mut(leg).and_then(|there| there.replace(costs)).is_some() {
                return Err(item.invalid("cost", "of this key is given twice"));
            }
        }
        item.end()?;
    }
    Ok(actual)
}
