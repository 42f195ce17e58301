//! Sweeping records whose creation is elected, in every order of what happens at the same time: over a
//! model of Spin's SQLite store no charge is lost and no used record is removed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod choices;
mod model;
mod world;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    ABANDONED_AFTER, Atomics, Clock, Judgement, ManualClock, Store, Sweeper, SweptStore,
    conformance,
};

use crate::choices::{Choices, Everything, Random};
use crate::model::SpinSqlite;
use crate::world::{Actor, IDLE, KEY, START, World, charge};

fn grave(kind: u8, since: Timestamp) -> Vec<u8> {
    [&[kind][..], &since.as_nanos().to_le_bytes()].concat()
}

/// What a key may look like when a sweeper comes.
fn beginnings() -> Vec<Vec<(&'static str, Vec<u8>)>> {
    let one = 1_i64.to_le_bytes().to_vec();
    let earlier = Timestamp::from_secs(START.as_nanos() / 1_000_000_000 - 60);
    let mark = earlier.as_nanos().to_le_bytes().to_vec();
    let elected = ("s/0/r/p/k", one);
    vec![
        vec![],
        vec![elected.clone()],
        vec![elected.clone(), ("m/r/p/k", mark.clone())],
        vec![(KEY, IDLE.to_vec()), elected.clone()],
        vec![(KEY, IDLE.to_vec()), elected.clone(), ("m/r/p/k", mark)],
        vec![(KEY, grave(0xfe, START)), elected.clone()],
        vec![(KEY, grave(0xfe, earlier)), elected.clone()],
        vec![(KEY, grave(0xfd, START)), elected.clone()],
        vec![(KEY, grave(0xfd, earlier)), elected],
        vec![(KEY, grave(0xfd, earlier))],
    ]
}

/// Every order in which these can act, from every beginning. Answers how many there are.
fn every_order(actors: &[Actor]) -> usize {
    let mut runs = 0;
    for beginning in beginnings() {
        let values: Vec<_> = beginning.iter().map(|(key, value)| (*key, &**value)).collect();
        let mut choices = Everything::default();
        loop {
            let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
            let mut world = World::new(&spin, &clock, &values);
            world.run(actors, false, &mut choices);
            world.check();
            world.gets_through(99);
            world.check();
            runs += 1;
            if !choices.next_run() {
                break;
            }
        }
    }
    runs
}

#[test]
fn a_sweeper_and_a_client_in_every_order() {
    let runs = every_order(&[Actor::Client(10), Actor::Sweeper, Actor::Time]);
    assert!(runs > 5_000, "{runs}");
}

#[test]
fn two_sweepers_in_every_order() {
    let runs = every_order(&[Actor::Sweeper, Actor::Sweeper]);
    assert!(runs > 500, "{runs}");
}

/// Rounds of clients, sweepers and time, of which any may die, for each of many seeds.
#[test]
fn long_histories_with_deaths() {
    for seed in 0..2_000 {
        let mut choices = Random(seed);
        let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
        let mut world = World::new(&spin, &clock, &[]);
        for round in 0..6 {
            let actors: Vec<_> = (0..4)
                .map(|number| match choices.choose(4) {
                    0 | 1 => Actor::Client(10 + 4 * round + number),
                    2 => Actor::Sweeper,
                    _ => Actor::Time,
                })
                .collect();
            // Time goes by once in the life of a request, or it would be longer than any may be.
            let times = actors.iter().filter(|actor| matches!(actor, Actor::Time)).count();
            world.run(if times > 1 { &actors[..1] } else { &actors }, true, &mut choices);
            world.check();
            world.later(ABANDONED_AFTER);
            if choices.choose(2) == 0 {
                world.becomes_idle();
            }
        }
        world.gets_through(99);
        world.check();
    }
}

fn judge(_: &str, record: &[u8], _: Timestamp) -> Judgement {
    let idle = record == IDLE;
    Judgement::ForgetAfter(if idle { Span::ZERO } else { Span::NEVER })
}

/// A round of the sweeper, and how many records it removed.
fn round(world: &World<'_>) -> u64 {
    world.spin.alone.set(true);
    let mut sweeper = Sweeper::default();
    block_on(sweeper.step(&world.store, 1_000, world.clock.now(), judge)).unwrap().unwrap().removed
}

#[test]
fn nothing_is_left_of_what_was_idle_or_died() {
    let one = 1_i64.to_le_bytes();
    let values: [(&str, &[u8]); 6] = [
        ("r/p/idle", IDLE),
        ("s/0/r/p/idle", &one),
        ("r/p/used", &[1, 7]),
        ("s/0/r/p/used", &one),
        // Its creator died and nobody missed it.
        ("s/0/r/p/dead", &one),
        ("m/r/p/odd", b"no mark"),
    ];
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let world = World::new(&spin, &clock, &values);
    assert_eq!(round(&world), 1);
    assert_eq!(block_on(world.store.load("r/p/idle")).unwrap().record, None);
    assert!(spin.values.borrow().contains_key("r/p/idle"), "its grave is there for a minute");
    for _ in 0..3 {
        world.later(ABANDONED_AFTER);
        assert_eq!(round(&world), 0);
    }
    let values = spin.values.borrow();
    let keys: Vec<_> = values.keys().collect();
    assert!(!keys.iter().any(|key| key.ends_with("idle") || key.ends_with("odd")), "{keys:?}");
    assert!(keys.iter().filter(|key| key.ends_with("dead")).count() <= 1, "{keys:?}");
    assert_eq!(values["r/p/used"], [1, 7]);
    assert_eq!(values["s/0/r/p/used"], one);
}

#[test]
fn it_conforms_to_what_a_swept_store_is() {
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let world = World::new(&spin, &clock, &[]);
    spin.alone.set(true);
    block_on(conformance::run_swept(&world.store, "elected"));
}

/// The model would show a loss: a sweeper that deletes at once loses a charge.
#[test]
#[should_panic(expected = "were acknowledged, and lost")]
fn deleting_at_once_would_lose_a_charge() {
    let mut choices = Everything::default();
    loop {
        let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
        let mut world = World::new(&spin, &clock, &[(KEY, IDLE), ("s/0/r/p/k", &[1; 8])]);
        let naive: Pin<Box<dyn Future<Output = bool>>> = Box::pin(async {
            if (&spin).get(KEY).await.unwrap().is_some_and(|record| record == IDLE) {
                (&spin).delete(KEY).await.unwrap();
            }
            false
        });
        let client: Pin<Box<dyn Future<Output = bool>>> = Box::pin(charge(&world.store, 10));
        let mut acting = vec![client, naive];
        let mut context = Context::from_waker(Waker::noop());
        while let Some(last) = acting.len().checked_sub(1) {
            let turn = choices.choose(last + 1);
            if let Poll::Ready(acknowledged) = acting[turn].as_mut().poll(&mut context) {
                drop(acting.remove(turn));
                if acknowledged {
                    world.acknowledged.push(10);
                }
            }
        }
        drop(acting);
        world.check();
        if !choices.next_run() {
            break;
        }
    }
}

/// Whatever a caller keeps is listed, and what the elections keep is not.
#[test]
fn keys_of_every_kind_are_listed_once_and_those_of_elections_are_not() {
    let one = 1_i64.to_le_bytes();
    let values: [(&str, &[u8]); 6] = [
        ("r/p/k", IDLE),
        ("s/0/r/p/k", &one),
        ("m/r/p/k", &[0; 8]),
        ("s/0/r/p/dead", &one),
        ("t/0123456789abcdef", b"1"),
        // The live policies of a tenant.
        ("p/acme", b"{}"),
    ];
    let (spin, clock) = (SpinSqlite::default(), ManualClock::default());
    let world = World::new(&spin, &clock, &values);
    spin.alone.set(true);
    let page = block_on(world.store.list(None)).unwrap();
    assert_eq!(page.keys, ["p/acme", "r/p/dead", "r/p/k"]);
}
