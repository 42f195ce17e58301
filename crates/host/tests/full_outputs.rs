//! Outputs that accept nothing, as on a full disk.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// An output to which every write fails, for lack of space.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn tollgate(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.current_dir(folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A folder with policies, and a store with a record.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policies = "[policy.api]\nrequests = { algorithm = 'gcra', limit = 5, per = '1m' }";
    fs::write(folder.path().join("p.toml"), policies).unwrap();
    let set = ["state", "set", "--policy", "api", "--key", "alice", "--record", "01"];
    assert!(tollgate(folder.path(), &set).status().unwrap().success());
    folder
}

#[test]
fn what_was_asked_for_and_cannot_be_written_is_an_error() {
    let folder = folder();
    for args in [
        &["check", "p.toml"][..],
        &["key", "gateway", "--tenant", "acme"],
        &["state", "dump"],
        &["state", "get", "--policy", "api", "--key", "alice"],
    ] {
        let output = tollgate(folder.path(), args).stdout(full()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {errors}");
        assert!(errors.contains("No space left"), "{args:?}: {errors}");
    }
}

#[test]
fn a_full_standard_error_changes_no_outcome() {
    let folder = folder();
    for (args, code) in [
        (&["check", "absent.toml"][..], 2),
        (&["state", "dump", "d.jsonl"], 0),
        (&["state", "restore", "d.jsonl", "--store", "redb:b.redb"], 0),
        // The key is only on standard error: lines without it are of no use.
        (&["key", "gateway", "--tenant", "acme"], 1),
    ] {
        let output = tollgate(folder.path(), args).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_full_standard_error_keeps_nobody_from_serving() {
    let folder = folder();
    let args = ["serve", "--native", "--store", "memory", "--listen", "127.0.0.1:0"];
    let mut program = tollgate(folder.path(), &args).stderr(full()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(line.starts_with("listening on http://127.0.0.1:"), "{line:?}");
}
