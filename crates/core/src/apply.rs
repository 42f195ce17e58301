//! Deciding: what is done to a key, and what there is to say about it.

pub(crate) mod acquire;
pub(crate) mod control;
pub(crate) mod decision;
pub(crate) mod forecast;
pub(crate) mod operation;
pub(crate) mod outcome;
pub(crate) mod plain;
pub(crate) mod request;
pub(crate) mod settle;
pub(crate) mod standing;

use crate::apply::decision::Decision;
use crate::apply::operation::Operation;
use crate::apply::outcome::Outcome;
use crate::apply::request::Request;
use crate::policy::Policy;
use crate::record::Record;
use crate::time::Timestamp;

impl Policy {
    /// Applies `operation` to the key whose record this is, at `now`. Total: it never panics, and the
    /// same arguments give the same decision on every machine.
    ///
    /// First, expired holds are charged as of the time they expired, and whatever is impossibly far
    /// ahead of `now` (a broken clock wrote it) is set to used up, whatever the verdict, so that it
    /// recovers.
    ///
    /// ```
    /// use tollgate_core::{Acquire, Effect, Hold, Id, Limit, Operation, Policy, Record, Span, Timestamp};
    /// let minute = Span::from_secs(60);
    /// let policy = Policy::new([Limit::token_bucket("output_tokens", 10_000, 10_000, minute)?])?;
    /// let (mut record, now) = (Record::new(&policy), Timestamp::from_secs(1_800_000_000));
    ///
    /// // Before the call: an estimate, held for at most two minutes.
    /// let hold = Hold::new(Id::from_u128(7), Span::from_secs(120)).unwrap();
    /// let estimate = Acquire::new(policy.costs([("output_tokens", 4_000)])?).held(hold).into();
    /// let decision = policy.apply(&mut record, &estimate, now);
    /// assert_eq!(decision.effect(), Effect::Held);
    /// assert_eq!(decision.limits().next().unwrap().remaining, 6_000);
    ///
    /// // After it: what it came to.
    /// let costs = Some(policy.costs([("output_tokens", 1_500)])?);
    /// let settled = Operation::Settle { hold: hold.id(), costs };
    /// let decision = policy.apply(&mut record, &settled, now);
    /// assert_eq!(decision.limits().next().unwrap().remaining, 8_500);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[inline]
    pub fn apply<'a>(
        &'a self,
        record: &'a mut Record,
        operation: &'a Operation,
        now: Timestamp,
    ) -> Decision<'a> {
        let plain = match operation {
            Operation::Acquire(asked) => plain::decide(self, record, asked, now),
            _ => None,
        };
        let (outcome, changed) = match plain {
            Some(outcome) => (outcome, outcome.effect.writes()),
            None => decide(self, record, operation, now),
        };
        let request = match operation {
            Operation::Acquire(asked) => Request::Acquire(asked),
            Operation::Settle { hold, costs: Some(costs) } => Request::Settle(*hold, costs),
            _ => Request::Other,
        };
        Decision { policy: self, record, request, now, outcome, changed }
    }
}

/// What an operation comes to, and whether it changed the record.
#[inline(never)]
fn decide(
    policy: &Policy,
    record: &mut Record,
    operation: &Operation,
    now: Timestamp,
) -> (Outcome, bool) {
    let healed = record.bring_up(policy, now);
    let outcome = outcome(policy, record, operation, now);
    (outcome, healed || outcome.effect.writes())
}

#[inline]
fn outcome(policy: &Policy, record: &mut Record, operation: &Operation, now: Timestamp) -> Outcome {
    let effect = match operation {
        Operation::Acquire(asked) => return acquire::acquire(policy, record, asked, now),
        Operation::Settle { hold, costs } => {
            return settle::settle(policy, record, *hold, costs.as_ref(), now);
        }
        Operation::Release { hold } => settle::release(record, *hold),
        Operation::Renew { hold } => settle::renew(record, *hold, now),
        Operation::Penalise(costs) => control::penalise(policy, record, costs, now),
        Operation::Block(span) => control::block(record, *span, now),
        Operation::Reset => control::reset(policy, record, now),
        Operation::Lower { limit, remaining } => {
            control::lower(policy, record, *limit, *remaining, now)
        }
        Operation::SetCapacity { limit, capacity, note } => {
            control::set_capacity(policy, record, *limit, *capacity, note, now)
        }
        Operation::Reduce { limit, factor, note } => {
            control::reduce(policy, record, *limit, *factor, note, now)
        }
    };
    Outcome::done(effect)
}
