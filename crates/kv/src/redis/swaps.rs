//! Swaps that are asked for while others are under way go to the server together, in one call of a script: most of
//! what a swap costs, here and there, is paid per call.
//!
//! Calls are handed to the connection in the order in which swaps were asked for, and a server does them in that order.
//! So a swap may expect the value that an earlier one is still writing: both succeed, or both meet a conflict
//! ([`Chains`]). Where the order is lost (a cluster's client may change it, and so does a server that has to be sent the
//! script first) the later swap meets a conflict, and its caller decides anew.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use ::redis::{
    Cmd, ErrorKind, FromRedisValue, ParsingError, RedisResult, Script, ServerErrorKind, Value,
};
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tollgate_store::scripts;

use super::chains::{Chain, Chains};
use super::connection::Connection;
use super::link::{Failure, Link};
use crate::contract::KeyValueError;

static SWAP_EACH: LazyLock<Script> = LazyLock::new(|| Script::new(scripts::SWAP_EACH));

/// Most calls at a time. While fewer are under way, a swap waits for no other; the more there are, the fewer
/// swaps share one.
const CALLS_MAX: usize = 4;
/// Most swaps in one call, since the server does nothing else meanwhile.
const SWAPS_MAX: usize = 64;
/// Most calls at a time to a cluster, where each is for one key.
const CLUSTER_CALLS_MAX: usize = 1_024;
/// About the most bytes of swaps in one call. A longer swap has a call of its own.
const SWAPS_BYTES_MAX: usize = 1 << 20;
/// What a call has besides its swaps: its name and the script's hash.
const CALL_BYTES: usize = 64;

/// Where swaps are asked for.
pub(super) struct Swaps {
    link: Arc<Link>,
    /// As many as there are callers who wait, each for a limited time.
    waiting: mpsc::UnboundedSender<Waiting>,
    chains: Arc<Chains>,
    /// Held from joining a chain until the call is asked for: whoever builds on a swap asks after it.
    asking: Mutex<()>,
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
    /// `None` if it builds on nothing, and nobody on it.
    chain: Option<Chain>,
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
    pub(super) fn start(link: Arc<Link>, prefix: String, chains: Arc<Chains>) -> Self {
        let (waiting, waits) = mpsc::unbounded_channel();
        let (its_link, its_chains) = (Arc::clone(&link), Arc::clone(&chains));
        tokio::spawn(Caller { link: its_link, prefix, chains: its_chains }.serve(waits));
        Self { link, waiting, chains, asking: Mutex::new(()) }
    }

    /// Swaps in the next call. A swap whose caller has gone before that is not done, unless others build on it.
    pub(super) async fn swap(&self, swap: SwapOf) -> Result<End, KeyValueError> {
        let limit = self.link.time_limit();
        match timeout(limit, self.ask(swap)).await {
            Ok(Some(end)) => end,
            Ok(None) => Err(self.link.error("the program is stopping")),
            Err(_) => Err(self.link.error(format_args!("no answer within {limit:?}"))),
        }
    }

    /// `None` if nobody makes calls any more.
    async fn ask(&self, swap: SwapOf) -> Option<Result<End, KeyValueError>> {
        let (end, ended) = oneshot::channel();
        {
            let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
            let chain = self.chains.join(&swap.key, swap.expected.as_deref(), &swap.value);
            self.waiting.send(Waiting { swap, chain, end }).ok()?;
        }
        ended.await.ok()
    }
}

/// What makes the calls.
struct Caller {
    link: Arc<Link>,
    prefix: String,
    chains: Arc<Chains>,
}

/// The swaps of a call, and what came of it.
type Called = (Vec<Waiting>, Result<Vec<End>, Failure>);

impl Caller {
    async fn serve(self, mut waits: mpsc::UnboundedReceiver<Waiting>) {
        // Keys of a cluster are on different servers, each with calls of its own.
        let (calls_max, swaps_max) =
            if self.link.is_cluster() { (CLUSTER_CALLS_MAX, 1) } else { (CALLS_MAX, SWAPS_MAX) };
        let mut calls = FuturesUnordered::new();
        let mut batch = Vec::new();
        loop {
            while calls.len() < calls_max && !batch.is_empty() {
                calls.push(self.call(first_call(&mut batch)));
            }
            tokio::select! {
                // First, so that a new call is sent before the next one is made.
                biased;
                Some(called) = calls.next() => self.answer(called),
                count = waits.recv_many(&mut batch, swaps_max), if calls.len() < calls_max => {
                    if count == 0 {
                        return;
                    }
                    batch.retain(|waiting| self.is_wanted(waiting));
                }
            }
        }
    }

    /// Whether a caller waits for it, or others, who would all lose.
    fn is_wanted(&self, Waiting { swap, chain, end }: &Waiting) -> bool {
        let is_wanted = !end.is_closed() || self.chains.goes_on(&swap.key, *chain, &swap.value);
        if !is_wanted {
            self.chains.give_up(&swap.key, *chain);
        }
        is_wanted
    }

    async fn call(&self, batch: Vec<Waiting>) -> Called {
        let command = self.command(&batch);
        let ends = self.link.run(|to| call(to, command, batch.len())).await;
        (batch, ends)
    }

    fn answer(&self, (batch, called): Called) {
        match called {
            Ok(ends) => {
                // Before anyone is told: who then decides anew does not undo what another just decided.
                for (waiting, end) in batch.iter().zip(&ends) {
                    self.remember(waiting, end);
                }
                for (waiting, end) in batch.into_iter().zip(ends) {
                    waiting.end(Ok(end));
                }
            }
            Err(failure) => {
                let error = KeyValueError::from(failure);
                for waiting in batch {
                    self.chains.give_up(&waiting.swap.key, waiting.chain);
                    waiting.end(Err(error.clone()));
                }
            }
        }
    }

    fn remember(&self, Waiting { swap, chain, .. }: &Waiting, end: &End) {
        match end {
            End::Written => self.chains.written(&swap.key, *chain, &swap.value),
            End::There(there) => self.chains.lost(&swap.key, *chain, there.as_deref()),
            End::Unreadable(_) => self.chains.give_up(&swap.key, *chain),
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

/// The swaps in front that go in one call: at least one.
fn first_call(batch: &mut Vec<Waiting>) -> Vec<Waiting> {
    let mut bytes = 0;
    let fits = |waiting: &&Waiting| {
        bytes += waiting.swap.bytes();
        bytes <= SWAPS_BYTES_MAX
    };
    let count = batch.iter().take_while(fits).count().max(1);
    batch.drain(..count).collect()
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
