//! Swaps that are asked for while others are under way go to the server together, in one call of a script: most of
//! what a swap costs, here and there, is paid per call.
//!
//! Calls are sent in the order in which they were asked for. So a swap may expect the value that an earlier one is
//! still writing: both succeed, or both meet a conflict.

use std::sync::{Arc, LazyLock};

use ::redis::{
    Cmd, ErrorKind, FromRedisValue, ParsingError, RedisResult, Script, ServerErrorKind, Value,
};
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tollgate_store::scripts;

use super::connection::Connection;
use super::link::{Failure, Link};
use crate::contract::KeyValueError;
use crate::last_seen::LastSeen;

static SWAP_EACH: LazyLock<Script> = LazyLock::new(|| Script::new(scripts::SWAP_EACH));

/// Most calls at a time. While fewer are under way, a swap waits for no other; the more there are, the fewer
/// swaps share one.
const CALLS_MAX: usize = 4;
/// Most swaps in one call, since the server does nothing else meanwhile.
const SWAPS_MAX: usize = 64;
/// Most swaps that wait for a call. Callers of more wait to be among them.
const WAITING_MAX: usize = 1_024;
/// What a call has besides its swaps: its name and the script's hash.
const CALL_BYTES: usize = 64;

/// The values of keys as last seen, each with whether a swap is writing it right now.
pub(super) type Remembered = LastSeen<bool>;

/// Where swaps are asked for.
pub(super) struct Swaps {
    waiting: mpsc::Sender<Waiting>,
    remembered: Arc<Remembered>,
}

/// A swap of one key.
pub(super) struct SwapOf {
    pub(super) key: String,
    /// `None` if the key has to be absent.
    pub(super) expected: Option<Vec<u8>>,
    pub(super) value: Vec<u8>,
    /// Milliseconds to live, or 0 for no end.
    pub(super) live_ms: i64,
}

struct Waiting {
    swap: SwapOf,
    end: oneshot::Sender<Result<End, KeyValueError>>,
}

/// How a swap ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Written,
    /// The key holds something else: this.
    There(Option<Vec<u8>>),
    /// The value can't be read, for this reason.
    Unreadable(String),
}

impl Swaps {
    /// Starts the task that makes the calls. It ends when this is dropped.
    pub(super) fn start(link: Arc<Link>, prefix: String, remembered: Arc<Remembered>) -> Self {
        let (waiting, waits) = mpsc::channel(WAITING_MAX);
        let caller = Caller { link, prefix, remembered: Arc::clone(&remembered) };
        tokio::spawn(caller.serve(waits));
        Self { waiting, remembered }
    }

    /// Swaps in the next call. A swap whose caller has gone before that is not done.
    pub(super) async fn swap(&self, swap: SwapOf) -> Result<End, KeyValueError> {
        let stopped = || KeyValueError::Backend("the program is stopping".to_owned());
        let place = self.waiting.reserve().await.map_err(|_| stopped())?;
        // From here on nothing is awaited until it waits for its call, where it ends in any case.
        begin(&self.remembered, &swap);
        let (end, ended) = oneshot::channel();
        place.send(Waiting { swap, end });
        ended.await.map_err(|_| stopped())?
    }
}

/// Remembers what a swap is going to write, so that the next one builds on it: unless another swap is writing the key,
/// and this one does not build on that, since then one of the two loses, probably the later one.
fn begin(remembered: &Remembered, swap: &SwapOf) {
    remembered.put_if(&swap.key, Some(&swap.value), true, |now| match now {
        Some((value, true)) => *value == swap.expected,
        _ => true,
    });
}

/// A swap has ended, and this is there now, unless another one that is under way has written since.
fn finish(remembered: &Remembered, swap: &SwapOf, there: Option<&[u8]>) {
    remembered.put_if(&swap.key, there, false, |now| match now {
        Some((value, true)) => value.as_ref() == Some(&swap.value),
        _ => true,
    });
}

/// A swap has ended, nobody knows how: what it may have written is as good to build on as anything else.
fn give_up(remembered: &Remembered, swap: &SwapOf) {
    remembered.put_if(&swap.key, Some(&swap.value), false, |now| {
        now.is_some_and(|(value, _)| value.as_ref() == Some(&swap.value))
    });
}

/// What makes the calls.
struct Caller {
    link: Arc<Link>,
    prefix: String,
    remembered: Arc<Remembered>,
}

/// The swaps of a call, and what came of it.
type Called = (Vec<Waiting>, Result<Vec<End>, Failure>);

impl Caller {
    async fn serve(self, mut waits: mpsc::Receiver<Waiting>) {
        // Keys of a cluster are on different servers, each with calls of its own.
        let (calls_max, swaps_max) =
            if self.link.is_cluster() { (WAITING_MAX, 1) } else { (CALLS_MAX, SWAPS_MAX) };
        let mut calls = FuturesUnordered::new();
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                // First, so that a new call is sent before the next one is made.
                biased;
                Some(called) = calls.next() => self.answer(called, &mut waits),
                count = waits.recv_many(&mut batch, swaps_max), if calls.len() < calls_max => {
                    if count == 0 {
                        return;
                    }
                    batch.retain(|waiting| self.is_wanted(waiting));
                    if !batch.is_empty() {
                        calls.push(self.call(std::mem::take(&mut batch)));
                    }
                }
            }
        }
    }

    fn is_wanted(&self, waiting: &Waiting) -> bool {
        let is_wanted = !waiting.end.is_closed();
        if !is_wanted {
            give_up(&self.remembered, &waiting.swap);
        }
        is_wanted
    }

    async fn call(&self, batch: Vec<Waiting>) -> Called {
        let command = self.command(&batch);
        let ends = self.link.run(|to| call(to, command, batch.len())).await;
        (batch, ends)
    }

    fn answer(&self, (batch, called): Called, waits: &mut mpsc::Receiver<Waiting>) {
        match called {
            Ok(ends) => {
                // Before anyone is told: who then decides anew does not undo what another just decided.
                for (Waiting { swap, .. }, end) in batch.iter().zip(&ends) {
                    match end {
                        End::Written => finish(&self.remembered, swap, Some(&swap.value)),
                        End::There(there) => finish(&self.remembered, swap, there.as_deref()),
                        End::Unreadable(_) => give_up(&self.remembered, swap),
                    }
                }
                for (waiting, end) in batch.into_iter().zip(ends) {
                    waiting.end(Ok(end));
                }
            }
            Err(failure) => {
                let error = KeyValueError::from(failure);
                // Those who wait fail too: one call after the other, they would wait for a silent server in vain.
                let more = std::iter::from_fn(|| waits.try_recv().ok());
                for waiting in batch.into_iter().chain(more) {
                    give_up(&self.remembered, &waiting.swap);
                    waiting.end(Err(error.clone()));
                }
            }
        }
    }

    /// The call that does these swaps, in one buffer.
    fn command(&self, batch: &[Waiting]) -> Cmd {
        let bytes: usize = batch.iter().map(|it| self.prefix.len() + it.swap.bytes()).sum();
        let mut command = Cmd::with_capacity(3 + 5 * batch.len(), CALL_BYTES + bytes);
        command.arg("EVALSHA").arg(SWAP_EACH.get_hash()).arg(batch.len());
        for Waiting { swap, .. } in batch {
            command.arg([&self.prefix, &*swap.key].concat());
        }
        for Waiting { swap: SwapOf { expected, value, live_ms, .. }, .. } in batch {
            command.arg(u8::from(expected.is_some())).arg(expected.as_deref().unwrap_or_default());
            command.arg(value.as_slice()).arg(live_ms);
        }
        command
    }
}

impl Waiting {
    fn end(self, end: Result<End, KeyValueError>) {
        // Whoever has gone needs no answer.
        let _ = self.end.send(end);
    }
}

impl SwapOf {
    /// About how many bytes it adds to a call.
    fn bytes(&self) -> usize {
        const NUMBERS_BYTES: usize = 32;
        let expected = self.expected.as_ref().map_or(0, Vec::len);
        self.key.len() + expected + self.value.len() + NUMBERS_BYTES
    }
}

/// Runs the script, which the server gets first if it does not have it. The answer has one end for each swap.
async fn call(mut to: Connection, command: Cmd, swaps: usize) -> RedisResult<Vec<End>> {
    let ends: Vec<End> = match command.query_async(&mut to).await {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            SWAP_EACH.load_async(&mut to).await?;
            command.query_async(&mut to).await
        }
        done => done,
    }?;
    if ends.len() == swaps {
        Ok(ends)
    } else {
        Err((ErrorKind::UnexpectedReturnType, "the script answered for other keys").into())
    }
}

impl FromRedisValue for End {
    fn from_redis_value(answer: Value) -> Result<Self, ParsingError> {
        match answer {
            Value::Int(1) => Ok(Self::Written),
            Value::Array(reason) => {
                let texts = Vec::<String>::from_redis_value(Value::Array(reason))?;
                Ok(Self::Unreadable(texts.concat()))
            }
            there => Option::from_redis_value(there).map(Self::There),
        }
    }
}
