//! `kill -9` while requests are being answered, and a start on the same file.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::program::{Program, RUNTIMES, Runtime};

const CAPACITY: u64 = 100;
const KEYS: usize = 4;

/// Spends from several budgets until the program is killed; answers what was acknowledged per key.
fn spend_until_killed(
    runtime: Runtime,
    folder: &Path,
    args: &[&str],
    life: Duration,
) -> [u64; KEYS] {
    let program = Program::start(runtime, folder, args);
    let acknowledged = [const { AtomicU64::new(0) }; KEYS];
    // A creator that is killed on Spin is missed for a minute; the store's own tests have that.
    if runtime == Runtime::EdgeOnSpin {
        for (index, count) in acknowledged.iter().enumerate() {
            assert!(program.admits("budget", &format!("k{index}"), 1));
            count.store(1, Ordering::SeqCst);
        }
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for worker in 0..16 {
            let (program, over) = (&program, &over);
            let (key, count) = (format!("k{}", worker % KEYS), &acknowledged[worker % KEYS]);
            scope.spawn(move || {
                let body = format!(r#"{{"policy":"budget","key":"{key}","cost":1}}"#);
                while !over.load(Ordering::SeqCst) {
                    match program.try_send("POST", "/v1/acquire", &[], &body) {
                        Ok(answer) if answer.status == 200 => count.fetch_add(1, Ordering::SeqCst),
                        _ => break,
                    };
                }
            });
        }
        thread::sleep(life);
        program.kill_now();
        over.store(true, Ordering::SeqCst);
    });
    acknowledged.map(AtomicU64::into_inner)
}

#[test]
fn with_immediate_no_acknowledged_charge_is_lost() {
    for runtime in RUNTIMES {
        for life_ms in [5, 20, 60] {
            let folder = tempfile::tempdir().unwrap();
            let args = ["--durability", "immediate"];
            let life = Duration::from_millis(life_ms);
            let before = spend_until_killed(runtime, folder.path(), &args, life);
            let program = Program::start(runtime, folder.path(), &args);
            for (index, before) in before.iter().enumerate() {
                let key = format!("k{index}");
                let after = (0..2 * CAPACITY).filter(|_| program.admits("budget", &key, 1)).count();
                let total = before + after as u64;
                assert!(
                    total <= CAPACITY,
                    "{runtime:?} after {life_ms} ms: {before} before and {after} after the crash"
                );
                // A charge whose answer was lost with the program may be missing from the count.
                assert!(total + 16 >= CAPACITY, "{runtime:?}: {before} + {after} is too few");
            }
        }
    }
}

#[test]
fn with_every_durability_the_file_opens_again_and_goes_on() {
    for runtime in RUNTIMES {
        for durability in ["grouped", "none"] {
            let folder = tempfile::tempdir().unwrap();
            let args = ["--durability", durability];
            spend_until_killed(runtime, folder.path(), &args, Duration::from_millis(30));
            let program = Program::start(runtime, folder.path(), &args);
            assert!(program.admits("budget", "another", 1), "{runtime:?} {durability}");
        }
    }
}

#[test]
fn after_a_stop_nothing_is_lost_with_any_durability() {
    for runtime in RUNTIMES {
        for durability in ["immediate", "grouped", "none"] {
            let folder = tempfile::tempdir().unwrap();
            let args = ["--durability", durability];
            let program = Program::start(runtime, folder.path(), &args);
            assert!(program.admits("budget", "k", 40));
            program.stop();
            let program = Program::start(runtime, folder.path(), &args);
            let peeked = program.get("/v1/limits/budget/k").json();
            assert_eq!(peeked["limits"]["units"]["remaining"], 60, "{runtime:?} {durability}");
        }
    }
}
