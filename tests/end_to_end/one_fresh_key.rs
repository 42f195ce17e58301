//! Many clients meet on one key that nobody has used: exactly its capacity is admitted.

use std::sync::Barrier;
use std::thread;
use tollgate_test_servers::RedisServer;

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
        let admitted = meet(|| program.admits("budget", &key, 1));
        assert_eq!(admitted, CAPACITY, "{runtime:?} {store:?} round {round}");
    }
}

/// How many requests pass when all clients ask at once.
fn meet(passes: impl Fn() -> bool + Sync) -> usize {
    let start = Barrier::new(CLIENTS);
    let client = || {
        start.wait();
        (0..REQUESTS_PER_CLIENT).filter(|_| passes()).count()
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    })
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

/// The edge function and Redis, by the script that the native host runs too. The requests of one instance
/// race each other there, since asking Redis is asynchronous: a client that is told that the key is busy comes back.
#[test]
fn in_redis() {
    let (redis, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let variable = format!("store={}", redis.url());
    let args = ["--store", "memory", "--allow-redis", &redis.url(), "--variable", &variable];
    let program = Program::start(Runtime::Edge, folder.path(), &args);
    for round in 0..ROUNDS {
        let body = format!(r#"{{"policy":"budget","key":"fresh-{round}"}}"#);
        let passes = || {
            let mut answers = (0..100).map(|_| program.acquire(&body).status);
            let status = answers.find(|status| *status != 503);
            assert!(matches!(status, Some(200 | 429)), "{status:?}");
            status == Some(200)
        };
        assert_eq!(meet(passes), CAPACITY, "round {round}");
    }
}

/// Where nothing can be compared, `best_effort` may admit too many (how many at worst is in the store's
/// tests), and never too few.
#[test]
fn with_best_effort_at_least_the_capacity_is_admitted() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--store", "memory", "--quirks", "spin-redis"];
    let program = Program::start(Runtime::Edge, folder.path(), &args);
    for round in 0..ROUNDS {
        let key = format!("fresh-{round}");
        let admitted = meet(|| program.admits("lossy", &key, 1));
        println!("admitted {admitted} of {CAPACITY}, {} asked", CLIENTS * REQUESTS_PER_CLIENT);
        assert!(admitted >= CAPACITY, "{admitted}");
    }
}
