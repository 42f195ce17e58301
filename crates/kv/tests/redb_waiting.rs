//! Who waits for the disk, and who does not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod disk;

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use disk::{Disk, contents};
use tollgate_kv::{Durability, KeyValue, OVERLAY_ENTRIES_MAX, Swap};

#[tokio::test]
async fn a_value_that_is_not_durable_yet_is_seen_by_others() {
    let disk = Disk::default();
    let values = Arc::new(disk.open(Durability::Immediate));
    values.set("committed", vec![0]).await.unwrap();
    let stall = disk.stall();
    let waiting = {
        let values = Arc::clone(&values);
        tokio::spawn(async move { values.set("k", vec![1]).await })
    };
    while !disk.is_stalled() {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished(), "it is not on the disk yet");
    assert_eq!(values.get("k").await, Ok(Some(vec![1])));
    assert_eq!(values.get("committed").await, Ok(Some(vec![0])));
    assert_eq!(values.list(None).await.unwrap().keys, ["committed", "k"]);
    assert_eq!(values.swap("k", None, vec![2]).await, Ok(Swap::Conflict));
    drop(stall);
    assert_eq!(waiting.await.unwrap(), Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn immediate_writes_that_wait_together_share_a_commit() {
    let disk = Disk::default();
    let values = Arc::new(disk.open(Durability::Immediate));
    let stall = disk.stall();
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let values = Arc::clone(&values);
            tokio::spawn(async move { values.set(&format!("k{writer}"), vec![1]).await })
        })
        .collect();
    while contents(&*values).await.len() < 64 {
        tokio::task::yield_now().await;
    }
    let syncs_before = disk.syncs();
    drop(stall);
    for writer in writers {
        assert_eq!(writer.await.unwrap(), Ok(()));
    }
    let syncs = disk.syncs() - syncs_before;
    assert!(syncs <= 4, "64 writes took {syncs} syncs");
}

#[tokio::test]
async fn a_write_waits_while_there_is_no_room() {
    let disk = Disk::default();
    let values = disk.open(Durability::None);
    let stall = disk.stall();
    let mut taken = 0;
    loop {
        let key = format!("k{taken:06}");
        let mut write = values.set(&key, vec![1]);
        if let Some(outcome) = poll_once(&mut write).await {
            outcome.unwrap();
            taken += 1;
            assert!(taken <= OVERLAY_ENTRIES_MAX, "it takes more than there is room for");
            continue;
        }
        assert!(taken >= OVERLAY_ENTRIES_MAX / 2, "after {taken} there was no more room");
        assert!(matches!(values.get(&key).await, Ok(None)), "it was not written yet");
        drop(stall);
        assert_eq!(write.await, Ok(()));
        break;
    }
    assert_eq!(contents(&values).await.len(), taken + 1);
}

/// What the future answers at once, if it does.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| match Pin::new(&mut *future).poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
