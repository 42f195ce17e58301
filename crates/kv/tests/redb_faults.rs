//! What happens when the disk fails, and when it works again.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod disk;

use std::collections::BTreeMap;
use std::time::Duration;

use disk::{Disk, Fault, contents};
use tollgate_kv::{
    Durability, Increment, KeyValue, KeyValueError, OVERLAY_BYTES_MAX, Redb, Swap, VALUE_BYTES_MAX,
};

fn is_backend_error<T>(outcome: &Result<T, KeyValueError>) -> bool {
    matches!(outcome, Err(KeyValueError::Backend(_)))
}

/// Nothing in this file may hang.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("it hangs")
}

async fn reopened(disk: &Disk) -> BTreeMap<String, Vec<u8>> {
    let left = Disk::with(disk.after_power_loss(|| false));
    contents(&left.open(Durability::Immediate)).await
}

/// Wherever in a commit the disk fails: the write is told, nothing answered before is lost, the value
/// does not go back, and when the disk works again so does the store.
#[tokio::test]
async fn immediate_a_failure_anywhere_in_a_commit_is_told_and_mended() {
    for changes in 0..16 {
        let disk = Disk::default();
        let values = disk.open(Durability::Immediate);
        values.set("k", b"before".to_vec()).await.unwrap();
        disk.break_by(Fault::After(changes));
        let mut told = Ok(());
        let mut tries = 0u8;
        while told.is_ok() {
            tries += 1;
            told = in_time(values.set("k", vec![tries])).await;
        }
        assert!(is_backend_error(&told));
        let left = reopened(&disk).await;
        let safe = if tries == 1 { b"before".to_vec() } else { vec![tries - 1] };
        assert!(left["k"] == safe || left["k"] == [tries], "{left:?} after {changes} changes");
        assert_eq!(values.get("k").await, Ok(Some(vec![tries])), "a value went back");

        disk.mend();
        assert_eq!(in_time(values.set("l", b"after".to_vec())).await, Ok(()));
        assert_eq!(values.get("k").await, Ok(Some(vec![tries])));
        assert_eq!(reopened(&disk).await, contents(&values).await);
    }
}

#[tokio::test]
async fn grouped_goes_on_while_the_disk_is_broken_and_loses_nothing() {
    let disk = Disk::default();
    let values = disk.open(Durability::Grouped);
    values.set("before", vec![1]).await.unwrap();
    values.flush().await.unwrap();
    disk.break_by(Fault::After(0));
    for number in 0..100 {
        assert_eq!(values.increment("counter", 1).await, Ok(Increment::Sum(number + 1)));
    }
    assert!(is_backend_error(&in_time(values.flush()).await));
    assert!(is_backend_error(&in_time(values.flush()).await), "each flush is a new try");
    disk.mend();
    assert_eq!(in_time(values.flush()).await, Ok(()), "each flush is a new try");
    disk.break_by(Fault::After(0));
    assert_eq!(values.increment("counter", 1).await, Ok(Increment::Sum(101)));
    assert!(is_backend_error(&in_time(values.flush()).await));
    assert_eq!(values.swap("before", Some(&[1]), vec![2]).await, Ok(Swap::Done));
    disk.mend();
    assert_eq!(in_time(values.flush()).await, Ok(()));
    assert_eq!(values.increment("counter", 1).await, Ok(Increment::Sum(102)));
    assert_eq!(in_time(values.flush()).await, Ok(()));
    let left = reopened(&disk).await;
    assert_eq!(left["counter"], 102i64.to_le_bytes());
    assert_eq!(left["before"], [2]);
}

#[tokio::test]
async fn the_writer_tries_again_by_itself() {
    let disk = Disk::default();
    let values = disk.open(Durability::Immediate);
    disk.break_by(Fault::After(0));
    assert!(is_backend_error(&in_time(values.set("k", vec![1])).await));
    disk.mend();
    in_time(async {
        while !reopened(&disk).await.contains_key("k") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn after_a_failure_that_passes_reads_work_before_the_next_try() {
    let disk = Disk::default();
    let values = disk.open(Durability::Immediate);
    let committed = set_many(&values).await;
    disk.break_by(Fault::Once);
    assert!(is_backend_error(&in_time(values.set("k", vec![2])).await));
    assert_eq!(values.get(&committed[0]).await, Ok(Some(vec![1; 100])));
    assert_eq!(values.get("k").await, Ok(Some(vec![2])));
    assert_eq!(values.list(None).await.unwrap().keys.len(), committed.len() + 1);
}

#[tokio::test]
async fn a_disk_that_comes_back_has_everything() {
    let disk = Disk::default();
    let values = disk.open(Durability::Immediate);
    let committed = set_many(&values).await;
    disk.break_by(Fault::Gone);
    for _ in 0..3 {
        assert!(is_backend_error(&in_time(values.increment("counter", 1)).await));
    }
    assert!(is_backend_error(&values.get(&committed[0]).await));
    assert!(is_backend_error(&values.list(None).await));
    assert!(is_backend_error(&values.swap(&committed[0], Some(&[1; 100]), vec![2]).await));
    disk.mend();
    in_time(values.flush()).await.unwrap();
    assert_eq!(values.get(&committed[0]).await, Ok(Some(vec![1; 100])));
    assert_eq!(values.get("counter").await, Ok(Some(3i64.to_le_bytes().to_vec())));
}

/// Commits so many keys that redb has to look into the storage for them.
async fn set_many(values: &Redb) -> Vec<String> {
    let keys: Vec<String> = (0..500).map(|number| format!("many{number:03}")).collect();
    for key in &keys {
        values.set(key, vec![1; 100]).await.unwrap();
    }
    keys
}

#[tokio::test]
async fn a_panic_in_the_storage_is_a_failure_like_any_other() {
    let disk = Disk::default();
    let values = disk.open(Durability::Immediate);
    values.set("k", vec![1]).await.unwrap();
    disk.break_by(Fault::Panic);
    assert!(is_backend_error(&in_time(values.set("k", vec![2])).await));
    disk.mend();
    assert_eq!(in_time(values.set("l", vec![3])).await, Ok(()));
    assert_eq!(values.get("k").await, Ok(Some(vec![2])));
    assert_eq!(reopened(&disk).await["k"], [2]);
}

#[tokio::test]
async fn writes_are_refused_when_nothing_fits_and_the_disk_is_broken() {
    let disk = Disk::default();
    let values = disk.open(Durability::Grouped);
    disk.break_by(Fault::After(0));
    let mut taken = 0;
    let refused = loop {
        assert!(taken <= OVERLAY_BYTES_MAX / VALUE_BYTES_MAX + 2, "{taken} MiB are in memory");
        let value = vec![taken as u8; VALUE_BYTES_MAX];
        match in_time(values.set(&format!("k{taken:03}"), value)).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, KeyValueError::Backend(_)), "{refused:?}");
    assert!(taken >= OVERLAY_BYTES_MAX / VALUE_BYTES_MAX / 2, "only {taken} MiB are in memory");
    assert_eq!(values.swap("k000", None, vec![]).await, Ok(Swap::Conflict));

    disk.mend();
    in_time(values.flush()).await.unwrap();
    assert_eq!(in_time(values.set("after", vec![1])).await, Ok(()));
    assert_eq!(contents(&values).await.len(), taken + 1);
    drop(values);
    assert_eq!(reopened(&disk).await.len(), taken + 1);
}

#[tokio::test]
async fn closing_ends_though_the_disk_is_broken() {
    for durability in Durability::ALL {
        for fault in [Fault::After(0), Fault::Gone, Fault::Panic] {
            let disk = Disk::default();
            let values = disk.open(durability);
            values.set("safe", vec![1]).await.unwrap();
            values.flush().await.unwrap();
            disk.break_by(fault);
            let _ = in_time(values.set("k", vec![2])).await;
            let closing = tokio::task::spawn_blocking(move || drop::<Redb>(values));
            in_time(closing).await.unwrap();
            assert_eq!(reopened(&disk).await["safe"], [1]);
        }
    }
}
