//! What one request does to the shared record: the old lease is settled, the request is decided, and a new
//! lease is taken, in one swap.

use tollgate_core::{
    Acquire, Applied, Costs, Effect, Hold, Id, LimitStatus, Operation, Policy, Span, Timestamp,
    Verdict,
};
use tollgate_store::Answer;

use super::budget_lease::{BudgetLease, LEASE_TTL, PARTS, REQUESTS_MIN};
use crate::limiter::LimiterError;

/// The id of a hold that says that a process found the key hot within the last two seconds. It holds one unit,
/// so that nobody gains anything by guessing it.
const HOT: Id = Id::from_u128(u128::from_be_bytes(*b"tollgate hot key"));

/// What is to be done.
#[derive(Debug)]
pub(super) struct Visit {
    operation: Operation,
    /// The old lease, and what was spent of it.
    settled: Option<(Id, Vec<u64>)>,
    wanted: Option<Wanted>,
}

/// A lease that is wanted if the request passes.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: Id,
    pub(super) units: Vec<u64>,
    /// What one request costs: the lease is for at least some of them.
    pub(super) costs: Costs,
    /// Whether this process has found the key hot, or wants a lease if another one has.
    pub(super) is_hot: bool,
}

/// What was done.
#[derive(Debug)]
pub(super) struct Visited {
    pub(super) applied: Applied,
    pub(super) lease: Option<BudgetLease>,
}

impl Visit {
    /// The operation and nothing else.
    pub(super) fn plain(operation: &Operation) -> Self {
        Self { operation: operation.clone(), settled: None, wanted: None }
    }

    pub(super) fn settling(mut self, lease: Option<BudgetLease>) -> Self {
        self.settled = lease.map(BudgetLease::into_spent);
        self
    }

    pub(super) fn wanting(mut self, wanted: Option<Wanted>) -> Self {
        self.wanted = wanted;
        self
    }

    /// Does it to this record.
    pub(super) fn make(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        now: Timestamp,
        ask: &impl Fn(Option<&[u8]>, &Operation, Timestamp) -> Result<Answer<Applied>, LimiterError>,
    ) -> Result<Answer<Visited>, LimiterError> {
        let ask = |record: Option<&[u8]>, operation: &Operation| ask(record, operation, now);
        let mut draft =
            Draft { policy, seen: record, new: None, forget_after: Span::NEVER, now, ask };
        if let Some((hold, spent)) = &self.settled {
            // Without costs all of it is charged, so nothing is lost whatever they are.
            let costs = policy.costs_in_order(spent).ok();
            draft.apply(&Operation::Settle { hold: *hold, costs })?;
        }
        let applied = draft.apply(&self.operation)?;
        let lease = match &self.wanted {
            Some(wanted) if applied.verdict == Verdict::Allowed => {
                wanted.take(&mut draft, &applied.limits)?
            }
            _ => None,
        };
        if self.settled.is_some() && lease.is_none() {
            // It cools down: who finds the key hot elsewhere will say so again.
            draft.apply(&Operation::Release { hold: HOT })?;
        }
        let (record, forget_after) = (draft.new, draft.forget_after);
        Ok(Answer { record, forget_after, outcome: Visited { applied, lease } })
    }
}

impl Wanted {
    fn take<F>(
        &self,
        draft: &mut Draft<'_, F>,
        limits: &[LimitStatus],
    ) -> Result<Option<BudgetLease>, LimiterError>
    where
        F: Fn(Option<&[u8]>, &Operation) -> Result<Answer<Applied>, LimiterError>,
    {
        let (Some(units), Some(hold)) = (self.units(limits), Hold::new(self.id, LEASE_TTL)) else {
            return Ok(None);
        };
        let Ok(units) = draft.policy.costs_in_order(&units) else { return Ok(None) };
        if !self.is_known_hot(draft)? {
            return Ok(None);
        }
        let held = draft.apply(&Acquire::new(units).held(hold).into())?;
        let taken = held.effect == Effect::Held;
        Ok(taken.then(|| BudgetLease::new(self.id, &units, held.limits, draft.now)))
    }

    /// What there is to hold, if it is worth it.
    fn units(&self, limits: &[LimitStatus]) -> Option<Vec<u64>> {
        let part = |limit: &LimitStatus| limit.limit.min(limit.remaining) / PARTS;
        let units = self.units.iter().zip(limits).map(|(wanted, limit)| part(limit).min(*wanted));
        let units: Vec<u64> = units.collect();
        let mut costs = units.iter().zip(self.costs.as_slice());
        costs.all(|(units, cost)| *units >= cost.saturating_mul(REQUESTS_MIN)).then_some(units)
    }

    /// Whether the key is hot, here or elsewhere. Who found that out here tells the others.
    fn is_known_hot<F>(&self, draft: &mut Draft<'_, F>) -> Result<bool, LimiterError>
    where
        F: Fn(Option<&[u8]>, &Operation) -> Result<Answer<Applied>, LimiterError>,
    {
        let Some(hold) = Hold::new(HOT, LEASE_TTL) else { return Ok(false) };
        if !self.is_hot {
            let renewed = draft.look(&Operation::Renew { hold })?.outcome;
            return Ok(renewed.effect == Effect::Renewed);
        }
        if draft.apply(&Operation::Renew { hold })?.effect == Effect::NoHold {
            let asked = self.costs.as_slice().iter();
            let mut first = true;
            let one: Vec<u64> =
                asked.map(|cost| u64::from(*cost > 0 && std::mem::take(&mut first))).collect();
            if let Ok(one) = draft.policy.costs_in_order(&one) {
                draft.apply(&Acquire::new(one).held(hold).into())?;
            }
        }
        Ok(true)
    }
}

/// A record while several operations are done to it.
struct Draft<'a, F> {
    policy: &'a Policy,
    seen: Option<&'a [u8]>,
    /// The record as it is to be written, if it changed.
    new: Option<Vec<u8>>,
    /// How long that matters.
    forget_after: Span,
    now: Timestamp,
    ask: F,
}

impl<F: Fn(Option<&[u8]>, &Operation) -> Result<Answer<Applied>, LimiterError>> Draft<'_, F> {
    fn apply(&mut self, operation: &Operation) -> Result<Applied, LimiterError> {
        let answer = self.look(operation)?;
        if answer.record.is_some() {
            (self.new, self.forget_after) = (answer.record, answer.forget_after);
        }
        Ok(answer.outcome)
    }

    /// What it would come to.
    fn look(&self, operation: &Operation) -> Result<Answer<Applied>, LimiterError> {
        (self.ask)(self.new.as_deref().or(self.seen), operation)
    }
}
