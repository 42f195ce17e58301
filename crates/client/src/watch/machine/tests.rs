#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::script::{Scripted, anything, config, lost, not_sent};

const SECOND: Duration = Duration::from_secs(1);
const REDUCED: &str = r#"event: reduced
data: {"policy":"upstream","key":"k","limit":"calls","capacity":50,"original":100,"per_ms":1000,"source":"a","reason":"429","at_ms":1800000000000}"#;

/// A watcher in virtual time, over what a test says.
struct Script {
    watching: Watching,
    now: Instant,
    /// What is said to each step.
    says: Vec<Said>,
    sent: Vec<Request<Bytes>>,
    slept: Vec<Duration>,
}

enum Said {
    Answer(Scripted),
    Stream,
    Piece(String),
    End,
    Cut,
}

fn script(request: &WatchRequest, says: impl IntoIterator<Item = Said>) -> Script {
    let watching = Watching::new(config(), request);
    let mut says: Vec<_> = says.into_iter().collect();
    says.reverse();
    Script { watching, now: Instant::now(), says, sent: Vec::new(), slept: Vec::new() }
}

fn piece(text: &str) -> Said {
    Said::Piece(text.to_owned())
}

impl Script {
    /// The next news; none when it is over.
    fn next(&mut self) -> Option<Result<News, ClientError>> {
        let mut step = self.watching.go(self.now);
        loop {
            step = match step {
                WatchStep::Open(request, timeout) => {
                    assert_eq!(timeout, crate::ANSWER_TIMEOUT);
                    self.sent.push(*request);
                    let opened = match self.says.pop().unwrap() {
                        Said::Answer(answer) => answer.map(Opened::Answer),
                        Said::Stream => Ok(Opened::Stream(())),
                        _ => panic!("it is not open yet"),
                    };
                    self.watching.opened(opened, self.now)
                }
                WatchStep::Read => {
                    let piece = match self.says.pop().unwrap() {
                        Said::Piece(text) => Ok(Some(Bytes::from(text))),
                        Said::End => Ok(None),
                        Said::Cut => Err(Broken::Lost("connection reset".into())),
                        _ => panic!("it is open"),
                    };
                    self.watching.read(piece, self.now)
                }
                WatchStep::Sleep(wait) => {
                    self.slept.push(wait);
                    self.now += wait;
                    self.watching.go(self.now)
                }
                WatchStep::Tell(news) => return Some(news),
                WatchStep::Over => return None,
            };
        }
    }

    /// The id that was shown with each request.
    fn shown(&self) -> Vec<Option<&str>> {
        let shown = self.sent.iter().map(|it| it.headers().get(LAST_EVENT_ID));
        shown.map(|it| it.map(|it| it.to_str().unwrap())).collect()
    }
}

/// It asks for what is wanted, shows its key, and reads the news.
#[test]
fn news_are_told() {
    let request = WatchRequest::default().of_policy("a b").of_key("k/ü").after("7-9");
    let says = [
        Said::Stream,
        piece("retry: 1000\nid: 7-9\n\n"),
        piece(&format!("id: 8-9\n{REDUCED}\n\n")),
    ];
    let mut script = script(&request, says);
    assert_eq!(script.watching.last_id(), None);
    let Some(Ok(News::Reduced(news))) = script.next() else { panic!("{:?}", script.watching) };
    assert_eq!((&*news.key, news.capacity, news.per), ("k", 50, SECOND));
    assert_eq!((news.source.as_deref(), script.watching.last_id()), (Some("a"), Some("8-9")));
    let sent = &script.sent[0];
    assert_eq!(
        sent.uri().path_and_query().unwrap(),
        "/v1/watch?policy=a%20b&key=k%2F%C3%BC&after=7-9"
    );
    assert_eq!(sent.headers()["authorization"], "Bearer secret");
    assert_eq!(sent.headers()["accept"], "text/event-stream");
}

/// Whatever ends the stream, it is opened again after the pause that the service asks for, where it was: what
/// was cut off in the middle is not told, and comes again.
#[test]
fn it_comes_back_where_it_was() {
    let whole = |id: u8| piece(&format!("id: {id}\n{REDUCED}\n\n"));
    let says = [
        Said::Stream,
        piece("retry: 1500\nid: 4\n\n"),
        whole(5),
        piece(&format!("id: 6\n{REDUCED}\n")),
        Said::Cut,
        Said::Stream,
        piece(":\nid: 5\n\n"),
        whole(6),
        Said::End,
        Said::Stream,
        piece("retry: 3600000\n\n"),
        Said::End,
        Said::Stream,
        whole(7),
    ];
    let mut script = script(&WatchRequest::default(), says);
    for id in ["5", "6", "7"] {
        assert!(matches!(script.next(), Some(Ok(News::Reduced(_)))), "{id}");
        assert_eq!(script.watching.last_id(), Some(id));
    }
    assert_eq!(script.shown(), [None, Some("5"), Some("6"), Some("6")]);
    let pause = Duration::from_millis(1_500);
    assert!(
        script.slept[0] >= pause && script.slept[0] < pause + SECOND,
        "after a fault at random"
    );
    assert_eq!(script.slept[1..], [pause, RETRY_AFTER_MAX], "and no longer than five seconds");
}

/// Who can't be asked is asked as often as the configuration says, and then an error is told; and so on, for as
/// long as somebody wants to know.
#[test]
fn a_service_that_can_not_be_asked_is_told_and_asked_on() {
    let busy = || anything(503, &[("retry-after", "3")], r#"{"detail":"64 watch already"}"#);
    let says = [
        Said::Answer(not_sent()),
        Said::Answer(lost()),
        Said::Answer(busy()),
        Said::Answer(busy()),
        Said::Stream,
        Said::End,
        Said::Stream,
        Said::Cut,
        Said::Stream,
        piece(&format!("id: 1\n{REDUCED}\n\n")),
    ];
    let mut script = script(&WatchRequest::default(), says);
    for (attempts, detail) in [(3, "64 watch already"), (6, "connection reset")] {
        let error = ClientError::Unavailable { detail: detail.into(), is_unclear: false };
        assert_eq!(script.next(), Some(Err(error)));
        assert_eq!(script.sent.len(), attempts);
    }
    assert!(
        script.slept.iter().all(|wait| *wait >= PAUSE && *wait <= 6 * SECOND),
        "{:?}",
        script.slept
    );
    assert!(script.slept[2] >= 3 * SECOND, "as long as it says");
    assert!(matches!(script.next(), Some(Ok(_))));
}

/// Whoever stops waiting in the middle does not wait longer for it.
#[test]
fn a_pause_ends_when_it_ends() {
    let mut watching = Watching::new(config(), &WatchRequest::default());
    let start = Instant::now();
    assert!(matches!(watching.go(start), WatchStep::Open(..)));
    assert!(matches!(watching.go(start), WatchStep::Open(..)), "nobody heard what came of it");
    let broken = Err(Broken::NotSent("refused".into()));
    let WatchStep::Sleep(wait) = watching.opened(broken, start) else { panic!("{watching:?}") };
    let half = start + wait / 2;
    assert!(matches!(watching.go(half), WatchStep::Sleep(rest) if rest == wait - wait / 2));
    assert!(matches!(watching.go(start + wait), WatchStep::Open(..)));
}

/// What asking again would not change is the end.
#[test]
fn what_is_refused_is_over() {
    let long = format!("data: {}\n\n", "x".repeat(EVENT_BYTES_MAX));
    let id = format!("id: {}\n\n", "x".repeat(ID_BYTES_MAX + 1));
    let rows = [
        (vec![Said::Answer(anything(401, &[], ""))], "unauthorized: status 401"),
        (
            vec![Said::Answer(anything(
                404,
                &[],
                r#"{"field":"policy","detail":"there is none"}"#,
            ))],
            "policy: there is none",
        ),
        (vec![Said::Answer(anything(302, &[], ""))], "no tollgate answered: status 302"),
        (
            vec![Said::Answer(anything(200, &[], "<html>"))],
            "no tollgate answered: it answers with no stream of events",
        ),
        (
            vec![Said::Stream, Said::Piece(long)],
            "no tollgate answered: an event is longer than 65536 bytes",
        ),
        (vec![Said::Stream, Said::Piece(id)], "no tollgate answered: an id is none"),
        (vec![Said::Stream, piece("id: a\u{1}b\n\n")], "no tollgate answered: an id is none"),
    ];
    for (says, expected) in rows {
        let mut script = script(&WatchRequest::default(), says);
        assert_eq!(script.next().unwrap().unwrap_err().to_string(), expected);
        assert_eq!((script.next(), script.next()), (None, None), "{expected}");
    }
}

/// A later version may tell of other things, which are passed over; what has not what its name promises is an
/// error, and the next one is told all the same.
#[test]
fn what_is_not_known_is_passed_over_and_what_is_wrong_is_told() {
    let text = format!(
        "event: weather\ndata: sunny\n\nid: 3\nevent: limited\ndata: {{}}\n\nid: 4\n{REDUCED}\n\n"
    );
    let mut script = script(&WatchRequest::default(), [Said::Stream, piece(&text)]);
    assert!(matches!(script.next(), Some(Err(ClientError::Protocol { .. }))));
    assert_eq!(script.watching.last_id(), Some("3"), "what was told, and not what has arrived");
    assert!(matches!(script.next(), Some(Ok(News::Reduced(_)))));
}
