//! The memory store keeps its promises, also among threads.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures::executor::block_on;
use tollgate_store::{MemoryStore, Store, conformance};

#[test]
fn it_conforms() {
    block_on(conformance::run(&MemoryStore::default(), "memory"));
}

#[test]
fn it_can_be_swept() {
    block_on(conformance::run_swept(&MemoryStore::default(), "memory"));
}

#[test]
fn no_increment_is_lost_among_threads() {
    let store = MemoryStore::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| block_on(conformance::count_up(&store, "r/threads", 500)));
        }
    });
    let seen = block_on(store.load("r/threads")).unwrap();
    assert_eq!(seen.record.unwrap(), 4_000_u32.to_le_bytes());
}
