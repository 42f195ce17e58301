//! `POST /v1/acquire` of several keys, all or nothing.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{
    ACQUISITION_KEYS_MAX, Acquire, Acquisition, AcquisitionError, Ending, Id, Machine, Operation,
    Outcome, Span, Verdict,
};
use tollgate_store::{BestEffort, Clock, DriveError, Driven, Store, at_once, run};

use crate::answer::{Detail, SeveralAnswer, Taken};
use crate::asked::{Leg, Manner, lease};
use crate::body::Members;
use crate::lease::random_id;
use crate::limiter::{Legs, Limiter, LimiterError};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::service::Fault;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(super) async fn acquire_several(
        &self,
        mut body: Members<'_>,
        manner: &Manner,
        patience: Span,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let mut keys = body.list("keys", ACQUISITION_KEYS_MAX)?.unwrap_or_default();
        let legs = keys.iter_mut().map(|key| {
            let leg = self.leg(key)?;
            manner.suits(&leg)?;
            Ok(leg)
        });
        let legs = legs.collect::<Result<Vec<_>, Problem>>()?;
        keys.into_iter().try_for_each(Members::end)?;
        body.end()?;
        let id = manner.hold.map(|hold| hold.id()).or(manner.once).map_or_else(random_id, Ok)?;
        let places: Vec<_> = legs.iter().map(|leg| (leg.opened, &*leg.key)).collect();
        let ask = || self.take(&legs, &places, manner, id);
        let taken = self.ask_within(patience, &places, ask, passes_after).await?;
        if taken.outcome().ending == Ending::Lost {
            let field = if manner.once.is_some() { "request_id" } else { "hold_ms" };
            return Err(Problem::lease_gone().at(field.into()));
        }
        let lease = match &taken {
            Taken::Counted(outcome) => {
                count(&places, outcome);
                self.note_decisions(&legs, outcome).await;
                manner.hold.map(|_| lease(id, &legs).token())
            }
            Taken::WithoutStore(outcome) => {
                count_without_store(&places, outcome);
                None
            }
        };
        let lease = lease.as_deref();
        let answer = SeveralAnswer { legs: &places, taken: &taken, lease, is_update: false };
        Ok(answer.response(detail))
    }

    async fn note_decisions(&self, legs: &[Leg<'_, L>], outcome: &Outcome) {
        for (leg, applied) in legs.iter().zip(&outcome.legs) {
            if let Some(applied) = applied {
                self.note_decision(leg.opened, &leg.key, applied).await;
            }
        }
    }

    /// Takes all keys or none; if the store fails, does what their policies say.
    async fn take(
        &self,
        legs: &[Leg<'_, L>],
        places: &[(&Opened<L>, &str)],
        manner: &Manner,
        id: Id,
    ) -> Result<Taken, Problem> {
        let names = self.record_keys(places);
        let mut acquisition = self.acquisition(legs, places, &names, manner, id)?;
        let outcome = match self.take_at_once(legs, places, &names, manner, id).await {
            Ok(None) => self.run(places, &names, &mut acquisition).await,
            Ok(Some(outcome)) => Ok(outcome),
            Err(fault) => Err(fault),
        };
        outcome.map(Taken::Counted).or_else(|fault| {
            let outcome = self.several_without(legs, &names, &fault, manner);
            outcome.map(Taken::WithoutStore).ok_or_else(|| fault.into())
        })
    }

    /// The machine that takes one key after the other.
    fn acquisition<'a>(
        &'a self,
        legs: &[Leg<'_, L>],
        places: &[(&'a Opened<L>, &'a str)],
        names: &[String],
        manner: &Manner,
        id: Id,
    ) -> Result<Acquisition<Legs<'a, L>>, Problem> {
        let costs: Vec<_> =
            names.iter().zip(legs).map(|(name, leg)| (&**name, leg.costs)).collect();
        let acquisition = Acquisition::new(self.legs(places), id, &costs).map_err(refused)?;
        let acquisition = acquisition.with_share(manner.share);
        let acquisition = if manner.once.is_some() { acquisition.once() } else { acquisition };
        match manner.hold {
            Some(hold) => acquisition.with_lease(hold.ttl()).map_err(refused),
            None => Ok(acquisition),
        }
    }

    async fn take_at_once(
        &self,
        legs: &[Leg<'_, L>],
        places: &[(&Opened<L>, &str)],
        names: &[String],
        manner: &Manner,
        id: Id,
    ) -> Result<Option<Outcome>, Fault> {
        // The key that remembers the id is the one on which an acquisition commits. An id that nobody asks for again
        // would push out another one.
        let is_lease = manner.hold.is_some();
        let taken =
            |leg: &usize| legs.get(*leg).is_some_and(|leg| is_lease || !leg.costs.is_zero());
        let remembers = (0..legs.len()).filter(taken).max_by_key(|leg| names.get(*leg));
        let remembers = remembers.filter(|_| manner.once.is_some());
        let operations = legs.iter().enumerate().map(|(index, leg)| {
            let once = (remembers == Some(index)).then_some(id);
            Acquire { once, ..manner.acquire(leg.costs) }.into()
        });
        let operations: Vec<Operation> = operations.collect();
        let keys: Vec<&str> = names.iter().map(|name| &**name).collect();
        let (store, clock, decide) = (self.store(places), &self.service.clock, self.legs(places));
        let driven = at_once(&store, clock, &keys, &decide, &operations, remembers).await;
        driven
            .map_err(|error| self.undecided(names, error))?
            .map(|driven| self.ended(names, driven))
            .transpose()
    }

    pub(super) fn record_keys(&self, places: &[(&Opened<L>, &str)]) -> Vec<String> {
        places.iter().map(|(opened, key)| self.record_key(opened, key)).collect()
    }

    pub(super) fn legs<'a>(&'a self, places: &[(&'a Opened<L>, &'a str)]) -> Legs<'a, L> {
        Legs { limiter: &self.service.limiter, places: places.to_vec() }
    }

    /// Runs a machine on these keys to its end.
    pub(super) async fn run<M: Machine<Error = LimiterError>>(
        &self,
        places: &[(&Opened<L>, &str)],
        names: &[String],
        machine: &mut M,
    ) -> Result<Outcome, Fault> {
        let keys: Vec<&str> = names.iter().map(|name| &**name).collect();
        let driven = run(&self.store(places), &self.service.clock, &keys, machine).await;
        self.ended(names, driven.map_err(|error| self.undecided(names, error))?)
    }

    /// The store; if all these policies are best effort, it is written without compare-and-swap where it has none.
    fn store(&self, places: &[(&Opened<L>, &str)]) -> BestEffort<'_, S> {
        let best_effort = places.iter().all(|(opened, _)| opened.is_best_effort());
        BestEffort::new(&self.service.store, best_effort)
    }

    fn undecided(&self, names: &[String], error: LimiterError) -> Fault {
        self.reported(names, DriveError::Ask(error))
    }

    /// The outcome, or why there is none. A store error is reported in either case.
    fn ended(&self, names: &[String], driven: Driven) -> Result<Outcome, Fault> {
        let fault = driven.fault.map(|error| self.reported(names, error.into()));
        let or_else = |cause| fault.clone().unwrap_or_else(|| self.reported(names, cause));
        match driven.outcome.ending {
            Ending::Allowed | Ending::Denied => Ok(driven.outcome),
            // Not for want of the store: the lease is over.
            Ending::Lost if fault.is_none() => Ok(driven.outcome),
            Ending::TimedOut | Ending::Lost => Err(or_else(DriveError::TimedOut)),
            Ending::Busy | Ending::Failed => Err(or_else(DriveError::Busy)),
        }
    }

    fn reported(&self, names: &[String], cause: DriveError<LimiterError>) -> Fault {
        let fault = Fault { record_key: names.join(", "), cause };
        self.report(&fault);
        fault
    }
}

/// How long until the keys that denied it have room: forever if one never will.
fn passes_after(taken: &Taken) -> Option<Span> {
    let outcome = taken.outcome();
    (!outcome.is_allowed()).then(|| outcome.retry_after())
}

/// Counts an admission for the policy of every key, or a denial for the policies that denied.
fn count<L: Limiter>(places: &[(&Opened<L>, &str)], outcome: &Outcome) {
    for ((opened, _), applied) in places.iter().zip(&outcome.legs) {
        let verdict = applied.as_ref().map(|applied| applied.verdict);
        let counted = verdict.filter(|it| outcome.is_allowed() || *it != Verdict::Allowed);
        if let Some(verdict) = counted {
            opened.decisions.count_verdict(verdict);
        }
    }
}

/// Counts decisions made in this process alone, and requests that passed uncounted.
fn count_without_store<L: Limiter>(places: &[(&Opened<L>, &str)], outcome: &Outcome) {
    for ((opened, _), applied) in places.iter().zip(&outcome.legs) {
        if applied.is_some() || outcome.is_allowed() {
            opened.decisions.count_without_store(applied.is_some());
        }
    }
}

/// The parser has already checked the number of keys and the time of a hold.
pub(super) fn refused(error: AcquisitionError) -> Problem {
    match error {
        AcquisitionError::RepeatedKey { leg, first } => {
            Problem::invalid(&format!("keys[{leg}]"), format!("is keys[{first}] once more"))
        }
        error => Problem::invalid("keys", error.to_string()),
    }
}
