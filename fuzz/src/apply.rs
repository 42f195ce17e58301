//! A story of one key: any policy, and operations, damage and decisions at any times.

use arbitrary::{Result, Unstructured};
use tollgate_core::{Operation, Policy, Record, Timestamp};

use crate::checks;
use crate::damage::damaged;
use crate::draw::{next_time, time};
use crate::draw_operation::operation;
use crate::draw_policy::policy;

/// Enough for a story, and few enough for many stories per second.
const STEPS_MAX: usize = 48;

/// Tells the story. Bytes that end too early end it.
pub fn run(bytes: &[u8]) {
    // That it ended is all there is to say.
    let _ = story(&mut Unstructured::new(bytes));
}

fn story(bytes: &mut Unstructured<'_>) -> Result<()> {
    let policy = policy(bytes)?;
    let mut record = Record::new(&policy);
    let mut now = time(bytes)?;
    for turn in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        now = next_time(bytes, now)?;
        if bytes.ratio(1, 16)? {
            let stored = damaged(bytes, record.encode(&policy))?;
            record = Record::decode(&policy, &stored).unwrap_or(record);
        }
        step(&policy, &mut record, &operation(bytes, &policy)?, now, turn);
    }
    Ok(())
}

/// One operation, and all that has to hold after it. Looking into the future is dear, so the limits
/// take turns at it.
fn step(policy: &Policy, record: &mut Record, operation: &Operation, now: Timestamp, turn: usize) {
    let before = record.clone();
    let decision = policy.apply(record, operation, now);
    checks::room_is_bounded(&decision);
    checks::debt_is_bounded(&decision, now);
    checks::unchanged_is_unchanged(&before, &decision, policy, now);
    checks::reset_is_honest(&decision, policy, now, turn % policy.limits().len().max(1));
    checks::wait_is_honest(&decision, policy, operation, now);
    checks::bytes_round_trip(policy, record);
}
