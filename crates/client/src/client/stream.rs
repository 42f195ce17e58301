//! A streamed answer.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::transport::{Transport, root, silent};
use crate::heard::Broken;
use crate::watch::{Opened, SILENCE_MAX};

/// A streamed answer. Cancel-safe: the next wait resumes, and restarts neither the request nor the
/// silence timeout.
#[derive(Debug)]
pub(super) struct Stream {
    transport: Transport,
    /// The request in flight.
    opening: JoinSet<Result<Opened<Incoming>, Broken>>,
    body: Option<Incoming>,
    heard_at: Instant,
}

impl Stream {
    pub(super) fn new(transport: Transport) -> Self {
        Self { transport, opening: JoinSet::new(), body: None, heard_at: Instant::now() }
    }

    /// Sends the request for the stream, unless it is in flight already.
    pub(super) async fn open(
        &mut self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Opened<()>, Broken> {
        if self.opening.is_empty() {
            let transport = self.transport.clone();
            self.opening.spawn(async move { transport.open(request, timeout).await });
        }
        let opened = self.opening.join_next().await;
        let ended = || Err(Broken::Lost("the runtime ends".into()));
        let body = match opened.and_then(Result::ok).unwrap_or_else(ended)? {
            Opened::Stream(body) => body,
            Opened::Answer(answer) => return Ok(Opened::Answer(answer)),
        };
        (self.body, self.heard_at) = (Some(body), Instant::now());
        Ok(Opened::Stream(()))
    }

    /// The next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let Some(body) = &mut self.body else { return Ok(None) };
        let piece = loop {
            match timeout_at(self.heard_at + SILENCE_MAX, body.frame()).await {
                Err(_) => break Err(silent(SILENCE_MAX)),
                Ok(None) => break Ok(None),
                Ok(Some(Err(error))) => break Err(Broken::Lost(root(&error))),
                // A frame without data is a trailer.
                Ok(Some(Ok(frame))) => {
                    if let Ok(piece) = frame.into_data() {
                        break Ok(Some(piece));
                    }
                }
            }
        };
        match &piece {
            Ok(Some(_)) => self.heard_at = Instant::now(),
            _ => self.body = None,
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use tokio::time::timeout;

    use super::*;
    use crate::config::Config;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    const IMPATIENCE: Duration = Duration::from_millis(10);

    fn stranger() -> (TcpListener, Request<Bytes>, Stream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let transport = Transport::new(&Config::new(&url).unwrap()).unwrap();
        (listener, Request::get(url).body(Bytes::new()).unwrap(), Stream::new(transport))
    }

    /// Answers the next connection with this head.
    fn answer(listener: &TcpListener) -> TcpStream {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4_096]).unwrap() > 0);
        stream.write_all(HEAD).unwrap();
        stream
    }

    /// However often somebody stops waiting for the head, one request is made, and its answer is waited for.
    #[tokio::test]
    async fn who_stops_waiting_asks_once() {
        let (listener, request, mut stream) = stranger();
        let minute = Duration::from_secs(60);
        for _ in 0..5 {
            assert!(timeout(IMPATIENCE, stream.open(request.clone(), minute)).await.is_err());
        }
        let mut other = tokio::task::spawn_blocking(move || (answer(&listener), listener));
        let opened = stream.open(request, minute).await.unwrap();
        assert!(matches!(opened, Opened::Stream(())));
        let (mut told, listener) = (&mut other).await.unwrap();
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "there was one connection");
        told.write_all(b":\n\n").unwrap();
        assert_eq!(stream.next().await, Ok(Some(Bytes::from_static(b":\n\n"))));
        drop(told);
        assert_eq!(stream.next().await, Ok(None));
    }

    /// However often somebody stops waiting for a piece, a stream that is silent for half a minute is cut.
    #[tokio::test]
    async fn who_stops_waiting_notices_the_silence() {
        let (listener, request, mut stream) = stranger();
        let other = tokio::task::spawn_blocking(move || answer(&listener));
        stream.open(request, Duration::from_secs(60)).await.unwrap();
        let _silent = other.await.unwrap();
        tokio::time::pause();
        let before = Instant::now();
        let broken = loop {
            if let Ok(broken) = timeout(Duration::from_secs(1), stream.next()).await {
                break broken;
            }
        };
        assert_eq!(broken, Err(silent(SILENCE_MAX)));
        assert!(before.elapsed() < SILENCE_MAX + Duration::from_secs(1), "{:?}", before.elapsed());
    }
}
