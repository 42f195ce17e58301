//! Plain requests are decided in a shorter way than all others: the same comes of it under several limits,
//! some of which only watch.

use proptest::prelude::*;
use tollgate_core::{Acquire, Id, Limit, Operation, Policy};

use crate::draw::{ASKING, limits, schedule};
use crate::support::{config, time};
use crate::world::{World, apply, at_every_step};

proptest! {
    #![proptest_config(config())]

    /// A request that bears an id goes the long way. But for the id, which is written last, nothing differs:
    /// not what is said, and not what is written.
    #[test]
    fn the_short_way_leads_where_the_long_one_does(
        limits in limits(), watching in any::<u8>(), start in time(), steps in schedule(ASKING),
    ) {
        let some_watch = |(index, limit): (usize, Limit)| {
            if watching & 1 << index == 0 { limit } else { limit.shadow() }
        };
        let policy = Policy::new(limits.into_iter().enumerate().map(some_watch)).unwrap();
        at_every_step(World::new(&policy, start), &steps, |world, operation| {
            let Operation::Acquire(asked) = operation else { return Ok(()) };
            let long = Acquire { once: Some(Id::from_u128(1)), ..asked.clone() }.into();
            let [short, long] = [operation, &long].map(|operation| {
                let mut record = world.record.clone();
                let answer = apply(&policy, &mut record, operation, world.now);
                (answer, record.encode(&policy))
            });
            prop_assert_eq!(short.0, long.0);
            prop_assert!(long.1.starts_with(&short.1));
            Ok(())
        })?;
    }
}
