//! One key and its value.

use std::collections::BTreeSet;

use tollgate_kv::{KEY_BYTES_MAX, KeyValueError, Swap, VALUE_BYTES_MAX};

use crate::Values;
use crate::listing::list_all;

pub(crate) async fn what_is_set_is_got(values: &Values) {
    values.set("k", b"one".to_vec()).await.unwrap();
    assert_eq!(values.get("k").await, Ok(Some(b"one".to_vec())));
    values.set("k", b"two".to_vec()).await.unwrap();
    assert_eq!(values.get("k").await, Ok(Some(b"two".to_vec())));
}

pub(crate) async fn an_absent_key_is_no_value(values: &Values) {
    assert_eq!(values.get("k").await, Ok(None));
    assert_eq!(values.delete("k").await, Ok(()));
    assert_eq!(values.list(None).await.unwrap().keys, [""; 0]);
}

pub(crate) async fn values_are_any_bytes(values: &Values) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [vec![], vec![0], vec![0; 3], b"a\0b\n".to_vec(), every_byte] {
        values.set("k", value.clone()).await.unwrap();
        assert_eq!(values.get("k").await, Ok(Some(value.clone())));
        assert_eq!(values.swap("k", Some(&value), value.clone()).await, Ok(Swap::Done));
    }
}

pub(crate) async fn keys_are_any_text(values: &Values) {
    let keys = ["\0", "\n", " ", "a/b", "a\0b", "a\0c", "%00", "ß", "🚦"];
    for key in keys {
        values.set(key, key.as_bytes().to_vec()).await.unwrap();
    }
    for key in keys {
        assert_eq!(values.get(key).await, Ok(Some(key.as_bytes().to_vec())));
    }
    assert_eq!(list_all(values).await, BTreeSet::from(keys.map(str::to_owned)));
}

pub(crate) async fn keys_that_are_too_long_are_refused(values: &Values) {
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

pub(crate) async fn values_that_are_too_long_are_refused(values: &Values) {
    let longest = vec![7; VALUE_BYTES_MAX];
    values.set("k", longest.clone()).await.unwrap();
    let longer = vec![8; VALUE_BYTES_MAX + 1];
    let error = KeyValueError::ValueLength(longer.len());
    assert_eq!(values.set("k", longer.clone()).await, Err(error.clone()));
    assert_eq!(values.swap("k", Some(&longest), longer).await, Err(error));
    assert_eq!(values.get("k").await, Ok(Some(longest)));
}

pub(crate) async fn a_flush_changes_no_value(values: &Values) {
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
    let keys = ["changed", "new0", "new1", "new2"].map(str::to_owned);
    assert_eq!(list_all(values).await, BTreeSet::from(keys));
}
