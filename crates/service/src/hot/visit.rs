//! What one request does to the shared record, in one swap: it settles the old lease, and is decided either as the
//! first request of a new lease or by itself.
//!
//! Each operation decodes and may encode the record, with the leases of all processes in it, so there are as few as
//! possible: one if a process is new to a key that others found hot, two if it also settles its old lease.

use tollgate_core::{
    Acquire, Applied, Costs, Effect, Hold, Id, Operation, Policy, Span, Timestamp,
};
use tollgate_store::Answer;

use super::budget_lease::BudgetLease;
use super::draft::Draft;
use super::terms::Terms;
use crate::limiter::LimiterError;

/// The id of the sign: a hold which says that some process found the key hot within the last two seconds. It holds
/// one unit, so guessing its id gains nothing.
const SIGN: Id = Id::from_u128(u128::from_be_bytes(*b"tollgate hot key"));
/// How long the sign lives.
const SIGN_LIFE: Span = Span::from_secs(2);
/// A sign that has less of its life left is renewed.
const SIGN_LEFT_MIN: Span = Span::from_secs(1);
/// Once to learn how much room there is, and once with that.
const LOOKS_MAX: u32 = 2;

/// What is to be done.
#[derive(Debug)]
pub(super) struct Visit {
    operation: Operation,
    /// The old lease, and how much of it was spent.
    settled: Option<(Id, Vec<u64>)>,
    wanted: Option<Wanted>,
}

/// A lease that is wanted; the request is charged to it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: Id,
    pub(super) terms: Terms,
    /// What the request costs.
    pub(super) costs: Costs,
    /// Whether this process found the key hot; otherwise it wants a lease only if another one did.
    pub(super) is_hot: bool,
}

/// What was done.
#[derive(Debug)]
pub(super) struct Visited {
    pub(super) applied: Applied,
    pub(super) lease: Option<BudgetLease>,
}

impl Visit {
    /// The operation alone.
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

    /// Makes the visit to this record.
    pub(super) fn make(
        &self,
        policy: &Policy,
        record: Option<&[u8]>,
        now: Timestamp,
        ask: &impl Fn(Option<&[u8]>, &Operation, Timestamp) -> Result<Answer<Applied>, LimiterError>,
    ) -> Result<Answer<Visited>, LimiterError> {
        let ask = |record: Option<&[u8]>, operation: &Operation| ask(record, operation, now);
        let mut draft = Draft::new(policy, record, now, &ask);
        if let Some((hold, spent)) = &self.settled {
            // Without costs the whole lease is charged, so an error loses nothing.
            let costs = policy.costs_in_order(spent).ok();
            draft.apply(&Operation::Settle { hold: *hold, costs })?;
        }
        let taken = match &self.wanted {
            Some(wanted) => wanted.take(&mut draft)?,
            None => None,
        };
        let visited = match taken {
            Some(visited) => visited,
            None => Visited { applied: draft.apply(&self.operation)?, lease: None },
        };
        if self.settled.is_some() && visited.lease.is_none() && draft.hold_left(SIGN)? > Span::ZERO
        {
            // The key cools down: a process that still finds it hot will leave the sign again.
            draft.apply(&Operation::Release { hold: SIGN })?;
        }
        Ok(draft.answer(visited))
    }
}

impl Wanted {
    /// Decides the request out of a new lease; `None` if it gets none.
    fn take(&self, draft: &mut Draft<'_>) -> Result<Option<Visited>, LimiterError> {
        let sign_left = draft.hold_left(SIGN)?;
        if !self.is_hot && sign_left == Span::ZERO {
            return Ok(None);
        }
        let Some((mut lease, held)) = self.held(draft)? else { return Ok(None) };
        let Some(applied) = lease.spend(&self.costs, draft.now) else { return Ok(None) };
        draft.keep(held);
        if self.is_hot && sign_left < SIGN_LEFT_MIN {
            self.tell_others(draft, sign_left)?;
        }
        Ok(Some(Visited { applied, lease: Some(lease) }))
    }

    /// The lease, and the record in which it is held. There is nearly always room for what is wanted, so that is tried
    /// first; a refusal says how much room there is.
    fn held(
        &self,
        draft: &Draft<'_>,
    ) -> Result<Option<(BudgetLease, Answer<Applied>)>, LimiterError> {
        let mut terms = self.terms.clone();
        for _ in 0..LOOKS_MAX {
            let Some(hold) = Hold::new(self.id, terms.life()) else { return Ok(None) };
            let Ok(units) = draft.policy.costs_in_order(&terms.units) else { return Ok(None) };
            let answer = draft.look(&Acquire::new(units).held(hold).into())?;
            let Applied { effect, ref limits, .. } = answer.outcome;
            let is_held = effect == Effect::Held;
            let smaller = terms.within(limits, is_held);
            if smaller == terms {
                let lease = BudgetLease::new(self.id, terms, limits.clone(), draft.now);
                return Ok(is_held.then_some((lease, answer)));
            }
            if !smaller.are_worth_it(&self.costs) {
                break;
            }
            terms = smaller;
        }
        Ok(None)
    }

    /// Leaves the sign, or extends its life.
    fn tell_others(&self, draft: &mut Draft<'_>, left: Span) -> Result<(), LimiterError> {
        let Some(hold) = Hold::new(SIGN, SIGN_LIFE) else { return Ok(()) };
        if left > Span::ZERO {
            draft.apply(&Operation::Renew { hold })?;
            return Ok(());
        }
        let mut first = true;
        let unit = |cost: &u64| u64::from(*cost > 0 && std::mem::take(&mut first));
        let unit: Vec<u64> = self.costs.as_slice().iter().map(unit).collect();
        if let Ok(unit) = draft.policy.costs_in_order(&unit) {
            draft.apply(&Acquire::new(unit).held(hold).into())?;
        }
        Ok(())
    }
}
