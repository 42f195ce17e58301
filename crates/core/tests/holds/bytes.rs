//! Records with everything in them, as bytes.

use proptest::prelude::*;
use proptest::sample::Index;
use tollgate_core::{RECORD_BYTES_MAX, Record};

use crate::draw::{ALL, policies, schedule};
use crate::support::{config, time};
use crate::world::{World, apply, at_every_step, driven};

proptest! {
    #![proptest_config(config())]

    /// What was written is read: on every schedule, a key that is written and read after each step is
    /// the one that stayed in memory.
    #[test]
    fn decode_reads_what_encode_wrote(policy in policies(), start in time(), steps in schedule(ALL)) {
        at_every_step(World::new(&policy, start), &steps, |world, _| {
            let bytes = world.bytes();
            prop_assert!(bytes.len() <= RECORD_BYTES_MAX);
            let read = Record::decode(&policy, &bytes).unwrap();
            prop_assert_eq!(&read, &world.record);
            prop_assert_eq!(read.encode(&policy), bytes);
            Ok(())
        })?;
    }

    /// Bytes that were damaged are a record or an error. A record that is read from them is written and
    /// read as the same, and whatever is done to it is decided without a panic.
    #[test]
    fn damaged_bytes_are_a_record_or_an_error(
        policy in policies(), start in time(), steps in schedule(ALL), more in schedule(ALL),
        damage in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut world = driven(World::new(&policy, start), &steps);
        let mut bytes = world.bytes();
        for (at, byte, kind) in damage {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        let Ok(record) = Record::decode(&policy, &bytes) else { return Ok(()) };
        let again = Record::decode(&policy, &record.encode(&policy)).unwrap();
        prop_assert_eq!(&again, &record);
        world.record = record;
        for step in more {
            // The holders that the schedule knows need not be there.
            let operation = world.operation_of(step);
            world.now = world.now.plus(tollgate_core::Span::from_nanos(step.bits % 100));
            let answer = apply(&policy, &mut world.record, &operation, world.now);
            prop_assert!(answer.limits.iter().all(|status| status.remaining <= status.limit));
            let _ = world.record.forget_after(&policy, world.now);
        }
        prop_assert_eq!(&Record::decode(&policy, &world.bytes()).unwrap(), &world.record);
    }
}
