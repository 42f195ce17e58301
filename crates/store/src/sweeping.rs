//! Sweeping in the background, for as long as somebody serves.

use std::convert::Infallible;

use tollgate_core::{Span, Timestamp};

use crate::{Clock, Judgement, Round, StoreError, Sweeper, SweptStore};

/// Keys per step: few enough not to delay what shares its thread.
pub const SWEEP_STEP_KEYS: usize = 200;
/// The pause after a step, in multiples of what the step took: sweeping uses at most a quarter of one thread's time,
/// and of the store's.
const PAUSE_PER_STEP: u64 = 3;
/// Shortest pause between two steps.
const PAUSE_MIN: Span = Span::from_millis(1);
/// Longest pause between two steps: a store that is so slow is not made faster by waiting longer.
const PAUSE_MAX: Span = Span::from_secs(10);

/// Sweeps `store` round by round, with a pause of `interval` after each, until it is dropped.
///
/// `judge` is that of [`Sweeper::step`]. `report` is told what every round came to, and every error;
/// after an error there is a pause of `interval` too.
pub async fn sweep<S: SweptStore, C: Clock>(
    store: &S,
    clock: &C,
    interval: Span,
    judge: impl Fn(&str, &[u8], Timestamp) -> Judgement,
    report: impl Fn(Result<Round, StoreError>),
) -> Infallible {
    let mut sweeper = Sweeper::default();
    loop {
        let began = clock.now();
        let pause = match sweeper.step(store, SWEEP_STEP_KEYS, began, &judge).await {
            Ok(None) => pause_after(clock.now().since(began)),
            Ok(Some(round)) => {
                report(Ok(round));
                interval
            }
            Err(error) => {
                report(Err(error));
                interval
            }
        };
        clock.sleep(pause).await;
    }
}

fn pause_after(step: Span) -> Span {
    let pause = Span::from_nanos(step.as_nanos().saturating_mul(PAUSE_PER_STEP));
    pause.clamp(PAUSE_MIN, PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::cell::{Cell, RefCell};
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use futures::executor::block_on;

    use super::*;
    use crate::{Loaded, ManualClock, MemoryStore, Page, Store, Swap};

    #[test]
    fn a_pause_is_three_times_the_step_within_bounds() {
        for (step_ns, pause_ns) in [
            (0, 1_000_000),
            (333_333, 1_000_000),
            (1_000_000, 3_000_000),
            (3_333_333_334, 10_000_000_000),
            (u64::MAX, 10_000_000_000),
        ] {
            assert_eq!(pause_after(Span::from_nanos(step_ns)).as_nanos(), pause_ns, "{step_ns}");
        }
    }

    /// A clock whose sleepers are written down, and wait for nothing but their turn.
    #[derive(Default)]
    struct Diary {
        clock: ManualClock,
        pauses_ms: RefCell<Vec<u64>>,
    }

    impl Clock for &Diary {
        fn now(&self) -> Timestamp {
            self.clock.now()
        }

        async fn sleep(&self, span: Span) {
            self.pauses_ms.borrow_mut().push(span.as_millis_ceil());
            let mut slept = false;
            poll_fn(|_| {
                if std::mem::replace(&mut slept, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    }

    /// A memory store in which every load takes 10 µs and one list fails.
    struct Slow<'a> {
        store: MemoryStore,
        clock: &'a ManualClock,
        fails: Cell<bool>,
    }

    impl Store for Slow<'_> {
        type Token = Option<Vec<u8>>;

        async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
            self.clock.sleep(Span::from_nanos(10_000)).await;
            self.store.load(key).await
        }

        async fn swap(
            &self,
            k: &str,
            token: Self::Token,
            new: &[u8],
            forget_after: Span,
        ) -> Result<Swap, StoreError> {
            self.store.swap(k, token, new, forget_after).await
        }
    }

    impl SweptStore for Slow<'_> {
        async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
            if self.fails.take() {
                return Err(StoreError::Unavailable("pulled the plug".into()));
            }
            self.store.list(cursor).await
        }

        async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
            self.store.remove(key, token).await
        }
    }

    #[test]
    fn steps_are_paced_rounds_are_apart_and_an_error_ends_nothing() {
        let diary = Diary::default();
        let store =
            Slow { store: MemoryStore::default(), clock: &diary.clock, fails: Cell::new(true) };
        for number in 0..500 {
            let key = format!("k{number:03}");
            assert_eq!(
                block_on(store.store.swap(&key, None, b"idle", Span::NEVER)),
                Ok(Swap::Done)
            );
        }
        let reports = RefCell::new(Vec::new());
        let judge = |_: &str, _: &[u8], _: Timestamp| Judgement::ForgetAfter(Span::ZERO);
        let report = |round: Result<Round, _>| {
            reports.borrow_mut().push(round.map(|round| round.removed).ok());
        };
        let clock = &diary;
        let mut sweeping = pin!(sweep(&store, &clock, Span::from_secs(60), judge, report));
        block_on(poll_fn(|context| {
            for _ in 0..5 {
                assert!(sweeping.as_mut().poll(context).is_pending());
            }
            Poll::Ready(())
        }));
        assert_eq!(*reports.borrow(), [None, Some(500), Some(0)]);
        // An error; two steps of 200 keys in 2 ms each; the end of a round; and a round of nothing.
        assert_eq!(*diary.pauses_ms.borrow(), [60_000, 6, 6, 60_000, 60_000]);
    }
}
