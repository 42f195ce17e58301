//! Looking through all keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinHandle;
use tollgate_kv::{KeyValueError, PAGE_KEYS_MAX};

use crate::{Values, at_once, put_all};

/// So many that they need several pages.
fn many_keys() -> Vec<String> {
    (0..PAGE_KEYS_MAX * 2 + 7).map(|number| format!("k{number:05}")).collect()
}

pub(crate) async fn every_key_is_listed_on_pages(values: &Values) {
    let keys = many_keys();
    put_all(values, &keys).await;
    let pages = list_pages(values).await;
    assert!(pages.len() > 1, "there are more than a page holds");
    let most = pages.iter().map(Vec::len).max();
    assert!(most.is_some_and(|most| most < PAGE_KEYS_MAX * 11 / 10), "{most:?}");
    assert_eq!(list_all(values).await, BTreeSet::from_iter(keys));
}

pub(crate) async fn keys_are_listed_in_order_on_pages(values: &Values) {
    let keys = many_keys();
    // Half of them are committed, the other half need not be.
    put_all(values, keys.iter().step_by(2)).await;
    values.flush().await.unwrap();
    put_all(values, keys.iter().skip(1).step_by(2)).await;
    let pages = list_pages(values).await;
    assert!(pages.iter().all(|page| (1..=PAGE_KEYS_MAX).contains(&page.len())));
    assert_eq!(pages.concat(), keys);
}

pub(crate) async fn a_listing_starts_after_its_cursor(values: &Values) {
    put_all(values, ["a", "b", "b\0", "c"]).await;
    assert_eq!(values.list(Some("b")).await.unwrap().keys, ["b\0", "c"]);
    assert_eq!(values.list(Some("aa")).await.unwrap().keys, ["b", "b\0", "c"]);
    assert_eq!(values.list(Some("c")).await.unwrap().keys, [""; 0]);
}

pub(crate) async fn a_listing_without_the_deleted_keys(values: &Values) {
    let keys = many_keys();
    put_all(values, &keys).await;
    values.flush().await.unwrap();
    // More than a page of deletions before the first key that is left.
    at_once(keys.len() - 1, values, |values, number| async move {
        values.delete(&format!("k{number:05}")).await.unwrap();
    })
    .await;
    assert_eq!(list_all(values).await, BTreeSet::from_iter(keys.last().cloned()));
}

pub(crate) async fn keys_that_stay_are_listed_once_while_others_change(values: &Values) {
    let stay: Vec<String> = (0..1_500).map(|number| format!("stay{number:05}")).collect();
    put_all(values, &stay).await;
    let changes = come_and_go(values);
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

pub(crate) async fn keys_that_stay_are_listed_while_others_change(values: &Values) {
    let stay: BTreeSet<String> = (0..1_500).map(|number| format!("stay{number:05}")).collect();
    put_all(values, &stay).await;
    let changes = come_and_go(values);
    loop {
        let is_last_look = changes.is_finished();
        let listed = list_all(values).await;
        assert!(listed.is_superset(&stay));
        if is_last_look {
            break;
        }
    }
    changes.await.unwrap();
    assert_eq!(list_all(values).await, stay);
}

pub(crate) async fn a_cursor_of_no_page_is_refused(values: &Values) {
    put_all(values, ["a", "b"]).await;
    for cursor in ["", "a", "-1"] {
        assert_eq!(values.list(Some(cursor)).await, Err(KeyValueError::Cursor), "{cursor:?}");
    }
}

pub(crate) async fn list_pages(values: &Values) -> Vec<Vec<String>> {
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

pub(crate) async fn list_all(values: &Values) -> BTreeSet<String> {
    list_pages(values).await.into_iter().flatten().collect()
}

/// Keys between those that stay are written and deleted, until it has ended.
fn come_and_go(values: &Values) -> JoinHandle<()> {
    let values = Arc::clone(values);
    tokio::spawn(async move {
        for round in 0..200 {
            let key = format!("stay{:05}x", round * 7);
            values.set(&key, vec![0]).await.unwrap();
            values.delete(&key).await.unwrap();
        }
    })
}
