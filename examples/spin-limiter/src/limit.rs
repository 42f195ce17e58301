//! What is limited, and deciding on it.

use std::cell::OnceCell;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{records, wit};

/// Three requests at once, and one more every 20 seconds.
const REQUESTS: wit::TokenBucket =
    wit::TokenBucket { capacity: 3, refill: 3, period: 60_000_000_000, initial: 3 };

/// Most attempts of one decision; after that the caller's record is too busy.
const ATTEMPTS_MAX: u32 = 10;

thread_local! {
    /// Opened once in an instance, and then named by a number.
    static POLICY: OnceCell<wit::PolicyId> = const { OnceCell::new() };
}

/// Charges one request to a caller, or says when it may come back.
pub(crate) fn acquire(caller: &str) -> Result<wit::Decision, String> {
    let (policy, one) = (policy()?, one_request());
    let key = format!("limited/{caller}");
    for _ in 0..ATTEMPTS_MAX {
        let seen = records::load(&key)?;
        let decision = wit::apply(policy, seen.as_deref(), &one, now_ns());
        let decision = decision.map_err(|error| format!("{error:?}"))?;
        // A denial writes nothing.
        let Some(record) = &decision.record else { return Ok(decision) };
        if records::swap(&key, seen.as_deref(), record)? {
            return Ok(decision);
        }
    }
    Err(format!("others were faster {ATTEMPTS_MAX} times in a row"))
}

fn policy() -> Result<wit::PolicyId, String> {
    POLICY.with(|cell| {
        if let Some(policy) = cell.get() {
            return Ok(*policy);
        }
        let limit = wit::Limit {
            name: String::from("requests"),
            algorithm: wit::Algorithm::TokenBucket(REQUESTS),
            shadow: false,
            overrun: wit::Overrun::Debt,
        };
        let policy = wit::open_policy(&[limit]).map_err(|error| format!("{error:?}"))?;
        Ok(*cell.get_or_init(|| policy))
    })
}

fn one_request() -> wit::Operation {
    let (costs, hold, once) = (vec![1], None, None);
    wit::Operation::Acquire(wit::Acquire { costs, share_permille: 1_000, hold, once })
}

fn now_ns() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}
