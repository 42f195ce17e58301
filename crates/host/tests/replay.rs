//! `tollgate replay` as a part of the program.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

#[test]
fn without_a_file_of_policies_it_has_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    let trace = "time,key\n2026-01-01T00:00:00Z,alice\n2026-01-01T00:00:01Z,alice\n";
    std::fs::write(folder.path().join("trace.csv"), trace).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.current_dir(folder.path()).args(["replay", "trace.csv", "--policy", "api", "--json"]);
    let output = command.output().unwrap();
    let summary = String::from_utf8_lossy(&output.stdout);
    assert!(summary.contains(r#""policy":"api","requests":2,"allowed":2"#), "{output:?}");
}
