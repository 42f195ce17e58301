//! Requests by ureq.

use std::fmt;
use std::io::{ErrorKind, Read as _};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use ureq::{Agent, BodyReader, Error, Timeout};

use crate::config::Config;
use crate::heard::Broken;
use crate::watch::{Opened, SILENCE_MAX};

/// Most bytes of a piece.
const PIECE_BYTES_MAX: usize = 8 << 10;

/// Connections that are kept for a while. It follows no redirects and asks no proxies.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    agent: Agent,
    answer_bytes_max: u64,
}

impl Transport {
    pub(super) fn new(config: &Config) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(config.connect_timeout))
            .build();
        let answer_bytes_max = u64::try_from(config.answer_bytes_max).unwrap_or(u64::MAX);
        Self { agent: agent.into(), answer_bytes_max }
    }

    pub(super) fn send(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, Broken> {
        let (parts, body) = request.into_parts();
        let response = if body.is_empty() {
            self.run(Request::from_parts(parts, ()), timeout)
        } else {
            self.run(Request::from_parts(parts, body.to_vec()), timeout)
        };
        self.whole(response.map_err(broken)?)
    }

    /// An answer that may go on: its head has to come in time, and each piece of it.
    pub(super) fn open(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Opened<Body>, Broken> {
        let request = self.agent.configure_request(request.map(drop));
        let request = request.timeout_recv_response(Some(timeout));
        let request = request.timeout_per_read(Some(SILENCE_MAX)).build();
        let response = self.agent.run(request).map_err(broken)?;
        if Opened::<Body>::is_stream(&response) {
            let (reader, piece) = (response.into_body().into_reader(), vec![0; PIECE_BYTES_MAX]);
            return Ok(Opened::Stream(Body { reader, piece }));
        }
        self.whole(response).map(Opened::Answer)
    }

    fn whole(&self, response: Response<ureq::Body>) -> Result<Response<Bytes>, Broken> {
        let (parts, body) = response.into_parts();
        // One more than allowed is read, so that what is just as long as allowed is not too long.
        let limit = self.answer_bytes_max.saturating_add(1);
        let body = body.into_with_config().limit(limit).read_to_vec().map_err(broken)?;
        match u64::try_from(body.len()) {
            Ok(length) if length <= self.answer_bytes_max => {
                Ok(Response::from_parts(parts, body.into()))
            }
            _ => Err(Broken::TooLong),
        }
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: Request<B>,
        timeout: Duration,
    ) -> Result<Response<ureq::Body>, Error> {
        let request = self.agent.configure_request(request).timeout_global(Some(timeout)).build();
        self.agent.run(request)
    }
}

/// The body of an answer that goes on.
pub(super) struct Body {
    reader: BodyReader<'static>,
    piece: Vec<u8>,
}

impl Body {
    /// The next piece; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let length = self.reader.read(&mut self.piece).map_err(|it| broken(it.into()))?;
        let piece = self.piece.get(..length).filter(|piece| !piece.is_empty());
        Ok(piece.map(Bytes::copy_from_slice))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

fn broken(error: Error) -> Broken {
    match error {
        Error::BodyExceedsLimit(_) => Broken::TooLong,
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::Tls(_)
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => Broken::NotSent(error.to_string()),
        Error::Io(cause) if cause.kind() == ErrorKind::ConnectionRefused => {
            Broken::NotSent(cause.to_string())
        }
        error => Broken::Lost(error.to_string()),
    }
}
