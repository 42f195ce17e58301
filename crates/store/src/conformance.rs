//! What every store has to pass: the promises of [`Store`], as tests.
//!
//! ```
//! # futures::executor::block_on(async {
//! let store = tollgate_store::MemoryStore::default();
//! tollgate_store::conformance::run(&store, "my-test").await;
//! # });
//! ```
//!
//! A promise that is broken panics and says which one it was.
#![allow(clippy::unwrap_used, reason = "a test suite may panic")]

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::task::Poll;

use futures::future::join_all;
use tollgate_core::Span;

use crate::{KeySwap, Loaded, Store, Swap, SweptStore};

/// Longest key that every store takes, in bytes.
pub const KEY_BYTES_MAX: usize = 230;

/// Runs the whole suite. Keys start with `prefix`, so that a store can be tested twice.
pub async fn run<S: Store>(store: &S, prefix: &str) {
    let key = |name: &str| format!("r/{prefix}/{name}");
    absent_then_created(store, &key("create")).await;
    second_creation_conflicts(store, &key("create-twice")).await;
    stale_swap_conflicts(store, &key("stale")).await;
    late_creation_conflicts(store, &key("late")).await;
    every_forget_after_is_taken(store, &key("kept")).await;
    what_is_remembered_is_compared(store, &key("remembered")).await;
    values_are_bytes(store, &key("bytes")).await;
    keys_are_told_apart(store, &key("keys")).await;
    many_tokens_may_be_open(store, &key("tokens")).await;
    several_keys_change_together_or_not_at_all(store, &key("several")).await;
    one_creator_wins(store, &key("creators")).await;
    no_increment_is_lost(store, &key("race")).await;
}

/// Runs what a store that is swept has to pass beside [`run`].
pub async fn run_swept<S: SweptStore>(store: &S, prefix: &str) {
    let key = |name: &str| format!("r/{prefix}/{name}");
    only_what_was_seen_is_removed(store, &key("remove")).await;
    what_is_removed_can_be_created(store, &key("again")).await;
    what_stays_is_listed(store, &key("list")).await;
}

/// A token is good for removing the record that it saw, and no later one.
async fn only_what_was_seen_is_removed<S: SweptStore>(store: &S, key: &str) {
    create(store, key, b"one").await;
    let stale = store.load(key).await.unwrap();
    replace(store, key, b"two").await;
    assert_eq!(store.remove(key, stale.token).await, Ok(Swap::Conflict), "it was charged since");
    assert_holds(store, key, b"two").await;
    let fresh = store.load(key).await.unwrap();
    assert_eq!(store.remove(key, fresh.token).await, Ok(Swap::Done), "nobody changed it");
    assert_eq!(store.load(key).await.unwrap().record, None, "it is gone");
}

/// A key whose record was removed is as fresh as one that never was, and a token from before the removal
/// can't bring it back.
async fn what_is_removed_can_be_created<S: SweptStore>(store: &S, key: &str) {
    create(store, key, b"one").await;
    let before = store.load(key).await.unwrap();
    let seen = store.load(key).await.unwrap();
    assert_eq!(store.remove(key, seen.token).await, Ok(Swap::Done));
    let late = store.swap(key, before.token, b"late", Span::NEVER).await;
    assert_eq!(late, Ok(Swap::Conflict), "what it saw is gone");
    create(store, key, b"two").await;
    assert_holds(store, key, b"two").await;
}

/// Keys that stay are listed, while others come and go between the pages.
async fn what_stays_is_listed<S: SweptStore>(store: &S, key: &str) {
    let staying: BTreeSet<String> = (0..50).map(|n| format!("{key}/stays-{n}")).collect();
    for key in &staying {
        create(store, key, b"stays").await;
    }
    let (mut listed, mut cursor, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let page = store.list(cursor.as_deref()).await.unwrap();
        listed.extend(page.keys.into_iter().filter(|listed| staying.contains(listed)));
        create(store, &format!("{key}/comes-{pages}"), b"comes").await;
        pages += 1;
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, staying, "each of them");
}

/// A key that was never written is absent; once created it holds the record.
async fn absent_then_created<S: Store>(store: &S, key: &str) {
    let seen = store.load(key).await.unwrap();
    assert_eq!(seen.record, None, "a fresh key is absent");
    assert_eq!(
        store.swap(key, seen.token, b"one", Span::NEVER).await,
        Ok(Swap::Done),
        "creating works"
    );
    assert_holds(store, key, b"one").await;
}

/// Two who saw "absent" can't both create.
async fn second_creation_conflicts<S: Store>(store: &S, key: &str) {
    let first = store.load(key).await.unwrap();
    let second = store.load(key).await.unwrap();
    assert_eq!(store.swap(key, first.token, b"first", Span::NEVER).await, Ok(Swap::Done));
    let second = store.swap(key, second.token, b"second", Span::NEVER).await;
    assert_eq!(second, Ok(Swap::Conflict), "the second creation conflicts");
    assert_holds(store, key, b"first").await;
}

/// A token is good for the record that it saw, and for no later one.
async fn stale_swap_conflicts<S: Store>(store: &S, key: &str) {
    create(store, key, b"one").await;
    let stale = store.load(key).await.unwrap();
    let fresh = store.load(key).await.unwrap();
    assert_eq!(store.swap(key, fresh.token, b"two", Span::NEVER).await, Ok(Swap::Done));
    let late = store.swap(key, stale.token, b"three", Span::NEVER).await;
    assert_eq!(late, Ok(Swap::Conflict), "a stale swap conflicts");
    assert_holds(store, key, b"two").await;
}

/// A token from "absent" never overwrites, however often the record changed since.
async fn late_creation_conflicts<S: Store>(store: &S, key: &str) {
    let absent = store.load(key).await.unwrap();
    create(store, key, b"one").await;
    replace(store, key, b"two").await;
    let late = store.swap(key, absent.token, b"late", Span::NEVER).await;
    assert_eq!(late, Ok(Swap::Conflict), "creating what exists conflicts");
    assert_holds(store, key, b"two").await;
}

/// A record is there once it is written, however long it and the one before it were to be kept.
async fn every_forget_after_is_taken<S: Store>(store: &S, key: &str) {
    let kept_for = [Span::from_secs(3_600), Span::NEVER, Span::from_secs(3_600)];
    for (record, forget_after) in [b"one", b"two", b"six"].into_iter().zip(kept_for) {
        let seen = store.load(key).await.unwrap();
        let swapped = store.swap(key, seen.token, record, forget_after).await;
        assert_eq!(swapped, Ok(Swap::Done), "{forget_after:?}");
        assert_holds(store, key, record).await;
    }
}

/// What a store remembers of a record may be over; then it can't be swapped. A store need not remember anything.
pub async fn what_is_remembered_is_compared<S: Store>(store: &S, key: &str) {
    let absent = store.recall(key);
    create(store, key, b"one").await;
    let old = store.recall(key);
    replace(store, key, b"two").await;
    for remembered in [absent, old].into_iter().flatten() {
        let late = store.swap(key, remembered.token, b"late", Span::NEVER).await;
        assert_eq!(late, Ok(Swap::Conflict), "what is over conflicts");
    }
    if let Some(remembered) = store.recall(key) {
        let is_current = remembered.record.as_deref() == Some(b"two");
        let end = store.swap(key, remembered.token, b"two", Span::NEVER).await;
        assert_eq!(end, Ok(if is_current { Swap::Done } else { Swap::Conflict }));
    }
    assert_holds(store, key, b"two").await;
}

/// Records are bytes, not text, and may be empty or some kilobytes long.
async fn values_are_bytes<S: Store>(store: &S, key: &str) {
    create(store, key, &[0, 255, 10, 13, 0]).await;
    assert_holds(store, key, &[0, 255, 10, 13, 0]).await;
    for record in [Vec::new(), (0..=255).cycle().take(4096).collect::<Vec<u8>>()] {
        replace(store, key, &record).await;
        assert_holds(store, key, &record).await;
    }
}

/// Keys are opaque: no character is special, and no key is a part of another.
async fn keys_are_told_apart<S: Store>(store: &S, key: &str) {
    let names =
        ["", "/", "//", "a", "A", "a/", "%61", "é", "e\u{301}", "🔑", "\n", "a b", "*", "\\"];
    let longest = "k".repeat(KEY_BYTES_MAX - key.len());
    let keys: Vec<_> =
        names.iter().chain([&*longest].iter()).map(|n| format!("{key}{n}")).collect();
    for (index, key) in keys.iter().enumerate() {
        create(store, key, &[u8::try_from(index).unwrap()]).await;
    }
    for (index, key) in keys.iter().enumerate() {
        assert_holds(store, key, &[u8::try_from(index).unwrap()]).await;
    }
}

/// Reading without swapping, hundreds of times at once, uses nothing up.
async fn many_tokens_may_be_open<S: Store>(store: &S, key: &str) {
    create(store, key, b"one").await;
    for _ in 0..3 {
        // A host may allow no more than 256 at a time, which is more than a decision needs.
        let open = join_all((0..200).map(|_| store.load(key))).await;
        assert!(open.iter().all(|seen| seen.as_ref().is_ok_and(|seen| seen.record.is_some())));
    }
    replace(store, key, b"two").await;
    assert_holds(store, key, b"two").await;
}

/// Several keys are swapped together or not at all. A store may say that it can't; then it has done
/// nothing.
async fn several_keys_change_together_or_not_at_all<S: Store>(store: &S, key: &str) {
    let keys = [format!("{key}/a"), format!("{key}/b")];
    let both = async || {
        let [a, b] = &keys;
        [store.load(a).await.unwrap(), store.load(b).await.unwrap()]
    };
    let swap_all = async |seen: [Loaded<S::Token>; 2], record: &[u8]| {
        let swaps = keys.iter().zip(seen).map(|(key, seen)| {
            let (token, record) = (seen.token, record.to_vec());
            KeySwap { key, token, record, forget_after: Span::NEVER }
        });
        store.swap_all(swaps.collect()).await.unwrap()
    };
    let stale = both().await;
    create(store, &keys[1], b"one").await;
    let end = swap_all(stale, b"stale").await;
    assert!(end.is_none_or(|end| end == Swap::Conflict), "the second key is not absent any more");
    assert_eq!(store.load(&keys[0]).await.unwrap().record, None, "so the first one is not written");
    assert_holds(store, &keys[1], b"one").await;
    if let Some(end) = swap_all(both().await, b"two").await {
        assert_eq!(end, Swap::Done);
        assert_holds(store, &keys[0], b"two").await;
        assert_holds(store, &keys[1], b"two").await;
    }
}

/// Of many who saw "absent" at the same time, exactly one creates.
pub async fn one_creator_wins<S: Store>(store: &S, key: &str) {
    let creators = (0..16_u8).map(|me| async move {
        let seen = store.load(key).await.unwrap();
        yield_once().await;
        (me, store.swap(key, seen.token, &[me], Span::NEVER).await.unwrap())
    });
    let ends = join_all(creators).await;
    let winners: Vec<_> = ends.iter().filter(|(_, swap)| *swap == Swap::Done).collect();
    let [(winner, _)] = winners[..] else { panic!("one creator wins, not {winners:?}") };
    assert_holds(store, key, &[*winner]).await;
}

/// The race that others fail: workers count up together, from a key that is absent.
async fn no_increment_is_lost<S: Store>(store: &S, key: &str) {
    const WORKERS: u32 = 5;
    const INCREMENTS: u32 = 10;
    join_all((0..WORKERS).map(|_| count_up(store, key, INCREMENTS))).await;
    assert_holds(store, key, &(WORKERS * INCREMENTS).to_le_bytes()).await;
}

/// Adds 1 to the number under `key`, `times` times, against whoever else does.
pub async fn count_up<S: Store>(store: &S, key: &str, times: u32) {
    for _ in 0..times {
        loop {
            let seen = store.load(key).await.unwrap();
            let number = seen.record.map_or(0, |bytes| {
                u32::from_le_bytes(bytes.try_into().expect("the record that a worker wrote"))
            });
            yield_once().await;
            let end = store.swap(key, seen.token, &(number + 1).to_le_bytes(), Span::NEVER).await;
            if end.unwrap() == Swap::Done {
                break;
            }
        }
    }
}

async fn create<S: Store>(store: &S, key: &str, record: &[u8]) {
    let seen = store.load(key).await.unwrap();
    assert_eq!(seen.record, None, "a fresh key is absent: {key:?}");
    assert_eq!(
        store.swap(key, seen.token, record, Span::NEVER).await,
        Ok(Swap::Done),
        "creating {key:?}"
    );
}

async fn replace<S: Store>(store: &S, key: &str, record: &[u8]) {
    let seen = store.load(key).await.unwrap();
    assert_eq!(
        store.swap(key, seen.token, record, Span::NEVER).await,
        Ok(Swap::Done),
        "replacing {key:?}"
    );
}

async fn assert_holds<S: Store>(store: &S, key: &str, record: &[u8]) {
    let seen = store.load(key).await.unwrap();
    assert_eq!(seen.record.as_deref(), Some(record), "what {key:?} holds");
}

/// Lets the other futures of the same task run.
pub async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
