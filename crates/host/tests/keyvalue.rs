//! What a guest sees of the key-value interfaces and its variables.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{edge, ok};
use futures::future::join_all;
use tollgate_host::edge::EdgeConfig;

/// Runs one scenario of the key-value guest, on a fresh store.
async fn scenario(path: &str) -> String {
    ok(&edge("keyvalue", EdgeConfig::default()), path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn store_gets_sets_and_deletes() {
    let told = scenario("/store").await;
    assert_eq!(
        told,
        "get absent: Ok(None)\n\
         exists absent: Ok(false)\n\
         set: Ok(())\n\
         get: Ok(Some(\"one\"))\n\
         exists: Ok(true)\n\
         set again: Ok(())\n\
         get again: Ok(Some(\"two\"))\n\
         delete: Ok(())\n\
         delete absent: Ok(())\n\
         get deleted: Ok(None)\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_default_store_opens() {
    let told = scenario("/labels").await;
    assert_eq!(told, "Ok(\"opened\")\nErr(Error::NoSuchStore)\nErr(Error::NoSuchStore)\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_listing_comes_in_pages() {
    let told = scenario("/pages/2500").await;
    assert_eq!(
        told,
        "1000 from Some(\"000000\")\n\
         1000 from Some(\"001000\")\n\
         500 from Some(\"002000\")\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_keeps_the_order_and_tells_absent_keys() {
    let told = scenario("/batch").await;
    assert_eq!(
        told,
        "set: Ok(())\n\
         get: Ok([(\"b\", Some(\"two\")), (\"absent\", None), (\"a\", Some(\"one\"))])\n\
         delete: Ok(())\n\
         get deleted: Ok([(\"b\", None), (\"absent\", None), (\"a\", None)])\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_over_a_limit_is_an_error_and_no_trap() {
    let told = scenario("/batch-too-long").await;
    assert_eq!(told, "get 1001: false\ndelete 1001: false\n4 MiB: true\n5 MiB: false\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_writers_one_wins_and_a_conflict_gives_a_fresh_handle() {
    let told = scenario("/cas").await;
    assert_eq!(
        told,
        "both see: Ok(None) Ok(None)\n\
         first creates: done\n\
         second creates: conflict\n\
         the new handle sees: Ok(Some(\"first\"))\n\
         it swaps: done\n\
         current looks again: Ok(Some(\"second\")) Ok(Some(\"third\"))\n\
         so it swaps: done\n\
         after a delete: conflict\n\
         and sees: Some(Ok(None))\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_without_current_compares_with_the_time_of_new() {
    let told = scenario("/cas-without-current").await;
    assert_eq!(told, "first: done\nsecond: conflict\nvalue: Ok(Some(\"first\"))\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn consumed_handles_are_free_again_and_open_ones_are_bounded() {
    let told = scenario("/cas-handles").await;
    // One of the 1,024 is the bucket.
    assert_eq!(
        told,
        "1023 open, then Error::Other(\"too many open handles: this instance holds 1024, drop some\")\n"
    );
    let told = scenario("/spin-handles").await;
    assert_eq!(told, "1024 open, then Error::StoreTableFull\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_increment_of_what_is_no_number_is_an_error_and_changes_nothing() {
    let told = scenario("/increment").await;
    assert_eq!(
        told,
        "absent: Ok(5)\n\
         again: Ok(-2)\n\
         text: false\n\
         text is kept: Ok(Some(\"not a number\"))\n\
         overflow: false\n\
         next: Ok(true)\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_key_and_value_fit_and_nothing_longer() {
    let told = scenario("/limits").await;
    assert_eq!(
        told,
        "key of 256 fits\n\
         key of 257 is refused\n\
         empty key is refused\n\
         value of 1 MiB fits\n\
         value of 1 MiB + 1 is refused\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn spins_own_interface_sees_the_same_store() {
    let edge = edge("keyvalue", EdgeConfig::default());
    let told = ok(&edge, "/spin").await;
    assert_eq!(
        told,
        "other: Err(Error::NoSuchStore)\n\
         get absent: Ok(None)\n\
         set: Ok(())\n\
         get: Ok(Some(\"one\"))\n\
         exists: Ok(true)\n\
         keys: Ok([\"s\", \"t\"])\n\
         delete: Ok(())\n\
         exists deleted: Ok(false)\n\
         empty key: false\n"
    );
    assert_eq!(ok(&edge, "/count/c").await, "0\n");
    assert!(ok(&edge, "/spin").await.contains("keys: Ok([\"c\", \"s\", \"t\"])"));
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_told_by_name() {
    let edge = edge("keyvalue", EdgeConfig::default());
    assert_eq!(ok(&edge, "/variable/policies").await, "Ok(\"some text\")\n");
    assert!(ok(&edge, "/variable/other").await.contains("Undefined"));
    assert!(ok(&edge, "/variable/Policies").await.contains("InvalidName"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_concurrent_count_is_lost_from_an_absent_key_on() {
    // One request per instance, so that instances race and not only requests within one instance.
    let edge = edge(
        "keyvalue",
        EdgeConfig {
            concurrent_requests_per_instance: 1,
            requests_per_instance: 5,
            ..EdgeConfig::default()
        },
    );
    let told = join_all((0..200).map(|_| ok(&edge, "/count/shared"))).await;
    let lost: Vec<u64> = told.iter().map(|text| text.trim().parse().unwrap()).collect();
    assert_eq!(lost.len(), 200);
    // The 201st sees 200 only if all 200 were written one after the other.
    assert_eq!(ok(&edge, "/value/shared").await, "Ok(Some(\"200\"))\n");
}
