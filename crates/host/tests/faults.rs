//! Whatever a guest does, its request is answered and the next one works.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::{Duration, Instant};

use common::{edge, get, ok};
use futures::future::join;
use http::StatusCode;
use tollgate_host::edge::{Edge, EdgeConfig};

const REQUEST_TIMEOUT: Duration = Duration::from_millis(400);

fn faulty() -> Edge {
    edge("faulty", EdgeConfig { request_timeout: REQUEST_TIMEOUT, ..EdgeConfig::default() })
}

/// Requests a fault, expects `status` and a problem document, and then a request that works.
async fn survives(path: &str, status: StatusCode) {
    let edge = faulty();
    let (answered, body) = get(&edge, path).await;
    assert_eq!(answered, status, "{path}: {body}");
    assert!(body.contains(&format!(r#""status":{}"#, status.as_u16())), "{body}");
    assert_eq!(ok(&edge, "/ok").await, "ok", "after {path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_a_500() {
    survives("/trap", StatusCode::INTERNAL_SERVER_ERROR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_instead_of_an_answer_is_a_500() {
    survives("/error", StatusCode::INTERNAL_SERVER_ERROR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_over_the_limit_is_a_500() {
    survives("/alloc", StatusCode::INTERNAL_SERVER_ERROR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_the_limit_is_a_500() {
    survives("/huge", StatusCode::INTERNAL_SERVER_ERROR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_a_504() {
    survives("/slow", StatusCode::GATEWAY_TIMEOUT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_end_ends() {
    let started = Instant::now();
    survives("/loop", StatusCode::GATEWAY_TIMEOUT).await;
    assert!(started.elapsed() < REQUEST_TIMEOUT * 10, "it took {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_answered_while_one_loops() {
    let edge = faulty();
    let ((looped, _), ()) = join(get(&edge, "/loop"), async {
        for _ in 0..20 {
            assert_eq!(ok(&edge, "/ok").await, "ok");
        }
    })
    .await;
    assert_eq!(looped, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_send_requests() {
    let told = ok(&faulty(), "/send").await;
    assert!(told.contains("HttpRequestDenied"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_sees_no_files_no_network_and_no_environment() {
    let told = ok(&faulty(), "/look-around").await;
    let (first, second) = told.split_once('\n').unwrap();
    assert_eq!(first, "0 variables, 0 arguments, files: false");
    assert!(second.starts_with("network: Err("), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_the_queue_are_refused_with_503_and_retry_after() {
    let edge = edge(
        "faulty",
        EdgeConfig {
            request_timeout: REQUEST_TIMEOUT,
            concurrent_requests_max: 1,
            waiting_requests_max: 0,
            ..EdgeConfig::default()
        },
    );
    let ((slow, _), (refused, _)) = join(get(&edge, "/slow"), get(&edge, "/ok")).await;
    assert_eq!(slow, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ok(&edge, "/ok").await, "ok");
}

#[test]
fn bytes_that_are_no_component_are_refused() {
    for wasm in [&b""[..], b"\0asm", b"not wasm"] {
        let store = std::sync::Arc::new(tollgate_kv::Memory::default());
        let edge = Edge::new(wasm, EdgeConfig::default(), store, Default::default());
        assert!(edge.is_err());
    }
}
