//! `tollgate state` as an operator runs it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tollgate_kv::{Durability, KeyValue, Redb};

const POLICIES: &str =
    "[policy.api]\nrequests = { algorithm = 'gcra', limit = 100, per = '1m', burst = 20 }";

/// One unit used, a while ago.
const RECORD: &str = "01d35aad66011055d7c71e77e2fa180100000000000000";

fn state(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.current_dir(folder).arg("state").args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    // A command with wrong arguments does not read its input.
    let _ = program.stdin.take().unwrap().write_all(input);
    program.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output of a command that must succeed.
fn done(folder: &Path, args: &[&str], input: &[u8]) -> String {
    let output = state(folder, args, input);
    assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Standard error of a command that must fail.
fn refused(folder: &Path, args: &[&str], input: &[u8]) -> String {
    let output = state(folder, args, input);
    assert!(!output.status.success(), "{args:?} did what it must not");
    text(&output.stderr)
}

const ALICE: [&str; 4] = ["--policy", "api", "--key", "alice"];

#[test]
fn a_record_is_set_shown_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("p.toml"), POLICIES).unwrap();
    let with = |first: &[&'static str]| [first, &ALICE, &["--policies", "p.toml"]].concat();
    done(folder, &with(&["set", "--record", RECORD]), b"");
    let shown = done(folder, &with(&["get"]), b"");
    for part in [r#""key": "r/api/alice""#, RECORD, r#""limit": 20"#, r#""remaining": "#] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    assert_eq!(done(folder, &["get", "--record-key", "r/api/alice"], b"").lines().count(), 4);
    done(folder, &[&["delete"], &ALICE[..]].concat(), b"");
    for gone in ["get", "delete"] {
        let message = refused(folder, &[&[gone], &ALICE[..]].concat(), b"");
        assert!(message.contains(r#"there is no record under "r/api/alice""#), "{message}");
    }
}

#[test]
fn a_record_that_is_none_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("p.toml"), POLICIES).unwrap();
    for (record, reason) in [("0", "record: is not hexadecimal"), ("00", "record: the record has")]
    {
        let set = [&["set", "--policies", "p.toml", "--record", record], &ALICE[..]].concat();
        let message = refused(folder, &set, b"");
        assert!(message.contains(reason), "{message}");
    }
    let unknown = refused(folder, &[&["set", "--record", "ff"], &ALICE[..]].concat(), b"");
    assert!(unknown.contains("record: the record has"), "whatever its policy is: {unknown}");
    assert!(!folder.join("tollgate.redb").exists(), "nothing was opened");
}

#[test]
fn a_dump_goes_from_one_file_into_another() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let values = Redb::open(folder.join("tollgate.redb"), Durability::None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for number in 0..1_200 {
        runtime.block_on(values.set(&format!("r/api/k{number}"), vec![1])).unwrap();
    }
    drop(values);
    let dumped = done(folder, &["dump"], b"");
    assert_eq!(dumped.lines().count(), 1_202);
    done(folder, &["dump", "d.jsonl"], b"");
    assert_eq!(fs::read_to_string(folder.join("d.jsonl")).unwrap(), dumped);
    done(folder, &["restore", "d.jsonl", "--store", "redb:b.redb"], b"");
    done(folder, &["restore", "-", "--store", "redb:c.redb"], dumped.as_bytes());
    for copy in ["redb:b.redb", "redb:c.redb"] {
        assert_eq!(done(folder, &["dump", "--store", copy], b""), dumped, "{copy}");
    }
}

#[test]
fn a_wrong_dump_file_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let wrong = "{\"format\":\"tollgate state\",\"version\":1}\n\
                 {\"key\":\"a\",\"record\":\"01\"}\n{\"key\":\"b\"}\n";
    fs::write(folder.join("wrong.jsonl"), wrong).unwrap();
    let message = refused(folder, &["restore", "wrong.jsonl"], b"");
    let expected = "wrong.jsonl: nothing was restored: line 3: record: is missing";
    assert!(message.contains(expected), "{message}");
    assert!(!folder.join("tollgate.redb").exists());
    let message = refused(folder, &["restore", "-"], wrong.as_bytes());
    let expected = "stopped after 1 records were restored: line 3: record: is missing";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn what_is_there_is_overwritten_only_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(folder, &["set", "--record-key", "k", "--record", "01"], b"");
    done(folder, &["dump", "d.jsonl"], b"");
    done(folder, &["set", "--record-key", "k", "--record", "02"], b"");
    let message = refused(folder, &["restore", "d.jsonl"], b"");
    assert!(message.contains("the store has \"k\" already"), "{message}");
    done(folder, &["restore", "d.jsonl", "--overwrite"], b"");
    assert!(done(folder, &["get", "--record-key", "k"], b"").contains(r#""record": "01""#));
    let message = refused(folder, &["dump", "d.jsonl"], b"");
    assert!(message.contains("d.jsonl can't be made"), "{message}");
}

#[test]
fn a_store_that_is_not_there_or_held_by_a_server_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for command in [&["dump"][..], &["get", "--record-key", "k"], &["delete", "--record-key", "k"]]
    {
        let message = refused(folder, command, b"");
        assert!(message.contains("there is no file tollgate.redb"), "{message}");
        let message = refused(folder, &[command, &["--store", "memory"]].concat(), b"");
        assert!(message.contains("--store memory: it is empty"), "{message}");
    }
    assert!(!folder.join("tollgate.redb").exists(), "looking made one");
    let _server = Redb::open(folder.join("tollgate.redb"), Durability::Grouped).unwrap();
    let message = refused(folder, &["dump"], b"");
    assert!(message.contains("tollgate.redb: the file is open in another process"), "{message}");
}
