//! The exported function over the host's store: load, decide, swap, and try again after a conflict.

use alloc::string::String;

use tollgate_core::{
    ATTEMPTS_MAX, DECISION_TIME_MAX, Operation, Policy, SETTLE_ATTEMPTS_MAX, Timestamp, is_key,
};

use crate::bindings::exports::tollgate::limiter::limiter::{
    DecideError, Decision, Operation as Given,
};
use crate::bindings::exports::tollgate::limiter::stored as wit;
use crate::bindings::tollgate::limiter::store::{self, Swapped};
use crate::exports::{decode, opened};
use crate::{Component, convert, operation};

impl wit::Guest for Component {
    fn apply(
        policy: u32,
        key: String,
        operation: Given,
        now: u64,
    ) -> Result<Decision, wit::StoredError> {
        if !is_key(&key) {
            return Err(wit::StoredError::Key);
        }
        // A copy, because some hosts let a store call back and close the policy.
        let policy = opened(policy)?.clone();
        let operation = operation::operation(&policy, operation)?;
        let asked = Asked { policy: &policy, key: &key, operation: &operation };
        asked.drive(Timestamp::from_nanos(now))
    }
}

/// One request.
struct Asked<'a> {
    policy: &'a Policy,
    key: &'a str,
    operation: &'a Operation,
}

/// The outcome of an attempt.
enum Attempt {
    Done(Decision),
    Conflict,
}

impl Asked<'_> {
    fn drive(&self, start: Timestamp) -> Result<Decision, wit::StoredError> {
        let (mut now, mut attempt) = (start, 1);
        loop {
            if let Attempt::Done(decision) = self.attempt(now)? {
                return Ok(decision);
            }
            if attempt >= self.attempts_max() {
                return Err(wit::StoredError::Busy);
            }
            now = Timestamp::from_nanos(store::wait(attempt));
            if now.since(start) > DECISION_TIME_MAX {
                return Err(wit::StoredError::TimedOut);
            }
            attempt += 1;
        }
    }

    fn attempt(&self, now: Timestamp) -> Result<Attempt, wit::StoredError> {
        let before = store::load(self.key).map_err(wit::StoredError::Load)?;
        let mut record = decode(self.policy, before.as_deref())?;
        let decision = self.policy.apply(&mut record, self.operation, now);
        let decision = convert::decision(self.policy, &decision);
        let Some(after) = &decision.record else { return Ok(Attempt::Done(decision)) };
        let forget_after = record.forget_after(self.policy, now).as_nanos();
        match store::swap(self.key, before.as_deref(), after, forget_after) {
            Ok(Swapped::Done) => Ok(Attempt::Done(decision)),
            Ok(Swapped::Conflict) => Ok(Attempt::Conflict),
            Err(error) => Err(wit::StoredError::Swap(error)),
        }
    }

    /// An admitted request must be able to finish, so ending a hold has more attempts than placing one.
    const fn attempts_max(&self) -> u32 {
        match self.operation {
            Operation::Acquire(_) => ATTEMPTS_MAX,
            _ => SETTLE_ATTEMPTS_MAX,
        }
    }
}

impl From<DecideError> for wit::StoredError {
    fn from(error: DecideError) -> Self {
        Self::Refused(error)
    }
}
