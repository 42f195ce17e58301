//! What can be done to a key.

use crate::algorithms::adaptive::Note;
use crate::id::Id;
use crate::policy::costs::Costs;
use crate::policy::share::Share;
use crate::record::holds::HOLD_TTL_MAX;
use crate::time::Span;

/// What [`Policy::apply`](crate::Policy::apply) is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Asks for costs. Costs of nothing that are not held are a peek.
    Acquire(Acquire),
    /// Ends a hold and charges the final costs: less than was held, or more (see
    /// [`Overrun`](crate::Overrun)). Slots are freed.
    Settle {
        /// The hold.
        hold: Id,
        /// The actual costs; `None` for those that were held.
        costs: Option<Costs>,
    },
    /// Ends a hold and charges nothing.
    Release {
        /// The hold.
        hold: Id,
    },
    /// Sets a hold's time to live, counted from now.
    Renew {
        /// The hold, and its new time to live.
        hold: Hold,
    },
    /// Charges costs whether there is room or not. What there is no room for is debt.
    Penalise(Costs),
    /// Lets nothing pass for so long; zero ends a block.
    Block(Span),
    /// Forgets everything about the key: charges, holds, blocks, request ids and capacities.
    Reset,
    /// Leaves at most `remaining` units of a limit, since another counter, such as the upstream's,
    /// reports so. Never raises what is left.
    Lower {
        /// The limit's position in the policy.
        limit: usize,
        /// The units that are left.
        remaining: u64,
    },
    /// Sets the capacity of an adaptive limit for this key, or ends such a setting. What is available
    /// is clipped to it and never topped up. A reduction ends.
    SetCapacity {
        /// The limit's position in the policy.
        limit: usize,
        /// The setting; `None` to return to the policy's numbers.
        capacity: Option<CapacitySetting>,
        /// Who sets it, and why.
        note: Note,
    },
    /// Reduces the capacity of an adaptive limit, since the upstream pushed back. It recovers by
    /// itself.
    Reduce {
        /// The limit's position in the policy.
        limit: usize,
        /// By how much.
        factor: ReduceFactor,
        /// Who announces it, and why.
        note: Note,
    },
}

/// A request for costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquire {
    /// What is asked for.
    pub costs: Costs,
    /// The share of every capacity that it may use.
    pub share: Share,
    /// Holds the costs instead of charging them. Slots have to be held.
    pub hold: Option<Hold>,
    /// Makes retries idempotent: while the key remembers the id (it remembers the last
    /// [`REQUEST_IDS_MAX`](crate::REQUEST_IDS_MAX)), a repetition is allowed and not charged again. One
    /// that asks for a hold gets the same hold, or is told that it is over
    /// ([`Effect::NoHold`](crate::Effect::NoHold)).
    pub once: Option<Id>,
}

impl Acquire {
    /// Whether it asks for nothing. To hold nothing is more: what is found out later can be settled then.
    pub(crate) fn is_peek(&self) -> bool {
        self.hold.is_none() && self.costs.is_zero()
    }
}

/// A hold that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    id: Id,
    ttl: Span,
}

impl Hold {
    /// A hold under this id that lives for `ttl` unless renewed: 1 ns to [`HOLD_TTL_MAX`], or `None`
    /// out of that range.
    #[must_use]
    pub fn new(id: Id, ttl: Span) -> Option<Self> {
        (ttl > Span::ZERO && ttl <= HOLD_TTL_MAX).then_some(Self { id, ttl })
    }

    /// Its id.
    #[must_use]
    pub const fn id(self) -> Id {
        self.id
    }

    /// How long it lives.
    #[must_use]
    pub const fn ttl(self) -> Span {
        self.ttl
    }
}

/// A capacity that is set live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapacitySetting {
    capacity: u64,
    period: Span,
}

impl CapacitySetting {
    /// `capacity` units (1 to [`UNITS_MAX`](crate::UNITS_MAX)) per `period` (1 ns to [`Span::MAX`]).
    /// `None` when one is out of its range: removing a setting is another operation.
    #[must_use]
    pub fn new(capacity: u64, period: Span) -> Option<Self> {
        let sane = (1..=crate::UNITS_MAX).contains(&capacity);
        (sane && period > Span::ZERO && period <= Span::MAX).then_some(Self { capacity, period })
    }

    /// Units per period.
    #[must_use]
    pub const fn capacity(self) -> u64 {
        self.capacity
    }

    /// The period.
    #[must_use]
    pub const fn period(self) -> Span {
        self.period
    }
}

/// What a capacity is multiplied by when it is reduced, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReduceFactor(u16);

impl ReduceFactor {
    /// 0 (which leaves 1 unit) to 999 thousandths. `None` above that: it would not be a reduction.
    #[must_use]
    pub const fn from_permille(permille: u16) -> Option<Self> {
        if permille < 1_000 { Some(Self(permille)) } else { None }
    }

    /// The factor in thousandths.
    #[must_use]
    pub const fn as_permille(self) -> u16 {
        self.0
    }
}

impl Default for ReduceFactor {
    /// A half.
    fn default() -> Self {
        Self(500)
    }
}

impl Acquire {
    /// Asks for these costs and charges them.
    #[must_use]
    pub const fn new(costs: Costs) -> Self {
        Self { costs, share: Share::HIGH, hold: None, once: None }
    }

    /// Holds the costs under an id instead.
    #[must_use]
    pub const fn held(mut self, hold: Hold) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Limits the request to this share of each capacity.
    #[must_use]
    pub const fn with_share(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// Is charged once, however often it comes.
    #[must_use]
    pub const fn once(mut self, id: Id) -> Self {
        self.once = Some(id);
        self
    }
}

impl From<Acquire> for Operation {
    #[inline]
    fn from(acquire: Acquire) -> Self {
        Self::Acquire(acquire)
    }
}

impl From<Costs> for Acquire {
    #[inline]
    fn from(costs: Costs) -> Self {
        Self::new(costs)
    }
}

impl From<Costs> for Operation {
    #[inline]
    fn from(costs: Costs) -> Self {
        Self::Acquire(Acquire::new(costs))
    }
}
