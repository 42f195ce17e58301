//! Requests by ureq.

use std::io::{ErrorKind, Read as _};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use ureq::{Agent, Error, Timeout};

use crate::config::Config;
use crate::heard::Broken;
use crate::watch::{Opened, SILENCE_MAX, is_stream};

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
        let until = Instant::now() + timeout;
        let (parts, body) = request.into_parts();
        let response = if body.is_empty() {
            self.run(Request::from_parts(parts, ()), timeout)
        } else {
            self.run(Request::from_parts(parts, body.to_vec()), timeout)
        };
        self.whole(response.map_err(broken)?, until)
    }

    /// An answer that may go on: its head has to come in time, and each piece of it.
    pub(super) fn open(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Opened<ureq::Body>, Broken> {
        let until = Instant::now() + timeout;
        let request = self.agent.configure_request(request.map(drop));
        let request = request.timeout_recv_response(Some(timeout));
        let request = request.timeout_per_read(Some(SILENCE_MAX)).build();
        let response = self.agent.run(request).map_err(broken)?;
        if is_stream(&response) {
            return Ok(Opened::Stream(response.into_body()));
        }
        self.whole(response, until).map(Opened::Answer)
    }

    /// The whole of an answer, if its end comes in time.
    fn whole(
        &self,
        response: Response<ureq::Body>,
        until: Instant,
    ) -> Result<Response<Bytes>, Broken> {
        let (parts, body) = response.into_parts();
        // One byte more than allowed is read, to tell an answer of exactly that length from a longer one.
        let limit = self.answer_bytes_max.saturating_add(1);
        let (mut reader, mut whole) = (body.into_reader().take(limit), Vec::new());
        let mut piece = [0; 4_096];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(_) if Instant::now() >= until => {
                    return Err(Broken::Lost("the answer did not end in time".into()));
                }
                Ok(length) => whole.extend(piece.get(..length).unwrap_or_default()),
                Err(error) => return Err(Broken::Lost(error.to_string())),
            }
        }
        match u64::try_from(whole.len()) {
            Ok(length) if length <= self.answer_bytes_max => {
                Ok(Response::from_parts(parts, whole.into()))
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

pub(super) fn broken(error: Error) -> Broken {
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
