//! Appending to the log what watchers are sent.

use tollgate_core::{Algorithm, Applied, Limit, Operation, Span, Timestamp};
use tollgate_store::{Answer, Clock, Store};

use super::log::Log;
use super::news::{Entry, Kind, Subject};
use crate::limiter::{Capacity, Limiter, LimiterError};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Appends what happened. The caller must not retry what already happened, so a log that can't be written is
    /// reported to the operator only.
    pub(crate) async fn announce(&self, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        let ask = |record: Option<&[u8]>, now| {
            let mut log = record.map_or_else(|| Ok(Log::begun(now)), Log::decode)?;
            entries.iter().for_each(|entry| log.push(entry.clone()));
            Ok(Answer { outcome: (), record: Some(log.encode()), forget_after: Span::NEVER })
        };
        // The fault has been reported.
        let _ = self.on_record(self.watch_key(), false, ask).await;
    }

    /// The tenant's log.
    pub(crate) async fn log(&self) -> Result<Log, Problem> {
        let ask = |record: Option<&[u8]>, _now| {
            let log = record.map_or_else(|| Ok(Log::default()), Log::decode)?;
            Ok(Answer { outcome: log, record: None, forget_after: Span::NEVER })
        };
        Ok(self.on_record(self.watch_key(), false, ask).await?)
    }

    /// Applies an operation that may change a key's capacities, and announces those it changed.
    pub(crate) async fn change_capacities(
        &self,
        opened: &Opened<L>,
        key: &str,
        operation: &Operation,
    ) -> Result<Applied, Problem> {
        let ask = |record: Option<&[u8]>, now| {
            let before = self.capacities(opened, key, record, now)?;
            let answer = self.ask(opened, key, record, operation, now)?;
            let after = self.capacities(opened, key, answer.record.as_deref().or(record), now)?;
            let changed = before.iter().zip(after).filter(|(before, after)| differs(before, after));
            let changed: Vec<_> = changed.map(|(_, after)| after).collect();
            let Answer { outcome, record, forget_after } = answer;
            Ok(Answer { outcome: (outcome, changed, now), record, forget_after })
        };
        let record_key = self.record_key(opened, key);
        let (applied, changed, now) =
            self.on_record(record_key, opened.is_best_effort(), ask).await?;
        let kind = match operation {
            Operation::Reduce { .. } => Kind::Reduced,
            _ => Kind::Capacity,
        };
        let entries = changed.into_iter().map(|(limit, capacity)| {
            let (policy, key) = (opened.named.name().to_string(), key.to_owned());
            Entry::capacity(kind, Subject { policy, key, limit }, &capacity, now)
        });
        self.announce(&entries.collect::<Vec<_>>()).await;
        Ok(applied)
    }

    /// The capacity in force for each adaptive limit of a key.
    fn capacities(
        &self,
        opened: &Opened<L>,
        key: &str,
        record: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Vec<(String, Capacity)>, LimiterError> {
        let limits = opened.limits().limits().iter().enumerate();
        let adaptive =
            limits.filter(|(_, limit)| matches!(limit.algorithm(), Algorithm::Adaptive { .. }));
        let capacity = |(index, limit): (usize, &Limit)| {
            let found = opened.capacity_of(&self.service.limiter, key, record, index, now);
            found
                .map(|found| found.map(|capacity| (limit.name().to_string(), capacity)))
                .transpose()
        };
        adaptive.filter_map(capacity).collect()
    }
}

/// Whether the capacity was changed. What remains of it is not compared: it differs for other reasons too.
fn differs((_, before): &(String, Capacity), (_, after): &(String, Capacity)) -> bool {
    let numbers = |it: &Capacity| (it.capacity, it.original, it.period);
    numbers(before) != numbers(after) || before.change != after.change
}
