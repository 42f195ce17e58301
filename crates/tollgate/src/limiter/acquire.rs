//! Waiting until a request passes.

use event_listener::EventListener;
use tollgate_core::{Acquire, Operation, Span, Verdict};
use tollgate_store::Clock;

use super::Limiter;
use crate::patience::Patience;
use crate::{AcquireError, Answer};

impl<C: Clock> Limiter<C> {
    /// Asks for costs, and waits until they pass, for at most `timeout` ([`Span::NEVER`] waits as long
    /// as it takes). It sleeps on the limiter's clock, on any async runtime or none; dropping the future
    /// while it waits charges nothing.
    ///
    /// Waiting requests are admitted when there is room, in no particular order. A request admitted by a
    /// leaky queue still has to wait its turn: [`Answer::delay`].
    ///
    /// ```
    /// use tollgate::{AcquireError, Limit, Limiter, ManualClock, Policy, Span};
    /// let policy = Policy::new([Limit::gcra("requests", 1, Span::from_secs(20), 1)?])?;
    /// let limiter = Limiter::with_clock(policy, 1_000, ManualClock::default());
    /// let one = limiter.policy().costs([])?;
    ///
    /// assert!(limiter.acquire_blocking("alice", one, Span::ZERO).is_ok());
    /// assert!(limiter.acquire_blocking("alice", one, Span::from_secs(30)).is_ok()); // after 20 s
    /// let too_soon = limiter.acquire_blocking("alice", one, Span::from_secs(19));
    /// assert!(matches!(too_soon, Err(AcquireError::TimedOut(_)))); // at once: waiting would not help
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AcquireError`]: at once if it can't pass within `timeout`, or never will. What others hold (a slot, say)
    /// may become free at any time, so where that would be enough it waits until `timeout` has passed.
    pub async fn acquire(
        &self,
        key: &str,
        asked: impl Into<Acquire>,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        self.wait(key, &Operation::Acquire(asked.into()), timeout).await
    }

    /// The same, blocking this thread. Not for async tasks: it would block their runtime.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub fn acquire_blocking(
        &self,
        key: &str,
        asked: impl Into<Acquire>,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        pollster::block_on(self.acquire(key, asked, timeout))
    }

    /// Notified when something held is freed.
    pub(crate) fn listen(&self) -> EventListener {
        self.inner.let_go.listen()
    }

    pub(super) async fn wait(
        &self,
        key: &str,
        operation: &Operation,
        timeout: Span,
    ) -> Result<Answer, AcquireError> {
        let answer = self.ask(key, operation)?;
        if answer.is_allowed() {
            return Ok(answer);
        }
        let mut patience = Patience::new(self.clock(), timeout);
        loop {
            let let_go = self.listen();
            // Finds what was freed before this listened.
            let answer = self.ask(key, operation)?;
            let left = patience.left();
            match answer.verdict {
                Verdict::Allowed => return Ok(answer),
                Verdict::Impossible => return Err(AcquireError::Impossible(answer)),
                Verdict::Limited if left == Span::ZERO => {
                    return Err(AcquireError::TimedOut(answer));
                }
                Verdict::Limited if answer.retry_after_at_least > left => {
                    return Err(AcquireError::TimedOut(answer));
                }
                Verdict::Limited => patience.wait(let_go, answer.retry_after).await,
            }
        }
    }
}
