//! Many clients meet on one key that nobody has used: exactly its capacity is admitted.

use std::sync::Barrier;
use std::thread;

use crate::program::{Program, RUNTIMES, Runtime};

const CLIENTS: usize = 64;
const REQUESTS_PER_CLIENT: usize = 4;
const CAPACITY: usize = 100;
const ROUNDS: usize = 5;

fn exactly_the_capacity_is_admitted(runtime: Runtime, store: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(runtime, folder.path(), store);
    for round in 0..ROUNDS {
        let key = format!("fresh-{round}");
        let start = Barrier::new(CLIENTS);
        let client = || {
            start.wait();
            (0..REQUESTS_PER_CLIENT).filter(|_| program.admits("budget", &key, 1)).count()
        };
        let admitted: usize = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
            clients.into_iter().map(|client| client.join().unwrap()).sum()
        });
        assert_eq!(admitted, CAPACITY, "{runtime:?} {store:?} round {round}");
    }
}

#[test]
fn in_memory() {
    for runtime in RUNTIMES {
        exactly_the_capacity_is_admitted(runtime, &["--store", "memory"]);
    }
}

#[test]
fn in_a_file_that_is_written_in_groups() {
    for runtime in RUNTIMES {
        exactly_the_capacity_is_admitted(runtime, &[]);
    }
}

#[test]
fn in_a_file_that_is_written_at_once() {
    for runtime in RUNTIMES {
        exactly_the_capacity_is_admitted(runtime, &["--durability", "immediate"]);
    }
}
