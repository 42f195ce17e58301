//! What every store promises.

use std::future::Future;

use tollgate_core::Span;

/// Records under keys, with compare-and-swap.
///
/// The promises, which the suite in `conformance` checks:
///
/// * `swap` with a token from "absent" creates the record, and only if the key is still absent;
/// * `swap` with any other token replaces exactly the record that was seen;
/// * a conflict changes nothing and is an outcome, not an error;
/// * after [`Swap::Done`] every later load, by anyone, sees the new record or a later one, for as long as it
///   is to be kept.
///
/// Comparing values is a sufficient token: a decision depends on the record alone, so a record that
/// changed and changed back is the same record.
///
/// The futures carry no `Send` bound, since guests are single-threaded; those of a concrete store
/// that is `Send` are `Send` too.
pub trait Store {
    /// Proof of what [`load`](Self::load) saw.
    type Token;

    /// Reads the record under `key`, and a token to replace it.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer.
    fn load(&self, key: &str) -> impl Future<Output = Result<Loaded<Self::Token>, StoreError>>;

    /// The record under `key` as this process saw it last, if the store remembers that, without asking anybody.
    ///
    /// It may be stale. So decide on it only what is then written: a swap with its token succeeds only if
    /// the record was still the current one. What needs no swap has to be [loaded](Self::load).
    fn recall(&self, key: &str) -> Option<Loaded<Self::Token>> {
        let _ = key;
        None
    }

    /// Writes `record` under `key` if the key still holds what `token` saw.
    ///
    /// `forget_after` is how long the record matters: from then on it decides as an absent one would. A store keeps it
    /// at least that long, by its own clock and from this write on, whatever was said of the record that it replaces;
    /// [`Span::NEVER`] is until somebody removes it. A store that [`expires`](Self::expires) may remove it any time
    /// later: then the key is absent, and a token of the record conflicts. Any other store ignores `forget_after`,
    /// and removes only what a sweeper found idle.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer; whether it wrote is then unknown.
    fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> impl Future<Output = Result<Swap, StoreError>>;

    /// Swaps several keys in one step, all or nothing. Answers `None`, and does nothing, where the store
    /// can't do that with these keys.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer; whether it wrote is then unknown.
    fn swap_all(
        &self,
        swaps: Vec<KeySwap<'_, Self::Token>>,
    ) -> impl Future<Output = Result<Option<Swap>, StoreError>> {
        drop(swaps);
        async { Ok(None) }
    }

    /// Writes `record` under `key`, whatever is there, to be kept as by [`Span::NEVER`]. Only a store that can't
    /// compare, and refuses [`swap`](Self::swap) as [`StoreError::Inexact`], offers it; see
    /// [`BestEffort`](crate::BestEffort).
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer; whether it wrote is then unknown.
    fn overwrite(&self, key: &str, record: &[u8]) -> impl Future<Output = Result<(), StoreError>> {
        let _ = (key, record);
        async { Err(StoreError::Unavailable(String::from("its records are swapped alone"))) }
    }

    /// Whether a record may disappear by itself once its time is over. Where not, nobody has to work out how long
    /// it matters, and [`Span::NEVER`] will do for every swap.
    fn expires(&self) -> bool {
        false
    }
}

/// A store whose records can be looked through and removed.
///
/// In addition to a [`Store`]'s promises: a record that stays is listed at least once while all pages are read
/// (a store that keeps no order may list it again), and [`remove`](Self::remove) removes only the record that `token`
/// saw.
pub trait SweptStore: Store {
    /// Keys after `cursor`, in the order of the store.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer.
    fn list(&self, cursor: Option<&str>) -> impl Future<Output = Result<Page, StoreError>>;

    /// Removes the record under `key` if it is still the one that `token` saw. Where that saw none, a
    /// store may tidy up what it keeps of the key for itself.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer; whether it removed is then unknown.
    fn remove(
        &self,
        key: &str,
        token: Self::Token,
    ) -> impl Future<Output = Result<Swap, StoreError>>;
}

/// One page of keys. It may have none, and still not be the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<String>,
    /// What to ask for the next page with, or `None` when this was the last.
    pub cursor: Option<String>,
}

/// One key of several that are swapped together.
#[derive(Debug)]
pub struct KeySwap<'a, T> {
    /// The key.
    pub key: &'a str,
    /// What was seen of it.
    pub token: T,
    /// Its new record.
    pub record: Vec<u8>,
    /// How long it is kept, at least, as in [`Store::swap`].
    pub forget_after: Span,
}

/// What [`Store::load`] saw.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The record, or `None` when the key is absent.
    pub record: Option<Vec<u8>>,
    /// Proof of having seen it, to be given to [`Store::swap`].
    pub token: T,
}

/// How a swap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Swap {
    /// The record was written.
    Done,
    /// Somebody else wrote first; nothing was changed.
    Conflict,
}

/// Why a store could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store is down, unreachable or broken.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store can't compare and swap: whatever is written may take back what others charged.
    #[error(
        "this key-value store can't compare and swap, as Spin's can't on Redis: set the variable `store` \
         to the redis:// address and grant it in allowed_outbound_hosts, or let the policy say \
         exactness = \"best_effort\""
    )]
    Inexact,
}
