#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::CountedBy;
use crate::calls::{self, Acquire, AdaptiveLimit, Settled};
use crate::held::Token;
use crate::script::{Run, Scripted, anything, config, lost, minimal, not_sent, run};

const SECOND: Duration = Duration::from_secs(1);

fn ask<T>(
    call: Call<T>,
    script: impl IntoIterator<Item = Scripted>,
) -> Run<Result<T, ClientError>> {
    run(Exchange::new(config(), call), Instant::now(), script)
}

fn charge() -> Call<calls::Granted> {
    Acquire::new("llm", "alice", 1).named().unwrap().call(None, Duration::ZERO)
}

fn reduce() -> Call<crate::Limits> {
    calls::reduce_capacity(&AdaptiveLimit::new("upstream", "openai"), None)
}

fn unavailable(is_unclear: bool, detail: &str) -> ClientError {
    ClientError::Unavailable { detail: detail.into(), is_unclear }
}

/// What is sent again is the same to the byte, id included, and another request has another id.
#[test]
fn a_repetition_is_the_same_request() {
    let ran = ask(charge(), [lost(), not_sent(), minimal(200, &[])]);
    assert!(ran.output.unwrap().answer.is_allowed());
    let bytes: Vec<_> = ran.sent.iter().map(|(request, _)| request.body().clone()).collect();
    assert!(bytes.len() == 3 && bytes.iter().all(|it| *it == bytes[0]));
    let id = |call: &Call<_>| {
        let body = call.request(&config()).unwrap().into_body();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()["request_id"].clone()
    };
    assert_eq!(id(&charge()).as_str().unwrap().len(), 32);
    assert_ne!(id(&charge()), id(&charge()));
}

/// It is sent three times and not more, after random waits that are short, and the error says whether
/// any of the three may have been done.
#[test]
fn attempts_are_bounded() {
    for (script, is_unclear) in [([lost(), not_sent()], true), ([not_sent(), not_sent()], false)] {
        let ran = ask(charge(), script);
        let expected = unavailable(is_unclear, "connection refused");
        assert_eq!((ran.output.unwrap_err(), ran.sent.len()), (expected, 3));
        assert!(ran.slept.len() == 2 && ran.slept.iter().all(|wait| *wait <= SECOND));
    }
}

/// Pauses are random, double, and end at two seconds.
#[test]
fn pauses_are_bounded() {
    let longest = |attempts| (0..1_000).map(|_| wait_after(attempts)).max().unwrap();
    assert!(longest(1) <= Duration::from_millis(FIRST_WAIT_MAX_MS));
    assert!(longest(3) > Duration::from_millis(FIRST_WAIT_MAX_MS));
    for attempts in [10, 64, u32::MAX] {
        assert!(longest(attempts) <= Duration::from_millis(WAIT_MAX_MS));
    }
}

/// What would be done twice is sent again only when nothing arrived.
#[test]
fn what_is_not_repeatable_is_sent_once() {
    let done = anything(200, &[], r#"{"limits":{}}"#);
    assert!(ask(reduce(), [not_sent(), done]).output.is_ok());
    let by_hand = || {
        let asked = Acquire::new("llm", "alice", 1).without_request_id();
        asked.named().unwrap().call(None, Duration::ZERO)
    };
    for fault in [lost(), anything(503, &[("retry-after", "1")], "")] {
        let ran = ask(reduce(), [fault.clone()]);
        assert!(matches!(ran.output, Err(ClientError::Unavailable { is_unclear: true, .. })));
        assert_eq!(ran.sent.len(), 1);
        assert_eq!(ask(by_hand(), [fault]).sent.len(), 1);
    }
}

/// A service that can't decide is left alone for as long as it says, unless that is too long or no time.
#[test]
fn a_503_is_waited_for_as_told() {
    let after = |told| anything(503, &[("retry-after", told)], r#"{"detail":"no store"}"#);
    let ran = ask(charge(), [after("1"), after("5"), minimal(200, &[])]);
    assert!(ran.output.is_ok());
    assert_eq!(ran.slept, [SECOND, 5 * SECOND]);
    let ran = ask(charge(), [after("6")]);
    assert_eq!((ran.output.unwrap_err(), ran.sent.len()), (unavailable(true, "no store"), 1));
    for nonsense in ["-1", "soon", "", "Sun, 22 Nov 2026 00:36:48 GMT", "99999999999999999999"] {
        let ran = ask(charge(), [after(nonsense), minimal(200, &[])]);
        assert!(ran.output.is_ok() && ran.slept[0] < SECOND, "{nonsense}");
    }
}

/// Looking leaves nothing behind, so nothing is unclear.
#[test]
fn looking_charges_nothing() {
    let ran = ask(calls::peek("llm", "alice"), [lost()]);
    assert_eq!(ran.output, Err(unavailable(false, "connection reset")));
}

/// What is no tollgate lets nobody pass, whatever it says.
#[test]
fn strangers_let_nobody_pass() {
    let html = "<html>Sign in</html>";
    let strangers = [
        anything(200, &[], html),
        anything(200, &[("preference-applied", "return=representation")], ""),
        minimal(204, &[]),
        anything(302, &[("location", "/sign-in")], html),
        minimal(200, &[("tollgate-limits", "requests=60")]),
        minimal(200, &[("tollgate-limits", "\"requests\";limit=sixty")]),
        minimal(200, &[("tollgate-limits", "\"requests\";limit=99999999999999999999")]),
        Err(Broken::TooLong),
    ];
    for (index, stranger) in strangers.into_iter().enumerate() {
        let ran = ask(charge(), [stranger]);
        assert!(matches!(ran.output, Err(ClientError::Protocol { .. })), "{index}");
        assert_eq!(ran.sent.len(), 1, "{index}");
    }
    let places = [("llm".into(), "alice".into())];
    for body in ["", html, "{}"] {
        let settled = ask(calls::settle("token", &places, &[]), [anything(200, &[], body)]).output;
        assert!(matches!(settled, Err(ClientError::Protocol { .. })), "{body}");
        let released = ask(calls::release("token"), [anything(200, &[], body)]).output;
        assert!(matches!(released, Err(ClientError::Protocol { .. })), "{body}");
        let busy = ask(calls::settle("token", &places, &[]), [anything(429, &[], body)]).output;
        assert!(matches!(busy, Err(ClientError::Refused { .. })), "{body}");
    }
    let peeked = ask(calls::peek("llm", "alice"), [anything(429, &[], html)]).output;
    assert!(matches!(peeked, Err(ClientError::Refused { .. })));
    let asked = [Acquire::new("llm", "alice", 1), Acquire::new("llm", "bob", 1)];
    let one = calls::try_acquire_batch(&asked[..1]).unwrap();
    let answers = ask(one, [anything(200, &[], r#"{"results":[{"status":200}]}"#)]).output.unwrap();
    assert_eq!(calls::one_each(&asked[..1], answers.clone()), Ok(answers.clone()));
    let missing = calls::one_each(&asked, answers);
    assert!(matches!(missing, Err(ClientError::Protocol { .. })), "{missing:?}");
    for body in ["", html, "{}", r#"{"results":[{"status":"200"}]}"#] {
        let batch = calls::try_acquire_batch(&[Acquire::new("llm", "alice", 1)]).unwrap();
        let ran = ask(batch, [anything(200, &[], body)]);
        assert!(matches!(ran.output, Err(ClientError::Protocol { .. })), "{body}");
    }
}

/// What a service says is told as one line that is not long, and without the key.
#[test]
fn what_others_say_is_escaped_and_cut() {
    let long = "x".repeat(10_000);
    let body = format!(r#"{{"field":"key\u0000","detail":"no\nsuch key {long}"}}"#);
    let error = ask(charge(), [anything(400, &[], &body)]).output.unwrap_err().to_string();
    assert!(error.starts_with(r"key\u{0}: no\nsuch key xxx"), "{error}");
    assert!(error.len() < 300);
    let refused = ask(charge(), [anything(401, &[], "<html>401</html>")]);
    assert!(matches!(&refused.output, Err(ClientError::Unauthorized { .. })));
    let shown = format!("{:?} {:?}", refused.output, refused.sent[0].0.headers());
    assert!(!shown.contains("secret"), "{shown}");
}

/// Every request shows the key, asks for short answers, and has the time that it may take.
#[test]
fn what_is_sent() {
    let ran = ask(charge(), [minimal(200, &[])]);
    let (request, timeout) = &ran.sent[0];
    assert_eq!((request.method().as_str(), *timeout), ("POST", crate::ANSWER_TIMEOUT));
    assert_eq!(request.uri(), "http://edge:3000/v1/acquire");
    let field = |name| request.headers()[name].to_str().unwrap();
    assert_eq!((field("authorization"), field("prefer")), ("Bearer secret", "return=minimal"));
    let path = calls::peek("llm", "../a b?c#%/ä").request(&config()).unwrap();
    assert_eq!(path.uri().path(), "/v1/limits/llm/%2E%2E%2Fa%20b%3Fc%23%25%2F%C3%A4");
}

/// Whoever settles again after a lost answer finds the lease gone: the first time did it. Without that
/// it was gone before.
#[test]
fn a_lease_that_is_gone_after_a_lost_answer_was_settled() {
    let settle = || calls::settle("token", &[("llm".into(), "alice".into())], &[3.into()]);
    let gone = || anything(410, &[], "");
    assert_eq!(ask(settle(), [lost(), gone()]).output, Ok(Settled::Charged));
    let in_part = || anything(200, &[], r#"{"allowed":true,"keys":[{"gone":true},{}]}"#);
    assert_eq!(ask(settle(), [in_part()]).output, Ok(Settled::Gone));
    assert_eq!(ask(settle(), [lost(), in_part()]).output, Ok(Settled::Charged));
    assert_eq!(ask(settle(), [not_sent(), gone()]).output, Ok(Settled::Gone));
    assert_eq!(ask(calls::release("token"), [lost(), gone()]).output, Ok(true));
    assert_eq!(ask(calls::release("token"), [gone()]).output, Ok(false));
    assert_eq!(ask(calls::renew("token", SECOND), [lost(), gone()]).output, Ok(false));
}

/// What was let in without holding anything names no lease; only where nobody counted that is right.
#[test]
fn a_hold_has_a_lease() {
    let hold = || {
        let asked = Acquire::new("slots", "ci", 1);
        asked.named().unwrap().call(Some(SECOND), Duration::ZERO)
    };
    let leased = ask(hold(), [minimal(200, &[("tollgate-lease", "token")])]).output.unwrap();
    assert_eq!(leased.lease, Some(Token::new("token")));
    let uncounted = ask(hold(), [minimal(200, &[("tollgate-uncounted", "?1")])]).output.unwrap();
    assert_eq!(uncounted.lease, None);
    let output = ask(hold(), [minimal(200, &[])]).output;
    assert!(matches!(output, Err(ClientError::Protocol { .. })));
}

/// A grant of a pool tells which member it is; without that it is none.
#[test]
fn a_pool_names_its_member() {
    let ask = |hold: Option<Duration>, status: u16, fields: &[(&str, &str)]| {
        let call = Acquire::from_pool("chat", 1).named().unwrap().call(hold, SECOND);
        assert_eq!(call.waits, Duration::ZERO, "pools don't wait");
        ask(call, [minimal(status, fields)])
    };
    let member = ("tollgate-member", "policy=llm&key=a%2Fb%C3%BC&region=eu%20%26%20uk");
    let ran = ask(None, 200, &[member]);
    let sent = &ran.bodies()[0];
    assert_eq!(
        (&sent["pool"], &sent["cost"], &sent["wait_ms"]),
        (&"chat".into(), &1.into(), &().into())
    );
    assert_eq!(ran.sent[0].0.uri().path(), "/v1/pools/acquire");
    let named = ran.output.unwrap().answer.member.unwrap();
    assert_eq!((&*named.policy, &*named.key, &*named.about["region"]), ("llm", "a/bü", "eu & uk"));
    for nobody in ["", "key=a", "policy=llm", "policy=llm&key", "policy=llm&key=%FF"] {
        let output = ask(None, 200, &[("tollgate-member", nobody)]).output;
        assert!(matches!(output, Err(ClientError::Protocol { .. })), "{nobody}");
    }
    let output = ask(Some(SECOND), 200, &[member]).output;
    assert!(matches!(output, Err(ClientError::Protocol { .. })), "it has no lease");
    let held = ask(Some(SECOND), 200, &[member, ("tollgate-lease", "token")]).output.unwrap();
    assert_eq!(held.lease, Some(Token::new("token")));
    let by_nobody = ask(Some(SECOND), 200, &[member, ("tollgate-uncounted", "?1")]);
    assert_eq!(by_nobody.output.unwrap().lease, None);
    let limits = ("tollgate-limits", r#""r";limit=1;remaining=0;retry_after_ms=556"#);
    let limited = ask(None, 429, &[("retry-after", "1"), limits]).output.unwrap().answer;
    assert_eq!((limited.retry_after, limited.member), (Some(Duration::from_millis(556)), None));
}

/// Who counted each of a batch is told.
#[test]
fn who_counted_each_of_a_batch() {
    let told = |more: &str| format!(r#"{{"status":200,"allowed":true,"limits":{{}}{more}}}"#);
    let body = [told(""), told(r#","local":true"#), told(r#","uncounted":true"#)].join(",");
    let batch = calls::try_acquire_batch(&[Acquire::new("llm", "alice", 1)]).unwrap();
    let ran = ask(batch, [anything(200, &[], &format!(r#"{{"results":[{body}]}}"#))]);
    let by: Vec<_> = ran.output.unwrap().into_iter().map(|it| it.unwrap().counted_by).collect();
    assert_eq!(by, [CountedBy::Store, CountedBy::Process, CountedBy::Nobody]);
}
