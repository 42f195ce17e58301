//! Capacities that recover: computed from the record of the key that was reduced, when the next step is due.

use tollgate_core::{Algorithm, Recovery, Span, Timestamp};
use tollgate_store::{Answer, Clock, Store};

use super::news::{Subject, recovered};
use crate::limiter::{Capacity, Limiter};
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

/// When to look at which of the reduced capacities.
#[derive(Debug, Default)]
pub(super) struct Recoveries {
    due: Vec<(Subject, Option<Timestamp>)>,
}

/// What a look at a capacity has shown.
struct Seen {
    /// What it recovered to since the last look, and at which step.
    news: Option<(Timestamp, String)>,
    /// When it will be more; never where it is what it was.
    next: Option<Timestamp>,
}

impl Recoveries {
    /// Somebody changed it: it is to be looked at.
    pub(super) fn forget(&mut self, subject: &Subject) {
        self.due.retain(|(there, _)| there != subject);
    }

    /// What has recovered after `told`, in the order of time. Only what is due costs a load.
    pub(super) async fn look<'a, S: Store, L: Limiter, C: Clock>(
        &mut self,
        session: &Session<'_, S, L, C>,
        reduced: impl Iterator<Item = &'a Subject>,
        told: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<String>, Problem> {
        let mut news = Vec::new();
        let mut still = Vec::new();
        for subject in reduced {
            let known = self.due.iter().find(|(there, _)| there == subject).map(|(_, due)| *due);
            let due = match known {
                Some(due) if due.is_none_or(|due| now < due) => due,
                _ => {
                    let seen = session.recovery_of(subject, told, now).await?;
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
        told: Timestamp,
        now: Timestamp,
    ) -> Result<Seen, Problem> {
        const NOTHING: Seen = Seen { news: None, next: None };
        let Some((opened, limit, recovery)) = self.recovering(subject) else { return Ok(NOTHING) };
        let ask = |record: Option<&[u8]>, _now| {
            let at = |at| opened.capacity_of(&self.service.limiter, record, limit, at);
            let outcome = match at(now)? {
                None => NOTHING,
                Some(capacity) => match since(&capacity) {
                    None => NOTHING,
                    Some(since) => {
                        let before = at(told.max(since).min(now))?;
                        seen(subject, recovery, since, before, &capacity, now)
                    }
                },
            };
            Ok(Answer { outcome, record: None, forget_after: Span::NEVER })
        };
        let record_key = self.record_key(opened, &subject.key);
        Ok(self.on_record(record_key, opened.is_best_effort(), ask).await?)
    }

    /// The policy, the limit's place in it, and how it recovers; nothing where that is not there any more.
    fn recovering(&self, subject: &Subject) -> Option<(&Opened<L>, usize, Recovery)> {
        let opened = self.opened(&subject.policy).ok()?;
        let limits = opened.named.limits();
        let index = limits.index_of(&subject.limit)?;
        match limits.limits().get(index)?.algorithm() {
            Algorithm::Adaptive { recovery, .. } => Some((opened, index, recovery)),
            _ => None,
        }
    }
}

/// When it was reduced.
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
