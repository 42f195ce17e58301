//! What is no tollgate, or does not speak HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use tollgate_client::{Acquire, Answer, Client, ClientError, Config, WatchRequest, blocking};

/// Answers every connection with these bytes.
fn stranger(answer: impl Into<Vec<u8>>) -> Config {
    let (listener, answer) = (TcpListener::bind("127.0.0.1:0").unwrap(), answer.into());
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            // Whoever is told too much hangs up.
            thread::spawn(move || {
                stream.read(&mut [0; 4_096]).and_then(|_| stream.write_all(&answer))
            });
        }
    });
    let config = Config::new(&url).unwrap().with_answer_bytes_max(1_000);
    config.with_answer_timeout(Duration::from_secs(2)).with_attempts_max(2)
}

/// What both faces make of it.
fn ask(config: &Config) -> [Result<Answer, ClientError>; 2] {
    let asked = Acquire::new("budget", "alice", 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::new(config.clone()).unwrap();
    let task = runtime.block_on(client.try_acquire(&asked));
    [blocking::Client::new(config.clone()).try_acquire(&asked), task]
}

fn with_body(length: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\npreference-applied: return=minimal\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.into_bytes(), vec![b'x'; length]].concat()
}

/// A body of any length is read as far as it may be long, whether its length is told or not.
#[test]
fn huge_bodies() {
    assert!(ask(&stranger(with_body(1_000))).iter().all(Result::is_ok));
    let endless = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b'x'; 10 << 20]].concat();
    for answer in [with_body(1_001), endless] {
        for error in ask(&stranger(answer)).map(Result::unwrap_err) {
            let text = "no tollgate answered: the answer is longer than 1000 bytes";
            assert_eq!(error.to_string(), text);
        }
    }
}

/// What is no HTTP, ends too soon or has a head without end is an answer that was lost.
#[test]
fn garbage() {
    let head = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(1 << 20)].concat();
    let half = with_body(500)[..300].to_vec();
    for answer in
        [b"\0\xff\r\n\r\n".to_vec(), b"SSH-2.0-OpenSSH\r\n".to_vec(), Vec::new(), head, half]
    {
        for error in ask(&stranger(answer)).map(Result::unwrap_err) {
            assert!(matches!(error, ClientError::Unavailable { is_unclear: true, .. }), "{error}");
        }
    }
}

/// An answer that comes drop by drop is given up in time, also by who expected a stream.
#[test]
fn drop_by_drop() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let head = "HTTP/1.1 503 Busy\r\ncontent-length: 900\r\n\r\n";
                let _ =
                    stream.read(&mut [0; 4_096]).and_then(|_| stream.write_all(head.as_bytes()));
                // Whoever has given up hangs up.
                while stream.write_all(b"x").is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
            });
        }
    });
    let config = Config::new(&url).unwrap().with_attempts_max(1);
    let config = config.with_answer_timeout(Duration::from_millis(300));
    let began = Instant::now();
    for error in ask(&config).map(Result::unwrap_err) {
        assert!(matches!(error, ClientError::Unavailable { .. }), "{error}");
    }
    let client = blocking::Client::new(config);
    let told = client.watch(&WatchRequest::default()).next().unwrap();
    assert!(matches!(told, Err(ClientError::Unavailable { .. })), "{told:?}");
    assert!(began.elapsed() < Duration::from_secs(9), "the whole body takes eighteen seconds");
}

/// Nobody is sent elsewhere, where a key would be shown to others.
#[test]
fn redirects_are_not_followed() {
    let answer = "HTTP/1.1 307 Away\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    for error in ask(&stranger(answer)).map(Result::unwrap_err) {
        assert_eq!(error.to_string(), "no tollgate answered: status 307");
    }
}

/// An address says where, and nothing else.
#[test]
fn addresses() {
    for (url, detail) in [
        ("", "is no URL"),
        ("127.0.0.1:3000", "must begin with http:// or https://"),
        ("/v1", "must begin with http:// or https://"),
        ("ftp://edge", "must begin with http:// or https://"),
        ("http://user:secret@edge", "must name a host, and nobody else: a key is given by itself"),
        ("http://:3000", "must name a host, and nobody else: a key is given by itself"),
        ("http://edge:99999", "must have a port of 0 to 65535, or none"),
        ("http://edge/?a=b", "must end with its path"),
        ("http://edge/#a", "must end with its path"),
    ] {
        let error = Config::new(url).unwrap_err();
        assert_eq!(error.to_string(), format!("base_url: {detail}"), "{url}");
    }
    assert_eq!(Config::new("https://edge").is_ok(), cfg!(feature = "tls"));
    let long = "x".repeat(257);
    for key in ["", "with space", "line\nbreak", "ключ", &long] {
        let error = Config::new("http://edge").unwrap().with_key(key).unwrap_err();
        assert_eq!(error.to_string(), "key: must have 1 to 256 visible ASCII characters");
    }
}
