//! Sweeping records whose creation is elected, in every order of what happens at the same time: over a
//! model of Spin's SQLite store no charge is lost and no used record is removed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use tollgate_core::{Span, Timestamp};
use tollgate_store::{
    ABANDONED_AFTER, Atomics, Clock, ElectedStore, Judgement, ListedAtomics, ManualClock, Page,
    Store, StoreError, Swap, Sweeper, SweptStore, conformance,
};

const KEY: &str = "r/p/k";
const START: Timestamp = Timestamp::from_secs(1_800_000_000);
/// A record that decides as none would. Every charge adds a byte to it.
const IDLE: &[u8] = &[1];
/// What a client tries before it gives up.
const ATTEMPTS: u32 = 3;

/// `swap` compares by value, and on a key that was absent it writes whatever happened since. Somebody
/// else may come before each operation.
#[derive(Default)]
struct SpinSqlite {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Nobody comes in between.
    alone: Cell<bool>,
}

impl SpinSqlite {
    /// The values, when it is this operation's turn.
    async fn values(&self) -> std::cell::RefMut<'_, BTreeMap<String, Vec<u8>>> {
        let mut waited = self.alone.get();
        poll_fn(|_| match std::mem::replace(&mut waited, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.values.borrow_mut()
    }
}

impl Atomics for &SpinSqlite {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.values().await.get(key).cloned())
    }

    async fn swap(&self, key: &str, seen: Option<&[u8]>, value: &[u8]) -> Result<Swap, StoreError> {
        let mut values = self.values().await;
        if seen.is_some() && values.get(key).map(Vec::as_slice) != seen {
            return Ok(Swap::Conflict);
        }
        values.insert(key.to_owned(), value.to_vec());
        Ok(Swap::Done)
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        let mut values = self.values().await;
        let sum = values.get(key).map_or(0, |v| i64::from_le_bytes(v[..].try_into().unwrap())) + 1;
        values.insert(key.to_owned(), sum.to_le_bytes().to_vec());
        Ok(sum)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.values().await.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.values().await.remove(key);
        Ok(())
    }
}

impl ListedAtomics for &SpinSqlite {
    async fn list(&self, cursor: Option<&str>) -> Result<Page, StoreError> {
        assert_eq!(cursor, None, "it lists everything at once");
        Ok(Page { keys: self.values().await.keys().cloned().collect(), cursor: None })
    }
}

struct SharedClock<'a>(&'a ManualClock);

impl Clock for SharedClock<'_> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, span: Span) {
        self.0.sleep(span).await;
    }
}

type Elected<'a> = ElectedStore<&'a SpinSqlite, SharedClock<'a>>;

/// Charges the key once, and says whether that was acknowledged.
async fn charge(store: &Elected<'_>, id: u8) -> bool {
    for _ in 0..ATTEMPTS {
        let seen = store.load(KEY).await.unwrap();
        let mut record = seen.record.unwrap_or_else(|| IDLE.to_vec());
        record.push(id);
        if store.swap(KEY, seen.token, &record).await == Ok(Swap::Done) {
            return true;
        }
    }
    false
}

/// Looks at the key once, as a sweeper does.
async fn visit(store: &Elected<'_>) -> bool {
    let seen = store.load(KEY).await.unwrap();
    if seen.record.is_none_or(|record| record == IDLE) {
        let _ = store.remove(KEY, seen.token).await.unwrap();
    }
    false
}

/// Where the choices of a run come from.
trait Choices {
    /// One of `0..options`.
    fn choose(&mut self, options: usize) -> usize;
}

/// Every sequence of choices there is, one run after the other.
#[derive(Default)]
struct Everything {
    /// What was chosen, and of how many.
    path: Vec<(usize, usize)>,
    depth: usize,
}

impl Everything {
    /// Whether there is another run.
    fn next_run(&mut self) -> bool {
        self.depth = 0;
        while let Some((chosen, options)) = self.path.pop() {
            if chosen + 1 < options {
                self.path.push((chosen + 1, options));
                return true;
            }
        }
        false
    }
}

impl Choices for Everything {
    fn choose(&mut self, options: usize) -> usize {
        if self.depth == self.path.len() {
            self.path.push((0, options));
        }
        self.depth += 1;
        self.path[self.depth - 1].0
    }
}

/// A sequence that its seed tells (a 64-bit linear congruential generator).
struct Random(u64);

impl Choices for Random {
    fn choose(&mut self, options: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % options
    }
}

/// Who does something at the same time as others.
#[derive(Clone, Copy)]
enum Actor {
    /// Charges, as the client with this id.
    Client(u8),
    Sweeper,
    /// Lets as much time go by as a request may live, once.
    Time,
}

/// A store, its clock, and the charges that were acknowledged.
struct World<'a> {
    spin: &'a SpinSqlite,
    clock: &'a ManualClock,
    store: Elected<'a>,
    acknowledged: Vec<u8>,
}

impl<'a> World<'a> {
    /// A world with these values, in which it is known already that creating is not exact.
    fn new(spin: &'a SpinSqlite, clock: &'a ManualClock, values: &[(&str, &[u8])]) -> Self {
        clock.set(START);
        let store = ElectedStore::new(spin, SharedClock(clock));
        spin.alone.set(true);
        assert_eq!(block_on(store.swap("r/p/other", None, IDLE)), Ok(Swap::Done));
        spin.alone.set(false);
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec()));
        spin.values.replace(values.collect());
        Self { spin, clock, store, acknowledged: Vec::new() }
    }

    fn later(&self, span: Span) {
        self.clock.set(self.clock.now().plus(span));
    }

    /// Lets the actors act, in an order that is chosen. Mortal ones may die at any time.
    fn run(&mut self, actors: &[Actor], mortal: bool, choices: &mut impl Choices) {
        let (store, clock) = (&self.store, self.clock);
        let mut acting: Vec<_> =
            actors.iter().map(|actor| (*actor, act(*actor, store, clock))).collect();
        let mut context = Context::from_waker(Waker::noop());
        while !acting.is_empty() {
            let turn = choices.choose(acting.len());
            let dies = mortal && choices.choose(24) == 0;
            match (acting[turn].1.as_mut().poll(&mut context), acting[turn].0) {
                (Poll::Pending, _) if !dies => {}
                (Poll::Ready(true), Actor::Client(id)) => {
                    self.acknowledged.push(id);
                    drop(acting.remove(turn));
                }
                _ => drop(acting.remove(turn)),
            }
        }
    }

    /// No charge that was acknowledged is missing.
    fn check(&self) {
        let value = self.spin.values.borrow().get(KEY).cloned();
        let is_lost = |id: &&u8| value.as_ref().is_none_or(|record| !record.contains(id));
        let lost: Vec<_> = self.acknowledged.iter().filter(is_lost).collect();
        assert!(lost.is_empty(), "{lost:?} were acknowledged, and lost in {value:?}");
    }

    /// Everything that was charged has come back.
    fn becomes_idle(&mut self) {
        self.acknowledged.clear();
        if let Some(value) = self.spin.values.borrow_mut().get_mut(KEY)
            && value.first() == IDLE.first()
        {
            *value = IDLE.to_vec();
        }
    }

    /// Who comes later gets through, at the latest when those who died are given up.
    fn gets_through(&mut self, id: u8) {
        self.spin.alone.set(true);
        let through = (0..3).any(|_| {
            self.later(ABANDONED_AFTER);
            block_on(charge(&self.store, id))
        });
        self.spin.alone.set(false);
        assert!(through, "{:?}", self.spin.values.borrow());
        self.acknowledged.push(id);
    }
}

fn act<'a>(
    actor: Actor,
    store: &'a Elected<'_>,
    clock: &'a ManualClock,
) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
    match actor {
        Actor::Client(id) => Box::pin(charge(store, id)),
        Actor::Sweeper => Box::pin(visit(store)),
        Actor::Time => Box::pin(async {
            clock.set(clock.now().plus(Span::from_nanos(ABANDONED_AFTER.as_nanos() - 1)));
            false
        }),
    }
}

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
