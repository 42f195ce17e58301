//! When a record changes, and when it does not.

use proptest::prelude::*;
use tollgate_core::{Record, Span, Verdict};

use crate::at_every_step;
use crate::support::{Key, config, numbers, schedule, time};

proptest! {
    #![proptest_config(config())]

    /// A cost of 0 is a peek: it passes, whatever the state, and changes nothing.
    #[test]
    fn a_peek_changes_nothing(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, _| {
            let mut peeked = key.clone();
            let answer = peeked.ask(0);
            prop_assert_eq!((answer.verdict, answer.changed), (Verdict::Allowed, false));
            prop_assert_eq!(answer.retry_after, Span::ZERO);
            prop_assert_eq!(peeked.bytes(), key.bytes());
            Ok(())
        })?;
    }

    /// A charge changes the record and says so; a denial changes nothing and says so.
    #[test]
    fn changed_tells_whether_the_record_changed(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let mut after = key.clone();
            let answer = after.ask(cost);
            let charged = answer.verdict == Verdict::Allowed && cost > 0;
            prop_assert_eq!(answer.changed, charged);
            prop_assert_eq!(after.record != key.record, charged);
            prop_assert_eq!(after.bytes() != key.bytes(), charged);
            Ok(())
        })?;
    }

    /// A decision is a function of its arguments: from the bytes of a record it goes on as from the
    /// record itself.
    #[test]
    fn decisions_go_on_from_the_bytes(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let record = Record::decode(&key.policy, &key.bytes()).unwrap();
            let (mut read, mut kept) = (Key { record, ..key.clone() }, key.clone());
            prop_assert_eq!(read.ask(cost), kept.ask(cost));
            prop_assert_eq!(read.record, kept.record);
            Ok(())
        })?;
    }
}
