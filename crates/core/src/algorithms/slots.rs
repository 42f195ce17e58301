//! Concurrency: a number of slots that can be held at the same time; how fast they are taken plays no part.
//!
//! A slot is taken by a hold and given back when that is settled, released, or expires: each holder
//! under its own id, with its own expiry. So there is nothing to remember here, and nobody's renewal
//! keeps another's leaked slot alive.

use crate::algorithms::rule::Rule;
use crate::time::{Span, Timestamp};

/// A number of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slots {
    slots: u64,
}

impl Slots {
    pub(crate) const fn new(slots: u64) -> Self {
        Self { slots }
    }
}

impl Rule for Slots {
    type State = ();

    fn capacity(&self, (): &()) -> u64 {
        self.slots
    }

    fn fits(&self, (): &(), _: Timestamp, units: u64) -> bool {
        units <= self.slots
    }

    /// A settled hold leaves no trace: its slots are free again.
    fn charge(&self, (): &mut (), _: Timestamp, _: u64) {}

    fn remaining(&self, (): &(), _: Timestamp) -> u64 {
        self.slots
    }

    fn retry_after(&self, (): &(), _: Timestamp, units: u64) -> Span {
        if units <= self.slots { Span::ZERO } else { Span::NEVER }
    }

    fn reset_after(&self, (): &(), _: Timestamp) -> Span {
        Span::ZERO
    }

    fn heal(&self, (): &mut (), _: Timestamp) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
