//! Sweeping: bounded, complete, and never a record that somebody uses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::{Cell, RefCell};

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    IDLE_GRACE, Judgement, Loaded, MemoryStore, Page, Round, Store, StoreError, Swap, Sweeper,
    SweptStore,
};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Says of each record what stands in it.
fn by_its_word(_: &str, record: &[u8], _: Timestamp) -> Judgement {
    match record {
        b"idle" => Judgement::ForgetAfter(Span::ZERO),
        b"used" => Judgement::ForgetAfter(Span::from_nanos(1)),
        b"lasting" => Judgement::ForgetAfter(Span::NEVER),
        b"unknown" => Judgement::UnknownPolicy,
        b"corrupt" => Judgement::Corrupt,
        _ => Judgement::Foreign,
    }
}

async fn put<S: Store>(store: &S, key: &str, record: &[u8]) {
    let seen = store.load(key).await.unwrap();
    assert_eq!(store.swap(key, seen.token, record, Span::NEVER).await, Ok(Swap::Done));
}

fn round<S: SweptStore>(store: &S, sweeper: &mut Sweeper, keys_max: usize) -> (Round, u64) {
    for steps in 1.. {
        if let Some(round) = block_on(sweeper.step(store, keys_max, NOW, by_its_word)).unwrap() {
            return (round, steps);
        }
    }
    unreachable!()
}

fn is_there(store: &MemoryStore, key: &str) -> bool {
    block_on(store.load(key)).unwrap().record.is_some()
}

#[test]
fn what_is_idle_goes_and_everything_else_stays() {
    let store = MemoryStore::default();
    let words = ["idle", "used", "lasting", "unknown", "corrupt", "foreign"];
    for word in words {
        block_on(put(&store, word, word.as_bytes()));
    }
    let (round, _) = round(&store, &mut Sweeper::default(), 100);
    let expected = Round { looked_at: 6, removed: 1, contended: 0, unknown_policy: 1, corrupt: 1 };
    assert_eq!(round, expected);
    let there: Vec<_> = words.into_iter().filter(|key| is_there(&store, key)).collect();
    assert_eq!(there, &words[1..]);
}

#[test]
fn a_step_looks_at_no_more_than_it_may_and_a_round_at_everything() {
    let store = MemoryStore::default();
    // More than two pages of the store.
    for number in 0..2_500 {
        let word: &[u8] = if number % 2 == 0 { b"idle" } else { b"used" };
        block_on(put(&store, &format!("k{number:04}"), word));
    }
    let mut sweeper = Sweeper::default();
    let (first, steps) = round(&store, &mut sweeper, 300);
    assert_eq!((first.looked_at, first.removed), (2_500, 1_250));
    // Four steps for each of two full pages, two for the half page.
    assert_eq!(steps, 10);
    let (second, _) = round(&store, &mut sweeper, 300);
    assert_eq!((second.looked_at, second.removed), (1_250, 0), "the next round begins anew");
}

#[test]
fn a_step_of_nothing_looks_at_one_key() {
    let store = MemoryStore::default();
    block_on(put(&store, "a", b"idle"));
    block_on(put(&store, "b", b"idle"));
    assert_eq!(round(&store, &mut Sweeper::default(), 0).1, 2);
}

#[test]
fn an_empty_store_is_a_round_of_one_step() {
    let (round, steps) = round(&MemoryStore::default(), &mut Sweeper::default(), 1);
    assert_eq!((round, steps), (Round::default(), 1));
}

#[test]
fn a_record_is_judged_as_a_clock_would_that_is_behind() {
    let store = MemoryStore::default();
    block_on(put(&store, "k", b"idle"));
    for (now, expected) in
        [(NOW, NOW.as_nanos() - IDLE_GRACE.as_nanos()), (Timestamp::from_secs(59), 0)]
    {
        let judged_at = Cell::new(None);
        let judge = |_: &str, _: &[u8], now: Timestamp| {
            judged_at.set(Some(now.as_nanos()));
            Judgement::Foreign
        };
        block_on(Sweeper::default().step(&store, 1, now, judge)).unwrap();
        assert_eq!(judged_at.get(), Some(expected));
    }
}

/// A memory store whose next call of each kind can be made to go wrong.
#[derive(Default)]
struct Disturbed {
    store: MemoryStore,
    /// Somebody uses this key between the load and the removal.
    used_meanwhile: &'static str,
    fails_to_load: RefCell<Option<&'static str>>,
    fails_to_list: Cell<bool>,
}

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("pulled the plug".into()))
}

impl Store for Disturbed {
    type Token = Option<Vec<u8>>;

    async fn load(&self, key: &str) -> Result<Loaded<Self::Token>, StoreError> {
        if self.fails_to_load.borrow_mut().take_if(|failing| *failing == key).is_some() {
            return broken();
        }
        self.store.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        token: Self::Token,
        record: &[u8],
        forget_after: Span,
    ) -> Result<Swap, StoreError> {
        self.store.swap(key, token, record, forget_after).await
    }
}

impl SweptStore for Disturbed {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        if self.fails_to_list.take() {
            return broken();
        }
        self.store.list(cursor).await
    }

    async fn remove(&self, key: &str, token: Self::Token) -> Result<Swap, StoreError> {
        if key == self.used_meanwhile {
            put(&self.store, key, b"used").await;
        }
        self.store.remove(key, token).await
    }
}

#[test]
fn a_record_that_is_used_meanwhile_stays() {
    let store = Disturbed { used_meanwhile: "b", ..Disturbed::default() };
    for key in ["a", "b", "c"] {
        block_on(put(&store, key, b"idle"));
    }
    let (round, _) = round(&store, &mut Sweeper::default(), 10);
    assert_eq!((round.removed, round.contended), (2, 1));
    assert_eq!(block_on(store.load("b")).unwrap().record.unwrap(), b"used");
}

#[test]
fn after_an_error_the_round_goes_on_with_the_next_key() {
    let store = Disturbed::default();
    for key in ["a", "b", "c"] {
        block_on(put(&store, key, b"idle"));
    }
    store.fails_to_load.replace(Some("b"));
    let mut sweeper = Sweeper::default();
    assert!(block_on(sweeper.step(&store, 10, NOW, by_its_word)).is_err());
    let (round, _) = round(&store, &mut sweeper, 10);
    assert_eq!(round.removed, 2, "what was removed before the error is counted as well");
    assert!(is_there(&store.store, "b") && !is_there(&store.store, "c"));
}

#[test]
fn a_list_that_fails_begins_anew() {
    let store = Disturbed::default();
    for number in 0..1_500 {
        block_on(put(&store, &format!("k{number:04}"), b"used"));
    }
    let mut sweeper = Sweeper::default();
    assert_eq!(block_on(sweeper.step(&store, 1_000, NOW, by_its_word)), Ok(None));
    store.fails_to_list.set(true);
    assert!(block_on(sweeper.step(&store, 1_000, NOW, by_its_word)).is_err());
    let (round, steps) = round(&store, &mut sweeper, 1_000);
    assert_eq!((round.looked_at, steps), (2_500, 2), "a thousand of them twice");
}
