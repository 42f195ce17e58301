//! A clock of one program that steps while the program runs.
//!
//! Debian's libfaketime is loaded into the program and adds an offset, read from a file, to the time of
//! day that the system tells. Time that only passes, which timers use, stays as it is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// One program's clock.
#[derive(Clone)]
pub(crate) struct Clock {
    file: PathBuf,
}

impl Clock {
    /// One that is right. Its file is in `folder`.
    pub(crate) fn new(folder: &Path, index: usize) -> Self {
        let clock = Self { file: folder.join(format!("clock-{index}")) };
        clock.step_to(0);
        clock
    }

    /// Makes it so many seconds fast, or slow if they are negative.
    pub(crate) fn step_to(&self, offset_s: i64) {
        // Renamed, since whoever reads must find all of it.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{offset_s:+}\n")).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    /// What a program's environment has to say.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", library().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ]
    }
}

/// Debian keeps it below the name of the architecture.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap();
    let library = |folder: PathBuf| folder.join("faketime/libfaketime.so.1");
    folders
        .map(|folder| library(folder.unwrap().path()))
        .find(|library| library.exists())
        .expect("libfaketime is not installed: apt-get install libfaketime")
}
