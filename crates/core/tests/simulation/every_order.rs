//! Two clients and two keys, small enough to try everything: every order of their store calls, with
//! the death of either before any of them, and with swaps, any of them, that are not heard of.

use std::collections::HashMap;

use tollgate_core::{Acquisition, Ending, Id, Outcome, Policy, Timestamp};

use crate::driver::{Did, Driver, Fate};
use crate::ledger;
use crate::store::Store;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

type Policies<'p> = &'p [&'p Policy];

#[derive(Clone)]
struct Client<'p> {
    driver: Driver<Acquisition<Policies<'p>>>,
    outcome: Option<Outcome>,
    is_dead: bool,
}

impl<'p> Client<'p> {
    fn new(policies: Policies<'p>, number: usize, keys: [usize; 2]) -> Self {
        let names = keys.map(|key| format!("key-{key}"));
        let costs = ledger::costs(policies[0], number, 1, 0);
        let legs = [(&*names[0], costs), (&*names[1], costs)];
        let machine = Acquisition::new(policies, Id::from_u128(number as u128), &legs).unwrap();
        let mut driver = Driver::new(machine, &keys);
        driver.ask(NOW);
        Self { driver, outcome: None, is_dead: false }
    }

    fn is_over(&self) -> bool {
        self.is_dead || self.outcome.is_some()
    }

    /// Makes one call of the store.
    fn call(&mut self, store: &mut Store, fate: Fate) {
        self.driver.act(store, NOW, fate);
        while !self.driver.is_about_to_call(NOW) {
            if let Did::Done(outcome) = self.driver.act(store, NOW, Fate::Fine) {
                self.outcome = Some(outcome);
                return;
            }
        }
    }
}

/// A point of the exploration.
#[derive(Clone)]
struct State<'p> {
    store: Store,
    clients: [Client<'p>; 2],
    /// Whether clients may die, and how many swaps may still go unheard.
    dying: bool,
    unheard: u8,
}

/// All that what happens next depends on: a machine is what it was told.
type Point = (Store, [Vec<u64>; 2], [bool; 2], u8);

impl State<'_> {
    fn point(&self) -> Point {
        let told = [0, 1].map(|number| self.clients[number].driver.told.clone());
        let over = [0, 1].map(|number| self.clients[number].is_dead);
        (self.store.clone(), told, over, self.unheard)
    }
}

/// How many orders there are, by what comes of them.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Found {
    orders: u64,
    /// Orders in which none, one and both clients are admitted.
    admitted: [u64; 3],
    /// Orders in which somebody dies.
    dead: u64,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.admitted.iter_mut().zip(other.admitted).for_each(|(sum, count)| *sum += count);
        self.dead += other.dead;
    }

    fn end(state: &State<'_>) -> Self {
        let outcomes = state.clients.iter().filter_map(|client| client.outcome.as_ref());
        let mut found = Self { orders: 1, ..Self::default() };
        found.admitted[outcomes.filter(|outcome| outcome.is_allowed()).count()] = 1;
        found.dead = u64::from(state.clients.iter().any(|client| client.is_dead));
        found
    }
}

/// Walks every order from a state to its end, but what follows a point only once.
fn explore<'p>(
    state: &State<'p>,
    check: &impl Fn(&State<'p>),
    known: &mut HashMap<Point, Found>,
) -> Found {
    if let Some(found) = known.get(&state.point()) {
        return *found;
    }
    if state.clients.iter().all(Client::is_over) {
        check(state);
        return Found::end(state);
    }
    let mut found = Found::default();
    for number in 0..2 {
        for next in state.nexts(number) {
            found.add(explore(&next, check, known));
        }
    }
    known.insert(state.point(), found);
    found
}

impl State<'_> {
    /// Everything that a client may do next.
    fn nexts(&self, number: usize) -> Vec<Self> {
        let client = &self.clients[number];
        if client.is_over() {
            return vec![];
        }
        let mut fates = vec![Fate::Fine];
        if self.unheard > 0 && client.driver.is_about_to_swap() {
            fates.extend([Fate::Unheard, Fate::Lost]);
        }
        let called = fates.into_iter().map(|fate| {
            let mut next = self.clone();
            next.unheard -= u8::from(fate != Fate::Fine);
            next.clients[number].call(&mut next.store, fate);
            next
        });
        let mut nexts: Vec<Self> = called.collect();
        if self.dying {
            let mut next = self.clone();
            next.clients[number].is_dead = true;
            nexts.push(next);
        }
        nexts
    }
}

/// Tries everything with keys that have room for so many units.
fn run(burst: u64, keys: [[usize; 2]; 2], dying: bool, unheard: u8) -> Found {
    let policy = ledger::policy(burst, 1);
    let policies: [&Policy; 2] = [&policy; 2];
    let clients = [0, 1].map(|number| Client::new(&policies, number, keys[number]));
    let start = State { store: Store::default(), clients, dying, unheard };
    let mut known = HashMap::new();
    let found = explore(&start, &|end| check(end, &policy, burst, keys), &mut known);
    let points = known.len();
    println!(
        "{burst} units, keys {keys:?}, dying {dying}, {unheard} unheard: {points} points, {found:?}"
    );
    found
}

/// Admitted is charged once on both keys; not admitted is not charged; dead is charged at most once
/// on each. No key is charged more than it has room for.
fn check(end: &State<'_>, policy: &Policy, burst: u64, keys: [[usize; 2]; 2]) {
    let charges = |key| ledger::charges(&end.store, key, policy, NOW);
    for key in 0..4 {
        assert!(charges(key).iter().sum::<u64>() <= burst);
    }
    for (number, client) in end.clients.iter().enumerate() {
        let charged = keys[number].map(|key| charges(key)[number]);
        match client.outcome.as_ref().map(|outcome| outcome.ending) {
            Some(Ending::Allowed) => assert_eq!(charged, [1, 1]),
            Some(ending) => assert_eq!((ending, charged), (Ending::Denied, [0, 0])),
            // The last key is the commit: it is charged after the other, or not at all.
            None => assert!([[0, 0], [1, 0], [1, 1]].contains(&charged), "{charged:?}"),
        }
    }
}

/// Binomial coefficients: the ways to shuffle two packs of cards that keep their orders.
fn shuffles(a: u64, b: u64) -> u64 {
    (1..=b).fold(1, |ways, i| ways * (a + i) / i)
}

const SAME: [[usize; 2]; 2] = [[0, 1], [0, 1]];
const OTHERS: [[usize; 2]; 2] = [[0, 1], [2, 3]];

/// Clients on keys of their own make six calls each, whatever the other does: so it can be counted how
/// many orders there are, and the exploration finds as many.
#[test]
fn every_order_is_tried() {
    let found = run(1, OTHERS, false, 0);
    assert_eq!((found.orders, found.admitted), (shuffles(6, 6), [0, 0, 924]));
    // With deaths a client makes 0 to 5 calls and dies, or all 6.
    let lengths = [1, 2, 3, 4, 5, 6, 6];
    let pairs = lengths.iter().flat_map(|a| lengths.iter().map(move |b| shuffles(*a, *b)));
    assert_eq!(run(1, OTHERS, true, 0).orders, pairs.sum());
}

/// Both want the same two keys, and there is room for both: both are admitted, in every order.
#[test]
fn two_clients_with_room_for_both() {
    let found = run(2, SAME, false, 0);
    assert_eq!(found.admitted, [0, 0, found.orders]);
    assert_eq!(found.orders, 9_216);
    let found = run(2, SAME, true, 0);
    assert_eq!(found.admitted[2], 9_216, "those in which nobody dies");
    assert!(found.dead > 50_000, "{found:?}");
}

/// There is room for one: never are two admitted, and when nobody dies it is exactly one.
#[test]
fn two_clients_with_room_for_one() {
    let found = run(1, SAME, false, 0);
    assert_eq!(found.admitted, [0, 218, 0]);
    let found = run(1, SAME, true, 0);
    assert_eq!((found.orders, found.dead, found.admitted[2]), (1_778, 1_778 - 218, 0));
}

/// Swaps that are not heard of, any one or two: nobody is charged twice or for nothing.
#[test]
fn two_clients_and_swaps_that_are_not_heard_of() {
    for (burst, dying, unheard) in [(1, false, 2), (2, false, 1), (1, true, 2), (2, true, 1)] {
        let found = run(burst, SAME, dying, unheard);
        assert!(found.orders > 10_000, "{found:?}");
        match (burst, dying) {
            (1, false) => assert_eq!(found.admitted, [0, found.orders, 0]),
            (2, false) => assert_eq!(found.admitted, [0, 0, found.orders]),
            (1, _) => assert_eq!(found.admitted[2], 0),
            _ => assert!(found.admitted[2] > 0),
        }
    }
}
