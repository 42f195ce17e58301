//! The states of a record's limits: of few limits without an allocation, of more with one.

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use crate::algorithms::any::State;
use crate::policy::Policy;
use crate::policy::limit::Limit;

/// Up to this many limits need no allocation. A record is made, moved and dropped once per decision, and
/// with inline room for all limits of the largest policy that took longer than deciding.
pub(crate) const FEW: usize = 4;

/// One state per limit, in the policy's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct States {
    /// `Nothing` beyond the policy's limits.
    few: [State; FEW],
    /// All of them, if they are more than a few; empty otherwise.
    many: Vec<State>,
}

impl States {
    /// The states of a key that was never seen.
    #[inline]
    pub(crate) fn fresh(policy: &Policy) -> Self {
        let limits = policy.limits();
        let fresh = |limit: &Limit| limit.rule().fresh();
        if let [only] = limits {
            return Self::of(fresh(only));
        }
        let mut states = Self { few: [const { State::Nothing }; FEW], many: Vec::new() };
        if limits.len() > FEW {
            states.many.extend(limits.iter().map(fresh));
        } else {
            for (limit, state) in limits.iter().zip(&mut states.few) {
                *state = fresh(limit);
            }
        }
        states
    }

    /// The state of the only limit.
    #[inline]
    pub(crate) const fn of(state: State) -> Self {
        let few = [state, State::Nothing, State::Nothing, State::Nothing];
        Self { few, many: Vec::new() }
    }
}

impl Deref for States {
    type Target = [State];

    #[inline]
    fn deref(&self) -> &[State] {
        if self.many.is_empty() { &self.few } else { &self.many }
    }
}

impl DerefMut for States {
    #[inline]
    fn deref_mut(&mut self) -> &mut [State] {
        if self.many.is_empty() { &mut self.few } else { &mut self.many }
    }
}
