//! Deciding on keys: through the store, or as the policy says while the store is unavailable.

use tollgate_core::{Applied, Effect, Operation, Span, Timestamp};
use tollgate_store::{Answer, BestEffort, Clock, Store, drive};

use crate::hot::Question;
use crate::limiter::{Limiter, LimiterError};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::service::Fault;
use crate::session::Session;

/// The answer to a request for a decision.
pub(crate) enum Decided {
    /// A decision counted by the store.
    Counted(Applied),
    /// A decision of this process alone, since the store is unavailable.
    Local(Applied),
    /// It passes, since the store is unavailable.
    Uncounted,
}

impl Decided {
    /// The decision, unless it is that of a repeated request whose lease is over.
    pub(crate) fn still_held(self) -> Result<Self, Problem> {
        match self {
            Self::Counted(applied) if applied.effect == Effect::NoHold => {
                Err(Problem::lease_gone().at("request_id".into()))
            }
            decided => Ok(decided),
        }
    }
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Decides an acquire, or answers as the policy says if the store fails.
    pub(crate) async fn decide(
        &self,
        opened: &Opened<L>,
        key: &str,
        acquire: &Operation,
    ) -> Result<Decided, Problem> {
        let record_key = self.record_key(opened, key);
        let ask = |record: Option<&[u8]>, operation: &Operation, now| {
            self.ask(opened, key, record, operation, now)
        };
        let (contention, limits) = (opened.named.contention(), opened.limits());
        let question = Question { contention, limits, key: &record_key, acquire, ask };
        let store = BestEffort::new(&self.service.store, opened.is_best_effort());
        match opened.hot_keys.drive(&store, &self.service.clock, &question).await {
            Ok(applied) => {
                self.note_decision(opened, key, &applied).await;
                Ok(Decided::Counted(applied))
            }
            Err(cause) => {
                let fault = Fault { record_key, cause };
                self.report(&fault);
                self.without(opened, &fault, acquire).ok_or_else(|| fault.into())
            }
        }
    }

    /// Decides several acquires of one key, in order and in one write. If the store fails, each is answered as the
    /// policy says; `None` if it says nothing.
    pub(crate) async fn decide_in_turn(
        &self,
        opened: &Opened<L>,
        key: &str,
        acquires: &[&Operation],
    ) -> Vec<Option<Decided>> {
        match self.apply_in_turn(opened, key, acquires).await {
            Ok(applied) => {
                for applied in &applied {
                    self.note_decision(opened, key, applied).await;
                }
                applied.into_iter().map(|applied| Some(Decided::Counted(applied))).collect()
            }
            Err(fault) => {
                acquires.iter().map(|acquire| self.without(opened, &fault, acquire)).collect()
            }
        }
    }

    /// Applies operations to one key, in order and in one write, and returns their results.
    pub(crate) async fn apply_in_turn(
        &self,
        opened: &Opened<L>,
        key: &str,
        operations: &[&Operation],
    ) -> Result<Vec<Applied>, Fault> {
        let ask = |record: Option<&[u8]>, now| {
            self.ask_in_turn(opened, key, record, operations.iter().copied(), now)
        };
        self.on_record(self.record_key(opened, key), opened.is_best_effort(), ask).await
    }

    /// What becomes of a record by operations, one after the other.
    pub(crate) fn ask_in_turn<'o>(
        &self,
        opened: &Opened<L>,
        key: &str,
        record: Option<&[u8]>,
        operations: impl Iterator<Item = &'o Operation>,
        now: Timestamp,
    ) -> Result<Answer<Vec<Applied>>, LimiterError> {
        let mut newest: Option<Vec<u8>> = None;
        let mut outcome = Vec::with_capacity(operations.size_hint().0);
        for operation in operations {
            let record = newest.as_deref().or(record);
            let limiter = &self.service.limiter;
            let mut applied = opened.apply(limiter, key, record, operation, now)?;
            newest = applied.record.take().or(newest);
            outcome.push(applied);
        }
        let forget_after = self.forget_after(opened, newest.as_deref(), now)?;
        Ok(Answer { outcome, record: newest, forget_after })
    }

    /// Applies one operation to a key.
    pub(crate) async fn apply(
        &self,
        opened: &Opened<L>,
        key: &str,
        operation: Operation,
    ) -> Result<Applied, Problem> {
        let applied = self.apply_in_turn(opened, key, &[&operation]).await?;
        applied.into_iter().next().ok_or_else(Problem::unavailable)
    }

    /// Updates any record; `best_effort` says whether a store without compare-and-swap will do. A store failure is
    /// reported.
    pub(crate) async fn on_record<T>(
        &self,
        record_key: String,
        best_effort: bool,
        ask: impl Fn(Option<&[u8]>, Timestamp) -> Result<Answer<T>, LimiterError>,
    ) -> Result<T, Fault> {
        let store = BestEffort::new(&self.service.store, best_effort);
        drive(&store, &self.service.clock, &record_key, ask).await.map_err(|cause| {
            let fault = Fault { record_key, cause };
            self.report(&fault);
            fault
        })
    }

    pub(crate) fn ask(
        &self,
        opened: &Opened<L>,
        key: &str,
        record: Option<&[u8]>,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<Answer<Applied>, LimiterError> {
        let mut outcome = opened.apply(&self.service.limiter, key, record, operation, now)?;
        let record = outcome.record.take();
        let forget_after = self.forget_after(opened, record.as_deref(), now)?;
        Ok(Answer { outcome, record, forget_after })
    }

    /// How long a new record matters, if the store expires records.
    fn forget_after(
        &self,
        opened: &Opened<L>,
        record: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Span, LimiterError> {
        match record {
            Some(record) if self.service.store.expires() => {
                opened.forget_after(&self.service.limiter, record, now)
            }
            _ => Ok(Span::NEVER),
        }
    }
}
