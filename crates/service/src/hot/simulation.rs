//! Several instances with leases over one store, in any order, with crashes at any step.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod visits;
mod world;

use proptest::prelude::*;
use tollgate_core::{Effect, Id, Span, Verdict};

use self::world::{Death, START, World};
use super::HotKeys;
use super::terms::PARTS;

/// Longest life of a lease: after that, everything is exact again.
const LIFE_MAX: Span = Span::from_secs(2);

/// Every algorithm that can be leased.
const LIMITS: [&str; 8] = [
    "a = { algorithm = 'gcra', limit = 100, per = '1s', burst = 200 }",
    "a = { algorithm = 'token-bucket', capacity = 300, refill = 70, per = '1s' }",
    "a = { algorithm = 'interval-bucket', capacity = 300, refill = 100, per = '2s' }",
    "a = { algorithm = 'leaky-bucket', capacity = 300, leak = 50, per = '1s' }",
    "a = { algorithm = 'fixed-window', limit = 150, per = '1s' }",
    "a = { algorithm = 'sliding-log', limit = 200, per = '2s' }",
    "a = { algorithm = 'sliding-counter', limit = 200, per = '2s' }",
    "a = { algorithm = 'gcra', limit = 100, per = '1s', burst = 200 }
     b = { algorithm = 'fixed-window', limit = 400, per = '3s' }",
];

#[derive(Debug, Clone, Copy)]
enum Event {
    /// `count` requests of the same cost in a row.
    Ask {
        instance: usize,
        count: u32,
        cost: u64,
    },
    /// A request with an id, which no lease answers.
    Once {
        instance: usize,
        id: u128,
    },
    Pass {
        millis: u64,
    },
    Die {
        instance: usize,
    },
    /// The instance that makes the next swap crashes.
    Doom(Death),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let instance = 0..3_usize;
    let ask = (instance.clone(), 1..120_u32, prop_oneof![Just(1_u64), 1..9_u64])
        .prop_map(|(instance, count, cost)| Event::Ask { instance, count, cost });
    let once =
        (instance.clone(), any::<u128>()).prop_map(|(instance, id)| Event::Once { instance, id });
    let pass =
        prop_oneof![0..20_u64, 0..700_u64, 0..3_000_u64].prop_map(|millis| Event::Pass { millis });
    let die = instance.prop_map(|instance| Event::Die { instance });
    let doom = prop_oneof![Just(Death::BeforeSwap), Just(Death::AfterSwap)].prop_map(Event::Doom);
    let event = prop_oneof![8 => ask, 1 => once, 6 => pass, 1 => die, 1 => doom];
    prop::collection::vec(event, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// All instances together never admit more than the limits allow at the time of each request, and no
    /// instance holds more than its part.
    #[test]
    fn together_they_admit_no_more_than_the_limits_allow(
        limits in prop::sample::select(&LIMITS[..]),
        events in events(),
    ) {
        let mut world = World::new(limits, 3);
        let capacity = world.limits().limits()[0].capacity();
        let mut deaths = 0;
        for event in events {
            match event {
                Event::Ask { instance, count, cost } => {
                    for _ in 0..count {
                        let acquire = world.units(cost);
                        deaths += u64::from(world.ask(instance, acquire).is_err());
                    }
                }
                Event::Once { instance, id } => {
                    let acquire = world.units(1).once(Id::from_u128(id));
                    deaths += u64::from(world.ask(instance, acquire).is_err());
                }
                Event::Pass { millis } => world.pass(Span::from_millis(millis)),
                Event::Die { instance } => {
                    world.instances[instance] = HotKeys::default();
                    deaths += 1;
                }
                Event::Doom(death) => world.store.death.set(Some(death)),
            }
            prop_assert!(world.held() <= (3 + deaths) * (capacity / PARTS) + 1, "{}", world.held());
        }
    }
}

const WINDOW: &str = "a = { algorithm = 'fixed-window', limit = 8000, per = '1h' }";

#[test]
fn a_key_that_is_not_hot_is_never_leased() {
    let mut world = World::new(WINDOW, 3);
    for _ in 0..30 {
        for instance in 0..3 {
            assert_eq!(world.burst(instance, 1), 1);
        }
        assert_eq!(world.held(), 0);
        world.pass(Span::from_millis(150));
    }
    assert_eq!(world.store.operations.get(), 180, "a load and a swap each");
}

/// Early denials are due to units that other instances hold unspent, and to nothing else.
#[test]
fn early_denials_are_bounded_by_what_others_hold() {
    let mut world = World::new(WINDOW, 3);
    for instance in 0..3 {
        world.burst(instance, 100);
    }
    // Each of the others took a lease with its first request, and spent 100 units of it.
    while world.burst(0, 1) == 1 {}
    let unspent = world.held() - 2 * 100;
    assert!(0 < unspent && unspent <= 2 * 8_000 / PARTS);
    assert_eq!(world.admitted, 8_000 - unspent, "and that is all that is missing");
}

/// When demand falls, unspent units are given back, and every unit is granted.
#[test]
fn it_is_exact_again_when_the_demand_cools_down() {
    let mut world = World::new(WINDOW, 3);
    for instance in 0..3 {
        world.burst(instance, 100);
    }
    // The first visit still assumes that the earlier pace continues; the second one sees that it does not.
    for _ in 0..2 {
        world.pass(Span::from_millis(1_200));
        for instance in 0..3 {
            world.burst(instance, 1);
        }
    }
    assert_eq!(world.held(), 0, "all leases are settled");
    while world.admitted < 8_000 {
        assert_eq!(world.burst(0, 1), 1, "after {}", world.admitted);
        world.pass(Span::from_millis(150));
    }
    assert_eq!(world.burst(0, 1), 0);
}

/// An instance that dies with a lease loses it: its units are charged once, and no more than it held.
#[test]
fn a_lease_that_is_lost_is_charged_once() {
    let mut world = World::new(WINDOW, 2);
    world.burst(0, 50);
    let lost = world.held();
    assert!(lost > 0 && lost <= 8_000 / PARTS + 1);
    world.instances[0] = HotKeys::default();
    world.pass(LIFE_MAX);
    let before = world.admitted;
    while world.burst(1, 1) == 1 {
        world.pass(Span::from_millis(150));
    }
    // Three requests were charged individually before the key was hot; the others were spent from the lease.
    assert_eq!(world.admitted - before, 8_000 - 3 - lost);
}

/// A request that a lease can't answer is decided exactly, after the lease's unspent units are given back.
#[test]
fn a_large_request_gets_what_the_lease_had_left() {
    let mut world = World::new(WINDOW, 1);
    world.burst(0, 100);
    // All but the unit that marks the key as hot.
    let all_that_is_left = world.units(8_000 - 100 - 1);
    assert_eq!(world.ask(0, all_that_is_left).unwrap().verdict, Verdict::Allowed);
    assert_eq!(world.held(), 0, "the lease is settled, and nothing is left to say that it is hot");
    assert_eq!(world.burst(0, 2), 1);
}

/// If little is left, little is held, so the last instance finds most of it available.
#[test]
fn a_lease_is_a_small_part_of_what_remains() {
    let mut world = World::new(WINDOW, 2);
    let most = world.units(8_000 - 400);
    world.ask(0, most).unwrap();
    world.burst(1, 4);
    // A part of the 396 left, and the unit that marks the key as hot.
    assert_eq!(world.held(), 396 / PARTS + 1);
}

/// A request repeated under its id is not charged again, even if there is a lease.
#[test]
fn a_request_with_an_id_is_charged_once() {
    let mut world = World::new(WINDOW, 1);
    world.burst(0, 50);
    let once = world.units(10).once(Id::from_u128(7));
    for effect in [Effect::Charged, Effect::Repeated] {
        assert_eq!(world.ask(0, once.clone()).unwrap().effect, effect);
    }
    let rest = world.units(8_000 - 50 - 10 - 1);
    assert_eq!(world.ask(0, rest).unwrap().verdict, Verdict::Allowed);
}

/// A local decision reports what the record said remains, less what was spent since.
#[test]
fn a_local_answer_tells_what_remains() {
    let mut world = World::new(WINDOW, 1);
    for passed in 1..=300 {
        let acquire = world.units(1);
        let outcome = world.ask(0, acquire).unwrap();
        // One unit is held to mark the key as hot.
        let remaining = outcome.limits[0].remaining;
        assert!(
            (8_000 - passed - 1..=8_000 - passed).contains(&remaining),
            "{remaining} of {passed}"
        );
    }
}

/// An instance whose clock is behind stops spending a second before others see its lease expire.
#[test]
fn a_lease_is_not_spent_when_others_may_have_seen_it_expire() {
    let mut world = World::new(WINDOW, 1);
    world.burst(0, 50);
    let taken = START;
    let visits = world.visits();
    world.pass(Span::from_millis(499));
    world.burst(0, 1);
    assert_eq!(world.visits(), visits, "until then it is spent");
    world.pass(Span::from_millis(1));
    assert_eq!(world.held(), 128 + 1, "the sign that the key is hot is one unit");
    world.clock.set(taken.plus(Span::from_millis(1_499)));
    assert_eq!(world.held(), 128 + 1, "it can still be settled");
    world.pass(Span::from_millis(1));
    assert_eq!(world.held(), 1, "it has expired");
    world.clock.set(taken.plus(Span::from_millis(500)));
    world.burst(0, 1);
    assert_eq!(world.visits(), visits + 1, "then it is settled");
    world.clock.set(START);
    world.burst(0, 1);
    assert_eq!(world.visits(), visits + 2, "a clock that went back is not trusted");
}
