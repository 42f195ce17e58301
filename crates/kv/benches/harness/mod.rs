//! What the benchmarks have in common: a clock, and a policy that admits everything.

mod clock;

use tollgate_core::{Acquire, Costs, Limit, Operation, Policy, Record, Span, Timestamp};
use tollgate_store::Answer;

pub(crate) use self::clock::SystemClock;

pub(crate) fn policy() -> Policy {
    let limit = Limit::token_bucket("requests", 1_000_000_000_000, 1_000, Span::from_secs(1));
    Policy::new([limit.unwrap()]).unwrap()
}

/// Decides as a service does: reads the record, decides, writes the new one.
pub(crate) fn ask(
    policy: &Policy,
    record: Option<&[u8]>,
    costs: &Costs,
    now: Timestamp,
) -> Answer<()> {
    let fresh = || Record::new(policy);
    let mut record = record.map_or_else(fresh, |bytes| Record::decode(policy, bytes).unwrap());
    let acquire = Operation::from(Acquire::new(*costs));
    let changed = policy.apply(&mut record, &acquire, now).changed();
    let record = changed.then(|| record.encode(policy));
    Answer { outcome: (), record, forget_after: Span::NEVER }
}
