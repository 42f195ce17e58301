//! What every backend promises, asked of each in the same words.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use tempfile::TempDir;
use tollgate_kv::{
    Durability, EXCHANGES_MAX, Exchange, Increment, KEY_BYTES_MAX, KeyValue, KeyValueError, Memory,
    New, PAGE_KEYS_MAX, Redb, Swap, VALUE_BYTES_MAX,
};

/// A fresh, empty backend.
struct Fresh {
    values: Arc<dyn KeyValue>,
    /// Where its file is, until the test is over.
    _directory: Option<TempDir>,
}

fn memory() -> Fresh {
    Fresh { values: Arc::new(Memory::default()), _directory: None }
}

fn redb(durability: Durability) -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let values = Redb::open(directory.path().join("values.redb"), durability).unwrap();
    Fresh { values: Arc::new(values), _directory: Some(directory) }
}

/// Makes a module of tests that run each promise on one backend.
macro_rules! backend {
    ($backend:ident, $fresh:expr; $($promise:ident)*) => {
        mod $backend {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $promise() {
                    let fresh: Fresh = $fresh;
                    super::$promise(&fresh.values).await;
                }
            )*
        }
    };
}

macro_rules! promises {
    ($($promise:ident)*) => {
        backend!(in_memory, memory(); $($promise)*);
        backend!(redb_immediate, redb(Durability::Immediate); $($promise)*);
        backend!(redb_grouped, redb(Durability::Grouped); $($promise)*);
        backend!(redb_none, redb(Durability::None); $($promise)*);
    };
}

promises! {
    what_is_set_is_got
    an_absent_key_is_no_value
    of_two_creators_one_wins
    a_stale_swap_changes_nothing
    a_swap_that_expects_a_value_does_not_create
    swaps_that_start_from_an_absent_key_lose_nothing
    of_64_concurrent_creators_exactly_one_is_done
    concurrent_increments_lose_nothing
    an_increment_of_what_is_no_number_changes_nothing
    an_increment_that_overflows_changes_nothing
    increments_and_values_are_the_same_bytes
    values_are_any_bytes
    keys_are_any_text
    keys_that_are_too_long_are_refused
    values_that_are_too_long_are_refused
    a_deleted_key_can_be_created_again
    only_what_was_seen_is_removed
    several_keys_change_together_or_not_at_all
    what_can_not_be_exchanged_together_is_refused
    a_flush_changes_no_value
    keys_are_listed_in_order_on_pages
    a_listing_starts_after_its_cursor
    a_listing_without_the_deleted_keys
    keys_that_stay_are_listed_once_while_others_change
}

type Values = Arc<dyn KeyValue>;

async fn what_is_set_is_got(values: &Values) {
    values.set("k", b"one".to_vec()).await.unwrap();
    assert_eq!(values.get("k").await, Ok(Some(b"one".to_vec())));
    values.set("k", b"two".to_vec()).await.unwrap();
    assert_eq!(values.get("k").await, Ok(Some(b"two".to_vec())));
}

async fn an_absent_key_is_no_value(values: &Values) {
    assert_eq!(values.get("k").await, Ok(None));
    assert_eq!(values.delete("k").await, Ok(()));
    assert_eq!(values.list(None).await.unwrap().keys, [""; 0]);
}

async fn of_two_creators_one_wins(values: &Values) {
    assert_eq!(values.swap("k", None, b"first".to_vec()).await, Ok(Swap::Done));
    assert_eq!(values.swap("k", None, b"second".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(Some(b"first".to_vec())));
}

async fn a_stale_swap_changes_nothing(values: &Values) {
    values.set("k", b"one".to_vec()).await.unwrap();
    assert_eq!(values.swap("k", Some(b"one"), b"two".to_vec()).await, Ok(Swap::Done));
    assert_eq!(values.swap("k", Some(b"one"), b"three".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(Some(b"two".to_vec())));
}

async fn a_swap_that_expects_a_value_does_not_create(values: &Values) {
    assert_eq!(values.swap("k", Some(b""), b"one".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(None));
    values.set("k", vec![]).await.unwrap();
    assert_eq!(values.swap("k", None, b"one".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.swap("k", Some(b""), b"one".to_vec()).await, Ok(Swap::Done));
}

async fn swaps_that_start_from_an_absent_key_lose_nothing(values: &Values) {
    at_once(8, values, |values, _| async move {
        for _ in 0..50 {
            add_one_by_swap(&*values).await;
        }
    })
    .await;
    assert_eq!(values.get("k").await, Ok(Some(400u32.to_le_bytes().to_vec())));
}

async fn add_one_by_swap(values: &dyn KeyValue) {
    loop {
        let seen = values.get("k").await.unwrap();
        let number =
            seen.as_deref().map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
        let more = (number + 1).to_le_bytes().to_vec();
        if values.swap("k", seen.as_deref(), more).await.unwrap() == Swap::Done {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn of_64_concurrent_creators_exactly_one_is_done(values: &Values) {
    for round in 0..10 {
        let outcomes = at_once(64, values, move |values, creator| async move {
            let value = creator.to_string().into_bytes();
            values.swap(&format!("k{round}"), None, value).await.unwrap()
        })
        .await;
        let winners: Vec<usize> =
            (0..64).filter(|creator| outcomes[*creator] == Swap::Done).collect();
        assert_eq!(winners.len(), 1);
        let value = values.get(&format!("k{round}")).await.unwrap().unwrap();
        assert_eq!(value, winners[0].to_string().into_bytes());
    }
}

async fn concurrent_increments_lose_nothing(values: &Values) {
    let sums = at_once(8, values, |values, _| async move {
        let mut sums = Vec::new();
        for _ in 0..50 {
            let Increment::Sum(sum) = values.increment("k", 3).await.unwrap() else {
                panic!("the sum is small");
            };
            sums.push(sum);
        }
        sums
    })
    .await;
    let told: BTreeSet<i64> = sums.into_iter().flatten().collect();
    assert!(told.into_iter().eq((1..=400).map(|number| number * 3)));
}

async fn an_increment_of_what_is_no_number_changes_nothing(values: &Values) {
    for value in [&b""[..], b"seven", &[1; 7], &[1; 9]] {
        values.set("k", value.to_vec()).await.unwrap();
        assert_eq!(values.increment("k", 1).await, Ok(Increment::NotANumber));
        assert_eq!(values.get("k").await, Ok(Some(value.to_vec())));
    }
}

async fn an_increment_that_overflows_changes_nothing(values: &Values) {
    assert_eq!(values.increment("k", i64::MAX).await, Ok(Increment::Sum(i64::MAX)));
    assert_eq!(values.increment("k", 1).await, Ok(Increment::NotANumber));
    assert_eq!(values.increment("k", 0).await, Ok(Increment::Sum(i64::MAX)));
    assert_eq!(values.increment("l", i64::MIN).await, Ok(Increment::Sum(i64::MIN)));
    assert_eq!(values.increment("l", -1).await, Ok(Increment::NotANumber));
    assert_eq!(values.increment("l", 0).await, Ok(Increment::Sum(i64::MIN)));
}

async fn increments_and_values_are_the_same_bytes(values: &Values) {
    values.set("k", 40i64.to_le_bytes().to_vec()).await.unwrap();
    assert_eq!(values.increment("k", 2).await, Ok(Increment::Sum(42)));
    assert_eq!(values.get("k").await, Ok(Some(42i64.to_le_bytes().to_vec())));
}

async fn values_are_any_bytes(values: &Values) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [vec![], vec![0], vec![0; 3], b"a\0b\n".to_vec(), every_byte] {
        values.set("k", value.clone()).await.unwrap();
        assert_eq!(values.get("k").await, Ok(Some(value.clone())));
        assert_eq!(values.swap("k", Some(&value), value.clone()).await, Ok(Swap::Done));
    }
}

async fn keys_are_any_text(values: &Values) {
    let keys = ["\0", "\n", " ", "a/b", "a\0b", "a\0c", "%00", "ß", "🚦"];
    for key in keys {
        values.set(key, key.as_bytes().to_vec()).await.unwrap();
    }
    for key in keys {
        assert_eq!(values.get(key).await, Ok(Some(key.as_bytes().to_vec())));
    }
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(values.list(None).await.unwrap().keys, sorted);
}

async fn keys_that_are_too_long_are_refused(values: &Values) {
    let longest = "k".repeat(KEY_BYTES_MAX);
    values.set(&longest, vec![1]).await.unwrap();
    assert_eq!(values.get(&longest).await, Ok(Some(vec![1])));
    for key in [String::new(), "k".repeat(KEY_BYTES_MAX + 1)] {
        let error = KeyValueError::KeyLength(key.len());
        assert_eq!(values.get(&key).await, Err(error.clone()));
        assert_eq!(values.set(&key, vec![]).await, Err(error.clone()));
        assert_eq!(values.delete(&key).await, Err(error.clone()));
        assert_eq!(values.increment(&key, 1).await, Err(error.clone()));
        assert_eq!(values.swap(&key, None, vec![]).await, Err(error));
    }
    assert_eq!(values.list(None).await.unwrap().keys, [longest]);
}

async fn values_that_are_too_long_are_refused(values: &Values) {
    let longest = vec![7; VALUE_BYTES_MAX];
    values.set("k", longest.clone()).await.unwrap();
    let longer = vec![8; VALUE_BYTES_MAX + 1];
    let error = KeyValueError::ValueLength(longer.len());
    assert_eq!(values.set("k", longer.clone()).await, Err(error.clone()));
    assert_eq!(values.swap("k", Some(&longest), longer).await, Err(error));
    assert_eq!(values.get("k").await, Ok(Some(longest)));
}

async fn a_deleted_key_can_be_created_again(values: &Values) {
    for value in [b"one", b"two"] {
        assert_eq!(values.swap("k", None, value.to_vec()).await, Ok(Swap::Done));
        values.flush().await.unwrap();
        values.delete("k").await.unwrap();
        assert_eq!(values.get("k").await, Ok(None));
        assert_eq!(values.swap("k", Some(value), vec![]).await, Ok(Swap::Conflict));
        assert_eq!(values.increment("k", 1).await, Ok(Increment::Sum(1)));
        values.delete("k").await.unwrap();
    }
}

async fn only_what_was_seen_is_removed(values: &Values) {
    values.set("k", b"one".to_vec()).await.unwrap();
    assert_eq!(values.remove("k", b"other").await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(Some(b"one".to_vec())));
    assert_eq!(values.remove("k", b"one").await, Ok(Swap::Done));
    assert_eq!(values.get("k").await, Ok(None));
    assert_eq!(values.remove("k", b"one").await, Ok(Swap::Conflict), "it is gone already");
}

fn exchange(key: &str, expected: Option<&str>, new: Option<&str>) -> Exchange {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let new = new.map_or(New::Absent, |new| New::Value(bytes(new)));
    Exchange { key: key.to_owned(), expected: expected.map(bytes), new }
}

/// A backend may say that it can't; then it has done nothing.
async fn several_keys_change_together_or_not_at_all(values: &Values) {
    values.set("a", b"one".to_vec()).await.unwrap();
    let half_stale = [exchange("a", Some("one"), Some("two")), exchange("b", Some("x"), None)];
    let end = values.exchange_all(&half_stale).await.unwrap();
    assert!(end.is_none_or(|end| end == Swap::Conflict), "b is absent");
    assert_eq!(values.get("a").await, Ok(Some(b"one".to_vec())));

    let fresh = [exchange("a", Some("one"), None), exchange("b", None, Some("new"))];
    let [a, b] = match values.exchange_all(&fresh).await.unwrap() {
        None => [Some(b"one".to_vec()), None],
        Some(end) => {
            assert_eq!(end, Swap::Done);
            [None, Some(b"new".to_vec())]
        }
    };
    assert_eq!(values.get("a").await, Ok(a));
    assert_eq!(values.get("b").await, Ok(b));
}

async fn what_can_not_be_exchanged_together_is_refused(values: &Values) {
    let many: Vec<_> =
        (0..=EXCHANGES_MAX).map(|n| exchange(&n.to_string(), None, Some("x"))).collect();
    let twice = [exchange("k", None, Some("x")), exchange("k", None, Some("y"))];
    for refused in [&[][..], &many, &twice] {
        let refusal = values.exchange_all(refused).await;
        assert!(matches!(refusal, Err(KeyValueError::Exchanges) | Ok(None)), "{refusal:?}");
    }
    assert_eq!(values.list(None).await.unwrap().keys, [""; 0]);
}

async fn a_flush_changes_no_value(values: &Values) {
    values.flush().await.unwrap();
    for round in 0..3u8 {
        values.set("changed", vec![round]).await.unwrap();
        values.set(&format!("new{round}"), vec![round]).await.unwrap();
        values.flush().await.unwrap();
        values.flush().await.unwrap();
        assert_eq!(values.get("changed").await, Ok(Some(vec![round])));
        assert_eq!(values.get("new0").await, Ok(Some(vec![0])));
        assert_eq!(values.swap("changed", Some(&[round]), vec![round]).await, Ok(Swap::Done));
    }
    assert_eq!(values.list(None).await.unwrap().keys, ["changed", "new0", "new1", "new2"]);
}

async fn keys_are_listed_in_order_on_pages(values: &Values) {
    let keys: Vec<String> =
        (0..PAGE_KEYS_MAX * 2 + 7).map(|number| format!("k{number:05}")).collect();
    // Half of them are committed, the other half need not be.
    put_all(values, keys.iter().step_by(2)).await;
    values.flush().await.unwrap();
    put_all(values, keys.iter().skip(1).step_by(2)).await;
    let pages = list_pages(values).await;
    assert!(pages.iter().all(|page| (1..=PAGE_KEYS_MAX).contains(&page.len())));
    assert_eq!(pages.concat(), keys);
}

async fn a_listing_starts_after_its_cursor(values: &Values) {
    put_all(values, ["a", "b", "b\0", "c"]).await;
    assert_eq!(values.list(Some("b")).await.unwrap().keys, ["b\0", "c"]);
    assert_eq!(values.list(Some("aa")).await.unwrap().keys, ["b", "b\0", "c"]);
    assert_eq!(values.list(Some("c")).await.unwrap().keys, [""; 0]);
}

async fn a_listing_without_the_deleted_keys(values: &Values) {
    let keys: Vec<String> =
        (0..PAGE_KEYS_MAX * 2 + 7).map(|number| format!("k{number:05}")).collect();
    put_all(values, &keys).await;
    values.flush().await.unwrap();
    // More than a page of deletions before the first key that is left.
    at_once(keys.len() - 1, values, |values, number| async move {
        values.delete(&format!("k{number:05}")).await.unwrap();
    })
    .await;
    assert_eq!(list_pages(values).await.concat(), keys[keys.len() - 1..]);
}

async fn keys_that_stay_are_listed_once_while_others_change(values: &Values) {
    let stay: Vec<String> = (0..1_500).map(|number| format!("stay{number:05}")).collect();
    put_all(values, &stay).await;
    let changing = Arc::clone(values);
    let changes = tokio::spawn(async move {
        for round in 0..200 {
            let key = format!("stay{:05}x", round * 7);
            changing.set(&key, vec![0]).await.unwrap();
            changing.delete(&key).await.unwrap();
        }
    });
    loop {
        let is_last_look = changes.is_finished();
        let listed = list_pages(values).await.concat();
        assert!(listed.is_sorted());
        let stayed: Vec<String> = listed.into_iter().filter(|key| !key.ends_with('x')).collect();
        assert_eq!(stayed, stay);
        if is_last_look {
            break;
        }
    }
    changes.await.unwrap();
    assert_eq!(list_pages(values).await.concat(), stay);
}

/// Runs `tasks` tasks that start together; answers what each answered.
async fn at_once<T, F>(tasks: usize, values: &Values, work: impl Fn(Values, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(tasks));
    let tasks: Vec<_> = (0..tasks)
        .map(|number| {
            let start = Arc::clone(&start);
            let work = work(Arc::clone(values), number);
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Sets all keys, at the same time: one by one they would wait for an fsync each.
async fn put_all(values: &Values, keys: impl IntoIterator<Item = impl Into<String>>) {
    let keys: Arc<[String]> = keys.into_iter().map(Into::into).collect();
    at_once(keys.len(), values, |values, number| {
        let keys = Arc::clone(&keys);
        async move { values.set(&keys[number], vec![1]).await.unwrap() }
    })
    .await;
}

async fn list_pages(values: &Values) -> Vec<Vec<String>> {
    let mut page = values.list(None).await.unwrap();
    let mut pages = vec![page.keys];
    while let Some(cursor) = page.cursor {
        page = values.list(Some(&cursor)).await.unwrap();
        pages.push(page.keys);
    }
    // A full page may turn out to have been the last.
    pages.retain(|page| !page.is_empty());
    pages
}
