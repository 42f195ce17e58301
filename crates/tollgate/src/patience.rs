//! How long a caller still waits.

use std::future::Future;
use std::pin::pin;

use futures::future::{Either, select};
use tollgate_core::{Span, Timestamp};
use tollgate_store::Clock;

/// What is left of a timeout. It adds up the clock's steps forward, and the sleeps that came to their end: a
/// clock that is set back makes nobody wait longer by as much.
#[derive(Debug)]
pub(crate) struct Patience<'c, C> {
    clock: &'c C,
    left: Span,
    read: Timestamp,
}

impl<'c, C: Clock> Patience<'c, C> {
    /// A timeout of [`Span::NEVER`] is one of five centuries: what never comes does not come within it.
    pub(crate) fn new(clock: &'c C, timeout: Span) -> Self {
        let left = timeout.min(Span::from_nanos(Span::NEVER.as_nanos() - 1));
        Self { clock, left, read: clock.now() }
    }

    /// What is left by now.
    pub(crate) fn left(&mut self) -> Span {
        let now = self.clock.now();
        self.spend(now.since(self.read));
        self.read = now;
        self.left
    }

    /// Waits for `event`, but no longer than `at_most`, and than what is left.
    pub(crate) async fn wait(&mut self, event: impl Future, at_most: Span) {
        let nap = at_most.min(self.left);
        let after = Span::from_nanos(self.left.as_nanos() - nap.as_nanos());
        let sleep = pin!(self.clock.sleep(nap));
        let has_slept = matches!(select(pin!(event), sleep).await, Either::Right(_));
        let left = self.left();
        if has_slept {
            self.left = left.min(after);
        }
    }

    fn spend(&mut self, gone: Span) {
        self.left = Span::from_nanos(self.left.as_nanos().saturating_sub(gone.as_nanos()));
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tollgate_core::{Span, Timestamp};
    use tollgate_store::{Clock, ManualClock};

    use super::Patience;

    const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);
    const SECOND: Span = Span::from_secs(1);

    /// A clock that somebody sets back whenever somebody sleeps.
    #[derive(Default)]
    struct SetBack(ManualClock);

    impl Clock for SetBack {
        fn now(&self) -> Timestamp {
            self.0.now()
        }

        async fn sleep(&self, _: Span) {
            self.0.set(Timestamp::from_nanos(self.now().as_nanos() - 1_000_000_000));
        }
    }

    /// Of ten seconds, ten sleeps of a second each are all, whatever becomes of the clock.
    #[test]
    fn a_clock_set_back_makes_nobody_wait_longer() {
        let clock = SetBack::default();
        clock.0.set(NOON);
        let mut patience = Patience::new(&clock, Span::from_secs(10));
        for left in (0..10).rev() {
            pollster::block_on(patience.wait(pending::<()>(), SECOND));
            assert_eq!(patience.left(), Span::from_secs(left));
        }
    }

    /// What came before the end of a sleep took as long as the clock says.
    #[test]
    fn time_counts_once() {
        let clock = ManualClock::default();
        clock.set(NOON);
        let mut patience = Patience::new(&clock, Span::from_secs(10));
        pollster::block_on(patience.wait(pending::<()>(), SECOND));
        assert_eq!(patience.left(), Span::from_secs(9));
        pollster::block_on(patience.wait(ready(()), SECOND));
        assert_eq!(patience.left(), Span::from_secs(9));
        clock.set(NOON.plus(Span::from_secs(4)));
        assert_eq!(patience.left(), Span::from_secs(6));
        pollster::block_on(patience.wait(pending::<()>(), Span::NEVER));
        assert_eq!(patience.left(), Span::ZERO);
    }
}
