//! Writing where nothing can be compared, for who said that this will do.

use tollgate_core::Span;

use crate::{KeySwap, Loaded, Store, StoreError, Swap};

/// A store for one who may be content with less than exactness: where [`Store::swap`] is refused as
/// [`StoreError::Inexact`], the record is written over whatever is there.
///
/// A write takes back what others charged between its load and itself. So of writers that all load
/// before the first of them writes, one charge stays: with at most N at a time that are equally fast, at
/// most N times the limit passes. One that is slower takes back everything that the others charged
/// meanwhile. A decision that waits for nothing between its load and its write, as the edge function's,
/// overlaps with those of other instances alone. Nobody is denied who would have passed otherwise.
#[derive(Debug)]
pub struct BestEffort<'a, S> {
    store: &'a S,
    allowed: bool,
}

impl<'a, S> BestEffort<'a, S> {
    /// `store`, written without comparing where it can't compare, if that is `allowed`.
    pub const fn new(store: &'a S, allowed: bool) -> Self {
        Self { store, allowed }
    }
}

impl<S: Store> BestEffort<'_, S> {
    async fn or_overwrite(
        &self,
        swapped: Result<Swap, StoreError>,
        key: &str,
        record: &[u8],
    ) -> Result<Swap, StoreError> {
        if self.allowed && swapped == Err(StoreError::Inexact) {
            return self.store.overwrite(key, record).await.map(|()| Swap::Done);
        }
        swapped
    }
}

impl<S: Store> Store for BestEffort<'_, S> {
    type Token = S::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.store.load(key).await
    }

    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        self.store.recall(key)
    }

    async fn swap(&self, key: &str, token: Self::Token, record: &[u8]) -> Result<Swap, StoreError> {
        self.or_overwrite(self.store.swap(key, token, record).await, key, record).await
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        self.store.overwrite(key, record).await
    }

    async fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> Result<Option<Swap>, StoreError> {
        self.store.swap_all(swaps).await
    }

    fn expires(&self) -> bool {
        self.store.expires()
    }

    async fn swap_expiring(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        let swapped = self.store.swap_expiring(key, token, record, forget_after).await;
        self.or_overwrite(swapped, key, record).await
    }
}
