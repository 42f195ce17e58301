//! The outcome of an operation on several keys.

use alloc::vec::Vec;

use crate::acquisition::decide::Applied;
use crate::time::Span;

/// How it ended on all keys together, and on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// On all keys together.
    pub ending: Ending,
    /// The last decision on each key, in the order of the caller's list; `None` for a key that was
    /// never decided on. For an admitted request it is the one that charged or held; otherwise the
    /// one that found the key without it: where its effect is still
    /// [`Effect::Held`](crate::Effect::Held), a release conflicted
    /// [`SETTLE_ATTEMPTS_MAX`](crate::SETTLE_ATTEMPTS_MAX) times in a row or the store failed, and the
    /// hold is left to expire.
    pub legs: Vec<Option<Applied>>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is charged, held, settled, released or renewed on every key, or already was.
    Allowed,
    /// A key denied it. Nothing was consumed on any.
    Denied,
    /// The swap conflicted [`ATTEMPTS_MAX`](crate::ATTEMPTS_MAX) times in a row on one key, or another
    /// request is using the same id right now. Nothing was consumed.
    Busy,
    /// It took longer than half the commit's time to live. Nothing was consumed, except that a hold
    /// which expired meanwhile stays charged.
    TimedOut,
    /// The lease is over: it expired on a key before it was placed on all of them, or was asked for again under
    /// its id after it had ended. It holds nothing: what was left of it is charged on every key, once, as for
    /// any lease that expires.
    Lost,
    /// The store or the limiter failed. It is not admitted; what could not be taken back expires by
    /// itself, and is charged then.
    Failed,
}

impl Outcome {
    /// Whether it was admitted on every key.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.ending == Ending::Allowed
    }

    /// The positions of the keys that denied it.
    pub fn denied_by(&self) -> impl Iterator<Item = usize> {
        let denies = |leg: &Option<Applied>| leg.as_ref().is_some_and(|it| !it.is_allowed());
        let legs = self.legs.iter().enumerate().filter(move |(_, leg)| denies(leg));
        legs.map(|(leg, _)| leg)
    }

    /// How long to wait until the keys that denied it would let it pass, if meanwhile only holds
    /// expire: [`Span::NEVER`] when one never will.
    #[must_use]
    pub fn retry_after(&self) -> Span {
        let legs = self.legs.iter().flatten().filter(|leg| !leg.is_allowed());
        legs.map(|leg| leg.retry_after).max().unwrap_or(Span::ZERO)
    }

    /// How long an admitted request has to wait its turn: the longest of all keys.
    #[must_use]
    pub fn delay(&self) -> Span {
        self.legs.iter().flatten().map(|leg| leg.delay).max().unwrap_or(Span::ZERO)
    }
}
