//! Elected creation is exact over a model of Spin's SQLite store, whose own creation is not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    ABANDONED_AFTER, Atomics, Clock, ElectedStore, ManualClock, Store, StoreError, Swap,
    conformance,
};

/// `swap` compares by value, and on a key that was absent it writes whatever happened since.
#[derive(Default)]
struct SpinSqlite {
    values: RefCell<HashMap<String, Vec<u8>>>,
    /// The process dies at its next write of a record.
    dies: Cell<bool>,
    /// The first read of a record after an election fails.
    fails_after_election: Cell<bool>,
    /// Unlike Spin's: absent keys are compared as well.
    creates_exactly: bool,
    /// Every swap writes and says that it did not, as on Spin's Redis store.
    denies_everything: bool,
    /// How often it was tried out.
    tries: Cell<u32>,
}

impl SpinSqlite {
    fn elected(&self, key: &str) -> bool {
        self.values.borrow().contains_key(&format!("s/0/{key}"))
    }
}

impl Atomics for &SpinSqlite {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if key.starts_with("r/") && self.fails_after_election.get() && self.elected(key) {
            self.fails_after_election.set(false);
            return Err(StoreError::Unavailable("database is locked".into()));
        }
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn swap(&self, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<Swap, StoreError> {
        if key.starts_with("r/") && self.dies.take() {
            return Err(StoreError::Unavailable("killed".into()));
        }
        let mut values = self.values.borrow_mut();
        let compares = seen.is_some() || self.creates_exactly;
        if compares && values.get(key).map(Vec::as_slice) != seen {
            return Ok(Swap::Conflict);
        }
        values.insert(key.to_owned(), value.to_vec());
        Ok(if self.denies_everything { Swap::Conflict } else { Swap::Done })
    }

    async fn create_twice(&self, key: &str) -> Result<[Swap; 2], StoreError> {
        self.tries.set(self.tries.get() + 1);
        Ok([self.swap(key, None, b"1").await?, self.swap(key, None, b"2").await?])
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        let mut values = self.values.borrow_mut();
        let sum = values.get(key).map_or(0, |v| i64::from_le_bytes(v[..].try_into().unwrap())) + 1;
        values.insert(key.to_owned(), sum.to_le_bytes().to_vec());
        Ok(sum)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if key.starts_with("r/") && self.dies.take() {
            return Err(StoreError::Unavailable("killed".into()));
        }
        self.values.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.values.borrow_mut().remove(key);
        Ok(())
    }
}

struct SharedClock<'a>(&'a ManualClock);

impl Clock for SharedClock<'_> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, span: Span) {
        self.0.sleep(span).await;
    }
}

async fn try_create<S: Store>(store: &S, record: &[u8]) -> Result<Swap, StoreError> {
    let seen = store.load("r/k").await?;
    assert_eq!(seen.record, None);
    store.swap("r/k", seen.token, record, Span::NEVER).await
}

#[test]
fn it_conforms() {
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    block_on(conformance::run(&ElectedStore::new(&spin, SharedClock(&clock)), "elected"));
}

#[test]
fn where_creation_is_exact_it_conforms_and_elects_nobody() {
    let spin = SpinSqlite { creates_exactly: true, ..SpinSqlite::default() };
    let clock = ManualClock::default();
    block_on(conformance::run(&ElectedStore::new(&spin, SharedClock(&clock)), "exact"));
    let keys: Vec<_> = spin.values.borrow().keys().cloned().collect();
    assert!(keys.iter().all(|key| key.starts_with("r/")), "nothing else is left: {keys:?}");
    assert_eq!(spin.tries.get(), 1, "a store is tried out once");
}

/// What the host says is not tried out: creating is one swap.
#[test]
fn where_the_host_says_that_creation_is_exact_nothing_is_tried_out() {
    let spin = SpinSqlite { creates_exactly: true, ..SpinSqlite::default() };
    let clock = ManualClock::default();
    let store = ElectedStore::exact(&spin, SharedClock(&clock));
    assert_eq!(block_on(try_create(&store, b"one")), Ok(Swap::Done));
    assert_eq!(block_on(store.swap("r/k", None, b"two", Span::NEVER)), Ok(Swap::Conflict));
    assert_eq!(spin.tries.get(), 0);
    assert_eq!(spin.values.borrow().len(), 1, "and nobody was elected");
}

#[test]
fn where_creation_is_exact_a_creator_that_dies_is_not_missed() {
    let spin = SpinSqlite { creates_exactly: true, ..SpinSqlite::default() };
    let clock = ManualClock::default();
    let store = ElectedStore::new(&spin, SharedClock(&clock));
    spin.dies.set(true);
    assert!(block_on(try_create(&store, b"dead")).is_err());
    assert_eq!(block_on(try_create(&store, b"alive")), Ok(Swap::Done));
}

/// Before its first swap, whether the key is there or not, and nothing is written.
#[test]
fn a_swap_that_denies_what_it_did_is_refused() {
    let spin = SpinSqlite { denies_everything: true, ..SpinSqlite::default() };
    let clock = ManualClock::default();
    let store = ElectedStore::new(&spin, SharedClock(&clock));
    assert_eq!(block_on(try_create(&store, b"one")), Err(StoreError::Inexact));
    assert!(spin.values.borrow().is_empty(), "what was tried out is gone");
    block_on((&spin).set("r/k", b"one")).unwrap();
    let seen = block_on(store.load("r/k")).unwrap();
    assert_eq!(
        block_on(store.swap("r/k", seen.token, b"two", Span::NEVER)),
        Err(StoreError::Inexact)
    );
    assert_eq!(block_on(store.load("r/k")).unwrap().record.unwrap(), b"one");
}

#[test]
#[should_panic(expected = "one creator wins")]
fn the_model_has_the_fault_that_the_election_mends() {
    struct Naive<'a>(&'a SpinSqlite);
    impl Store for Naive<'_> {
        type Token = Option<Vec<u8>>;
        async fn load(&self, key: &str) -> Result<tollgate_store::Loaded<Self::Token>, StoreError> {
            let record = self.0.get(key).await?;
            Ok(tollgate_store::Loaded { token: record.clone(), record })
        }
        async fn swap(
            &self,
            k: &str,
            token: Self::Token,
            new: &[u8],
            _: Span,
        ) -> Result<Swap, StoreError> {
            self.0.swap(k, token.as_deref(), new).await
        }
    }
    let spin = SpinSqlite::default();
    block_on(conformance::one_creator_wins(&Naive(&spin), "r/k"));
}

#[test]
fn a_creator_that_died_is_replaced_after_a_while_and_not_before() {
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let store = ElectedStore::new(&spin, SharedClock(&clock));
    clock.set(Timestamp::from_secs(1_000));
    for generation in 0..3 {
        spin.dies.set(true);
        assert!(block_on(try_create(&store, b"dead")).is_err(), "creator {generation} dies");
        assert_eq!(block_on(try_create(&store, b"early")), Ok(Swap::Conflict), "it is missed");
        let missed = clock.now();
        let almost = Span::from_nanos(ABANDONED_AFTER.as_nanos() - 1);
        clock.set(missed.plus(almost));
        assert_eq!(block_on(try_create(&store, b"early")), Ok(Swap::Conflict), "1 ns too early");
        clock.set(missed.plus(ABANDONED_AFTER));
    }
    assert_eq!(block_on(try_create(&store, b"alive")), Ok(Swap::Done));
    assert_eq!(block_on(store.load("r/k")).unwrap().record.unwrap(), b"alive");
}

#[test]
fn a_winner_that_gets_an_error_before_it_wrote_stands_down_at_once() {
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let store = ElectedStore::new(&spin, SharedClock(&clock));
    clock.set(Timestamp::from_secs(1_000));
    spin.fails_after_election.set(true);
    assert!(block_on(try_create(&store, b"failed")).is_err());
    assert_eq!(block_on(try_create(&store, b"next")), Ok(Swap::Done));
}

#[test]
fn two_who_replace_a_dead_creator_do_not_both_win() {
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let store = ElectedStore::new(&spin, SharedClock(&clock));
    clock.set(Timestamp::from_secs(1_000));
    spin.dies.set(true);
    assert!(block_on(try_create(&store, b"dead")).is_err());
    assert_eq!(block_on(try_create(&store, b"early")), Ok(Swap::Conflict));
    clock.set(clock.now().plus(ABANDONED_AFTER));
    block_on(conformance::one_creator_wins(&store, "r/k"));
}

#[test]
fn who_slept_through_the_creation_does_not_overwrite_it() {
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let store = ElectedStore::new(&spin, SharedClock(&clock));
    clock.set(Timestamp::from_secs(1_000));
    let sleeper = block_on(store.load("r/k")).unwrap();
    let loser = block_on(store.load("r/k")).unwrap();
    assert_eq!(block_on(try_create(&store, b"one")), Ok(Swap::Done));
    assert_eq!(block_on(store.swap("r/k", loser.token, b"two", Span::NEVER)), Ok(Swap::Conflict));
    clock.set(clock.now().plus(ABANDONED_AFTER));
    assert_eq!(
        block_on(store.swap("r/k", sleeper.token, b"three", Span::NEVER)),
        Ok(Swap::Conflict)
    );
    assert_eq!(block_on(store.load("r/k")).unwrap().record.unwrap(), b"one");
}
