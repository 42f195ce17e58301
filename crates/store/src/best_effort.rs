//! Writing without compare-and-swap, for policies that accept it.

use tollgate_core::Span;

use crate::{KeySwap, Loaded, Store, StoreError, Swap};

/// A store for policies that accept less than exactness. Where the store below refuses [`Store::swap`] as
/// [`StoreError::Inexact`], the record is written over whatever is there.
///
/// Such a write erases what others charged between its load and itself. With N equally fast
/// writers at a time, only one of N charges may remain, so at most N times the limit passes. A slower writer
/// erases everything that the others charged meanwhile. The edge function waits for nothing between load and write,
/// so only decisions of other instances overlap with its own. No request is denied that would pass in an exact store.
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

#[deny(clippy::missing_trait_methods, reason = "a default would not ask the store below")]
impl<S: Store> Store for BestEffort<'_, S> {
    type Token = S::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.store.load(key).await
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
        let swapped = self.store.swap(key, token, record, forget_after).await;
        if self.allowed && swapped == Err(StoreError::Inexact) {
            return self.store.overwrite(key, record).await.map(|()| Swap::Done);
        }
        swapped
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
}
