//! How much a process and its files take.

use std::fs;
use std::io;
use std::path::Path;

/// What is taken, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Of the machine's memory.
    pub resident_bytes: u64,
    /// Of files, as long as they are.
    pub file_bytes: u64,
}

impl Footprint {
    /// Of the process with this number, and of the file or the folder that it writes.
    #[must_use]
    pub fn of(process: u32, files: &Path) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: u64 = resident.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        Self { resident_bytes: kibibytes << 10, file_bytes: file_bytes(files).unwrap() }
    }

    /// What has come since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            resident_bytes: self.resident_bytes.saturating_sub(before.resident_bytes),
            file_bytes: self.file_bytes.saturating_sub(before.file_bytes),
        }
    }
}

fn file_bytes(path: &Path) -> io::Result<u64> {
    if !path.is_dir() {
        return Ok(path.metadata().map_or(0, |file| file.len()));
    }
    fs::read_dir(path)?.map(|entry| file_bytes(&entry?.path())).sum()
}
