//! A store whose operations are counted and timed.

use std::sync::Arc;

use tollgate_core::{Span, Timestamp};

use crate::store_tally::{Operation, StoreTally};
use crate::{Clock, KeySwap, Loaded, Page, Store, StoreError, Swap, SweptStore};

/// Counts in a [`StoreTally`] what a store is asked, what comes of it, and how long it takes.
///
/// ```
/// use std::sync::Arc;
/// use tollgate_store::{ManualClock, MemoryStore, Metered, Store, StoreTally};
/// # futures::executor::block_on(async {
/// let tally = Arc::new(StoreTally::default());
/// let store = Metered::timed(MemoryStore::default(), ManualClock::default(), Arc::clone(&tally));
/// store.load("k").await.unwrap();
/// assert_eq!(tally.operations()[0].done, 1);
/// # });
/// ```
#[derive(Debug)]
pub struct Metered<S, C> {
    store: S,
    /// `None` where reading the clock costs too much.
    clock: Option<C>,
    tally: Arc<StoreTally>,
}

impl<S, C: Clock> Metered<S, C> {
    /// Times operations by `clock`.
    pub const fn timed(store: S, clock: C, tally: Arc<StoreTally>) -> Self {
        Self { store, clock: Some(clock), tally }
    }

    /// Counts operations, and does not time them: in a guest each look at the clock is a call of the host.
    pub const fn untimed(store: S, tally: Arc<StoreTally>) -> Self {
        Self { store, clock: None, tally }
    }

    fn begin(&self) -> Option<Timestamp> {
        self.clock.as_ref().map(Clock::now)
    }

    /// Counts the result of an operation. It takes the result and not the future: a future that is passed on is stored
    /// twice in the one that awaits it, and a request nests several of these.
    fn end<T>(
        &self,
        operation: Operation,
        began: Option<Timestamp>,
        answer: Result<T, StoreError>,
        is_conflict: impl Fn(&T) -> bool,
    ) -> Result<T, StoreError> {
        let took = self.clock.as_ref().zip(began).map(|(clock, began)| clock.now().since(began));
        self.tally.count(operation, answer.as_ref().map(is_conflict).ok(), took);
        answer
    }
}

#[deny(clippy::missing_trait_methods, reason = "a default would not ask the store below")]
impl<S: Store, C: Clock> Store for Metered<S, C> {
    type Token = S::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let began = self.begin();
        self.end(Operation::Load, began, self.store.load(key).await, |_| false)
    }

    /// Nobody is asked, so nothing is counted.
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
        let is_conflict = |swap: &Swap| *swap == Swap::Conflict;
        let began = self.begin();
        let swapped = self.store.swap(key, token, record, forget_after).await;
        self.end(Operation::Swap, began, swapped, is_conflict)
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        let is_conflict = |swap: &Option<Swap>| *swap == Some(Swap::Conflict);
        let began = self.begin();
        self.end(Operation::SwapAll, began, self.store.swap_all(swaps).await, is_conflict)
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        let began = self.begin();
        self.end(Operation::Overwrite, began, self.store.overwrite(key, record).await, |()| false)
    }

    fn expires(&self) -> bool {
        self.store.expires()
    }
}

/// Listing and removing are not counted: they decide nothing.
impl<S: SweptStore, C: Clock> SweptStore for Metered<S, C> {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.store.list(cursor).await
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        self.store.remove(key, token).await
    }
}
