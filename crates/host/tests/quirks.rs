//! The faults of Spin's stores, each as a guest sees it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{edge, get, ok};
use futures::future::join_all;
use tollgate_host::edge::EdgeConfig;
use tollgate_host::keyvalue::quirks::Quirks;

fn config(quirks: Quirks) -> EdgeConfig {
    EdgeConfig { quirks: Some(quirks), ..EdgeConfig::default() }
}

/// What the key-value guest reports of one scenario, on a fresh store.
async fn scenario(quirks: Quirks, path: &str) -> String {
    ok(&edge("keyvalue", config(quirks)), path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_writers_both_win_on_sqlite() {
    assert_eq!(
        scenario(Quirks::Spin, "/creations").await,
        "both see: Ok(None) Ok(None)\nfirst: done\nsecond: done\nvalue: Ok(Some(\"second\"))\n"
    );
    assert_eq!(
        scenario(Quirks::Spin, "/cas-without-current").await,
        "first: done\nsecond: done\nvalue: Ok(Some(\"second\"))\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis_who_wrote_is_told_of_a_conflict_and_who_did_not_is_told_nothing() {
    assert_eq!(
        scenario(Quirks::SpinRedis, "/creations").await,
        "both see: Ok(None) Ok(None)\nfirst: conflict\nsecond: done\nvalue: Ok(Some(\"first\"))\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_no_count_is_lost_once_the_key_exists() {
    let config = EdgeConfig {
        concurrent_requests_per_instance: 1,
        requests_per_instance: 5,
        ..config(Quirks::Spin)
    };
    let edge = edge("keyvalue", config);
    ok(&edge, "/count/shared").await;
    join_all((0..200).map(|_| ok(&edge, "/count/shared"))).await;
    assert_eq!(ok(&edge, "/value/shared").await, "Ok(Some(\"201\"))\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_drops_absent_keys_and_the_order_on_sqlite_and_fails_on_redis() {
    assert_eq!(
        scenario(Quirks::Spin, "/batch").await,
        "set: Ok(())\n\
         get: Ok([(\"a\", Some(\"one\")), (\"b\", Some(\"two\"))])\n\
         delete: Ok(())\n\
         get deleted: Ok([])\n"
    );
    let told = scenario(Quirks::SpinRedis, "/batch").await;
    assert!(told.contains("get: Err(Error::Other("), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_comes_at_once_and_takes_no_cursor() {
    for quirks in [Quirks::Spin, Quirks::SpinRedis] {
        assert_eq!(scenario(quirks, "/pages/2500").await, "2500 from Some(\"000000\")\n");
        let told = scenario(quirks, "/cursor").await;
        assert!(told.starts_with("Err("), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_increment_of_what_is_no_number_ends_the_instance_on_sqlite() {
    let (status, _) = get(&edge("keyvalue", config(Quirks::Spin)), "/increment").await;
    assert_eq!(status, 500);
    let told = scenario(Quirks::SpinRedis, "/increment").await;
    assert!(told.contains("text: false\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_is_as_it_should_be() {
    for path in ["/store", "/limits", "/spin"] {
        let expected = ok(&edge("keyvalue", EdgeConfig::default()), path).await;
        for quirks in [Quirks::Spin, Quirks::SpinRedis] {
            assert_eq!(scenario(quirks, path).await, expected, "{path} {quirks:?}");
        }
    }
}
