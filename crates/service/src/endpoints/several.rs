//! `POST /v1/acquire` of several keys, all or nothing.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{
    ACQUISITION_KEYS_MAX, Acquisition, AcquisitionError, Ending, Machine, Outcome,
};
use tollgate_store::{BestEffort, Clock, DriveError, Store, run};

use crate::Service;
use crate::answer::{Detail, SeveralAnswer};
use crate::asked::{Leg, Manner};
use crate::body::Members;
use crate::key::record_key;
use crate::lease::{Lease, random_id};
use crate::limiter::{Legs, Limiter, LimiterError};
use crate::problem::Problem;
use crate::service::{Fault, Opened};

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    pub(super) async fn acquire_several(
        &self,
        mut body: Members,
        manner: &Manner,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let mut keys = body.list("keys", ACQUISITION_KEYS_MAX)?.unwrap_or_default();
        let legs = keys.iter_mut().map(|key| {
            let leg = self.leg(key)?;
            manner.suits(&leg, String::from("hold_ms"))?;
            Ok(leg)
        });
        let legs = legs.collect::<Result<Vec<_>, Problem>>()?;
        keys.into_iter().try_for_each(Members::end)?;
        body.end()?;
        let id = manner.hold.map(|hold| hold.id()).or(manner.once).map_or_else(random_id, Ok)?;
        let places: Vec<_> = legs.iter().map(|leg| (leg.opened, &*leg.key)).collect();
        let names = record_keys(&places);
        let costs: Vec<_> =
            names.iter().zip(&legs).map(|(name, leg)| (&**name, leg.costs)).collect();
        let acquisition = Acquisition::new(self.legs(&places), id, &costs).map_err(refused)?;
        let acquisition = acquisition.with_share(manner.share);
        let acquisition = if manner.once.is_some() { acquisition.once() } else { acquisition };
        let mut acquisition = match manner.hold {
            Some(hold) => acquisition.with_lease(hold.ttl()).map_err(refused)?,
            None => acquisition,
        };
        let outcome = self.run(&places, &names, &mut acquisition).await?;
        let lease = manner.hold.map(|_| Lease { id, legs: lease_legs(&legs) }.token());
        Ok(SeveralAnswer { legs: &places, outcome: &outcome, lease: lease.as_deref() }
            .response(detail))
    }

    pub(super) fn legs<'a>(&'a self, places: &[(&'a Opened<L>, &str)]) -> Legs<'a, L> {
        let policies = places.iter().map(|(opened, _)| &opened.handle).collect();
        Legs { limiter: &self.limiter, policies }
    }

    /// Takes a machine on these keys to its end. What the store could not do is reported and a problem.
    pub(super) async fn run<M: Machine<Error = LimiterError>>(
        &self,
        places: &[(&Opened<L>, &str)],
        names: &[String],
        machine: &mut M,
    ) -> Result<Outcome, Problem> {
        let keys: Vec<&str> = names.iter().map(|name| &**name).collect();
        let report = |cause| {
            let policy = places.first().map(|(opened, _)| opened.named.name().to_string());
            let (policy, record_key) = (policy.unwrap_or_default(), names.join(", "));
            let fault = Fault { policy, record_key, cause };
            (self.report)(&fault);
            fault.problem()
        };
        let best_effort = places.iter().all(|(opened, _)| opened.is_best_effort());
        let store = BestEffort::new(&self.store, best_effort);
        let driven = run(&store, &self.clock, &keys, machine).await;
        let driven = driven.map_err(|error| report(DriveError::Ask(error)))?;
        let problem = driven.fault.map(|fault| report(DriveError::Store(fault)));
        match driven.outcome.ending {
            Ending::Allowed | Ending::Denied => Ok(driven.outcome),
            Ending::Busy | Ending::TimedOut | Ending::Lost | Ending::Failed => {
                Err(problem.unwrap_or_else(Problem::unavailable))
            }
        }
    }
}

pub(super) fn record_keys<L: Limiter>(places: &[(&Opened<L>, &str)]) -> Vec<String> {
    places.iter().map(|(opened, key)| record_key(opened.named.name(), key)).collect()
}

fn lease_legs<L: Limiter>(legs: &[Leg<'_, L>]) -> Vec<(String, String)> {
    legs.iter().map(|leg| (leg.opened.named.name().to_string(), leg.key.clone())).collect()
}

/// How many keys there are, and how long a hold lives, is known to be right.
pub(super) fn refused(error: AcquisitionError) -> Problem {
    match error {
        AcquisitionError::RepeatedKey { leg, first } => {
            Problem::invalid(&format!("keys[{leg}]"), format!("is keys[{first}] once more"))
        }
        error => Problem::invalid("keys", error.to_string()),
    }
}
