//! Compare-and-swap, of one key and of several.

use tollgate_kv::{EXCHANGES_MAX, Exchange, Increment, KeyValue, KeyValueError, New, Swap};

use crate::{Values, at_once};

pub(crate) async fn of_two_creators_one_wins(values: &Values) {
    assert_eq!(values.swap("k", None, b"first".to_vec()).await, Ok(Swap::Done));
    assert_eq!(values.swap("k", None, b"second".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(Some(b"first".to_vec())));
}

pub(crate) async fn a_stale_swap_changes_nothing(values: &Values) {
    values.set("k", b"one".to_vec()).await.unwrap();
    assert_eq!(values.swap("k", Some(b"one"), b"two".to_vec()).await, Ok(Swap::Done));
    assert_eq!(values.swap("k", Some(b"one"), b"three".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(Some(b"two".to_vec())));
}

pub(crate) async fn a_swap_that_expects_a_value_does_not_create(values: &Values) {
    assert_eq!(values.swap("k", Some(b""), b"one".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(None));
    values.set("k", vec![]).await.unwrap();
    assert_eq!(values.swap("k", None, b"one".to_vec()).await, Ok(Swap::Conflict));
    assert_eq!(values.swap("k", Some(b""), b"one".to_vec()).await, Ok(Swap::Done));
}

pub(crate) async fn swaps_that_start_from_an_absent_key_lose_nothing(values: &Values) {
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

pub(crate) async fn of_64_concurrent_creators_exactly_one_is_done(values: &Values) {
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

pub(crate) async fn a_deleted_key_can_be_created_again(values: &Values) {
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

pub(crate) async fn only_what_was_seen_is_removed(values: &Values) {
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
pub(crate) async fn several_keys_change_together_or_not_at_all(values: &Values) {
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

pub(crate) async fn what_can_not_be_exchanged_together_is_refused(values: &Values) {
    let many: Vec<_> =
        (0..=EXCHANGES_MAX).map(|n| exchange(&n.to_string(), None, Some("x"))).collect();
    let twice = [exchange("k", None, Some("x")), exchange("k", None, Some("y"))];
    for refused in [&[][..], &many, &twice] {
        let refusal = values.exchange_all(refused).await;
        assert!(matches!(refusal, Err(KeyValueError::Exchanges) | Ok(None)), "{refusal:?}");
    }
    assert_eq!(values.list(None).await.unwrap().keys, [""; 0]);
}

pub(crate) async fn what_is_absent_is_removed_already(values: &Values) {
    assert_eq!(values.exchange("k", None, New::Absent).await, Ok(Swap::Done));
    values.set("k", b"one".to_vec()).await.unwrap();
    assert_eq!(values.exchange("k", None, New::Absent).await, Ok(Swap::Conflict));
    assert_eq!(values.get("k").await, Ok(Some(b"one".to_vec())));
}
