//! Cooldowns in a file that processes share.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread;

use pollster::block_on;
use tollgate::cooldown::{Event, Filter, Reported};
use tollgate::{
    CooldownError, Id, ManualClock, MemoryStore, SharedCooldowns, Span, SqliteStore, Store,
    StoreError, Timestamp,
};
use tollgate_store::{DriveError, conformance};

/// Where the process that a test starts finds the file.
const FILE: &str = "TOLLGATE_TEST_FILE";

fn event(id: u128) -> Event {
    Event::new(Id::from_u128(id), 7, "429", Span::from_secs(300)).unwrap()
}

fn shared(path: &Path) -> SharedCooldowns<SqliteStore> {
    SharedCooldowns::new(SqliteStore::open(path).unwrap(), "chat")
}

/// The file keeps every promise of a store.
#[test]
fn the_file_is_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("records")).unwrap();
    block_on(conformance::run(&store, "sqlite"));
}

/// Connections of several threads lose none of each other's writes.
#[test]
fn no_write_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records");
    let store = SqliteStore::open(&path).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let own = SqliteStore::open(&path).unwrap();
                block_on(conformance::count_up(&own, "count", 50));
            });
        }
    });
    let seen = block_on(store.load("count")).unwrap();
    assert_eq!(seen.record.unwrap(), 200_u32.to_le_bytes());
}

/// Jobs that start at the same time make the file together.
#[test]
fn who_makes_the_file_at_the_same_time_waits() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..100 {
        let path = folder.path().join(round.to_string());
        let barrier = Barrier::new(8);
        let opened = thread::scope(|scope| {
            let open = || {
                barrier.wait();
                SqliteStore::open(&path).map(drop)
            };
            let jobs: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            jobs.into_iter().map(|job| job.join().unwrap()).collect::<Result<Vec<_>, _>>()
        });
        assert!(opened.is_ok(), "round {round}: {opened:?}");
    }
}

/// What another process learned is known here, without a call that fails.
#[test]
fn another_process_learns_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cooldowns");
    let here = shared(&path);
    assert_eq!(block_on(here.limited_by(Filter::ANY)), Ok(None));

    let mut other = Command::new(env::current_exe().unwrap());
    let other = other.args(["--ignored", "--exact", "in_another_process"]).env(FILE, &path);
    assert!(other.status().unwrap().success());

    let cooldown = block_on(here.limited_by(Filter::ANY)).unwrap().unwrap();
    assert_eq!(cooldown.event(), &event(1));
    assert_eq!(block_on(here.report(event(1))), Ok(Reported::Known), "it counts once");
}

#[test]
#[ignore = "another test starts it in a process of its own"]
fn in_another_process() {
    let path = env::var(FILE).unwrap();
    assert_eq!(block_on(shared(path.as_ref()).report(event(1))), Ok(Reported::Added));
}

/// Events end four fifths of their duration after they were reported; then they can be dropped.
#[test]
fn cooldowns_end() {
    let (start, clock) = (Timestamp::from_secs(1_800_000_000), Arc::new(ManualClock::default()));
    clock.set(start);
    let upstream = SharedCooldowns::with_clock(MemoryStore::default(), "chat", Arc::clone(&clock));
    for id in 0..3 {
        assert_eq!(block_on(upstream.report(event(id))), Ok(Reported::Added));
    }
    assert_eq!(block_on(upstream.active(Filter::ANY)).unwrap().len(), 3);
    clock.set(start.plus(Span::from_secs(240)));
    assert_eq!(block_on(upstream.limited_by(Filter::ANY)), Ok(None));
    assert_eq!(block_on(upstream.clean_up()), Ok(3));
    assert_eq!(block_on(upstream.clean_up()), Ok(0));
}

/// A file that is none says so, and so do records that are none.
#[test]
fn broken_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-database");
    std::fs::write(&path, "this is no database, and long enough to be looked at").unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("not a database")));

    let store = MemoryStore::default();
    let absent = block_on(store.load("chat")).unwrap();
    let _swap = block_on(store.swap("chat", absent.token, b"no record", Span::NEVER)).unwrap();
    let error = block_on(SharedCooldowns::new(store, "chat").limited_by(Filter::ANY)).unwrap_err();
    assert!(matches!(error, CooldownError::Store(DriveError::Ask(_))));
}
