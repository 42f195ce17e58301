//! How requests for the same key get along, as a policy says it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_policy::{Contention, PolicySet};

fn error(text: &str) -> String {
    PolicySet::parse(text).unwrap_err().to_string()
}

#[test]
fn contention_is_retried_unless_it_is_said() {
    let rows = [
        ("", Contention::Retry),
        ("contention = 'retry'", Contention::Retry),
        ("contention = 'combine'", Contention::Combine),
        ("contention = 'lease'", Contention::Lease),
    ];
    for (option, contention) in rows {
        let text =
            format!("[policy.p]\n{option}\nx = {{ algorithm = 'gcra', limit = 9, per = '1s' }}");
        let set = PolicySet::parse(&text).unwrap();
        assert_eq!(set.get("p").unwrap().contention(), contention, "{option}");
    }
    let wrong = error("[policy.p]\ncontention = 'hope'");
    assert_eq!(wrong, "policy.p.contention: must be \"retry\" or \"combine\" or \"lease\"");
}

/// What can't be held by one process and spent by it later is refused, and the message says why.
#[test]
fn limits_that_cannot_be_leased_are_refused_when_the_policy_is_read() {
    let rows = [
        ("algorithm = 'concurrency', slots = 3", "every slot has a holder of its own"),
        (
            "algorithm = 'leaky-queue', capacity = 9, leak = 1, per = '1s'",
            "what it lets in has a turn of its own",
        ),
        (
            "algorithm = 'adaptive', capacity = 9, per = '1s'",
            "its capacity may be reduced at any time",
        ),
        (
            "algorithm = 'token-bucket', capacity = 9, refill = 0",
            "a budget does not regain what a process loses that ends",
        ),
        (
            "algorithm = 'gcra', limit = 9, per = '1s', shadow = true",
            "a limit that only watches has nothing to hold",
        ),
        (
            "algorithm = 'gcra', limit = 9, per = '1s', per_call = true",
            "a lease stands for many calls; leave out per_call",
        ),
    ];
    for (limit, reason) in rows {
        let text = format!("[policy.p]\ncontention = 'lease'\nx = {{ {limit} }}");
        assert_eq!(
            error(&text),
            format!("policy.p.contention: \"lease\" is not for x: {reason}"),
            "{limit}"
        );
        let combined = text.replace("'lease'", "'combine'");
        assert!(PolicySet::parse(&combined).is_ok(), "{combined}");
    }
}
