//! A scripted service for tests, in virtual time.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::config::Config;
use crate::exchange::{Machine, Step};
use crate::heard::Broken;

/// Most steps of a machine before a test fails.
const STEPS_MAX: usize = 1_000;

pub(crate) type Scripted = Result<Response<Bytes>, Broken>;

/// What happened on the way to an output.
pub(crate) struct Run<T> {
    pub(crate) output: T,
    pub(crate) sent: Vec<(Request<Bytes>, Duration)>,
    pub(crate) slept: Vec<Duration>,
}

pub(crate) fn config() -> Arc<Config> {
    Arc::new(Config::new("http://edge:3000/").unwrap().with_key("secret").unwrap())
}

/// Runs a machine that began at `start`. The script answers each request at once, and repeats its last answer
/// when it is at its end.
pub(crate) fn run<M: Machine>(
    mut machine: M,
    start: Instant,
    script: impl IntoIterator<Item = Scripted>,
) -> Run<M::Output> {
    let mut script: VecDeque<_> = script.into_iter().collect();
    let (mut now, mut sent, mut slept) = (start, Vec::new(), Vec::new());
    let mut step = machine.go();
    for _ in 0..STEPS_MAX {
        step = match step {
            Step::Send(request, timeout) => {
                sent.push((*request, timeout));
                let heard = script.pop_front().unwrap();
                if script.is_empty() {
                    script.push_back(heard.clone());
                }
                machine.heard(heard, now)
            }
            Step::Sleep(wait) => {
                slept.push(wait);
                now += wait;
                machine.go()
            }
            Step::Done(output) => return Run { output, sent, slept },
        };
    }
    panic!("it goes on and on");
}

impl<T> Run<T> {
    /// The bodies that were sent.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let body = |(request, _): &(Request<Bytes>, _)| serde_json::from_slice(request.body());
        self.sent.iter().map(body).map(Result::unwrap).collect()
    }
}

/// An answer without a body, as a service sends it.
pub(crate) fn minimal(status: u16, fields: &[(&str, &str)]) -> Scripted {
    let mut response = Response::builder().status(status);
    for (name, value) in [("preference-applied", "return=minimal")].iter().chain(fields) {
        response = response.header(*name, *value);
    }
    Ok(response.body(Bytes::new()).unwrap())
}

/// An answer with any status and body.
pub(crate) fn anything(status: u16, fields: &[(&str, &str)], body: &str) -> Scripted {
    let mut response = minimal(status, fields)?;
    response.headers_mut().remove("preference-applied");
    *response.body_mut() = Bytes::copy_from_slice(body.as_bytes());
    Ok(response)
}

pub(crate) fn lost() -> Scripted {
    Err(Broken::Lost("connection reset".into()))
}

pub(crate) fn not_sent() -> Scripted {
    Err(Broken::NotSent("connection refused".into()))
}
