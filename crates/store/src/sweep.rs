//! Removing records that are idle, in bounded steps.

use std::{mem, vec};

use tollgate_core::{Span, Timestamp};

use crate::{StoreError, Swap, SweptStore};

/// How long a record has to have been idle before it is removed, so that a process whose clock is behind by less than
/// this does not miss it.
pub const IDLE_GRACE: Span = Span::from_secs(60);

/// What is known of the value under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// A record that will decide as an absent one after this time; [`Span::ZERO`]: it does now.
    ForgetAfter(Span),
    /// A record of a policy that is not known, so nobody can say whether it matters.
    UnknownPolicy,
    /// It should be a record, but is corrupt.
    Corrupt,
    /// No record, and none of the sweeper's business.
    Foreign,
}

/// What one round through a store came to, as numbers of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Keys that were looked at.
    pub looked_at: u64,
    /// Idle records that were removed.
    pub removed: u64,
    /// Idle records that were used in that moment, and therefore stay.
    pub contended: u64,
    /// Records of policies that are not known; they stay.
    pub unknown_policy: u64,
    /// Values that should be records but are corrupt; they stay.
    pub corrupt: u64,
}

/// Looks through a store again and again, a few keys at a time, and removes the idle records.
///
/// It holds one page of keys. Several may sweep one store at the same time.
///
/// ```
/// use tollgate_core::{Span, Timestamp};
/// use tollgate_store::{Judgement, MemoryStore, Store, Swap, Sweeper};
/// # futures::executor::block_on(async {
/// let store = MemoryStore::default();
/// for key in ["idle", "used"] {
///     let seen = store.load(key).await.unwrap();
///     assert_eq!(store.swap(key, seen.token, key.as_bytes(), Span::NEVER).await, Ok(Swap::Done));
/// }
/// let judge = |_: &str, record: &[u8], _: Timestamp| match record {
///     b"idle" => Judgement::ForgetAfter(Span::ZERO),
///     _ => Judgement::ForgetAfter(Span::from_secs(1)),
/// };
/// let (mut sweeper, now) = (Sweeper::default(), Timestamp::from_secs(1_800_000_000));
/// assert_eq!(sweeper.step(&store, 1, now, judge).await, Ok(None));
/// let round = sweeper.step(&store, 1, now, judge).await.unwrap().unwrap();
/// assert_eq!((round.looked_at, round.removed), (2, 1));
/// # });
/// ```
#[derive(Debug, Default)]
pub struct Sweeper {
    /// Keys of the current page that are still to be looked at.
    keys: vec::IntoIter<String>,
    /// Where the next page begins.
    cursor: Option<String>,
    round: Round,
}

impl Sweeper {
    /// Looks at the next keys, at most `keys_max` of them but at least one. When these were the last
    /// ones it answers what the round came to, and the next step begins another one.
    ///
    /// `judge` gets a key, its value and a time that lies [`IDLE_GRACE`] before `now`.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer. The next step goes on with the next key, or with a
    /// new round where it was the list of keys that failed.
    pub async fn step<S: SweptStore>(
        &mut self,
        store: &S,
        keys_max: usize,
        now: Timestamp,
        judge: impl Fn(&str, &[u8], Timestamp) -> Judgement,
    ) -> Result<Option<Round>, StoreError> {
        if self.keys.as_slice().is_empty() {
            // Taken, so that a cursor that the store can't use any more is not used for ever.
            let page = store.list(self.cursor.take().as_deref()).await?;
            (self.keys, self.cursor) = (page.keys.into_iter(), page.cursor);
        }
        for _ in 0..keys_max.max(1) {
            let Some(key) = self.keys.next() else { break };
            self.round.look_at(store, &key, now, &judge).await?;
        }
        let is_over = self.keys.as_slice().is_empty() && self.cursor.is_none();
        Ok(is_over.then(|| mem::take(&mut self.round)))
    }
}

impl Round {
    /// Looks at one key, as [`Sweeper::step`] does, and removes its record if that is idle.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't answer.
    pub async fn look_at<S: SweptStore>(
        &mut self,
        store: &S,
        key: &str,
        now: Timestamp,
        judge: impl Fn(&str, &[u8], Timestamp) -> Judgement,
    ) -> Result<(), StoreError> {
        self.looked_at += 1;
        let seen = store.load(key).await?;
        let Some(record) = seen.record else {
            // What a store keeps of a key without a record is for itself to tidy up.
            let _ = store.remove(key, seen.token).await?;
            return Ok(());
        };
        let idle_at = now.since(Timestamp::EPOCH.plus(IDLE_GRACE));
        match judge(key, &record, Timestamp::from_nanos(idle_at.as_nanos())) {
            Judgement::ForgetAfter(Span::ZERO) => match store.remove(key, seen.token).await? {
                Swap::Done => self.removed += 1,
                Swap::Conflict => self.contended += 1,
            },
            Judgement::ForgetAfter(_) | Judgement::Foreign => {}
            Judgement::UnknownPolicy => self.unknown_policy += 1,
            Judgement::Corrupt => self.corrupt += 1,
        }
        Ok(())
    }
}
