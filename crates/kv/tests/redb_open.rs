//! A file that can't be used is told with what to do about it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redb::{Database, TableDefinition};
use tempfile::TempDir;
use tollgate_kv::{Durability, GROUP_COMMIT_INTERVAL_MAX, KeyValue, OpenError, Redb, RedbOptions};

fn somewhere() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("values.redb");
    (directory, path)
}

fn refusal(path: &Path) -> (OpenError, String) {
    let error = Redb::open(path, Durability::Grouped).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with(&path.display().to_string()), "{message}");
    (error, message)
}

#[test]
fn a_missing_directory_is_named() {
    let (_directory, path) = somewhere();
    let (error, message) = refusal(&path.join("deeper.redb"));
    assert!(matches!(error, OpenError::DirectoryMissing { .. }), "{error:?}");
    assert!(message.contains("create it"), "{message}");
}

#[test]
fn a_file_that_is_open_is_locked_until_it_is_closed() {
    let (_directory, path) = somewhere();
    let holder = Redb::open(&path, Durability::Grouped).unwrap();
    let (error, message) = refusal(&path);
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    assert!(message.contains("open in another process"), "{message}");
    drop(holder);
    Redb::open(&path, Durability::Grouped).unwrap();
}

#[test]
fn a_text_is_no_store_and_stays_as_it_is() {
    let (_directory, path) = somewhere();
    for text in ["requests = 7\n", &"not a store ".repeat(10_000)] {
        fs::write(&path, text).unwrap();
        let (error, message) = refusal(&path);
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error:?}");
        assert!(message.contains("another path"), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_database_of_somebody_else_is_no_store() {
    const VALUES: TableDefinition<'_, u64, u64> = TableDefinition::new("values");
    let (_directory, path) = somewhere();
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(VALUES).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let (error, _) = refusal(&path);
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error:?}");
}

#[test]
fn a_directory_is_an_error_of_the_system() {
    let directory = tempfile::tempdir().unwrap();
    let (error, _) = refusal(directory.path());
    assert!(matches!(error, OpenError::Io { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_file_is_a_new_store() {
    let (_directory, path) = somewhere();
    fs::write(&path, "").unwrap();
    let values = Redb::open(&path, Durability::Grouped).unwrap();
    assert_eq!(values.get("k").await, Ok(None));
}

/// Opening may fail or not: it depends on what is gone. It must not panic, and values are never wrong.
#[tokio::test]
async fn a_file_that_was_cut_off_never_answers_wrong_values() {
    let (_directory, path) = somewhere();
    let values = Redb::open(&path, Durability::None).unwrap();
    for number in 0..2_000u32 {
        values.set(&format!("k{number:04}"), vec![7; 100]).await.unwrap();
    }
    drop(values);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for part in 0..32 {
        fs::write(&path, &whole[..whole.len() * part / 32]).unwrap();
        match Redb::open(&path, Durability::Grouped) {
            Err(OpenError::NotAStore { .. } | OpenError::Io { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
            Ok(_) => assert_eq!(part, 0, "{part} of 32 parts is no whole store"),
        }
    }
    assert_eq!(refused, 31);
}

#[test]
fn an_interval_that_is_too_long_is_refused_before_a_file_is_made() {
    let (_directory, path) = somewhere();
    let options = RedbOptions {
        group_commit_interval: GROUP_COMMIT_INTERVAL_MAX + Duration::from_nanos(1),
        ..RedbOptions::default()
    };
    let error = Redb::open(&path, options).unwrap_err();
    assert_eq!(error, OpenError::Interval(options.group_commit_interval));
    assert!(!path.exists());
    let longest =
        RedbOptions { group_commit_interval: GROUP_COMMIT_INTERVAL_MAX, ..RedbOptions::default() };
    Redb::open(&path, longest).unwrap();
}
