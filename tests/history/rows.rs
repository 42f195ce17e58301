//! One test for each row of the table of faults.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::checker::{Verdict, check};
use crate::faults::{self, Fault, Programs, Random};
use crate::history::{BUDGET, End, KEYS, policies};
use crate::load::{CLIENTS, client};
use crate::program::Program;
use crate::stores::{Backend, Store};

/// The seed, unless another one is asked for.
const SEED: u64 = 1;

/// Longest time that any answer may take: nothing hangs.
const ANSWER_MAX: Duration = Duration::from_secs(8);

fn seed() -> u64 {
    std::env::var("TOLLGATE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED)
}

/// Lets clients ask while `fault` happens, checks what they were told, and shows the row.
fn row(backend: Backend, fault: Fault) {
    let mut random = Random::new(seed());
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::start(backend);
    let arguments = store.arguments(folder.path());
    let path = folder.path().to_owned();
    let programs = Programs::start(store.programs(), move |runtime| {
        let mut arguments: Vec<&str> = arguments.iter().map(|text| &**text).collect();
        arguments.extend(["--log", "off"]);
        Program::start_with_policies(runtime, &path, &policies(), &arguments)
    });
    let (start, over) = (Instant::now(), AtomicBool::new(false));
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let history = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let random = Random::new(seed() << 8 | number);
                let (programs, over) = (&programs, &over);
                scope.spawn(move || client(programs, over, start, random))
            })
            .collect();
        faults::run(fault, &programs, &mut store, &mut random);
        over.store(true, Ordering::SeqCst);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    let verdict = check(&history, &spent(&programs), epoch);
    let unclear = history.iter().filter(|it| matches!(it.end, End::Unavailable | End::Unknown));
    println!(
        "| {backend:?} | {fault:?} | {} | {} | {} | {} | {} |",
        history.len(),
        unclear.count(),
        verdict.admitted,
        verdict.over,
        verdict.lost
    );
    let Verdict { admitted, over, lost } = verdict;
    assert!(admitted > 0, "somebody was let in");
    assert_eq!((over, lost), (0, 0), "{backend:?} {fault:?} seed {}", seed());
    let slowest = history.iter().map(|event| event.received - event.sent).max().unwrap();
    assert!(slowest < ANSWER_MAX, "an answer took {slowest:?}");
    let last = history.iter().filter(|it| it.sent > start_of_end(&history));
    assert!(last.clone().any(|it| it.end != End::Unavailable), "it recovered by itself");
}

/// The last half second of a run, when everything is mended.
fn start_of_end(history: &[crate::history::Event]) -> Duration {
    let last = history.iter().map(|event| event.received).max().unwrap();
    last.saturating_sub(Duration::from_millis(500))
}

/// What each budget has charged.
fn spent(programs: &Programs) -> [u64; KEYS] {
    let program = programs.running[0].read().unwrap();
    let program = program.as_ref().unwrap();
    std::array::from_fn(|key| {
        let peeked = program.get(&format!("/v1/limits/budget/k{key}")).json();
        BUDGET - peeked["limits"]["units"]["remaining"].as_u64().unwrap()
    })
}

macro_rules! rows {
    ($($name:ident: $backend:ident, $fault:ident;)*) => {
        $(#[test]
        fn $name() {
            row(Backend::$backend, Fault::$fault);
        })*
    };
}

rows! {
    redb_without_a_fault: Redb, None;
    redb_whose_program_is_killed: Redb, KillProgram;
    redis_without_a_fault: Redis, None;
    redis_with_programs_that_are_killed: Redis, KillProgram;
    redis_that_is_killed: Redis, KillStore;
    redis_that_hangs: Redis, HangStore;
    nats_without_a_fault: Nats, None;
    nats_with_programs_that_are_killed: Nats, KillProgram;
    nats_that_is_killed: Nats, KillStore;
    nats_that_hangs: Nats, HangStore;
}
