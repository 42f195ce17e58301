#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::held::Token;
use crate::script::{Run, Scripted, anything, config, lost, minimal, run};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn wait(
    asked: &Acquire,
    hold: Option<Duration>,
    timeout: Duration,
    script: impl IntoIterator<Item = Scripted>,
) -> Run<Result<Granted, AcquireError>> {
    let start = Instant::now();
    run(Waiting::new(&config(), asked, hold, timeout, start).unwrap(), start, script)
}

fn alice() -> Acquire {
    Acquire::new("llm", "alice", 1)
}

/// A denial of so many milliseconds.
fn limited(retry_after_ms: u64) -> Scripted {
    let limits = format!("\"requests\";limit=1;remaining=0;retry_after_ms={retry_after_ms}");
    let seconds = retry_after_ms.div_ceil(1_000).max(1).to_string();
    minimal(429, &[("retry-after", &seconds), ("tollgate-limits", &limits)])
}

fn allowed() -> Scripted {
    minimal(200, &[("tollgate-lease", "token")])
}

/// It sleeps exactly as long as told, to the millisecond, and asks under the same id. The service may wait for
/// the rest of the time, at most four seconds, and the answer's timeout grows by as much.
#[test]
fn it_waits_as_told() {
    let ran = wait(&alice(), None, MINUTE, [limited(10_500), limited(48_000), allowed()]);
    assert!(ran.output.is_ok());
    assert_eq!(ran.slept, [Duration::from_millis(10_500), 48 * SECOND]);
    let bodies = ran.bodies();
    let waits: Vec<_> = bodies.iter().map(|body| body["wait_ms"].as_u64().unwrap()).collect();
    assert_eq!(waits, [4_000, 4_000, 1_500]);
    assert!(bodies.iter().all(|body| body["request_id"] == bodies[0]["request_id"]));
    assert_eq!(ran.sent[2].1, crate::ANSWER_TIMEOUT + Duration::from_millis(1_500));
}

/// If waiting can't help it fails at once, and reports how long the wait would have been.
#[test]
fn it_does_not_wait_in_vain() {
    for told in [limited(60_001), minimal(429, &[])] {
        let ran = wait(&alice(), None, MINUTE, [told]);
        assert!(matches!(ran.output, Err(AcquireError::TimedOut(_))));
        assert!(ran.slept.is_empty());
    }
    let ran = wait(&alice(), None, MINUTE, [minimal(422, &[])]);
    assert!(matches!(ran.output, Err(AcquireError::Impossible(_))));
}

/// With no time it asks once, and the service waits for nothing.
#[test]
fn no_time_is_one_question() {
    let ran = wait(&alice(), None, Duration::ZERO, [limited(1)]);
    let error = ran.output.as_ref().unwrap_err().to_string();
    assert_eq!(error, "timeout: it passes in 1 ms at the soonest");
    assert_eq!((ran.sent.len(), ran.bodies()[0].get("wait_ms")), (1, None));
}

/// A request that loses to others again and again asks a last time when the time is over, and not later.
#[test]
fn it_ends_in_time() {
    let ran = wait(&alice(), None, MINUTE, [limited(7_000)]);
    assert!(matches!(ran.output, Err(AcquireError::TimedOut(_))));
    assert_eq!(ran.slept.iter().sum::<Duration>(), 56 * SECOND);
    let ran = wait(&alice(), None, 2 * SECOND, [limited(1_000)]);
    assert_eq!((ran.slept.len(), ran.sent.len()), (2, 3));
}

/// Holds may be released before the returned wait is over, so it asks every second until the time is over.
#[test]
fn who_holds_looks_again() {
    let timeout = Duration::from_millis(2_500);
    for told in [limited(600_000), minimal(429, &[])] {
        let ran = wait(&alice(), Some(MINUTE), timeout, [told.clone(), told.clone(), allowed()]);
        assert_eq!(ran.output.unwrap().lease, Some(Token::new("token")));
        assert_eq!(ran.slept, [SECOND, SECOND]);
        let ran = wait(&alice(), Some(MINUTE), timeout, [told]);
        assert!(matches!(ran.output, Err(AcquireError::TimedOut(_))));
        assert_eq!(ran.slept, [SECOND, SECOND, SECOND / 2]);
    }
    let ran = wait(&alice(), Some(MINUTE), timeout, [limited(300), allowed()]);
    assert_eq!(ran.slept, [Duration::from_millis(300)]);
}

/// There may be no deadline.
#[test]
fn for_ever_is_a_time() {
    let ran = wait(&alice(), None, Duration::MAX, [limited(86_400_000), allowed()]);
    assert!(ran.output.is_ok());
    assert_eq!(ran.slept, [Duration::from_secs(86_400)]);
}

/// A service that denies and says to retry at once is not asked more often than every second.
#[test]
fn no_wait_is_a_wait() {
    let now = anything(429, &[("retry-after", "0")], "");
    let ran = wait(&alice(), None, Duration::from_millis(2_500), [now]);
    assert!(matches!(ran.output, Err(AcquireError::TimedOut(_))));
    assert_eq!(ran.slept, [SECOND, SECOND]);
}

/// What is asked again after a fault waits for less, and no attempt but the first one begins after the time is over.
#[test]
fn faults_take_their_time_from_the_wait() {
    let busy = || anything(503, &[("retry-after", "1")], "");
    let ran = wait(&alice(), None, 3 * SECOND, [busy(), allowed()]);
    assert!(ran.output.is_ok());
    let waits: Vec<_> = ran.bodies().iter().map(|body| body["wait_ms"].as_u64().unwrap()).collect();
    assert_eq!(waits, [3_000, 2_000]);
    let busy = || anything(503, &[("retry-after", "4")], "");
    for timeout in [Duration::ZERO, SECOND] {
        let ran = wait(&alice(), None, timeout, [busy()]);
        let error = ran.output.unwrap_err();
        assert!(matches!(error, AcquireError::Client(ClientError::Unavailable { .. })), "{error}");
        assert_eq!(ran.slept, [4 * SECOND], "within the five that an answer may take");
    }
}

/// Waiting works the same for several keys; their waits are in whole seconds.
#[test]
fn several_keys_wait() {
    let both = alice().and("api", "acme", 1);
    let ran = wait(&both, None, MINUTE, [minimal(429, &[("retry-after", "7")]), allowed()]);
    assert_eq!(ran.slept, [7 * SECOND]);
    let body = &ran.bodies()[0];
    assert_eq!((&body["keys"][1]["key"], &body["wait_ms"]), (&"acme".into(), &4_000.into()));
}

/// The count of attempts restarts after each answer, and too many faults end the wait.
#[test]
fn faults_on_the_way() {
    let script = [lost(), limited(1_000), lost(), lost(), allowed()];
    assert!(wait(&alice(), None, MINUTE, script).output.is_ok());
    let ran = wait(&alice(), None, MINUTE, [limited(1_000), lost()]);
    let error = ran.output.unwrap_err();
    assert!(matches!(error, AcquireError::Client(ClientError::Unavailable { .. })), "{error}");
    assert_eq!(ran.sent.len(), 4);
}
