//! Plain requests that pass are decided in a shorter way than all others: the same comes of it.

use proptest::prelude::*;
use tollgate_core::{Acquire, Id, Operation, Timestamp};

use crate::at_every_step;
use crate::support::{Key, config, numbers, schedule, time};

proptest! {
    #![proptest_config(config())]

    /// A request that bears an id goes the long way. But for the id, which is written last, nothing
    /// differs; nor does it by a clock that the record is far ahead of.
    #[test]
    fn the_short_way_leads_where_the_long_one_does(
        numbers in numbers(),
        start in time(),
        steps in schedule(),
    ) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let costs = key.policy.costs_in_order(&[cost]).unwrap();
            let ways: [Operation; 2] =
                [costs.into(), Acquire::new(costs).once(Id::from_u128(1)).into()];
            for now in [key.now, Timestamp::from_nanos(key.now.as_nanos() / 2)] {
                let [short, long] = ways.each_ref().map(|operation| {
                    let mut record = key.record.clone();
                    let decision = key.policy.apply(&mut record, operation, now);
                    let waits = (decision.retry_after(), decision.delay(), decision.closed_for());
                    let done = (decision.verdict(), decision.effect(), decision.changed());
                    let limits: Vec<_> = decision.limits().collect();
                    ((done, waits, limits), record.encode(&key.policy))
                });
                prop_assert_eq!(short.0, long.0);
                prop_assert!(long.1.starts_with(&short.1));
            }
            Ok(())
        })?;
    }
}
