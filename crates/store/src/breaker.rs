//! A store that fails is left alone for a while.

use std::sync::{Mutex, PoisonError};

use tollgate_core::{Span, Timestamp};

use crate::{Clock, KeySwap, Loaded, Page, Store, StoreError, Swap, SweptStore};

/// Failures in a row after which a store is left alone.
pub const FAILURES_MAX: u32 = 5;

/// How long it is left alone. Then one call tries it out: when that fails too, it starts again.
pub const PAUSE: Span = Span::from_secs(1);

/// A circuit breaker in front of a store: after [`FAILURES_MAX`] failures in a row it answers
/// [`StoreError::Unavailable`] at once, so that no request waits for a store that is down, and a
/// struggling one is not flooded. It closes by itself when the store answers again.
///
/// ```
/// use tollgate_store::{Breaker, ManualClock, MemoryStore, Store};
/// # futures::executor::block_on(async {
/// let store = Breaker::new(MemoryStore::default(), ManualClock::default());
/// assert_eq!(store.load("k").await.unwrap().record, None);
/// # });
/// ```
#[derive(Debug)]
pub struct Breaker<S, C> {
    store: S,
    clock: C,
    circuit: Mutex<Circuit>,
}

#[derive(Debug, Clone, Copy)]
enum Circuit {
    /// Calls go through; so many failed in a row.
    Closed { failures: u32 },
    /// Calls fail at once, until then.
    Open { until: Timestamp },
}

impl<S, C: Clock> Breaker<S, C> {
    /// A breaker in front of `store` that tells pauses by `clock`.
    pub const fn new(store: S, clock: C) -> Self {
        Self { store, clock, circuit: Mutex::new(Circuit::Closed { failures: 0 }) }
    }

    /// Lets a call through, or refuses it.
    fn enter(&self) -> Result<(), StoreError> {
        let mut circuit = self.circuit.lock().unwrap_or_else(PoisonError::into_inner);
        // Few calls find it open, and only they have to read the clock.
        let Circuit::Open { until } = *circuit else { return Ok(()) };
        let now = self.clock.now();
        // A clock that was set back does not make the pause longer.
        if now < until && until.since(now) <= PAUSE {
            return Err(StoreError::Unavailable(format!(
                "it failed {FAILURES_MAX} times in a row, and is left alone for a moment"
            )));
        }
        // This call tries it out, alone: the others wait for one more pause at most.
        *circuit = Circuit::Open { until: now.plus(PAUSE) };
        Ok(())
    }

    fn leave<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        let mut circuit = self.circuit.lock().unwrap_or_else(PoisonError::into_inner);
        // A store that can't compare and swap does not fail.
        let failed = matches!(result, Err(StoreError::Unavailable(_)));
        *circuit = match *circuit {
            _ if !failed => Circuit::Closed { failures: 0 },
            Circuit::Closed { failures } if failures + 1 < FAILURES_MAX => {
                Circuit::Closed { failures: failures + 1 }
            }
            _ => Circuit::Open { until: self.clock.now().plus(PAUSE) },
        };
        result
    }
}

#[deny(clippy::missing_trait_methods, reason = "a default would not ask the store below")]
impl<S: Store, C: Clock> Store for Breaker<S, C> {
    type Token = S::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.enter()?;
        self.leave(self.store.load(key).await)
    }

    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        self.store.recall(key)
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.enter()?;
        self.leave(self.store.swap(key, token, record, forget_after).await)
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        self.enter()?;
        self.leave(self.store.swap_all(swaps).await)
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        self.enter()?;
        self.leave(self.store.overwrite(key, record).await)
    }

    fn expires(&self) -> bool {
        self.store.expires()
    }
}

impl<S: SweptStore, C: Clock> SweptStore for Breaker<S, C> {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.enter()?;
        self.leave(self.store.list(cursor).await)
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        self.enter()?;
        self.leave(self.store.remove(key, token).await)
    }
}
