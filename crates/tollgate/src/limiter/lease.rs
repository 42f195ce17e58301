//! Costs held for a while: a lease always ends, whatever becomes of its owner.

use tollgate_core::{Acquire, Costs, Effect, Hold, Id, Operation, Span};
use tollgate_store::Clock;

use super::Limiter;
use crate::id::next_id;
use crate::{AcquireError, Answer, LimiterError, SystemClock};

/// Costs that are held on a key. A lease ends once: settled for the actual costs, or released. Dropped,
/// it is settled for what was held, so that a caller that forgets, fails or panics has paid; slots are
/// freed.
///
/// It lives for the requested time, unless renewed, and is then settled in the same way.
#[derive(Debug)]
#[must_use = "a lease that is dropped is settled for what was held"]
pub struct Lease<C: Clock = SystemClock> {
    limiter: Limiter<C>,
    key: Box<str>,
    id: Id,
    is_over: bool,
}

impl<C: Clock> Limiter<C> {
    /// Holds costs for at most `ttl` (1 ns to [`HOLD_TTL_MAX`](crate::HOLD_TTL_MAX)), and waits for them
    /// as [`acquire`](Self::acquire) does.
    ///
    /// ```
    /// use tollgate::{Limit, Limiter, Policy, Span};
    /// let minute = Span::from_secs(60);
    /// let limiter = Limiter::new(Policy::new([Limit::token_bucket("tokens", 10_000, 1, minute)?])?);
    /// let tokens = |units| limiter.policy().costs([("tokens", units)]);
    ///
    /// let lease = limiter.hold_blocking("alice", tokens(4_000)?, minute, Span::ZERO)?;
    /// assert_eq!(limiter.peek("alice")?[0].remaining, 6_000);
    /// lease.settle(tokens(1_500)?)?; // what the call came to
    /// assert_eq!(limiter.peek("alice")?[0].remaining, 8_500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AcquireError`]; nothing is held then.
    pub async fn hold(
        &self,
        key: &str,
        asked: impl Into<Acquire>,
        ttl: Span,
        timeout: Span,
    ) -> Result<Lease<C>, AcquireError> {
        let hold = Hold::new(next_id(), ttl).ok_or(LimiterError::Ttl)?;
        let asked = Operation::Acquire(asked.into().held(hold));
        let answer = self.wait(key, &asked, timeout).await?;
        // Its costs were charged or held before, under another hold.
        if answer.effect == Effect::NoHold {
            return Err(LimiterError::Repeated.into());
        }
        Ok(Lease { limiter: self.clone(), key: key.into(), id: hold.id(), is_over: false })
    }

    /// The same, blocking this thread; with a `timeout` of zero it never blocks.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub fn hold_blocking(
        &self,
        key: &str,
        asked: impl Into<Acquire>,
        ttl: Span,
        timeout: Span,
    ) -> Result<Lease<C>, AcquireError> {
        pollster::block_on(self.hold(key, asked, ttl, timeout))
    }
}

impl<C: Clock> Lease<C> {
    /// Charges the actual costs. An excess over what was held is debt, or refused, as the limit says; if it
    /// is refused, what was held is charged.
    ///
    /// # Errors
    /// [`LimiterError`], which is not possible while the key is there.
    pub fn settle(mut self, costs: Costs) -> Result<Answer, LimiterError> {
        let settle = Operation::Settle { hold: self.id, costs: Some(costs) };
        let answer = self.limiter.ask(&self.key, &settle)?;
        self.is_over = answer.is_allowed();
        Ok(answer)
    }

    /// Charges nothing.
    ///
    /// # Errors
    /// [`LimiterError`], which is not possible while the key is there.
    pub fn release(mut self) -> Result<Answer, LimiterError> {
        self.is_over = true;
        self.limiter.ask(&self.key, &Operation::Release { hold: self.id })
    }

    /// Makes it expire `ttl` from now. Returns whether it still existed: if not, it was charged, and others
    /// may have its slots.
    ///
    /// # Errors
    /// [`LimiterError::Ttl`].
    pub fn renew(&self, ttl: Span) -> Result<bool, LimiterError> {
        let hold = Hold::new(self.id, ttl).ok_or(LimiterError::Ttl)?;
        let answer = self.limiter.ask(&self.key, &Operation::Renew { hold })?;
        Ok(answer.effect == Effect::Renewed)
    }
}

impl<C: Clock> Drop for Lease<C> {
    fn drop(&mut self) {
        if !self.is_over {
            let settle = Operation::Settle { hold: self.id, costs: None };
            // A key with a hold is never forgotten.
            let _ = self.limiter.ask(&self.key, &settle);
        }
    }
}
