//! What is remembered of one key under one policy.

pub(crate) mod codec;
pub(crate) mod compact;
pub(crate) mod entry;
pub(crate) mod held;
pub(crate) mod holds;
pub(crate) mod once;
pub(crate) mod plain;
pub(crate) mod states;
mod told;

use alloc::vec::Vec;

use crate::algorithms::meter::SKEW_MAX;
use crate::policy::Policy;
use crate::record::holds::{Hold, Holds};
use crate::record::once::Once;
use crate::record::states::States;
use crate::time::{Span, Timestamp};

/// The state of one key under one policy: where each of its limits stands, what is held, and
/// whatever else is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// One per limit of the policy, in its order.
    pub(crate) states: States,
    pub(crate) holds: Holds,
    pub(crate) once: Once,
    /// Nothing passes before this time.
    pub(crate) blocked_until: Timestamp,
    /// The revision of the policy that it was written under; 0 for a policy that never changes.
    pub(crate) revision: u64,
    /// Entries that this policy or build does not know, unchanged. Nearly always empty, without an
    /// allocation.
    pub(crate) foreign: Vec<u8>,
}

impl Record {
    /// The record of a key that was never seen: every limit is fresh.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self {
            states: States::fresh(policy),
            holds: Holds::default(),
            once: Once::default(),
            blocked_until: Timestamp::EPOCH,
            revision: 0,
            foreign: Vec::new(),
        }
    }

    /// Whether only the states of the limits are remembered.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.holds.is_empty()
            && self.once.is_empty()
            && self.blocked_until == Timestamp::EPOCH
            && self.revision == 0
            && self.foreign.is_empty()
    }

    /// The revision of the policy that this record was written under, as set by whoever carried it over;
    /// 0 when nobody did.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// This record, marked with this revision of its policy. No operation changes the mark, so whoever
    /// changes a policy live knows which records must still be [carried over](Policy::carry).
    #[must_use]
    pub fn with_revision(self, revision: u64) -> Self {
        Self { revision, ..self }
    }

    /// How long after `now` this record decides as an absent one would, if nothing more happens to it: a
    /// store may then forget it. [`Span::NEVER`] when it will always differ.
    ///
    /// Request ids are forgotten with it: everything has recovered by then, and a retry that late is a
    /// new request.
    #[must_use]
    pub fn forget_after(&self, policy: &Policy, now: Timestamp) -> Span {
        let mut states = self.states.clone();
        heal(policy, &mut states, now);
        // A hold is settled at the latest when it expires, and becomes a charge of that time.
        let mut last = now;
        for (hold, expires) in self.holds.believed(now, SKEW_MAX) {
            charge_expired(policy, &mut states, hold, expires);
            last = last.max(expires);
        }
        let limits = policy.limits().iter().zip(states.iter()).map(|(limit, state)| {
            if limit.rule().is_lasting(state) {
                return Span::NEVER;
            }
            limit.rule().reset_after(state, last)
        });
        let settled = limits.max().unwrap_or(Span::ZERO);
        if settled.is_never() || !self.foreign.is_empty() {
            return Span::NEVER;
        }
        last.plus(settled).max(self.blocked_until).since(now)
    }

    /// Brings the record up to `now`: heals what a broken clock left, and charges the holds that
    /// expired. Returns whether it healed something, which has to be written; the rest would come out
    /// the same at any later time.
    // Not inlined: every export that reads a record calls it.
    #[inline(never)]
    pub(crate) fn bring_up(&mut self, policy: &Policy, now: Timestamp) -> bool {
        let mut healed = heal(policy, &mut self.states, now);
        if !self.holds.is_empty() {
            healed |= self.holds.heal(now, SKEW_MAX);
            self.expire_holds(policy, now);
        }
        healed
    }

    /// Charges the holds that nobody settled in time, in the order and at the time of their expiry.
    pub(crate) fn expire_holds(&mut self, policy: &Policy, now: Timestamp) {
        for hold in self.holds.take_expired(now) {
            charge_expired(policy, &mut self.states, &hold, hold.expires);
        }
    }
}

/// Brings back what a broken clock left impossibly far ahead. Returns whether there was something.
fn heal(policy: &Policy, states: &mut States, now: Timestamp) -> bool {
    let mut healed = false;
    for (limit, state) in policy.limits().iter().zip(states.iter_mut()) {
        healed |= limit.rule().heal(state, now);
    }
    healed
}

/// Charges what was held, as of when the hold expired.
fn charge_expired(policy: &Policy, states: &mut States, hold: &Hold, expires: Timestamp) {
    for (limit, state) in policy.limits().iter().zip(states.iter_mut()) {
        limit.rule().charge(state, expires, hold.on(limit.tag()));
    }
}
