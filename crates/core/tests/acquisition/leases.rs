//! Holds on several keys that are one.

use tollgate_core::{
    COMMIT_TTL_DEFAULT, Effect, Ending, Id, LeaseUpdate, Limit, Policy, Span, Verdict,
};

use crate::store::Store;
use crate::support::{MINUTE, NOW, acquisition, driver, finish, left, policy, run, until_swapped};

/// A lease is on every key, whatever was asked of it: what a call costs there may be known only after it.
#[test]
fn a_lease_of_nothing_is_settled_for_what_it_came_to() {
    let policy = policy(10);
    for units in [&[0, 4][..], &[4, 0], &[0, 0], &[0]] {
        let (count, mut store) = (units.len(), Store::default());
        let policies = vec![&policy; count];
        let lease = acquisition(&policies, 1, units).with_lease(MINUTE).unwrap();
        assert!(run(lease, count, &mut store).0.is_allowed());
        let three = policy.costs([("requests", 3)]).unwrap();
        let legs: Vec<_> =
            ["a", "b"].into_iter().map(|key| (key, Some(three))).take(count).collect();
        let update = LeaseUpdate::settle(&policies[..], Id::from_u128(1), &legs).unwrap();
        let (outcome, ..) = run(update, count, &mut store);
        assert!(
            outcome.legs.iter().flatten().all(|leg| leg.effect == Effect::Settled),
            "{units:?}"
        );
        for key in 0..count {
            assert_eq!(left(&store, key, &policy, NOW), (7, 0), "{units:?}");
        }
    }
}

/// A lease is held on every key for as long as was asked, is settled or released as a whole, and is
/// lost as a whole when a hold expired before it was renewed.
#[test]
fn leases() {
    let policy = policy(10);
    let policies: [&Policy; 2] = [&policy; 2];
    let hour = Span::from_secs(3_600);
    let lease = || acquisition(&policies, 1, &[4, 4]).with_lease(hour).unwrap();
    let at = |now, store: &Store| [0, 1].map(|key| left(store, key, &policy, now));

    let mut store = Store::default();
    assert!(run(lease(), 2, &mut store).0.is_allowed());
    let before = NOW.plus(Span::from_nanos(hour.as_nanos() - 1));
    assert_eq!(at(before, &store), [(6, 4); 2]);
    assert_eq!(at(NOW.plus(hour), &store), [(6, 0); 2]);

    let id = Id::from_u128(1);
    let (mut settled, mut released) = (store.clone(), store);
    let costs = Some(policy.costs([("requests", 1)]).unwrap());
    let update = LeaseUpdate::settle(&policies[..], id, &[("a", costs), ("b", None)]).unwrap();
    assert!(run(update, 2, &mut settled).0.is_allowed());
    assert_eq!(at(NOW, &settled), [(9, 0), (6, 0)]);
    for effect in [Effect::Released, Effect::NoHold] {
        let update = LeaseUpdate::release(&policies[..], id, &["a", "b"]).unwrap();
        let (outcome, ..) = run(update, 2, &mut released);
        assert!(outcome.legs.iter().flatten().all(|leg| leg.effect == effect));
        assert_eq!((outcome.ending, at(NOW, &released)), (Ending::Allowed, [(10, 0); 2]));
    }

    let mut store = Store::default();
    let mut late = driver(lease(), 2);
    until_swapped(&mut late, &mut store, 2);
    let later = NOW.plus(COMMIT_TTL_DEFAULT);
    let outcome = finish(&mut late, &mut store, later);
    assert_eq!((outcome.ending, at(later, &store)), (Ending::Lost, [(6, 0); 2]));
}

/// Who asks for a lease again, under its id, gets the same lease while it is there. When it is over, however it
/// ended, there is none: nothing is held, and nothing is charged again.
#[test]
fn a_lease_that_is_over_is_not_given_again() {
    let policy = policy(10);
    for count in [1, 2] {
        let policies = vec![&policy; count];
        let keys = &["a", "b"][..count];
        let lease =
            || acquisition(&policies, 1, &[4, 4][..count]).once().with_lease(MINUTE).unwrap();
        let mut store = Store::default();
        for _ in 0..2 {
            assert!(run(lease(), count, &mut store).0.is_allowed());
        }
        let mut expired = store.clone();
        let release = LeaseUpdate::release(&policies[..], Id::from_u128(1), keys).unwrap();
        assert!(run(release, count, &mut store).0.is_allowed());
        let (after, _, swaps) = run(lease(), count, &mut store);
        assert_eq!(
            (after.ending, swaps, left(&store, 0, &policy, NOW)),
            (Ending::Lost, 0, (10, 0))
        );

        let late = NOW.plus(MINUTE);
        let outcome = finish(&mut driver(lease(), count), &mut expired, late);
        assert_eq!((outcome.ending, left(&expired, 0, &policy, late)), (Ending::Lost, (6, 0)));
    }
}

/// Slots have to be leased: without a lease they are impossible with several keys as with one.
#[test]
fn slots_without_a_lease_are_impossible() {
    let policy = Policy::new([Limit::concurrency("requests", 1).unwrap()]).unwrap();
    let policies = [&policy; 2];
    for count in [1, 2] {
        let ask = || acquisition(&policies[..count], 1, &[1, 1][..count]);
        let (outcome, ..) = run(ask(), count, &mut Store::default());
        assert_eq!(outcome.legs[0].as_ref().unwrap().verdict, Verdict::Impossible);
        let lease = ask().with_lease(MINUTE).unwrap();
        assert!(run(lease, count, &mut Store::default()).0.is_allowed());
    }
}
