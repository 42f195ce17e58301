//! One test for each row of the table of faults.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::checker::{Verdict, check};
use crate::clock::Clock;
use crate::faults::{Fault, Run};
use crate::history::{BUDGET, End, Event, KEYS, policies};
use crate::load::{Bell, CLIENTS, client};
use crate::program::Program;
use crate::programs::Programs;
use crate::random::Random;
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
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::start(backend);
    let clocks: Vec<_> = match fault.steps_clocks() {
        true => (0..store.programs()).map(|index| Clock::new(folder.path(), index)).collect(),
        false => Vec::new(),
    };
    let programs = start_programs(&store, folder.path(), &clocks);
    let (start, over) = (Instant::now(), AtomicBool::new(false));
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (history, terms) = thread::scope(|scope| {
        let bell = Bell(&over);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let random = Random::new(seed() << 8 | number);
                let (programs, over) = (&programs, &over);
                scope.spawn(move || client(programs, over, start, random))
            })
            .collect();
        let (programs, store, clocks) = (&programs, &mut store, &clocks[..]);
        let mut run = Run { start, programs, store, clocks, random: Random::new(seed()) };
        let terms = run.break_and_mend(fault);
        drop(bell);
        let told = clients.into_iter().flat_map(|client| client.join().unwrap());
        (told.collect::<Vec<_>>(), terms)
    });
    let spent = spent(&programs);
    let seen = check(&history, &spent, epoch, 0);
    show(backend, fault, &history, seen);
    assert!(
        terms.losses.is_empty() || seen.lost > 0,
        "the store forgot nothing: no fault happened"
    );
    let Verdict { admitted, over, lost } = terms.check(&history, &spent, epoch);
    assert!(admitted > 0, "somebody was let in");
    assert_eq!((over, lost), (0, 0), "{backend:?} {fault:?} seed {}", seed());
    nothing_hung(&history);
}

fn start_programs(store: &Store, folder: &Path, clocks: &[Clock]) -> Programs {
    let count = store.programs();
    let arguments: Vec<_> = (0..count).map(|index| store.arguments(folder, index)).collect();
    let (folder, clocks) = (folder.to_owned(), clocks.to_vec());
    Programs::start(count, move |index, runtime| {
        let mut arguments: Vec<&str> = arguments[index].iter().map(|text| &**text).collect();
        arguments.extend(["--log", "off"]);
        let environment = clocks.get(index).map(Clock::environment).unwrap_or_default();
        Program::start_with_environment(runtime, &folder, &policies(), &arguments, &environment)
    })
}

fn show(backend: Backend, fault: Fault, history: &[Event], verdict: Verdict) {
    let unclear = history.iter().filter(|it| matches!(it.end, End::Unavailable | End::Unknown));
    let Verdict { admitted, over, lost } = verdict;
    let (requests, unclear) = (history.len(), unclear.count());
    println!("| {backend:?} | {fault:?} | {requests} | {unclear} | {admitted} | {over} | {lost} |");
}

fn nothing_hung(history: &[Event]) {
    let slowest = history.iter().map(|event| event.received - event.sent).max().unwrap();
    assert!(slowest < ANSWER_MAX, "an answer took {slowest:?}");
    let mut last = history.iter().filter(|it| it.sent > start_of_end(history));
    assert!(last.any(|it| it.end != End::Unavailable), "it recovered by itself");
}

/// The last half second of a run, when everything is mended.
fn start_of_end(history: &[Event]) -> Duration {
    let last = history.iter().map(|event| event.received).max().unwrap();
    last.saturating_sub(Duration::from_millis(500))
}

/// What each budget has charged.
fn spent(programs: &Programs) -> [u64; KEYS] {
    std::array::from_fn(|key| {
        let path = format!("/v1/limits/budget/k{key}");
        let peeked = programs.ask(0, |program| program.get(&path)).json();
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
    redis_that_loses_its_data: Redis, EmptyStore;
    redis_that_hangs: Redis, HangStore;
    redis_that_is_cut_off: Redis, CutNetwork;
    redis_behind_a_silent_network: Redis, SilentNetwork;
    redis_whose_answers_are_lost: Redis, LostAnswers;
    redis_over_a_slow_network: Redis, SlowNetwork;
    redis_whose_replica_takes_over: RedisPair, FailOver;
    redis_with_programs_whose_clocks_step: Redis, StepClock;
    redis_with_programs_whose_clocks_are_wrong: Redis, StepClockFar;
    nats_without_a_fault: Nats, None;
    nats_with_programs_that_are_killed: Nats, KillProgram;
    nats_that_is_killed: Nats, KillStore;
    nats_that_loses_its_data: Nats, EmptyStore;
    nats_that_hangs: Nats, HangStore;
    nats_that_is_cut_off: Nats, CutNetwork;
    nats_behind_a_silent_network: Nats, SilentNetwork;
    nats_whose_answers_are_lost: Nats, LostAnswers;
    nats_over_a_slow_network: Nats, SlowNetwork;
    nats_with_replicas_without_a_fault: NatsCluster, None;
    nats_whose_leader_is_killed: NatsCluster, KillLeader;
}
