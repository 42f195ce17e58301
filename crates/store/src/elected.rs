//! Exact creation where the host's compare-and-swap does not protect it.
//!
//! Spin's SQLite store compares and swaps exactly once a key exists. On an *absent* key its `swap` is
//! an unconditional write: two first writers both "win", and one charge is lost. Its `increment` is a
//! transaction, absent keys included, so the right to create is elected with it, on keys of their own:
//!
//! ```text
//! s/0/{key}    a counter: the process that makes it 1 may create the record
//! m/{key}      when somebody first missed a record whose creator was elected (8 bytes, nanoseconds)
//! s/{m}/{key}  the election after that creator was given up, named by the mark that gave it up
//! ```
//!
//! The loser of an election reports a conflict, and finds the record on one of its next attempts. If it
//! does not, the creator may have died between its election and its write. The creator is given up
//! [`ABANDONED_AFTER`] after its record was first missed, which is longer than any request may live.
//!
//! How such records are removed: see `elected/sweep.rs`.
//!
//! One gap remains: a creator that is elected, stalls for longer than that, and then writes, overwrites
//! what was charged since its replacement. It awaits nothing but the store in between, so that takes a
//! store that blocks it for a minute, or a suspended machine. The mark is one machine's time and is compared with
//! another's: clocks that are further apart than [`ABANDONED_AFTER`] give up creators that are alive.
//!
//! A host whose creation is exact needs no election, and one whose swap does not tell what it did can't
//! be exact at all. Unless the host says which kind it is, that is tried out on a separate key (`t/{random}`)
//! before the first swap; a process that dies meanwhile leaves that key behind.

mod grave;
mod sweep;

use std::cell::OnceCell;
use std::future::Future;

use tollgate_core::{Span, Timestamp};

use self::grave::Grave;
use crate::random::unique_name;
use crate::{Clock, Loaded, Store, StoreError, Swap};

pub use self::sweep::ListedAtomics;

/// How long after it was first missed an elected creator is given up.
pub const ABANDONED_AFTER: Span = Span::from_secs(60);

/// Prefix of the keys on which the host's swap is tried out. No other key may start with it.
const TRY_OUT: &str = "t";

/// What `wasi:keyvalue` offers: exact on keys that exist, and an exact increment.
pub trait Atomics {
    /// The value under `key`.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>>;

    /// Writes `value` if `key` still holds `seen`. On a key that was seen absent it may write whatever
    /// happened since.
    fn swap(
        &self,
        key: &str,
        seen: Option<&[u8]>,
        value: &[u8],
    ) -> impl Future<Output = Result<Swap, StoreError>>;

    /// Swaps the absent `key` twice, both times as one who saw it absent before the first swap.
    fn create_twice(&self, key: &str) -> impl Future<Output = Result<[Swap; 2], StoreError>>;

    /// Adds 1 to the counter under `key`, absent counting as 0, and answers the sum.
    fn increment(&self, key: &str) -> impl Future<Output = Result<i64, StoreError>>;

    /// Writes `value` under `key`.
    fn set(&self, key: &str, value: &[u8]) -> impl Future<Output = Result<(), StoreError>>;

    /// Removes `key`.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), StoreError>>;
}

/// A [`Store`] over [`Atomics`]. Keys that start with `s/`, `m/` and `t/` are its own.
#[derive(Debug)]
pub struct ElectedStore<A, C> {
    atomics: A,
    clock: C,
    ability: OnceCell<Ability>,
}

/// What the host's swap is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ability {
    /// It compares.
    Exact,
    /// It compares values; on a key that was seen absent it writes.
    ExactOnceCreated,
    /// It reports a conflict where there is none, as Spin's on Redis: what it did is unknown.
    Inexact,
}

impl<A: Atomics, C: Clock> ElectedStore<A, C> {
    /// A store over `atomics` that tells how long a creator is missing by `clock`.
    pub const fn new(atomics: A, clock: C) -> Self {
        Self { atomics, clock, ability: OnceCell::new() }
    }

    /// A store over `atomics` whose host says that creation is as exact as any other swap, so that nothing has to be
    /// tried out.
    pub fn exact(atomics: A, clock: C) -> Self {
        Self { ability: OnceCell::from(Ability::Exact), ..Self::new(atomics, clock) }
    }

    async fn ability(&self) -> Result<Ability, StoreError> {
        if let Some(ability) = self.ability.get() {
            return Ok(*ability);
        }
        let ability = self.try_out().await?;
        Ok(*self.ability.get_or_init(|| ability))
    }

    async fn try_out(&self) -> Result<Ability, StoreError> {
        let Some(name) = unique_name() else { return Ok(Ability::ExactOnceCreated) };
        let key = format!("{TRY_OUT}/{name}");
        let created = self.atomics.create_twice(&key).await?;
        self.atomics.delete(&key).await?;
        Ok(match created {
            [Swap::Done, Swap::Conflict] => Ability::Exact,
            [Swap::Done, Swap::Done] => Ability::ExactOnceCreated,
            // Nobody else knows this key: there was nothing to conflict with.
            [Swap::Conflict, _] => Ability::Inexact,
        })
    }

    async fn elect_and_create(&self, key: &str, record: &[u8]) -> Result<Swap, StoreError> {
        let mark_key = mark_key(key);
        if self.wins(&election_key(0, key)).await? {
            return self.write(key, record).await;
        }
        let now = self.clock.now();
        let Some(missed) = self.atomics.get(&mark_key).await?.and_then(decode_mark) else {
            self.atomics.set(&mark_key, &encode_mark(now)).await?;
            return Ok(Swap::Conflict);
        };
        if now.since(missed) < ABANDONED_AFTER {
            return Ok(Swap::Conflict);
        }
        let wins = self.wins(&election_key(missed.as_nanos(), key)).await?;
        // Should this creator die as well, the next one is elected under a new mark. Losers see to it
        // too, since the winner may have died before it did.
        let (missed, now) = (encode_mark(missed), encode_mark(now));
        let _ = self.atomics.swap(&mark_key, Some(&missed), &now).await?;
        if wins { self.write(key, record).await } else { Ok(Swap::Conflict) }
    }

    async fn wins(&self, election: &str) -> Result<bool, StoreError> {
        Ok(self.atomics.increment(election).await? == 1)
    }

    /// Writes a record that must not be there yet, as the winner of an election.
    async fn write(&self, key: &str, record: &[u8]) -> Result<Swap, StoreError> {
        match self.atomics.get(key).await {
            // On a key that is absent a swap would do no more.
            Ok(None) => self.atomics.set(key, record).await.map(|()| Swap::Done),
            Ok(Some(_)) => Ok(Swap::Conflict),
            Err(error) => {
                // Nothing was written, so this creator may be given up at once. Its election is not
                // deleted: an older mark would give up whoever is elected by it again.
                let abandoned = Timestamp::from_nanos(
                    self.clock.now().since(Timestamp::EPOCH.plus(ABANDONED_AFTER)).as_nanos(),
                );
                self.atomics.set(&mark_key(key), &encode_mark(abandoned)).await?;
                Err(error)
            }
        }
    }
}

impl<A: Atomics, C: Clock> Store for ElectedStore<A, C> {
    /// The value under the key: a record, or the grave of one.
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        let value = self.atomics.get(key).await?;
        let record = value.clone().filter(|value| Grave::decode(value).is_none());
        Ok(Loaded { token: value, record })
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        _: Span,
    ) -> Result<Swap, StoreError> {
        let grave = token.as_deref().and_then(Grave::decode);
        if grave.is_some_and(|grave| grave.closing && !sweep::is_over(grave, self.clock.now())) {
            return Ok(Swap::Conflict);
        }
        match (self.ability().await?, token) {
            (Ability::Inexact, _) => Err(StoreError::Inexact),
            (Ability::ExactOnceCreated, None) => self.elect_and_create(key, record).await,
            (_, token) => self.atomics.swap(key, token.as_deref(), record).await,
        }
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        self.atomics.set(key, record).await
    }
}

fn election_key(election: u64, key: &str) -> String {
    format!("s/{election}/{key}")
}

fn mark_key(key: &str) -> String {
    format!("m/{key}")
}

fn encode_mark(now: Timestamp) -> [u8; 8] {
    now.as_nanos().to_le_bytes()
}

/// A mark that is not 8 bytes long is no mark, and is written anew.
fn decode_mark(bytes: Vec<u8>) -> Option<Timestamp> {
    Some(Timestamp::from_nanos(u64::from_le_bytes(bytes.try_into().ok()?)))
}
