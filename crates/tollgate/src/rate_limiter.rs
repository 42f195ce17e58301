//! The three meters that LLM providers have.

use tollgate_core::{Acquire, Limit, LimitStatus, Policy, Span, UNITS_MAX};
use tollgate_store::Clock;

use crate::{AcquireError, Answer, LimitSet, LimiterError, SystemClock};

const NAMES: [&str; 3] = ["rpm", "input_tpm", "output_tpm"];
const MINUTE: Span = Span::from_secs(60);

/// What an upstream allows per minute: requests, which are spent before a call, and input and output
/// tokens, which are spent after it. A meter that is not given limits nothing.
///
/// Where an estimate is known before the call, a [`LimitSet`] that holds it is stricter: here tokens are
/// only counted once they are used.
///
/// ```
/// use tollgate::{PerMinute, RateLimiter, Span};
/// let limits = PerMinute { requests: Some(60), input_tokens: Some(10_000), ..PerMinute::default() };
/// let limiter = RateLimiter::new(limits)?;
///
/// limiter.before_call_blocking(Span::from_secs(1))?;
/// limiter.after_call_blocking(9_000, 12_000, Span::from_secs(1))?; // output has no limit
///
/// let error = limiter.after_call_blocking(9_000, 10, Span::from_secs(1)).unwrap_err();
/// assert_eq!(limiter.denied_by(&error), Some("input_tpm"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RateLimiter<C = SystemClock> {
    set: LimitSet<C>,
}

/// The most per minute, each 1 to [`UNITS_MAX`] if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerMinute {
    /// Requests: `rpm`.
    pub requests: Option<u64>,
    /// Input tokens: `input_tpm`.
    pub input_tokens: Option<u64>,
    /// Output tokens: `output_tpm`.
    pub output_tokens: Option<u64>,
}

/// A number of [`PerMinute`] is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: must be 1 to {UNITS_MAX}, not {value}")]
pub struct PerMinuteError {
    /// Which.
    pub field: &'static str,
    /// The number.
    pub value: u64,
}

impl RateLimiter {
    /// A limiter of these meters, all of them full.
    ///
    /// # Errors
    /// [`PerMinuteError`] when a number is out of its range.
    pub fn new(most: PerMinute) -> Result<Self, PerMinuteError> {
        Self::with_clock(most, SystemClock::default())
    }
}

impl<C: Clock> RateLimiter<C> {
    /// A limiter with a clock of its own.
    ///
    /// # Errors
    /// [`PerMinuteError`] when a number is out of its range.
    pub fn with_clock(most: PerMinute, clock: C) -> Result<Self, PerMinuteError> {
        let numbers = [
            ("requests", most.requests),
            ("input_tokens", most.input_tokens),
            ("output_tokens", most.output_tokens),
        ];
        let given = NAMES
            .into_iter()
            .zip(numbers)
            .filter_map(|(name, (field, most))| Some((name, field, most?)));
        let limits = given.map(|(name, field, value)| {
            let limit = Limit::token_bucket(name, value, value, MINUTE);
            limit.map_err(|_| PerMinuteError { field, value })
        });
        let policy = Policy::new(limits.collect::<Result<Vec<_>, _>>()?);
        let policy = policy.expect("three limits are not too many, and their names differ");
        Ok(Self { set: LimitSet::with_clock(policy, clock) })
    }

    /// Where a meter stands, by its name: `rpm`, `input_tpm` or `output_tpm`.
    #[must_use]
    pub fn meter(&self, name: &str) -> Option<LimitStatus> {
        let index = self.set.policy().index_of(name)?;
        self.set.peek().get(index).copied()
    }

    /// The name of the meter that denied.
    #[must_use]
    pub fn denied_by(&self, error: &AcquireError) -> Option<&str> {
        let (AcquireError::TimedOut(answer) | AcquireError::Impossible(answer)) = error else {
            return None;
        };
        self.set.policy().limits().get(answer.denied_by?).map(|limit| &**limit.name())
    }

    /// Spends a request, waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`AcquireError`]: at once if it won't pass in time.
    pub async fn before_call(&self, timeout: Span) -> Result<Answer, AcquireError> {
        self.set.acquire(self.asked([1, 0, 0])?, timeout).await
    }

    /// Spends what a call used, input and output or neither, waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`AcquireError`]: at once if it won't pass in time. More than a meter has per minute is never spent
    /// ([`AcquireError::Impossible`]): a [`LimitSet`] makes it a debt when a lease is settled for it.
    pub async fn after_call(
        &self,
        input_tokens: u64,
        output_tokens: u64,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        self.set.acquire(self.asked([0, input_tokens, output_tokens])?, timeout).await
    }

    /// [`before_call`](Self::before_call), blocking this thread.
    ///
    /// # Errors
    /// As there.
    pub fn before_call_blocking(&self, timeout: Span) -> Result<Answer, AcquireError> {
        pollster::block_on(self.before_call(timeout))
    }

    /// [`after_call`](Self::after_call), blocking this thread.
    ///
    /// # Errors
    /// As there.
    pub fn after_call_blocking(
        &self,
        input_tokens: u64,
        output_tokens: u64,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        pollster::block_on(self.after_call(input_tokens, output_tokens, timeout))
    }

    /// These units of the meters that there are.
    fn asked(&self, units: [u64; 3]) -> Result<Acquire, LimiterError> {
        let policy = self.set.policy();
        let named =
            NAMES.into_iter().zip(units).filter(|(name, _)| policy.index_of(name).is_some());
        policy.costs(named).map(Acquire::new).map_err(|_| LimiterError::Units)
    }
}
