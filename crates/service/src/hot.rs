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

use self::budgets::{Begun, Budgets};
use self::visit::{Visit, Visited};
use crate::limiter::LimiterError;

/// An operation on one key.
pub(crate) struct Question<'a, F> {
    pub(crate) contention: Contention,
    /// The limits that the key has now.
    pub(crate) limits: &'a Policy,
    /// The key of the record.
    pub(crate) key: &'a str,
    pub(crate) acquire: &'a Operation,
    /// Applies an operation to a record.
    pub(crate) ask: F,
}

/// What this process knows about the keys in use right now.
#[derive(Debug, Default)]
pub(crate) struct HotKeys {
    #[cfg(feature = "combine")]
    lines: Combiner<Visit, Visited, LimiterError>,
    budgets: Budgets,
}

impl HotKeys {
    /// Decides, through the store or without it.
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

    /// Goes to the store, together with others where they wait.
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
