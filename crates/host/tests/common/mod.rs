//! What several tests need: the guests, and an edge that runs one.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part of it, and may panic")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tollgate_host::edge::{Edge, EdgeConfig};
use tollgate_host::server::Handler;
use tollgate_kv::Memory;

/// The file of the guest `name`, as `cargo xtask guests` builds it.
pub(crate) fn guest_path(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let file = target.join("tollgate").join(format!("guest-{name}.wasm"));
    assert!(file.exists(), "{} is missing: `cargo xtask guests` makes it", file.display());
    file
}

/// An edge that runs the guest `name` over a fresh memory store.
pub(crate) fn edge(name: &str, config: EdgeConfig) -> Edge {
    let wasm = std::fs::read(guest_path(name)).unwrap();
    let policies = ("policies".to_owned(), "some text".to_owned());
    let variables = Arc::new([policies].into());
    Edge::new(&wasm, config, Arc::new(Memory::default()), variables).unwrap()
}

/// Asks for `path` and answers the status and the body as text.
pub(crate) async fn get(edge: &Edge, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Bytes::new()).unwrap();
    let answer = edge.handle(request).await;
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The body of an answer that must be 200.
pub(crate) async fn ok(edge: &Edge, path: &str) -> String {
    let (status, body) = get(edge, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}
