//! Removing records whose creation is elected.
//!
//! A record can't just be deleted: its election keys say that the creator is known, so the key could
//! not be created again for a minute; and a loser of that election may still be about to write a mark
//! that would give up a later creator while it is alive. So removal takes two steps, at least
//! [`ABANDONED_AFTER`] apart:
//!
//! 1. The record is swapped for a [grave](super::grave), exactly, as any record is. A load that finds a
//!    grave reports the key absent, and a creator swaps the grave, again exactly and without an election.
//! 2. When the grave is older than any request can be, no process is left that saw the key absent and
//!    might use its election keys. The grave is swapped for a closing one, which no creator
//!    replaces; the election keys are deleted, and then the key.
//!
//! A sweeper that dies in the second step leaves a closing grave, which is as good as any other when it
//! is older than [`ABANDONED_AFTER`]. A key whose creators died has election keys and no record: the
//! sweeper is elected as any creator is, and creates a grave.
//!
//! What is left: a sweeper that sleeps for longer than that between closing and deleting deletes what
//! was charged meanwhile, just as a creator does. Elections after the first one (`s/{m}/{key}`) whose
//! mark is gone stay, one for each creator that died; so do keys of the try-out (`t/{random}`) of a
//! process that died in it. They are never used again, and nothing tells how old they are.

use std::collections::BTreeSet;
use std::future::Future;

use tollgate_core::{Span, Timestamp};

use super::grave::Grave;
use super::{
    ABANDONED_AFTER, Ability, Atomics, ElectedStore, TRY_OUT, decode_mark, election_key, mark_key,
};
use crate::{Clock, Page, Store, StoreError, Swap, SweptStore};

/// [`Atomics`] whose keys can be listed.
pub trait ListedAtomics: Atomics {
    /// Keys after `cursor`, in the order of the store. A key that stays is listed at least once.
    fn list(&self, cursor: Option<&str>) -> impl Future<Output = Result<Page, StoreError>>;
}

impl<A: ListedAtomics, C: Clock> SweptStore for ElectedStore<A, C> {
    /// The keys of records, of graves, and of what has election keys and no record. Of a page that has both
    /// a record's key and its election keys the record is listed once.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        let Page { keys, cursor } = self.atomics.list(cursor).await?;
        let mut listed = BTreeSet::new();
        for key in keys {
            match own_key(&key) {
                None => drop(listed.insert(key)),
                Some(Some(elected)) => drop(listed.insert(elected.to_owned())),
                Some(None) => {}
            }
        }
        Ok(Page { keys: listed.into_iter().collect(), cursor })
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        if self.ability().await? == Ability::Inexact {
            return Err(StoreError::Inexact);
        }
        let now = self.clock.now();
        let grave = Grave { closing: false, since: now };
        let Some(seen) = token else {
            return self.bury_election(key, grave).await;
        };
        match Grave::decode(&seen) {
            None => self.atomics.swap(key, Some(&seen), &grave.encode()).await,
            Some(grave) if is_over(grave, now) => self.delete(key, &seen, now).await,
            Some(_) => Ok(Swap::Done),
        }
    }
}

impl<A: Atomics, C: Clock> ElectedStore<A, C> {
    /// Puts a grave where creators died, so that their election keys will be deleted.
    async fn bury_election(&self, key: &str, grave: Grave) -> Result<Swap, StoreError> {
        for left in [election_key(0, key), mark_key(key)] {
            if self.atomics.get(&left).await?.is_some() {
                return self.swap(key, None, &grave.encode(), Span::NEVER).await;
            }
        }
        Ok(Swap::Done)
    }

    /// Deletes a key that held the grave `seen`, and its election keys first: as long as the key is
    /// there, nobody is elected.
    async fn delete(&self, key: &str, seen: &[u8], now: Timestamp) -> Result<Swap, StoreError> {
        let closing = Grave { closing: true, since: now };
        if self.atomics.swap(key, Some(seen), &closing.encode()).await? == Swap::Conflict {
            return Ok(Swap::Conflict);
        }
        let mark_key = mark_key(key);
        if let Some(mark) = self.atomics.get(&mark_key).await?.and_then(decode_mark) {
            self.atomics.delete(&election_key(mark.as_nanos(), key)).await?;
        }
        self.atomics.delete(&mark_key).await?;
        self.atomics.delete(&election_key(0, key)).await?;
        self.atomics.delete(key).await?;
        Ok(Swap::Done)
    }
}

/// Whether everybody who was there before `grave` is gone.
pub(super) fn is_over(grave: Grave, now: Timestamp) -> bool {
    now.since(grave.since) >= ABANDONED_AFTER
}

/// Whether `key` is one of the election's own, and if so, whose it is; not where it can't be tidied up.
fn own_key(key: &str) -> Option<Option<&str>> {
    let (kind, rest) = key.split_once('/')?;
    match kind {
        "m" => Some(Some(rest)),
        "s" => Some(rest.strip_prefix("0/")),
        TRY_OUT => Some(None),
        _ => None,
    }
}
