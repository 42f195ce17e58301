//! The part of a request that limits decide on.

use crate::apply::operation::Acquire;
use crate::id::Id;
use crate::policy::costs::Costs;
use crate::policy::limit::Limit;
use crate::policy::share::Share;
use crate::record::Record;
use crate::time::{Span, Timestamp};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request<'a> {
    Acquire(&'a Acquire),
    /// A hold, and its final costs.
    Settle(Id, &'a Costs),
    Other,
}

/// What one limit is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    pub(crate) units: u64,
    pub(crate) held: bool,
    share: Share,
}

impl Asked {
    #[inline]
    pub(crate) fn of(acquire: &Acquire, index: usize) -> Self {
        let (units, held) = (acquire.costs.of(index), acquire.hold.is_some());
        Self { units, held, share: acquire.share }
    }

    /// What is settled beyond what is held under this id.
    #[inline]
    pub(crate) fn overrun(record: &Record, limit: &Limit, id: Id, actual: u64) -> Self {
        let own = record.holds.get(id).map_or(0, |hold| hold.on(limit.tag()));
        Self { units: actual.saturating_sub(own), held: true, share: Share::HIGH }
    }

    /// The units that must be free: what is asked for, and what its share leaves to others.
    #[inline]
    pub(crate) fn needed(&self, capacity: u64) -> u64 {
        self.units.saturating_add(self.share.headroom(capacity))
    }
}

impl Record {
    /// The units held of a limit.
    #[inline]
    pub(crate) fn held(&self, limit: &Limit) -> u64 {
        if self.holds.is_empty() { 0 } else { self.holds.on(limit.tag()) }
    }

    /// How long no such request passes, whatever the limits say.
    #[inline]
    pub(crate) fn closed_for(&self, asked: &Acquire, now: Timestamp) -> Span {
        if asked.is_peek() {
            return Span::ZERO;
        }
        let blocked = self.blocked_until.since(now);
        match self.holds.iter().next() {
            Some(first) if asked.hold.is_some() && self.holds.are_full() => {
                blocked.max(first.expires.since(now))
            }
            _ => blocked,
        }
    }
}
