//! What is asked of the keys, and the operations it takes.

use alloc::vec::Vec;

use crate::apply::operation::{Acquire, Hold, Operation};
use crate::id::Id;
use crate::policy::costs::Costs;
use crate::policy::share::Share;
use crate::time::Span;

/// What is asked of all keys.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) id: Id,
    /// By leg.
    pub(super) costs: Vec<Costs>,
    pub(super) share: Share,
    pub(super) lease: Option<Hold>,
    /// The hold that is placed on all legs but the last.
    pub(super) commit: Hold,
    pub(super) once: bool,
}

impl Request {
    pub(super) fn is_peek(&self, leg: usize) -> bool {
        self.lease.is_none() && self.costs.get(leg).is_none_or(Costs::is_zero)
    }

    /// How long after the first hold the commit may be asked for.
    pub(super) fn commit_within(&self) -> Span {
        Span::from_nanos(self.commit.ttl().as_nanos() / 2)
    }

    /// What the caller wants of a leg.
    pub(super) fn wanted(&self, leg: usize, is_last: bool) -> Option<Operation> {
        let once = (is_last && self.once).then_some(self.id);
        self.acquire(leg, self.lease, once)
    }

    /// Holds the costs of a leg until it is known whether all others let it pass.
    pub(super) fn placed(&self, leg: usize) -> Option<Operation> {
        self.acquire(leg, Some(self.commit), None)
    }

    fn acquire(&self, leg: usize, hold: Option<Hold>, once: Option<Id>) -> Option<Operation> {
        let costs = *self.costs.get(leg)?;
        Some(Acquire { costs, share: self.share, hold, once }.into())
    }

    /// Turns a placed hold into what the caller wants.
    pub(super) fn kept(&self) -> Operation {
        self.lease.map_or_else(|| self.settled(), |hold| Operation::Renew { hold })
    }

    pub(super) fn settled(&self) -> Operation {
        Operation::Settle { hold: self.id, costs: None }
    }

    pub(super) fn released(&self) -> Operation {
        Operation::Release { hold: self.id }
    }
}
