//! Recovering capacities, computed from the record of the reduced key when the next step is due.

use std::sync::Arc;

use tollgate_core::{Algorithm, Recovery, Span, Timestamp};
use tollgate_store::{Answer, Clock, DriveError, Store};

use super::filter::Filter;
use super::looks::Sight;
use super::news::{Subject, recovered};
use crate::limiter::{Capacity, Limiter};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::service::Fault;
use crate::session::Session;

/// When to look at each of the reduced capacities next.
#[derive(Debug, Default)]
pub(super) struct Recoveries {
    due: Vec<(Subject, Option<Timestamp>)>,
}

/// What a look at a capacity found.
struct Seen {
    /// What it recovered to since the last look, and the time of that step.
    news: Option<(Timestamp, String)>,
    /// When it grows next; `None` once it has reached its ceiling.
    next: Option<Timestamp>,
}

impl Recoveries {
    /// Discards what is known of a capacity that was changed, so that the next look loads it.
    pub(super) fn forget(&mut self, subject: &Subject) {
        self.due.retain(|(there, _)| there != subject);
    }

    /// What has recovered after `told`, in order of time. Only a capacity that is due costs a load, one for all
    /// watchers that share the sight.
    pub(super) async fn look<S: Store, L: Limiter, C: Clock>(
        &mut self,
        session: &Session<'_, S, L, C>,
        sight: &Sight,
        filter: &Filter,
        told: Timestamp,
    ) -> Result<Vec<String>, Problem> {
        let mut news = Vec::new();
        let mut still = Vec::new();
        for subject in sight.log.reduced().iter().filter(|subject| filter.wants(subject)) {
            let known = self.due.iter().find(|(there, _)| there == subject).map(|(_, due)| *due);
            let due = match known {
                Some(due) if due.is_none_or(|due| sight.began < due) => due,
                _ => {
                    let seen = session.recovery_of(subject, sight, told).await?;
                    news.extend(seen.news);
                    seen.next
                }
            };
            still.push((subject.clone(), due));
        }
        self.due = still;
        news.sort();
        Ok(news.into_iter().map(|(_, data)| data).collect())
    }
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    async fn recovery_of(
        &self,
        subject: &Subject,
        sight: &Sight,
        told: Timestamp,
    ) -> Result<Seen, Problem> {
        const NOTHING: Seen = Seen { news: None, next: None };
        let Some((opened, limit, recovery)) = self.recovering(subject) else { return Ok(NOTHING) };
        let now = sight.began;
        let ask = |record: Option<&[u8]>, _now| {
            let (outcome, forget_after) = (record.map(Arc::from), Span::NEVER);
            Ok(Answer { outcome, record: None, forget_after })
        };
        let record_key = self.record_key(opened, &subject.key);
        let load =
            async { Ok(self.on_record(record_key.clone(), opened.is_best_effort(), ask).await?) };
        let record = sight.records.get(&record_key, load).await?;
        let at = |at| {
            let (limiter, record) = (&self.service.limiter, record.as_deref());
            let found = opened.capacity_of(limiter, &subject.key, record, limit, at);
            found.map_err(|error| {
                let fault = Fault { record_key: record_key.clone(), cause: DriveError::Ask(error) };
                self.report(&fault);
                fault
            })
        };
        let Some(capacity) = at(now)? else { return Ok(NOTHING) };
        let Some(since) = since(&capacity) else { return Ok(NOTHING) };
        let before = at(told.max(since).min(now))?;
        Ok(seen(subject, recovery, since, before, &capacity, now))
    }

    /// The policy, the limit's index in it, and how it recovers; `None` if any of these no longer exists.
    fn recovering(&self, subject: &Subject) -> Option<(&Opened<L>, usize, Recovery)> {
        let opened = self.opened_for(&subject.policy, &subject.key).ok()?;
        let limits = opened.limits();
        let index = limits.index_of(&subject.limit)?;
        match limits.limits().get(index)?.algorithm() {
            Algorithm::Adaptive { recovery, .. } => Some((opened, index, recovery)),
            _ => None,
        }
    }
}

/// When the capacity was reduced.
fn since(capacity: &Capacity) -> Option<Timestamp> {
    capacity.change.as_ref().map(|change| change.at)
}

fn seen(
    subject: &Subject,
    recovery: Recovery,
    since: Timestamp,
    before: Option<Capacity>,
    capacity: &Capacity,
    now: Timestamp,
) -> Seen {
    let interval = recovery.interval.as_nanos().max(1);
    let steps = now.since(since).as_nanos() / interval;
    let step = since.plus(Span::from_nanos(steps.saturating_mul(interval)));
    let grew = before.is_some_and(|before| before.capacity < capacity.capacity);
    let ceiling = u128::from(capacity.original) * u128::from(recovery.ceiling_permille) / 1_000;
    let is_over = u128::from(capacity.capacity) >= ceiling;
    Seen {
        news: grew.then(|| (step, recovered(subject, capacity, step))),
        next: (!is_over).then(|| step.plus(recovery.interval)),
    }
}
