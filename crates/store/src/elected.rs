//! Exact creation where the host's compare-and-swap does not protect it.
//!
//! Spin's SQLite store compares and swaps exactly once a key exists. On an *absent* key its `swap` is
//! an unconditional write: two first writers both "win", and one charge is lost. Its `increment` is a
//! transaction, absent keys included, so the right to create is elected with it, on keys of their own:
//!
//! ```text
//! s/0/{key}    a counter: who makes it 1 may create the record
//! m/{key}      when somebody first missed a record whose creator was elected (8 bytes, nanoseconds)
//! s/{m}/{key}  the election after that creator was given up, named by the mark that gave it up
//! ```
//!
//! Who loses an election reports a conflict, and finds the record on one of its next attempts. If it
//! does not, the creator may have died between its election and its write. It is given up
//! [`ABANDONED_AFTER`] after it was first missed, which is longer than any request may live.
//!
//! What is left: a creator that is elected, sleeps for longer than that, and then writes, overwrites
//! what was charged since its replacement. A request that is still running after a minute has to be
//! ended by its host; every host does, unless the machine itself was suspended in between.

use std::future::Future;

use tollgate_core::{Span, Timestamp};

use crate::{Clock, Loaded, Store, StoreError, Swap};

/// How long after it was first missed an elected creator is given up.
pub const ABANDONED_AFTER: Span = Span::from_secs(60);

/// What `wasi:keyvalue` offers: exact on keys that exist, and an exact increment.
pub trait Atomics {
    /// A value that was seen, to be swapped.
    type Handle;

    /// Reads `key` and gets a handle to swap what was seen. The handle of an absent key writes
    /// whatever happened since.
    fn current(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<(Option<Vec<u8>>, Self::Handle), StoreError>>;

    /// Writes `value` if the key still holds what `handle` saw.
    fn swap(
        &self,
        handle: Self::Handle,
        value: &[u8],
    ) -> impl Future<Output = Result<Swap, StoreError>>;

    /// Adds 1 to the counter under `key`, absent counting as 0, and answers the sum.
    fn increment(&self, key: &str) -> impl Future<Output = Result<i64, StoreError>>;

    /// The value under `key`.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>>;

    /// Writes `value` under `key`.
    fn set(&self, key: &str, value: &[u8]) -> impl Future<Output = Result<(), StoreError>>;
}

/// A [`Store`] over [`Atomics`]. Keys that start with `s/` and `m/` are its own.
#[derive(Debug)]
pub struct ElectedStore<A, C> {
    atomics: A,
    clock: C,
}

/// Proof of what an [`ElectedStore`] saw.
#[derive(Debug)]
pub enum Seen<H> {
    /// Nothing.
    Absent,
    /// A record.
    Record(H),
}

impl<A: Atomics, C: Clock> ElectedStore<A, C> {
    /// A store over `atomics` that tells how long a creator is missing by `clock`.
    pub const fn new(atomics: A, clock: C) -> Self {
        Self { atomics, clock }
    }

    async fn create(&self, key: &str, record: &[u8]) -> Result<Swap, StoreError> {
        let mark_key = format!("m/{key}");
        let won = |election: u64| self.wins(election, key);
        if won(0).await? {
            return self.write(key, record).await;
        }
        let now = self.clock.now();
        let Some(missed) = self.atomics.get(&mark_key).await?.and_then(decode_mark) else {
            self.atomics.set(&mark_key, &encode_mark(now)).await?;
            return Ok(Swap::Conflict);
        };
        let given_up = now.since(missed) >= ABANDONED_AFTER;
        if !given_up || !won(missed.as_nanos()).await? {
            return Ok(Swap::Conflict);
        }
        // Should this creator die as well, the next one is elected under a new mark.
        self.atomics.set(&mark_key, &encode_mark(now)).await?;
        self.write(key, record).await
    }

    async fn wins(&self, election: u64, key: &str) -> Result<bool, StoreError> {
        Ok(self.atomics.increment(&format!("s/{election}/{key}")).await? == 1)
    }

    /// Writes a record that must not be there yet.
    async fn write(&self, key: &str, record: &[u8]) -> Result<Swap, StoreError> {
        match self.atomics.current(key).await? {
            (None, handle) => self.atomics.swap(handle, record).await,
            (Some(_), _) => Ok(Swap::Conflict),
        }
    }
}

impl<A: Atomics, C: Clock> Store for ElectedStore<A, C> {
    type Token = Seen<A::Handle>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let (record, handle) = self.atomics.current(key).await?;
        let token = if record.is_some() { Seen::Record(handle) } else { Seen::Absent };
        Ok(Loaded { record, token })
    }

    async fn swap(&self, key: &str, token: Self::Token, record: &[u8]) -> Result<Swap, StoreError> {
        match token {
            Seen::Record(handle) => self.atomics.swap(handle, record).await,
            Seen::Absent => self.create(key, record).await,
        }
    }
}

fn encode_mark(now: Timestamp) -> [u8; 8] {
    now.as_nanos().to_le_bytes()
}

/// A mark that is not 8 bytes long is no mark, and is written anew.
fn decode_mark(bytes: Vec<u8>) -> Option<Timestamp> {
    Some(Timestamp::from_nanos(u64::from_le_bytes(bytes.try_into().ok()?)))
}
