//! What an acquisition costs and says.

use tollgate_core::{ACQUISITION_KEYS_MAX, Effect, Ending, Limit, Policy, Share, Span, Verdict};

use crate::store::Store;
use crate::support::{MINUTE, NOW, acquisition, left, policy, run};

/// N keys cost 2N - 1 loads and as many swaps, and a denial costs N loads and no swap.
#[test]
fn what_it_costs() {
    let policy = policy(1);
    for count in 1..=ACQUISITION_KEYS_MAX {
        let policies = vec![&policy; count];
        let mut store = Store::default();
        let ask = |id| acquisition(&policies, id, &vec![1; count]);
        let (outcome, loads, swaps) = run(ask(1), count, &mut store);
        assert_eq!((outcome.ending, loads, swaps), (Ending::Allowed, 2 * count - 1, 2 * count - 1));
        for key in 0..count {
            assert_eq!(left(&store, key, &policy, NOW), (0, 0));
        }
        let (outcome, loads, swaps) = run(ask(2), count, &mut store);
        assert_eq!((outcome.ending, loads, swaps), (Ending::Denied, count, 0));
        assert_eq!(outcome.denied_by().count(), count);
    }
}

/// Keys that are asked for nothing are looked at, and need no hold, wherever they stand.
#[test]
fn keys_that_are_asked_for_nothing() {
    let policy = policy(5);
    let policies = [&policy; 3];
    for (units, swaps_wanted) in [([0, 2, 0], 1), ([1, 0, 1], 3), ([0, 0, 0], 0)] {
        let mut store = Store::default();
        let (outcome, _, swaps) = run(acquisition(&policies, 1, &units), 3, &mut store);
        assert_eq!((outcome.ending, swaps), (Ending::Allowed, swaps_wanted), "{units:?}");
        for (key, units) in units.iter().enumerate() {
            let status = outcome.legs[key].as_ref().unwrap().limits[0];
            assert_eq!(
                (status.remaining, left(&store, key, &policy, NOW)),
                (5 - units, (5 - units, 0))
            );
        }
    }
    let (outcome, loads, swaps) =
        run(acquisition(&policies[..1], 1, &[0]), 1, &mut Store::default());
    assert_eq!((outcome.ending, loads, swaps), (Ending::Allowed, 1, 0));
}

/// A denial says who denied and for how long, and what is left on the other keys without it.
#[test]
fn what_a_denial_says() {
    let per_minute = |units| {
        Policy::new([Limit::token_bucket("requests", units, units, MINUTE).unwrap()]).unwrap()
    };
    let (wide, narrow) = (per_minute(6), per_minute(2));
    let policies = [&narrow, &wide, &narrow];
    let mut store = Store::default();
    let (outcome, ..) = run(acquisition(&policies, 1, &[3, 1, 2]), 3, &mut store);
    assert_eq!((outcome.ending, outcome.retry_after()), (Ending::Denied, Span::NEVER));
    assert_eq!(outcome.legs[0].as_ref().unwrap().verdict, Verdict::Impossible);
    assert!(run(acquisition(&policies, 2, &[1, 1, 2]), 3, &mut store).0.is_allowed());
    let (outcome, ..) = run(acquisition(&policies, 3, &[1, 1, 2]), 3, &mut store);
    assert_eq!(outcome.denied_by().collect::<Vec<_>>(), [2]);
    assert_eq!(outcome.retry_after(), MINUTE);
    let (a, b) = (outcome.legs[0].as_ref().unwrap(), outcome.legs[1].as_ref().unwrap());
    assert_eq!((a.limits[0].remaining, b.limits[0].remaining), (1, 5));
    assert_eq!((a.effect, b.effect), (Effect::NoHold, Effect::NoHold));
}

/// A class of requests may only use its share, of every key.
#[test]
fn shares() {
    let policy = policy(10);
    let policies = [&policy; 2];
    let mut store = Store::default();
    let ask = |id| acquisition(&policies, id, &[5, 5]).with_share(Share::LOW);
    assert_eq!(run(ask(1), 2, &mut store).0.ending, Ending::Allowed);
    assert_eq!(run(ask(2), 2, &mut store).0.ending, Ending::Denied);
}
