//! Requests to a key that don't wait, and what operators of a limiter do to it.

use tollgate_core::{Acquire, Capacity, Change, Costs, Decision, LimitStatus, Operation, Span};
use tollgate_store::Clock;

use super::{Limiter, room};
use crate::{Answer, LimiterError};

impl<C: Clock> Limiter<C> {
    /// Asks for costs now, and charges them on every limit or on none. Costs are made by
    /// [`Policy::costs`](crate::Policy::costs); costs of zero pass.
    ///
    /// # Errors
    /// [`LimiterError`] when nothing was decided. A denial is not an error.
    #[inline]
    pub fn try_acquire(
        &self,
        key: &str,
        asked: impl Into<Acquire>,
    ) -> Result<Answer, LimiterError> {
        let (policy, asked) = (self.policy(), asked.into());
        let begins = || room::asks_for_something(&asked);
        self.visit(key, begins, |record, now| {
            if let Some(plain) = record.decide_plain(policy, &asked, now) {
                let answer = Answer::of_plain(&plain);
                return (answer.is_allowed(), answer);
            }
            // Copied here alone: a request has room for as many costs as a policy may have limits.
            record.apply(policy, &Operation::Acquire(asked.clone()), now, |decision| {
                (decision.changed(), Answer::of(policy, &decision))
            })
        })
    }

    /// Where each limit of this key stands, in the policy's order.
    ///
    /// # Errors
    /// [`LimiterError::Key`].
    pub fn peek(&self, key: &str) -> Result<Vec<LimitStatus>, LimiterError> {
        let nothing = self.policy().no_costs().into();
        self.apply(key, &nothing, |decision| decision.limits().collect())
    }

    /// Charges costs whether there is room or not. What there is no room for is debt.
    ///
    /// # Errors
    /// [`LimiterError`] when nothing was charged.
    pub fn penalise(&self, key: &str, costs: Costs) -> Result<Answer, LimiterError> {
        self.ask(key, &Operation::Penalise(costs))
    }

    /// Lets nothing pass for `span`; zero ends a block.
    ///
    /// # Errors
    /// [`LimiterError`] when the key is not blocked.
    pub fn block(&self, key: &str, span: Span) -> Result<Answer, LimiterError> {
        self.ask(key, &Operation::Block(span))
    }

    /// Forgets everything about the key: charges, holds, blocks, request ids and capacities.
    ///
    /// # Errors
    /// [`LimiterError`] when nothing was forgotten.
    pub fn reset(&self, key: &str) -> Result<Answer, LimiterError> {
        self.ask(key, &Operation::Reset)
    }

    /// See [`Policy::follow`](crate::Policy::follow). Returns what is then in force, if it followed.
    pub(crate) fn follow(
        &self,
        key: &str,
        limit: usize,
        announced: &Change,
    ) -> Result<Option<Capacity>, LimiterError> {
        let (policy, peek) = (self.policy(), self.policy().no_costs().into());
        self.visit(
            key,
            || true,
            |record, now| {
                if !record.follow(policy, limit, announced, now) {
                    return (false, None);
                }
                (true, record.apply(policy, &peek, now, |decision| decision.capacity(limit)))
            },
        )
    }

    #[inline]
    pub(super) fn ask(&self, key: &str, operation: &Operation) -> Result<Answer, LimiterError> {
        let policy = self.policy();
        self.apply(key, operation, |decision: Decision<'_>| Answer::of(policy, &decision))
    }
}
