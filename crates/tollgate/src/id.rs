//! Ids, and other numbers that must differ but may be guessable.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_core::Id;

static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
static LAST: AtomicU64 = AtomicU64::new(0);

/// An id that is unique in this process, and differs from any that a caller draws at random.
pub(crate) fn next_id() -> Id {
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    Id::from_u128(u128::from(PROCESS.hash_one(())) << 64 | u128::from(number))
}

/// A random number, for choices that nobody gains from guessing.
pub(crate) fn random() -> u64 {
    PROCESS.hash_one(LAST.fetch_add(1, Ordering::Relaxed))
}
