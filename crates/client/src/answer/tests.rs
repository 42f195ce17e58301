#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::script::{Scripted, anything, minimal};

fn read(scripted: Scripted) -> Result<Answer, ClientError> {
    Answer::read(&Heard { response: scripted.unwrap(), is_repeated: false })
}

fn denied(told: &str, limits: &str) -> Option<Duration> {
    let answer = read(minimal(429, &[("retry-after", told), ("tollgate-limits", limits)])).unwrap();
    assert_eq!(answer.verdict, Verdict::Limited);
    answer.retry_after
}

/// All that a body would have said is in the field.
#[test]
fn limits_of_a_field() {
    let field = r#""requests";limit=60;remaining=59;retry_after_ms=0;reset_after_ms=1000;delay_ms=7, "tokens";limit="9007199254740991";remaining=9;retry_after_ms=0;later=1"#;
    let answer = read(minimal(200, &[("tollgate-limits", field)])).unwrap();
    let millis = Duration::from_millis;
    let requests = LimitStatus {
        limit: 60,
        remaining: 59,
        retry_after: Some(Duration::ZERO),
        reset_after: Some(millis(1_000)),
        delay: millis(7),
    };
    assert_eq!(answer.limits["requests"], requests);
    assert_eq!(
        (answer.limits["tokens"].limit, answer.limits["tokens"].reset_after),
        ((1 << 53) - 1, None)
    );
    assert_eq!((answer.delay, answer.retry_after), (millis(7), Some(Duration::ZERO)));
}

/// The wait is exact where a limit denies; a block says seconds, and a limit that only watches says
/// nothing.
#[test]
fn how_long_to_wait() {
    let millis = |it| Some(Duration::from_millis(it));
    let one = r#""a";limit=1;remaining=0;retry_after_ms=556"#;
    assert_eq!(denied("1", one), millis(556));
    assert_eq!(denied("30", r#""a";limit=1;remaining=1;retry_after_ms=0"#), millis(30_000));
    assert_eq!(denied("30", one), millis(30_000));
    let watching = format!(r#"{one}, "b";limit=1;remaining=0;retry_after_ms=99000"#);
    assert_eq!(denied("1", &watching), millis(556));
    let longer = format!(r#"{one}, "b";limit=1;remaining=0;retry_after_ms=950"#);
    let denied_by = |names| {
        let fields =
            [("retry-after", "1"), ("tollgate-limits", &*longer), ("tollgate-violated", names)];
        read(minimal(429, &fields)).unwrap().retry_after
    };
    assert_eq!(denied_by(r#""a""#), millis(556), "b only watches");
    assert_eq!(denied_by(r#""a", "b""#), millis(950));
    let whole = r#""a";limit=1;remaining=0;retry_after_ms=2000"#;
    assert_eq!(denied("2", whole), millis(2_000));
    let never = read(minimal(429, &[("tollgate-limits", r#""a";limit=1;remaining=0"#)])).unwrap();
    assert_eq!(never.retry_after, None);
}

/// Who counted it is told.
#[test]
fn who_counted() {
    let by = |field| read(minimal(200, &[(field, "?1")])).unwrap().counted_by;
    assert_eq!(by("tollgate-uncounted"), CountedBy::Nobody);
    assert_eq!(by("tollgate-local"), CountedBy::Process);
    assert_eq!(by("x-other"), CountedBy::Store);
}

proptest! {
    /// Any answer is read to its end, and lets pass only if it is a 200 that knows what was asked.
    #[test]
    fn any_answer_is_read(
        status in 100_u16..600,
        is_minimal: bool,
        limits in r#"("?[a-z]{0,3}"?(;[a-z_]{0,9}=?"?[0-9]{0,20}"?){0,3},? ?){0,3}|[ -~]{0,30}"#,
        retry_after in "[0-9]{0,20}|[ -~]{0,9}",
        body in ".{0,50}",
    ) {
        let fields = [("tollgate-limits", &*limits), ("retry-after", &*retry_after)];
        let heard = if is_minimal { minimal(status, &fields) } else { anything(status, &fields, &body) };
        let heard = Heard { response: heard.unwrap(), is_repeated: false };
        if let Ok(answer) = Answer::read(&heard) {
            prop_assert_eq!(answer.is_allowed(), status == 200);
            prop_assert!(is_minimal || status == 429);
        }
    }
}
