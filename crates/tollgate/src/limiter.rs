//! Many keys under one policy, in the memory of this process.

mod acquire;
mod lease;
mod operations;
mod pages;
mod room;
mod shard;
mod slots;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use event_listener::Event;
use foldhash::fast::RandomState;
use tollgate_core::{CompactRecord, Decision, Operation, Policy, Timestamp};
use tollgate_store::Clock;

use self::shard::Shards;
use crate::{LimiterError, SystemClock, is_key};

pub use self::lease::Lease;

/// How many keys are kept by default.
pub const KEYS_MAX_DEFAULT: usize = 1_000_000;
/// Most keys that a limiter may be told to keep, each of which takes some 60 bytes.
pub const KEYS_MAX: usize = 1 << 30;

/// Most shards: enough that a few hundred threads decide at the same time and rarely want the same one.
const SHARDS_MAX: usize = 1_024;
/// Shards per thread, so that two threads rarely want the same one.
const SHARDS_PER_THREAD: usize = 16;

/// A limiter of many keys under one policy, shared by all threads and tasks of a process: a clone is
/// another handle to the same keys.
///
/// ```
/// use tollgate::{Limit, Limiter, Policy, Span};
///
/// let policy = Policy::new([Limit::gcra("requests", 100, Span::from_secs(60), 2)?])?;
/// let limiter = Limiter::new(policy);
/// let one = limiter.policy().costs([])?;
///
/// assert!(limiter.try_acquire("alice", one)?.is_allowed());
/// assert!(limiter.try_acquire("alice", one)?.is_allowed());
/// let denied = limiter.try_acquire("alice", one)?;
/// assert!(!denied.is_allowed());
/// assert!(denied.retry_after <= Span::from_millis(600));
/// assert!(limiter.try_acquire("bob", one)?.is_allowed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Memory
/// It keeps at most [`KEYS_MAX_DEFAULT`] keys unless [`with_keys_max`](Self::with_keys_max) says
/// otherwise. A key is forgotten only once it decides as one that was never seen would: not while a
/// charge has not recovered, something is held, or the key is blocked. Adding a key checks a few others;
/// when the limiter is full it checks more of them, and the answer is [`LimiterError::Full`] if all of
/// those are needed. A key that is only denied or peeked at is not kept.
#[derive(Debug)]
pub struct Limiter<C = SystemClock> {
    inner: Arc<Inner<C>>,
}

#[derive(Debug)]
struct Inner<C> {
    policy: Policy,
    clock: C,
    hasher: RandomState,
    shards: Shards,
    keys_max: usize,
    /// Keys of all shards.
    keys: AtomicUsize,
    /// Notified after every operation that asks for nothing. One for all keys: few ever wait.
    let_go: Event,
}

impl<C> Clone for Limiter<C> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl Limiter {
    /// A limiter without keys.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_keys_max(policy, KEYS_MAX_DEFAULT)
    }

    /// A limiter that keeps at most `keys_max` keys, clamped to 1 to [`KEYS_MAX`].
    #[must_use]
    pub fn with_keys_max(policy: Policy, keys_max: usize) -> Self {
        Self::with_clock(policy, keys_max, SystemClock::default())
    }
}

impl<C: Clock> Limiter<C> {
    /// A limiter with a clock of its own, such as a [`ManualClock`](crate::ManualClock).
    #[must_use]
    pub fn with_clock(policy: Policy, keys_max: usize, clock: C) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let keys_max = keys_max.clamp(1, KEYS_MAX);
        let shards = threads.saturating_mul(SHARDS_PER_THREAD).min(SHARDS_MAX).min(keys_max);
        let inner = Inner {
            policy,
            clock,
            hasher: RandomState::default(),
            shards: Shards::new(shards.next_power_of_two()),
            keys_max,
            keys: AtomicUsize::new(0),
            let_go: Event::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The policy of every key.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &C {
        &self.inner.clock
    }

    /// How many keys there are.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.inner.keys.load(Ordering::Relaxed)
    }

    /// Applies `operation` to `key` now, and returns what `answer` makes of the decision. The key's shard
    /// stays locked until `answer` returns: it must not use this limiter. If it panics, the operation counts or does
    /// not.
    ///
    /// # Errors
    /// [`LimiterError`] when nothing was decided.
    #[inline]
    pub fn apply<T>(
        &self,
        key: &str,
        operation: &Operation,
        answer: impl FnOnce(Decision<'_>) -> T,
    ) -> Result<T, LimiterError> {
        let policy = self.policy();
        let begins = || room::begins(operation);
        let answer = self.visit(key, begins, |record, now| {
            record.apply(policy, operation, now, |decision| (decision.changed(), answer(decision)))
        });
        if !matches!(operation, Operation::Acquire(_)) {
            // Others may pass now, or earlier than they were told.
            self.inner.let_go.notify(usize::MAX);
        }
        answer
    }

    /// Finds the record of `key`, or begins one, and applies `act` to it, which returns whether it changed,
    /// and the answer. `begins` says whether there has to be room for a key without a record.
    #[inline]
    fn visit<T>(
        &self,
        key: &str,
        begins: impl FnOnce() -> bool,
        act: impl FnOnce(&mut CompactRecord, Timestamp) -> (bool, T),
    ) -> Result<T, LimiterError> {
        if !is_key(key) {
            return Err(LimiterError::Key(key.len()));
        }
        let inner = &*self.inner;
        let (hash, now) = (inner.hasher.hash_one(key), inner.clock.now());
        let mut shard = inner.shards.lock(hash);
        match shard.get_mut(hash, key) {
            Some(record) => Ok(act(record, now).1),
            None => self.visit_new(shard, hash, key, begins(), act),
        }
    }
}
