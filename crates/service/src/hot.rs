//! Many requests for the same key, handled as the policy's `contention` says.

mod budget_lease;
mod budgets;
mod draft;
#[cfg(test)]
mod simulation;
mod terms;
mod visit;

use tollgate_core::{Applied, Operation, Policy, Timestamp};
use tollgate_policy::Contention;
#[cfg(feature = "combine")]
use tollgate_store::Combiner;
use tollgate_store::{Answer, Clock, DriveError, Store, drive};

pub(crate) use self::budget_lease::BudgetLease;
use self::budgets::{Begun, Budgets};
use self::visit::{Visit, Visited};
use crate::limiter::LimiterError;

/// A request for one key.
pub(crate) struct Question<'a, F> {
    pub(crate) contention: Contention,
    /// The limits in force for the key.
    pub(crate) limits: &'a Policy,
    /// The key of the record.
    pub(crate) key: &'a str,
    pub(crate) acquire: &'a Operation,
    /// Applies an operation to a record.
    pub(crate) ask: F,
}

/// What this process knows of the keys in use.
#[derive(Debug, Default)]
pub(crate) struct HotKeys {
    #[cfg(feature = "combine")]
    lines: Combiner<Visit, Visited, LimiterError>,
    budgets: Budgets,
}

impl HotKeys {
    /// Decides, with or without the store.
    pub(crate) async fn drive<S, C, F>(
        &self,
        store: &S,
        clock: &C,
        question: &Question<'_, F>,
    ) -> Result<Applied, DriveError<LimiterError>>
    where
        S: Store,
        C: Clock,
        F: Fn(Option<&[u8]>, &Operation, Timestamp) -> Result<Answer<Applied>, LimiterError>,
    {
        match question.contention {
            Contention::Retry => {
                let ask =
                    |record: Option<&[u8]>, now| (question.ask)(record, question.acquire, now);
                drive(store, clock, question.key, ask).await
            }
            Contention::Combine => {
                let visit = Visit::plain(question.acquire);
                Ok(self.visit(store, clock, question, visit).await?.applied)
            }
            Contention::Lease => {
                match self.budgets.begin(question.key, question.acquire, clock.now()) {
                    Begun::Spent(applied) => Ok(applied),
                    Begun::Visit(visit, taking) => {
                        let visited = self.visit(store, clock, question, *visit).await?;
                        if let (Some(taking), Some(lease)) = (taking, visited.lease) {
                            taking.end(lease);
                        }
                        Ok(visited.applied)
                    }
                }
            }
        }
    }

    /// Takes away the leases that are over at `until`, to be [settled](Self::settle), with the keys of their records;
    /// only of keys that `is_known` says yes to.
    pub(crate) fn take_over(
        &self,
        until: Timestamp,
        now: Timestamp,
        is_known: impl Fn(&str) -> bool,
    ) -> Vec<(String, BudgetLease)> {
        self.budgets.take_over(until, now, is_known)
    }

    /// Settles such a lease for what was spent of it, and asks the question.
    pub(crate) async fn settle<S, C, F>(
        &self,
        store: &S,
        clock: &C,
        question: &Question<'_, F>,
        lease: BudgetLease,
    ) -> Result<Applied, DriveError<LimiterError>>
    where
        S: Store,
        C: Clock,
        F: Fn(Option<&[u8]>, &Operation, Timestamp) -> Result<Answer<Applied>, LimiterError>,
    {
        let visit = Visit::plain(question.acquire).settling(Some(lease));
        Ok(self.visit(store, clock, question, visit).await?.applied)
    }

    /// Goes to the store; with `combine`, together with other waiting requests.
    async fn visit<S, C, F>(
        &self,
        store: &S,
        clock: &C,
        question: &Question<'_, F>,
        visit: Visit,
    ) -> Result<Visited, DriveError<LimiterError>>
    where
        S: Store,
        C: Clock,
        F: Fn(Option<&[u8]>, &Operation, Timestamp) -> Result<Answer<Applied>, LimiterError>,
    {
        let limits = question.limits;
        let ask = |record: Option<&[u8]>, visit: &Visit, now| {
            visit.make(limits, record, now, &question.ask)
        };
        #[cfg(feature = "combine")]
        return self.lines.drive(store, clock, question.key, visit, ask).await;
        #[cfg(not(feature = "combine"))]
        drive(store, clock, question.key, |record, now| ask(record, &visit, now)).await
    }
}
