//! Points in time, and distances between them.

use tollgate_core::{Span, Timestamp};

/// A time later than the last one counts as that one.
#[test]
fn times() {
    let last = Timestamp::MAX;
    assert_eq!(last.as_nanos(), (1 << 63) - 1);
    assert_eq!(Timestamp::from_nanos(last.as_nanos()), last);
    assert!(Timestamp::from_nanos(last.as_nanos() - 1) < last);
    for later in [last.as_nanos() + 1, u64::MAX] {
        assert_eq!(Timestamp::from_nanos(later), last);
    }
    assert_eq!(Timestamp::from_secs(u64::MAX), last);
    assert_eq!(last.plus(Span::from_nanos(1)), last);
    assert_eq!(Timestamp::EPOCH.plus(Span::NEVER), last);
    assert_eq!(Timestamp::EPOCH.since(last), Span::ZERO);
}

/// Spans are shown rounded up, and saturate.
#[test]
fn spans() {
    let nanos = Span::from_nanos;
    assert_eq!(
        [0, 1, 999_999, 1_000_000, 1_000_001].map(|n| nanos(n).as_millis_ceil()),
        [0, 1, 1, 1, 2]
    );
    assert_eq!(
        [0, 1, 999_999_999, 1_000_000_000, 1_000_000_001].map(|n| nanos(n).as_secs_ceil()),
        [0, 1, 1, 1, 2]
    );
    assert_eq!(
        (Span::from_millis(u64::MAX), Span::from_secs(u64::MAX)),
        (Span::NEVER, Span::NEVER)
    );
    assert!(Span::NEVER.is_never() && !Span::MAX.is_never());
}
