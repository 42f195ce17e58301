//! What each durability promises about crashes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod disk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use disk::{Disk, contents};
use tollgate_kv::{
    Durability, GROUP_COMMIT_INTERVAL_MAX, Increment, KeyValue, OVERLAY_ENTRIES_MAX, Redb,
    RedbOptions, Swap,
};

/// What a store holds that finds this image.
async fn opened(image: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    contents(&Disk::with(image).open(Durability::Immediate)).await
}

/// Coin flips that are the same in every run.
fn coin(seed: u64) -> impl FnMut() -> bool {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 63 == 1
    }
}

/// `grouped`, with an interval that no test waits for.
fn grouped_slowly() -> RedbOptions {
    RedbOptions { group_commit_interval: GROUP_COMMIT_INTERVAL_MAX, ..Durability::Grouped.into() }
}

#[tokio::test]
async fn a_store_that_was_closed_keeps_everything() {
    for durability in Durability::ALL {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("values.redb");
        let values = Redb::open(&path, durability).unwrap();
        values.set("set", b"\0value".to_vec()).await.unwrap();
        assert_eq!(values.swap("swapped", None, b"one".to_vec()).await, Ok(Swap::Done));
        assert_eq!(values.increment("counted", 7).await, Ok(Increment::Sum(7)));
        values.set("deleted", vec![1]).await.unwrap();
        values.delete("deleted").await.unwrap();
        let before = contents(&values).await;
        drop(values);

        let values = Redb::open(&path, durability).unwrap();
        assert_eq!(contents(&values).await, before, "{durability}");
        values.delete("set").await.unwrap();
        drop(values);

        let values = Redb::open(&path, durability).unwrap();
        assert_eq!(values.get("set").await, Ok(None), "{durability}");
        assert_eq!(values.get("counted").await, Ok(Some(7i64.to_le_bytes().to_vec())));
    }
}

#[tokio::test]
async fn immediate_what_was_answered_is_in_a_copy_of_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let (path, copy) = (directory.path().join("values.redb"), directory.path().join("copy.redb"));
    let values = Redb::open(&path, Durability::Immediate).unwrap();
    for number in 0..20u8 {
        values.set(&format!("k{number:02}"), vec![number]).await.unwrap();
        values.set("last", vec![number]).await.unwrap();
        std::fs::copy(&path, &copy).unwrap();
        let copied = Redb::open(&copy, Durability::Immediate).unwrap();
        assert_eq!(contents(&copied).await, contents(&values).await);
    }
}

#[tokio::test]
async fn immediate_what_was_answered_survives_power_loss() {
    let disk = Disk::default();
    let values = disk.open(Durability::Immediate);
    let syncs_before = disk.syncs();
    for number in 0..30u8 {
        let key = format!("k{number:02}");
        match number % 3 {
            0 => values.set(&key, vec![number]).await.unwrap(),
            1 => assert_eq!(values.swap(&key, None, vec![number]).await, Ok(Swap::Done)),
            _ => values.delete(&format!("k{:02}", number - 1)).await.unwrap(),
        }
        let answered = contents(&values).await;
        assert_eq!(opened(disk.after_power_loss(|| false)).await, answered);
        assert_eq!(opened(disk.after_kill()).await, answered);
        assert_eq!(opened(disk.after_power_loss(coin(u64::from(number)))).await, answered);
    }
    assert_eq!(disk.syncs() - syncs_before, 30, "a write that is alone takes one sync");
}

/// Crashes all the time while many write; each must leave what was answered before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn immediate_what_was_answered_survives_power_loss_under_load() {
    let disk = Disk::default();
    let values = Arc::new(disk.open(Durability::Immediate));
    let answered = Arc::new(std::sync::Mutex::new(Vec::new()));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (values, answered) = (Arc::clone(&values), Arc::clone(&answered));
            tokio::spawn(async move {
                for number in 0..25u8 {
                    let key = format!("{writer}-{number:02}");
                    values.set(&key, vec![number]).await.unwrap();
                    answered.lock().unwrap().push(key);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for crash in 0.. {
        let is_last = writers.iter().all(|writer| writer.is_finished());
        let answered = answered.lock().unwrap().clone();
        let left = opened(disk.after_power_loss(coin(crash))).await;
        for key in &answered {
            assert!(left.contains_key(key), "{key} was answered before crash {crash}");
        }
        if is_last {
            assert_eq!(answered.len(), 200);
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// Writes `from..to`: one key for each number, and one key that they all change.
async fn write_numbers(values: &Redb, numbers: std::ops::Range<u32>) {
    for number in numbers {
        values.set(&format!("k{number:06}"), vec![1]).await.unwrap();
        values.set("last", number.to_le_bytes().to_vec()).await.unwrap();
    }
}

/// How many numbers are there; panics unless they are the first ones.
fn count_prefix(contents: &BTreeMap<String, Vec<u8>>) -> u32 {
    let count = contents.keys().filter(|key| key.starts_with('k')).count() as u32;
    for number in 0..count {
        assert!(contents.contains_key(&format!("k{number:06}")), "{number} of {count} is missing");
    }
    let last = contents
        .get("last")
        .map_or(0, |last| u32::from_le_bytes(last.as_slice().try_into().unwrap()) + 1);
    // `last` is written after its number's key.
    assert!(last == count || last + 1 == count, "{count} keys, but the last is {last}");
    last
}

#[tokio::test]
async fn grouped_and_none_lose_what_came_after_the_last_commit_and_nothing_else() {
    for options in [grouped_slowly(), Durability::None.into()] {
        let disk = Disk::default();
        let values = disk.open(options);
        write_numbers(&values, 0..100).await;
        assert_eq!(count_prefix(&opened(disk.after_kill()).await), 0);
        values.flush().await.unwrap();
        write_numbers(&values, 100..200).await;
        assert_eq!(count_prefix(&opened(disk.after_kill()).await), 100);
        assert_eq!(count_prefix(&opened(disk.after_power_loss(|| false)).await), 100);
        values.flush().await.unwrap();
        assert_eq!(count_prefix(&opened(disk.after_power_loss(|| false)).await), 200);
    }
}

/// Crashes at any time while numbers are written; each must leave the first ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grouped_a_crash_loses_a_suffix() {
    let disk = Disk::default();
    let options = RedbOptions {
        group_commit_interval: Duration::from_millis(1),
        ..Durability::Grouped.into()
    };
    let values = Arc::new(disk.open(options));
    let writing = {
        let values = Arc::clone(&values);
        tokio::spawn(async move {
            for thousand in 0..5 {
                write_numbers(&values, thousand * 1_000..(thousand + 1) * 1_000).await;
                tokio::task::yield_now().await;
            }
            values.flush().await.unwrap();
        })
    };
    let mut before = 0;
    for crash in 0.. {
        let is_last = writing.is_finished();
        let left = count_prefix(&opened(disk.after_power_loss(coin(crash))).await);
        assert!(left >= before, "what was safe at {before} went back to {left}");
        before = left;
        if is_last {
            assert_eq!(left, 5_000);
            break;
        }
    }
}

#[tokio::test]
async fn grouped_commits_by_itself_after_the_interval() {
    let disk = Disk::default();
    let values = disk.open(Durability::Grouped);
    write_numbers(&values, 0..10).await;
    tokio::time::timeout(Duration::from_secs(30), async {
        while count_prefix(&opened(disk.after_power_loss(|| false)).await) < 10 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("nobody flushed, but the interval is over");
}

#[tokio::test]
async fn none_commits_by_itself_before_memory_is_full() {
    let disk = Disk::default();
    let values = disk.open(Durability::None);
    // The overlay holds two batches; this is three quarters of one.
    write_numbers(&values, 0..OVERLAY_ENTRIES_MAX as u32 * 3 / 8).await;
    tokio::time::timeout(Duration::from_secs(30), async {
        while count_prefix(&opened(disk.after_kill()).await) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("more than half of a batch is used");
}
