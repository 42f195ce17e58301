//! A limit on concurrency.

use tollgate_core::{HOLD_TTL_MAX, Limit, LimitError, Policy, Span};
use tollgate_store::Clock;

use crate::{AcquireError, Lease, LimitSet, SystemClock};

/// Admits a fixed number at the same time; with 1 it is a mutex. Each holder has a [`Lease`], and leaves
/// when it is dropped.
///
/// ```
/// use tollgate::{Concurrency, Span};
/// let door = Concurrency::new(2)?;
/// let (first, _second) = (door.enter_blocking(Span::ZERO)?, door.enter_blocking(Span::ZERO)?);
/// assert!(door.enter_blocking(Span::ZERO).is_err());
/// drop(first);
/// assert!(door.enter_blocking(Span::ZERO).is_ok());
/// assert_eq!(door.in_flight(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Concurrency<C = SystemClock> {
    set: LimitSet<C>,
}

impl Concurrency {
    /// A limit of `slots` slots: 1 to [`UNITS_MAX`](crate::UNITS_MAX), of which at most
    /// [`HOLDS_MAX`](crate::HOLDS_MAX) are ever taken.
    ///
    /// # Errors
    /// [`LimitError`] when there is none, or too many.
    pub fn new(slots: u64) -> Result<Self, LimitError> {
        Self::with_clock(slots, SystemClock::default())
    }
}

impl<C: Clock> Concurrency<C> {
    /// Slots with a clock of their own.
    ///
    /// # Errors
    /// As [`new`](Concurrency::new).
    pub fn with_clock(slots: u64, clock: C) -> Result<Self, LimitError> {
        // A single limit is not too many, and its name can't clash.
        let policy = Policy::new([Limit::concurrency("slots", slots)?]);
        let policy = policy.map_err(|_| LimitError::Name)?;
        Ok(Self { set: LimitSet::with_clock(policy, clock) })
    }

    /// How many are in.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.set.peek().first().map_or(0, |status| status.held)
    }

    /// Takes a slot, waiting for at most `timeout`. A lease that is neither dropped nor renewed ends
    /// after [`HOLD_TTL_MAX`] (31 days).
    ///
    /// # Errors
    /// [`AcquireError::TimedOut`].
    pub async fn enter(&self, timeout: Span) -> Result<Lease<C>, AcquireError> {
        self.set.hold(self.one(), HOLD_TTL_MAX, timeout).await
    }

    /// The same, blocking this thread.
    ///
    /// # Errors
    /// [`AcquireError::TimedOut`].
    pub fn enter_blocking(&self, timeout: Span) -> Result<Lease<C>, AcquireError> {
        pollster::block_on(self.enter(timeout))
    }

    fn one(&self) -> tollgate_core::Costs {
        let policy = self.set.policy();
        // A request that names no cost takes one slot.
        policy.costs([]).unwrap_or_else(|_| policy.no_costs())
    }
}
