//! Several limits on one thing, taken together.

use event_listener::EventListener;
use tollgate_core::{Acquire, Capacity, Change, Decision, LimitStatus, Operation, Policy, Span};
use tollgate_store::Clock;

use crate::{AcquireError, Answer, Lease, Limiter, LimiterError, SystemClock};

/// The only key of a limiter that needs none.
const KEY: &str = "all";

/// The limits of one thing, such as an account of an upstream: a [`Limiter`] without keys. Costs are
/// taken from all limits or from none.
///
/// ```
/// use tollgate::{Limit, LimitSet, Policy, Span};
/// let minute = Span::from_secs(60);
/// let account = LimitSet::new(Policy::new([
///     Limit::token_bucket("requests", 60, 60, minute)?,
///     Limit::token_bucket("tokens", 10_000, 10_000, minute)?,
///     Limit::concurrency("in_flight", 4)?,
/// ])?);
///
/// // Before the call: what it may need. It is charged, and the slot is free again, whatever happens.
/// let costs = account.policy().costs([("tokens", 4_000)])?;
/// let lease = account.hold_blocking(costs, minute, Span::ZERO)?;
/// assert_eq!(account.peek()[2].remaining, 3);
///
/// lease.settle(account.policy().costs([("tokens", 1_234)])?)?; // after it: what it came to
/// let remaining: Vec<_> = account.peek().iter().map(|status| status.remaining).collect();
/// assert_eq!(remaining, [59, 8_766, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LimitSet<C = SystemClock> {
    limiter: Limiter<C>,
}

impl<C> Clone for LimitSet<C> {
    /// Another handle to the same limits.
    fn clone(&self) -> Self {
        Self { limiter: self.limiter.clone() }
    }
}

impl LimitSet {
    /// A set of the limits of this policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_clock(policy, SystemClock::default())
    }
}

impl<C: Clock> LimitSet<C> {
    /// A set with a clock of its own.
    #[must_use]
    pub fn with_clock(policy: Policy, clock: C) -> Self {
        Self { limiter: Limiter::with_clock(policy, 1, clock) }
    }

    /// The limits.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.limiter.policy()
    }

    /// Does an operation. See [`Limiter::apply`].
    pub(crate) fn apply<T>(
        &self,
        operation: &Operation,
        answer: impl FnOnce(Decision<'_>) -> T,
    ) -> Option<T> {
        // The only key is neither too long nor one too many.
        self.limiter.apply(KEY, operation, answer).ok()
    }

    /// See [`Limiter::follow`].
    pub(crate) fn follow(&self, limit: usize, announced: &Change) -> Option<Capacity> {
        self.limiter.follow(KEY, limit, announced).ok().flatten()
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &C {
        self.limiter.clock()
    }

    /// Notified when something held is freed.
    pub(crate) fn let_go(&self) -> EventListener {
        self.limiter.listen()
    }

    /// Where each limit stands, in the policy's order.
    #[must_use]
    pub fn peek(&self) -> Vec<LimitStatus> {
        // The only key is neither too long nor one too many.
        self.limiter.peek(KEY).unwrap_or_default()
    }

    /// See [`Limiter::try_acquire`].
    ///
    /// # Errors
    /// As there.
    pub fn try_acquire(&self, asked: impl Into<Acquire>) -> Result<Answer, LimiterError> {
        self.limiter.try_acquire(KEY, asked)
    }

    /// See [`Limiter::acquire`].
    ///
    /// # Errors
    /// As there.
    pub async fn acquire(
        &self,
        asked: impl Into<Acquire>,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        self.limiter.acquire(KEY, asked, timeout).await
    }

    /// See [`Limiter::acquire_blocking`].
    ///
    /// # Errors
    /// As there.
    pub fn acquire_blocking(
        &self,
        asked: impl Into<Acquire>,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        self.limiter.acquire_blocking(KEY, asked, timeout)
    }

    /// See [`Limiter::hold`].
    ///
    /// # Errors
    /// As there.
    pub async fn hold(
        &self,
        asked: impl Into<Acquire>,
        ttl: Span,
        timeout: Span,
    ) -> Result<Lease<C>, AcquireError> {
        self.limiter.hold(KEY, asked, ttl, timeout).await
    }

    /// See [`Limiter::hold_blocking`].
    ///
    /// # Errors
    /// As there.
    pub fn hold_blocking(
        &self,
        asked: impl Into<Acquire>,
        ttl: Span,
        timeout: Span,
    ) -> Result<Lease<C>, AcquireError> {
        self.limiter.hold_blocking(KEY, asked, ttl, timeout)
    }
}
