//! What holds of every record and every decision, whatever came before.

use tollgate_core::{
    Decision, Effect, Operation, Policy, RECORD_BYTES_MAX, Record, SKEW_MAX, Span, Timestamp,
    Verdict,
};

/// What is written is bounded, and read back as what it was.
pub(crate) fn bytes_round_trip(policy: &Policy, record: &Record) {
    let bytes = record.encode(policy);
    assert!(bytes.len() <= RECORD_BYTES_MAX, "{} bytes", bytes.len());
    assert_eq!(Record::decode(policy, &bytes).as_ref(), Ok(record), "of {bytes:02x?}");
}

/// No limit has more room than its capacity, and what is held is not offered again.
pub(crate) fn room_is_bounded(decision: &Decision<'_>) {
    for status in decision.limits() {
        let taken = status.remaining.saturating_add(status.held);
        assert!(taken <= status.limit || status.remaining == 0, "{status:?}");
        assert_eq!(status.verdict == Verdict::Allowed, status.retry_after == Span::ZERO);
        assert_eq!(status.verdict == Verdict::Impossible, is_never_for_all(&status), "{status:?}");
    }
}

/// Whether no wait helps, whatever happens: what is limited may have to wait forever too.
fn is_never_for_all(status: &tollgate_core::LimitStatus) -> bool {
    status.verdict == Verdict::Impossible && status.retry_after.is_never()
}

/// A denial does nothing, and what is not to be written need not be written: whoever comes later finds
/// the same in the bytes from before.
pub(crate) fn unchanged_is_unchanged(
    before: &Record,
    decision: &Decision<'_>,
    policy: &Policy,
    now: Timestamp,
) {
    if decision.verdict() != Verdict::Allowed {
        assert_eq!(decision.effect(), Effect::None);
    }
    if !decision.changed() {
        let brought_up = |record: &Record| {
            let mut record = record.clone();
            policy.apply(&mut record, &policy.no_costs().into(), now);
            record.encode(policy)
        };
        assert_eq!(brought_up(before), brought_up(decision.record()), "{decision:?}");
    }
}

/// Who is denied is let in after the wait that was told, and not a nanosecond earlier; who is told
/// never is not let in at the end of time. To be let in is to settle, where that was refused.
pub(crate) fn wait_is_honest(
    decision: &Decision<'_>,
    policy: &Policy,
    operation: &Operation,
    now: Timestamp,
) {
    let is_let_in = |then: Timestamp| {
        let mut record = decision.record().clone();
        let later = policy.apply(&mut record, operation, then);
        // A hold that has expired can't be settled any more.
        later.verdict() == Verdict::Allowed && later.effect() != Effect::NoHold
    };
    let wait = decision.retry_after();
    if decision.verdict() == Verdict::Allowed {
        assert_eq!(wait, Span::ZERO);
        return;
    }
    assert!(wait > Span::ZERO, "a denial without a wait: {decision:?}");
    if wait.is_never() {
        assert!(!is_let_in(Timestamp::MAX), "let in after all: {decision:?}");
        return;
    }
    assert_eq!(decision.verdict(), Verdict::Limited);
    let then = now.plus(wait);
    assert_eq!(then.since(now), wait, "it ends after the end of time: {decision:?}");
    assert!(is_let_in(then), "told {wait:?}, and refused then: {decision:?}");
    let early = now.plus(Span::from_nanos(wait.as_nanos().saturating_sub(1)));
    assert!(!is_let_in(early), "told {wait:?}, and let in before: {decision:?}");
}

/// When the limit at `index` says that it is as if never used, it has everything.
pub(crate) fn reset_is_honest(
    decision: &Decision<'_>,
    policy: &Policy,
    now: Timestamp,
    index: usize,
) {
    let Some(status) = decision.limits().nth(index) else { return };
    if status.reset_after.is_never() {
        return;
    }
    let mut record = decision.record().clone();
    let nothing = policy.no_costs().into();
    let then = policy.apply(&mut record, &nothing, now.plus(status.reset_after));
    let then = then.limits().nth(index);
    let is_reset = then.is_some_and(|then| then.remaining >= then.limit && then.held == 0);
    assert!(is_reset, "limit {index}: {status:?}, and then {then:?} of {decision:?}");
}

/// What nobody holds comes back in the time for two capacities: there is never more than one of debt.
pub(crate) fn debt_is_bounded(decision: &Decision<'_>, now: Timestamp) {
    for (index, status) in decision.limits().enumerate() {
        let Some(capacity) = decision.capacity(index) else { continue };
        let is_whole = capacity.capacity >= status.limit && status.held == 0;
        let longest_ns = capacity.period.as_nanos().saturating_mul(2);
        let longest = Span::from_nanos(longest_ns.saturating_add(SKEW_MAX.as_nanos()));
        let ends = now.plus(longest) < Timestamp::MAX;
        if is_whole && ends {
            assert!(status.reset_after <= longest, "limit {index}: {status:?} of {decision:?}");
        }
    }
}
