//! What the server does with requests that go over its limits, and with a shutdown.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tollgate_host::body::AnswerBody;
use tollgate_host::problem::Answer;
use tollgate_host::server::{Handler, ServerConfig, serve};

/// Answers with the request's body; `/slow` only after [`SLOW`], `/pending` never.
struct Echo {
    /// Notified when a pending request has begun, and when it was dropped.
    pending: Arc<Notify>,
}

/// Notifies when it is dropped.
struct GivenUp(Arc<Notify>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

const SLOW: Duration = Duration::from_millis(300);

impl Handler for Echo {
    async fn handle(&self, request: Request<Bytes>) -> Answer {
        if request.uri().path() == "/slow" {
            tokio::time::sleep(SLOW).await;
        }
        if request.uri().path() == "/pending" {
            let _given_up = GivenUp(Arc::clone(&self.pending));
            self.pending.notify_one();
            std::future::pending::<()>().await;
        }
        Response::new(AnswerBody::Full(Full::new(request.into_body())))
    }
}

struct Running {
    address: std::net::SocketAddr,
    pending: Arc<Notify>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    async fn start(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let pending = Arc::<Notify>::default();
        let handler = Arc::new(Echo { pending: Arc::clone(&pending) });
        let ended = tokio::spawn(serve(listener, handler, config, async move {
            let _ = stopped.await;
        }));
        Self { address, pending, stop, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` on a new connection and reads until the server closes it.
    async fn exchange(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Reads until `end` was read.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = String::new();
    let mut bytes = [0; 1024];
    while !answer.ends_with(end) {
        let read = stream.read(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "closed after {answer:?}");
        answer += std::str::from_utf8(&bytes[..read]).unwrap();
    }
    answer
}

fn assert_problem(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert!(answer.contains(&format!(r#""status":{status}"#)), "{answer}");
}

const CLOSE: &str = "host: x\r\nconnection: close\r\n";

#[tokio::test]
async fn a_request_is_answered_and_the_connection_is_kept() {
    let server = Running::start(ServerConfig::default()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        let request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello";
        stream.write_all(request).await.unwrap();
        let answer = read_until(&mut stream, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

/// RFC 9112, section 3.2: a request without a host, with two, or with anything else in that field is refused.
#[tokio::test]
async fn a_request_names_its_host_once() {
    let server = Running::start(ServerConfig::default()).await;
    let ask = async |version: &str, fields: &str| {
        let request = format!("GET / HTTP/{version}\r\n{fields}connection: close\r\n\r\n");
        server.exchange(request.as_bytes()).await
    };
    for host in ["a", "a:80", "A.example:3000", "127.0.0.1:3000", "[::1]:3000", "a_b"] {
        let answer = ask("1.1", &format!("Host: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host:?}: {answer}");
    }
    for fields in ["", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n"] {
        assert_problem(&ask("1.1", fields).await, 400);
    }
    for host in ["", "a b", "a/b", "http://a", "me@a", "a, b", "a:1:2", "[::1", "\u{fc}"] {
        assert_problem(&ask("1.1", &format!("Host: {host}\r\n")).await, 400);
    }
    let without = ask("1.0", "").await;
    assert!(without.starts_with("HTTP/1.0 200 "), "{without}");
    let twice = ask("1.0", "Host: a\r\nHost: a\r\n").await;
    assert!(twice.starts_with("HTTP/1.0 400 "), "{twice}");
}

#[tokio::test]
async fn a_head_over_the_limit_is_431() {
    let config = ServerConfig::default();
    let long = "x".repeat(config.head_bytes_max);
    let server = Running::start(config).await;
    let answer =
        server.exchange(format!("GET / HTTP/1.1\r\n{CLOSE}long: {long}\r\n\r\n").as_bytes()).await;
    assert_problem(&answer, 431);
    let answer = server.exchange(format!("GET /{long} HTTP/1.1\r\n{CLOSE}\r\n").as_bytes()).await;
    assert_problem(&answer, 431);
}

#[tokio::test]
async fn a_head_over_the_read_buffer_is_431_too() {
    let server = Running::start(ServerConfig::default()).await;
    let mut stream = server.connect().await;
    let head = format!("GET / HTTP/1.1\r\nlong: {}", "x".repeat(70 << 10));
    // The server may close before all is sent.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
}

#[tokio::test]
async fn a_body_of_the_limit_passes_and_one_byte_more_is_413() {
    let limit = ServerConfig::default().body_bytes_max;
    let server = Running::start(ServerConfig::default()).await;
    let request = |length: usize| {
        let body = "x".repeat(length);
        format!("POST / HTTP/1.1\r\n{CLOSE}content-length: {length}\r\n\r\n{body}")
    };
    let answer = server.exchange(request(limit).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(answer.ends_with(&"x".repeat(limit)));
    let answer = server.exchange(request(limit + 1).as_bytes()).await;
    assert_problem(&answer, 413);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_413_once_it_is_over_the_limit() {
    let limit = ServerConfig::default().body_bytes_max;
    let server = Running::start(ServerConfig::default()).await;
    let chunk = format!("{limit:x}\r\n{}\r\n", "x".repeat(limit));
    let head = format!("POST / HTTP/1.1\r\n{CLOSE}transfer-encoding: chunked\r\n\r\n");
    let answer = server.exchange(format!("{head}{chunk}0\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    let answer = server.exchange(format!("{head}{chunk}1\r\nx\r\n0\r\n\r\n").as_bytes()).await;
    assert_problem(&answer, 413);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_413_before_it_sends() {
    let server = Running::start(ServerConfig::default()).await;
    let request = format!(
        "POST / HTTP/1.1\r\n{CLOSE}content-length: 10000000\r\nexpect: 100-continue\r\n\r\n"
    );
    assert_problem(&server.exchange(request.as_bytes()).await, 413);
}

#[tokio::test]
async fn a_body_with_broken_framing_is_400() {
    let server = Running::start(ServerConfig::default()).await;
    let request = format!("POST / HTTP/1.1\r\n{CLOSE}transfer-encoding: chunked\r\n\r\nzzz\r\n");
    assert_problem(&server.exchange(request.as_bytes()).await, 400);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_408() {
    let server = Running::start(ServerConfig {
        request_timeout: Duration::from_millis(100),
        ..ServerConfig::default()
    })
    .await;
    let request = format!("POST / HTTP/1.1\r\n{CLOSE}content-length: 5\r\n\r\nhel");
    assert_problem(&server.exchange(request.as_bytes()).await, 408);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_504() {
    let server =
        Running::start(ServerConfig { request_timeout: SLOW / 3, ..ServerConfig::default() }).await;
    let request = format!("GET /slow HTTP/1.1\r\n{CLOSE}\r\n");
    assert_problem(&server.exchange(request.as_bytes()).await, 504);
}

/// A request's id in the answer is its id in the log.
#[tokio::test]
async fn an_answer_names_its_line_in_the_log() {
    let logged = Running::start(ServerConfig { access_log: true, ..Default::default() }).await;
    let request = |id: &str| {
        format!("GET / HTTP/1.1\r\nHost: a\r\n{id}Connection: close\r\n\r\n").into_bytes()
    };
    let given = logged.exchange(&request("X-Request-Id: mine-7\r\n")).await;
    assert!(given.contains("\r\nx-request-id: mine-7\r\n"), "{given}");
    let drawn = logged.exchange(&request("")).await;
    assert!(drawn.contains("\r\nx-request-id: "), "{drawn}");
    let silent = Running::start(ServerConfig::default()).await;
    let answer = silent.exchange(&request("X-Request-Id: mine-7\r\n")).await;
    assert!(!answer.contains("x-request-id"), "there is no line: {answer}");
}

/// A request whose client has disconnected is dropped.
#[tokio::test]
async fn who_goes_away_is_given_up() {
    let running = Running::start(ServerConfig::default()).await;
    let mut stream = running.connect().await;
    stream.write_all(b"GET /pending HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    running.pending.notified().await;
    drop(stream);
    // Long before the request times out.
    let given_up = tokio::time::timeout(Duration::from_secs(4), running.pending.notified()).await;
    assert!(given_up.is_ok());
}

#[tokio::test]
async fn a_head_that_drips_and_an_idle_connection_are_closed() {
    let server = Running::start(ServerConfig {
        head_timeout: Duration::from_millis(100),
        ..ServerConfig::default()
    })
    .await;
    assert_eq!(server.exchange(b"GET / HT").await, "");
    assert_eq!(server.exchange(b"").await, "");
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_until_another_is_closed() {
    let server =
        Running::start(ServerConfig { connections_max: 1, ..ServerConfig::default() }).await;
    let request = format!("GET / HTTP/1.1\r\n{CLOSE}\r\n");
    let first = server.connect().await;
    let mut second = server.connect().await;
    second.write_all(request.as_bytes()).await.unwrap();
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(100), second.read(&mut byte)).await;
    assert!(early.is_err(), "the second was answered while the first was open");
    drop(first);
    assert!(read_to_end(&mut second).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_shutdown_finishes_what_runs_and_takes_nothing_new() {
    let server = Running::start(ServerConfig::default()).await;
    let (mut running, mut idle) = (server.connect().await, server.connect().await);
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_until(&mut idle, "\r\n\r\n").await;
    running.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(SLOW / 3).await;
    server.stop.send(()).unwrap();

    assert!(read_to_end(&mut running).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(read_to_end(&mut idle).await, "", "idle connections are closed");
    server.ended.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_shutdown_does_not_wait_longer_than_it_may() {
    let server =
        Running::start(ServerConfig { shutdown_timeout: SLOW / 3, ..ServerConfig::default() })
            .await;
    let mut running = server.connect().await;
    running.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(SLOW / 6).await;
    server.stop.send(()).unwrap();
    let waited = tokio::time::timeout(SLOW / 2, server.ended).await;
    assert!(waited.is_ok(), "it waited for the slow request");
}
