//! What a store is asked is counted, and timed where a clock is at hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    Clock, LATENCY_BOUNDS_NS, Loaded, ManualClock, MemoryStore, Metered, Store, StoreError,
    StoreTally, Swap,
};

/// A store that takes so long for a load, and fails where the key says so.
struct Slow {
    clock: Arc<ManualClock>,
    load: Span,
    records: MemoryStore,
}

impl Store for Slow {
    type Token = <MemoryStore as Store>::Token;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        self.clock.sleep(self.load).await;
        match key {
            "fails" => Err(StoreError::Unavailable(String::new())),
            key => self.records.load(key).await,
        }
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.records.swap(key, token, record, forget_after).await
    }
}

fn slow(load: Span) -> (Slow, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    clock.set(Timestamp::from_nanos(1));
    (Slow { clock: Arc::clone(&clock), load, records: MemoryStore::default() }, clock)
}

#[test]
fn what_came_of_an_operation_is_counted_once() {
    let (store, clock) = slow(Span::ZERO);
    let tally = Arc::new(StoreTally::default());
    let store = Metered::timed(store, clock, Arc::clone(&tally));
    block_on(async {
        let (first, second) = (store.load("k").await.unwrap(), store.load("k").await.unwrap());
        assert_eq!(store.swap("k", first.token, b"1", Span::NEVER).await, Ok(Swap::Done));
        assert_eq!(store.swap("k", second.token, b"2", Span::NEVER).await, Ok(Swap::Conflict));
        assert!(store.load("fails").await.is_err());
    });
    let counts = tally.operations().map(|it| (it.operation, it.done, it.conflicts, it.failures));
    let expected =
        [("load", 2, 0, 1), ("swap", 1, 1, 0), ("swap_all", 0, 0, 0), ("overwrite", 0, 0, 0)];
    assert_eq!(counts, expected);
}

#[test]
fn an_operation_that_takes_as_long_as_a_bound_is_within_it() {
    let last = LATENCY_BOUNDS_NS.len() - 1;
    for (index, bound) in LATENCY_BOUNDS_NS.into_iter().enumerate() {
        for (nanos, class) in [(bound, index), (bound + 1, index + 1)] {
            let (store, clock) = slow(Span::from_nanos(nanos));
            let tally = Arc::new(StoreTally::default());
            let store = Metered::timed(store, clock, Arc::clone(&tally));
            block_on(store.load("k")).unwrap();
            let latency = tally.operations()[0].latency.clone().unwrap();
            assert_eq!((latency.count, latency.total_ns), (1, nanos));
            let within = latency.within.iter().position(|count| *count == 1);
            assert_eq!(within, (class <= last).then_some(class), "{nanos} ns");
        }
    }
}

#[test]
fn without_a_clock_operations_are_counted_and_not_timed() {
    let (store, _clock) = slow(Span::from_secs(1));
    let tally = Arc::new(StoreTally::default());
    let store = Metered::<_, ManualClock>::untimed(store, Arc::clone(&tally));
    block_on(store.load("k")).unwrap();
    let [loads, ..] = tally.operations();
    assert_eq!((loads.done, loads.latency), (1, None));
}

#[test]
fn a_store_behind_it_is_asked_for_what_it_can_do_itself() {
    let tally = Arc::new(StoreTally::default());
    let store = Metered::<_, ManualClock>::untimed(MemoryStore::default(), Arc::clone(&tally));
    assert_eq!(store.expires(), MemoryStore::default().expires());
    let swapped = block_on(async {
        let token = store.load("k").await?.token;
        store.swap("k", token, b"1", Span::from_secs(1)).await
    });
    assert_eq!(swapped, Ok(Swap::Done));
    assert_eq!(tally.operations()[1].done, 1);
    assert!(block_on(store.overwrite("k", b"2")).is_err(), "a store that compares does not");
    assert_eq!(tally.operations()[3].failures, 1);
}
