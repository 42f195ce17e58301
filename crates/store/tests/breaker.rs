//! A store that fails is left alone for a while, and used again as soon as it answers.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::future::pending;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    Breaker, Clock as _, FAILURES_MAX, Loaded, ManualClock, MemoryStore, PAUSE, Store, StoreError,
    Swap, conformance,
};

/// A store that can be down, and counts how often it is asked.
#[derive(Default)]
struct Shaky {
    records: MemoryStore,
    is_down: Cell<bool>,
    asked: Cell<u32>,
    /// It never answers.
    hangs: Cell<bool>,
}

impl Shaky {
    async fn ask(&self) -> Result<(), StoreError> {
        self.asked.set(self.asked.get() + 1);
        if self.hangs.get() {
            pending::<()>().await;
        }
        if self.is_down.get() { Err(StoreError::Unavailable("down".into())) } else { Ok(()) }
    }
}

impl Store for &Shaky {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.ask().await?;
        self.records.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.ask().await?;
        self.records.swap(key, token, record, forget_after).await
    }
}

fn fails(store: &impl Store) -> bool {
    block_on(store.load("k")).is_err()
}

#[test]
fn it_conforms() {
    let store = Breaker::new(MemoryStore::default(), ManualClock::default());
    block_on(conformance::run(&store, "breaker"));
}

#[test]
fn a_store_that_is_down_is_asked_once_in_each_pause() {
    let (shaky, clock) = (Shaky::default(), Arc::new(ManualClock::default()));
    let store = Breaker::new(&shaky, Arc::clone(&clock));
    shaky.is_down.set(true);
    for _ in 0..100 {
        assert!(fails(&store));
    }
    assert_eq!(shaky.asked.get(), FAILURES_MAX, "then it is left alone");
    for pauses in 1..=3 {
        block_on(clock.sleep(PAUSE));
        assert!((0..100).all(|_| fails(&store)));
        assert_eq!(shaky.asked.get(), FAILURES_MAX + pauses, "one tries it out in each pause");
    }
}

#[test]
fn a_store_that_answers_again_is_used_again_by_all() {
    let (shaky, clock) = (Shaky::default(), Arc::new(ManualClock::default()));
    let store = Breaker::new(&shaky, Arc::clone(&clock));
    shaky.is_down.set(true);
    assert!((0..FAILURES_MAX).all(|_| fails(&store)));
    shaky.is_down.set(false);
    assert!(fails(&store), "it is still left alone");
    block_on(clock.sleep(PAUSE));
    assert!((0..100).all(|_| !fails(&store)));
}

#[test]
fn failures_that_are_not_in_a_row_open_nothing() {
    let (shaky, clock) = (Shaky::default(), Arc::new(ManualClock::default()));
    let store = Breaker::new(&shaky, Arc::clone(&clock));
    for _ in 0..10 {
        shaky.is_down.set(true);
        assert!((1..FAILURES_MAX).all(|_| fails(&store)));
        shaky.is_down.set(false);
        assert!(!fails(&store), "one answer forgets the failures before it");
    }
}

#[test]
fn one_who_tries_it_out_and_never_comes_back_keeps_nobody_waiting_for_long() {
    let (shaky, clock) = (Shaky::default(), Arc::new(ManualClock::default()));
    let store = Breaker::new(&shaky, Arc::clone(&clock));
    shaky.is_down.set(true);
    assert!((0..FAILURES_MAX).all(|_| fails(&store)));
    shaky.is_down.set(false);
    block_on(clock.sleep(PAUSE));
    shaky.hangs.set(true);
    assert!(store.load("k").now_or_never().is_none(), "its client is gone before it answers");
    shaky.hangs.set(false);
    assert!(fails(&store), "the pause goes on");
    block_on(clock.sleep(PAUSE));
    assert!(!fails(&store));
}

#[test]
fn a_clock_that_is_set_back_does_not_make_the_pause_longer() {
    let (shaky, clock) = (Shaky::default(), Arc::new(ManualClock::default()));
    clock.set(Timestamp::from_secs(1_800_000_000));
    let store = Breaker::new(&shaky, Arc::clone(&clock));
    shaky.is_down.set(true);
    assert!((0..FAILURES_MAX).all(|_| fails(&store)));
    shaky.is_down.set(false);
    clock.set(Timestamp::from_secs(1_700_000_000));
    assert!(!fails(&store));
}
