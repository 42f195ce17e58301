//! Inputs that are kept: each reaches something that no other does.

use std::fs;

/// Most files of one target: they are read and run with every test.
const FILES_MAX: usize = 120;

/// The inputs of a target, in the order of their names.
pub(crate) fn read(target: &str) -> Vec<Vec<u8>> {
    let directory = format!("{}/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(&directory).expect("a directory for each target");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    assert!(files.len() <= FILES_MAX, "{directory} has too many files");
    files.iter().map(|file| fs::read(file).expect("readable")).collect()
}
