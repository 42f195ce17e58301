//! What is lost where a store can't compare and swap, and that nobody loses it who did not allow that.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::RefCell;
use std::collections::HashMap;

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    Answer, BestEffort, DriveError, Loaded, ManualClock, MemoryStore, Store, StoreError, Swap,
    drive,
};

/// Units that a key has.
const CAPACITY: u8 = 100;

/// A store of get and set alone.
#[derive(Default)]
struct GetSet(RefCell<HashMap<String, Vec<u8>>>);

impl Store for GetSet {
    type Token = ();

    async fn load(&self, key: &str) -> Result<Loaded<()>, StoreError> {
        Ok(Loaded { record: self.0.borrow().get(key).cloned(), token: () })
    }

    async fn swap(&self, _key: &str, (): (), _record: &[u8], _: Span) -> Result<Swap, StoreError> {
        Err(StoreError::Inexact)
    }

    async fn overwrite(&self, key: &str, record: &[u8]) -> Result<(), StoreError> {
        self.0.borrow_mut().insert(key.to_owned(), record.to_vec());
        Ok(())
    }
}

/// Takes one of [`CAPACITY`] units.
fn take(record: Option<&[u8]>, _: Timestamp) -> Result<Answer<bool>, ()> {
    let taken = record.map_or(0, |record| record[0]);
    let record = (taken < CAPACITY).then(|| vec![taken + 1]);
    Ok(Answer { outcome: record.is_some(), record, forget_after: Span::NEVER })
}

/// How many of those pass who ask as one of `writers` that all load before the first of them writes.
fn admitted(writers: usize) -> usize {
    let store = GetSet::default();
    let mut admitted = 0;
    loop {
        let load = |_| block_on(store.load("k")).unwrap();
        let seen: Vec<_> = (0..writers).map(load).collect();
        let answers =
            seen.iter().map(|seen| take(seen.record.as_deref(), Timestamp::EPOCH).unwrap());
        let records: Vec<_> = answers.filter_map(|answer| answer.record).collect();
        if records.is_empty() {
            return admitted;
        }
        for record in records {
            let store = BestEffort::new(&store, true);
            assert_eq!(block_on(store.swap("k", (), &record, Span::NEVER)), Ok(Swap::Done));
            admitted += 1;
        }
    }
}

/// One writer at a time loses nothing; N that overlap in full let N times the limit pass, and no more.
#[test]
fn n_that_overlap_let_n_times_the_limit_pass() {
    for writers in [1, 2, 16] {
        assert_eq!(admitted(writers), writers * usize::from(CAPACITY));
    }
}

/// The worst there is: a writer that sleeps takes back all that was charged since its load.
#[test]
fn who_is_slow_takes_back_what_others_charged_meanwhile() {
    let (values, clock) = (GetSet::default(), ManualClock::default());
    let store = BestEffort::new(&values, true);
    let slow = block_on(store.load("k")).unwrap().record;
    for _ in 0..CAPACITY {
        assert_eq!(block_on(drive(&store, &clock, "k", take)), Ok(true));
    }
    assert_eq!(block_on(drive(&store, &clock, "k", take)), Ok(false));
    let record = take(slow.as_deref(), Timestamp::EPOCH).unwrap().record.unwrap();
    assert_eq!(block_on(store.swap("k", (), &record, Span::NEVER)), Ok(Swap::Done));
    assert_eq!(block_on(store.load("k")).unwrap().record, Some(vec![1]), "99 are forgotten");
}

/// Without leave nothing is written.
#[test]
fn who_did_not_allow_it_is_refused() {
    let (values, clock) = (GetSet::default(), ManualClock::default());
    let store = BestEffort::new(&values, false);
    let refused = block_on(drive(&store, &clock, "k", take));
    assert_eq!(refused, Err(DriveError::Store(StoreError::Inexact)));
    assert!(values.0.borrow().is_empty());
}

/// Where a store can compare, it does, whatever is allowed.
#[test]
fn an_exact_store_stays_exact() {
    let values = MemoryStore::default();
    let store = BestEffort::new(&values, true);
    block_on(tollgate_store::conformance::run(&store, "best-effort"));
}
