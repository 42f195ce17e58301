//! Many clients meet on one key that nobody has used: exactly its capacity is admitted.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::worker::Worker;

const CLIENTS: usize = 64;
const REQUESTS_PER_CLIENT: usize = 4;
const CAPACITY: usize = 100;

/// How many requests pass when all clients ask at once.
fn meet(worker: &Worker, body: &Value) -> usize {
    let start = Barrier::new(CLIENTS);
    let passes = || match worker.post("/v1/acquire", body).status {
        200 => true,
        429 => false,
        status => panic!("{status}"),
    };
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
fn exactly_the_capacity_is_admitted() {
    let worker = Worker::start();
    for key in ["fresh", "k".repeat(512).as_str(), "\u{1f980}/\"\n"] {
        let body = json!({"policy": "budget", "key": key, "cost": 1});
        assert_eq!(meet(&worker, &body), CAPACITY, "{key:?}");
    }
}

/// Charging two objects is several steps, and what is admitted was charged in both.
#[test]
fn what_is_admitted_on_two_keys_is_charged_on_both() {
    let worker = Worker::start();
    let key = |key: &str| json!({"policy": "budget", "key": key, "cost": 1});
    worker.post("/v1/acquire", &json!({"policy": "budget", "key": "team", "cost": 90}));
    let both = json!({"keys": [key("user"), key("team")]});
    let statuses: Vec<_> = (0..12).map(|_| worker.post("/v1/acquire", &both).status).collect();
    assert_eq!(statuses, [[200; 10].as_slice(), &[429; 2]].concat());
    assert_eq!((worker.remaining("user"), worker.remaining("team")), (90, 0));
}
