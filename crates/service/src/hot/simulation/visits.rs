//! How often the store is asked for a hot key, and how many operations that takes.

use tollgate_core::Span;

use super::WINDOW;
use super::world::World;
use crate::hot::HotKeys;

/// A visit of a long-lived process covers as many requests as come during its lease.
#[test]
fn a_hot_key_asks_the_store_seldom() {
    let mut world = World::new(WINDOW, 1);
    for _ in 0..40 {
        assert_eq!(world.burst(0, 100), 100);
        world.pass(Span::from_millis(10));
    }
    let operations = world.store.operations.get();
    assert!(operations * 50 <= 4_000, "{operations} operations for 4000 requests");
}

/// An instance on Spin ends with its 128th request: the next one knows from the record that the key is hot.
#[test]
fn instances_that_end_soon_ask_the_store_seldom() {
    let mut world = World::new("a = { algorithm = 'gcra', limit = 9000000, per = '1s' }", 1);
    for _ in 0..100 {
        assert_eq!(world.burst(0, 128), 128);
        world.instances[0] = HotKeys::default();
        world.pass(Span::from_millis(1));
    }
    let operations = world.store.operations.get();
    assert!(operations * 50 <= 12_800, "{operations} operations for 12800 requests");
}

/// The hotter a key is, the shorter its leases are: unspent units come back sooner, and are fewer.
#[test]
fn a_lease_is_as_long_as_128_requests_take() {
    for (requests_per_20_ms, length_ms) in [(200, 125), (20, 128), (4, 640), (1, 1_000)] {
        let mut world = World::new("a = { algorithm = 'gcra', limit = 9000000, per = '1s' }", 1);
        let tick = |world: &mut World| {
            world.burst(0, requests_per_20_ms);
            world.pass(Span::from_millis(20));
        };
        (0..150).for_each(|_| tick(&mut world));
        let lease = u64::from(requests_per_20_ms * length_ms / 20);
        let held = world.held();
        assert!(held <= lease + lease / 8 + 1, "{held} are held, of {lease}");
        let visits = world.visits();
        (0..500).for_each(|_| tick(&mut world));
        let expected = 10_000 / length_ms;
        let visits = world.visits() - visits;
        assert!((expected * 3 / 4..=expected * 5 / 4).contains(&visits), "{visits} of {expected}");
    }
}

/// A visit reads the record once for the settlement and once for the lease, which includes the request.
#[test]
fn a_visit_does_little_to_the_record() {
    let mut world = World::new(WINDOW, 2);
    world.burst(0, 50);
    let asked = |world: &mut World, instance| {
        let (visits, before) = (world.visits(), world.asked.get());
        world.burst(instance, 1);
        assert_eq!(world.visits(), visits + 1);
        world.asked.get() - before
    };
    assert_eq!(asked(&mut world, 1), 1, "who comes new to a hot key");
    world.pass(Span::from_millis(500));
    assert_eq!(asked(&mut world, 0), 2, "who settles a lease");
    world.pass(Span::from_millis(1_000));
    assert_eq!(asked(&mut world, 0), 3, "who also says that the key is still hot");
}

/// Denied requests don't each try for a lease.
#[test]
fn a_flood_of_denials_reads_the_record_about_once_each() {
    let mut world = World::new(WINDOW, 1);
    let all = world.units(8_000);
    world.ask(0, all).unwrap();
    let before = world.asked.get();
    assert_eq!(world.burst(0, 400), 0);
    assert_eq!(world.asked.get() - before, 500, "one in four tries");
}

/// Of several instances asked for a key, the first that finds it hot tells the others.
#[test]
fn who_is_new_to_a_key_hears_that_it_is_hot() {
    let mut world = World::new(WINDOW, 3);
    world.burst(1, 1);
    world.burst(2, 1);
    world.burst(0, 4);
    let visits = world.visits();
    world.burst(1, 100);
    assert_eq!(world.visits(), visits + 1, "the second request takes a lease");
    world.pass(Span::from_millis(150));
    world.burst(2, 1);
    assert_eq!(world.visits(), visits + 2);
    world.burst(2, 1);
    assert_eq!(world.visits(), visits + 3, "who asks seldom goes to the store");
}
