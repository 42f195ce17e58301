//! One token bucket.

use tollgate_core::{Acquire, Limit, LimitError, Policy, Span};
use tollgate_store::Clock;

use crate::{AcquireError, Answer, LimitSet, LimiterError, SystemClock};

/// A bucket of tokens that starts full and regains `refill` of them per period.
///
/// ```
/// use tollgate::{Span, TokenBucket};
/// let bucket = TokenBucket::new(100, 10, Span::from_secs(1))?;
/// assert!(bucket.try_acquire(60)?.is_allowed());
/// let denied = bucket.try_acquire(60)?;
/// assert!(!denied.is_allowed() && denied.retry_after <= Span::from_secs(2));
/// assert!(bucket.acquire_blocking(60, Span::from_millis(100)).is_err()); // at once: too long
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TokenBucket<C = SystemClock> {
    set: LimitSet<C>,
}

impl TokenBucket {
    /// A bucket of `capacity` tokens that regains `refill` per `period`.
    ///
    /// # Errors
    /// [`LimitError`] says which number is out of its range.
    pub fn new(capacity: u64, refill: u64, period: Span) -> Result<Self, LimitError> {
        Self::with_clock(capacity, refill, period, SystemClock::default())
    }
}

impl<C: Clock> TokenBucket<C> {
    /// A bucket with a clock of its own.
    ///
    /// # Errors
    /// [`LimitError`] says which number is out of its range.
    pub fn with_clock(
        capacity: u64,
        refill: u64,
        period: Span,
        clock: C,
    ) -> Result<Self, LimitError> {
        let limit = Limit::token_bucket("tokens", capacity, refill, period)?;
        // One limit is neither too many, nor two of one name.
        let policy = Policy::new([limit]).map_err(|_| LimitError::Name)?;
        Ok(Self { set: LimitSet::with_clock(policy, clock) })
    }

    /// How many tokens there are.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.set.peek().first().map_or(0, |status| status.remaining)
    }

    /// Takes `tokens` now, or none. No tokens are always there.
    ///
    /// # Errors
    /// [`LimiterError::Units`].
    pub fn try_acquire(&self, tokens: u64) -> Result<Answer, LimiterError> {
        self.set.try_acquire(self.asked(tokens)?)
    }

    /// Takes `tokens`, and waits for them for at most `timeout`.
    ///
    /// # Errors
    /// [`AcquireError`]: at once if they won't be there in time.
    pub async fn acquire(&self, tokens: u64, timeout: Span) -> Result<Answer, AcquireError> {
        self.set.acquire(self.asked(tokens)?, timeout).await
    }

    /// The same, while this thread sleeps.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub fn acquire_blocking(&self, tokens: u64, timeout: Span) -> Result<Answer, AcquireError> {
        self.set.acquire_blocking(self.asked(tokens)?, timeout)
    }

    fn asked(&self, tokens: u64) -> Result<Acquire, LimiterError> {
        let costs = self.set.policy().costs_in_order(&[tokens]);
        costs.map(Acquire::new).map_err(|_| LimiterError::Units)
    }
}
