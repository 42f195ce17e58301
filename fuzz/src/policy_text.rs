//! The policy text: any UTF-8, as TOML and as JSON.

use tollgate_core::{Policy, Record, Timestamp};
use tollgate_policy::PolicySet;

use crate::checks;

/// Reads `bytes`, if they are UTF-8, as a policy text; what it describes can decide.
///
/// # Panics
/// When something does not hold.
pub fn run(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match PolicySet::parse(text) {
        Ok(set) => set.iter().for_each(|policy| {
            decides(policy.limits());
            policy.overrides().iter().for_each(|it| decides(it.limits()));
        }),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// One unit of each limit, time and again.
fn decides(policy: &Policy) {
    let ones = vec![1; policy.limits().len()];
    let operation = policy.costs_in_order(&ones).expect("one unit is a cost of every limit").into();
    let mut record = Record::new(policy);
    for now in [0, 1, 1_800_000_000, u64::MAX].map(Timestamp::from_secs) {
        let decision = policy.apply(&mut record, &operation, now);
        checks::room_is_bounded(&decision);
        checks::wait_is_honest(&decision, policy, &operation, now);
        checks::bytes_round_trip(policy, &record);
    }
}
