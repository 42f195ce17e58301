//! Keys that many ask for at once: what the native program held of them and did not use is given back.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Program, Runtime};

const POLICIES: &str = r#"
[policy.hot]
contention = "lease"
requests = { algorithm = "fixed-window", limit = 1000, per = "365d" }
"#;

fn start(folder: &Path) -> Program {
    Program::start_with_policies(Runtime::Native, folder, POLICIES, &[])
}

fn remaining(program: &Program) -> u64 {
    let seen = program.get("/v1/limits/hot/k").json();
    seen["limits"]["requests"]["remaining"].as_u64().unwrap()
}

fn burst(program: &Program) {
    assert_eq!((0..36).filter(|_| program.admits("hot", "k", 1)).count(), 36);
}

#[test]
fn after_a_burst_though_nobody_asks_again() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path());
    burst(&program);
    let began = Instant::now();
    while remaining(&program) != 964 {
        // It is charged in full two seconds after it was taken, if it is not settled.
        assert!(began.elapsed() < Duration::from_secs(10), "{} are left", remaining(&program));
        thread::sleep(Duration::from_millis(20));
    }
    program.stop();
}

#[test]
fn when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path());
    burst(&program);
    program.stop();
    assert_eq!(remaining(&start(folder.path())), 964);
}

/// The service that held it is no more, and the ones that took its place, in quick succession, know nothing of it.
#[test]
fn when_its_policies_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = start(folder.path());
    burst(&program);
    for _ in 0..2 {
        program.hang_up();
        program.log_until("it was read again");
    }
    thread::sleep(Duration::from_secs(2));
    assert_eq!(remaining(&program), 964, "and was not charged when it expired");
}
