//! Values in Redis, or in anything that speaks its protocol and runs Lua scripts.
//!
//! Compare-and-swap runs on the server, as one of the [`scripts`]: they compare values,
//! so nothing has to be kept between reading and writing, and any connection will do for either.

mod chains;
mod compared;
mod connection;
mod link;
mod scan;
mod swaps;

use std::fmt;
use std::sync::{Arc, LazyLock};

use ::redis::{Cmd, ErrorKind, FromRedisValue, Script, ScriptInvocation, ServerErrorKind};
use async_trait::async_trait;
use tollgate_store::{Page, Swap, scripts};

use self::chains::Chains;
use self::compared::Compared;
use self::link::{Failure, Link};
use self::swaps::{End, SwapOf, Swaps};
use crate::contract::{
    Exchange, Increment, KeyValue, KeyValueError, New, check_exchanges, check_key, check_value,
};
use crate::server::{Address, ConnectError};

/// The prefix of every key, unless the address says otherwise.
pub const REDIS_PREFIX: &str = "tollgate:";
/// Longest prefix in bytes, not counting the key.
pub const REDIS_PREFIX_BYTES_MAX: usize = 64;

static REMOVE: LazyLock<Script> = LazyLock::new(|| Script::new(scripts::REMOVE));
static SWAP_ALL: LazyLock<Script> = LazyLock::new(|| Script::new(scripts::SWAP_ALL));
static INCREMENT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("redis/increment.lua")));

/// The milliseconds to live that mean a value does not expire.
const STAYS: i64 = 0;
/// The milliseconds to live that tell [`scripts::SWAP_ALL`] to remove the key.
const REMOVED: i64 = -1;

/// Values in a Redis server, or in a Redis cluster.
///
/// # When writes are safe
/// The server's configuration decides. What a crash of the server may lose depends on its `appendfsync`:
/// with `always` no acknowledged write, with `everysec` those of the last second, without `appendonly`
/// those since the last snapshot. Replication is asynchronous: a failover may lose what the old primary
/// acknowledged last. A key then has its value of a moment before, or is absent if it had none.
///
/// # When the server fails
/// Every operation ends within the connect timeout plus the response timeout, and [`list`](KeyValue::list) within twice
/// that. An interrupted one fails with [`KeyValueError::Backend`], and is never sent twice. The next operation reopens
/// the connection. Swaps that wait at the same moment share a call, and fail with it.
/// In a cluster the keys of a slot are unavailable while it moves or after its primary died, and those of other nodes
/// are not.
pub struct Redis {
    link: Arc<Link>,
    swaps: Swaps,
    prefix: String,
    /// By keys without the prefix.
    chains: Arc<Chains>,
}

impl Redis {
    /// Connects to `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or with TLS to `rediss://…`, or to the
    /// cluster that has the nodes `redis-cluster://HOST[:PORT][,HOST[:PORT]…]` (`rediss-cluster://…`).
    ///
    /// Parameters follow a `?`: `prefix` of all keys, at most [`REDIS_PREFIX_BYTES_MAX`] bytes, default
    /// [`REDIS_PREFIX`]; `connect_timeout_ms` and `response_timeout_ms`, from 1 to
    /// [`TIMEOUT_MAX`](crate::TIMEOUT_MAX). In a cluster a prefix such as `{tollgate}:` keeps all keys in
    /// one slot; without one [`exchange_all`](KeyValue::exchange_all) can't be done.
    ///
    /// The runtime that this runs on makes all calls: swaps fail when it is gone.
    ///
    /// # Errors
    /// [`ConnectError`], which says what to do.
    pub async fn connect(address: &str) -> Result<Self, ConnectError> {
        Self::open(Address::parse(address)?).await
    }

    pub(crate) async fn open(mut address: Address) -> Result<Self, ConnectError> {
        let timeouts = address.take_timeouts()?;
        let prefix = address.take("prefix").unwrap_or_else(|| REDIS_PREFIX.to_owned());
        address.finish()?;
        if prefix.len() > REDIS_PREFIX_BYTES_MAX {
            return Err(address.wrong(format!(
                "prefix has at most {REDIS_PREFIX_BYTES_MAX} bytes, this one has {}",
                prefix.len()
            )));
        }
        let link = Link::open(&address, timeouts).await?;
        let chains = Arc::<Chains>::default();
        let swaps = Swaps::start(Arc::clone(&link), prefix.clone(), Arc::clone(&chains));
        Ok(Self { link, swaps, prefix, chains })
    }

    fn full_key(&self, key: &str) -> String {
        [&self.prefix, key].concat()
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, KeyValueError> {
        let answer = self.link.run(|mut to| async move { command.query_async(&mut to).await });
        answer.await.map_err(Failure::into)
    }

    async fn invoke<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Failure> {
        self.link.run(|mut to| async move { call.invoke_async(&mut to).await }).await
    }

    async fn swap_value(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Vec<u8>,
        live_ms: i64,
    ) -> Result<Swap, KeyValueError> {
        let (key, expected) = (key.to_owned(), expected.map(<[u8]>::to_vec));
        match self.swaps.swap(SwapOf { key, expected, value, live_ms }).await? {
            End::Written => Ok(Swap::Done),
            End::There(_) => Ok(Swap::Conflict),
            End::Unreadable(reason) => Err(self.link.error(reason)),
        }
    }

    async fn swap_absent(&self, key: &str, expected: Option<&[u8]>) -> Result<Swap, KeyValueError> {
        match expected {
            Some(expected) => {
                let mut call = REMOVE.key(self.full_key(key));
                Ok(swap(self.invoke(call.arg(expected)).await?))
            }
            None => Ok(swap(self.get(key).await?.is_none())),
        }
    }
}

fn swap(was_done: bool) -> Swap {
    if was_done { Swap::Done } else { Swap::Conflict }
}

/// The milliseconds to live of what `new` writes.
fn live_ms(new: &New) -> i64 {
    match new {
        New::Value(_) => STAYS,
        // At least one, since zero would mean no expiry; beyond the year 2262 there are no spans.
        New::Expiring(_, span) => i64::try_from(span.as_millis_ceil().max(1)).unwrap_or(STAYS),
        New::Absent => REMOVED,
    }
}

#[async_trait]
impl KeyValue for Redis {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        check_key(key)?;
        let value: Option<Vec<u8>> = self.ask(&Cmd::get(self.full_key(key))).await?;
        self.chains.seen(key, value.as_deref());
        Ok(value)
    }

    fn recall(&self, key: &str) -> Option<Option<Vec<u8>>> {
        self.chains.recall(key)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KeyValueError> {
        check_key(key)?;
        check_value(&value)?;
        self.ask(&Cmd::set(self.full_key(key), value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KeyValueError> {
        check_key(key)?;
        self.ask(&Cmd::del(self.full_key(key))).await
    }

    /// The server may repeat a key when its hash table is resized; a page has it once.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, KeyValueError> {
        let position = cursor.map_or_else(|| Ok(scan::Position::default()), str::parse)?;
        let nodes = self.link.run(scan::nodes).await?;
        let command = scan::command(&self.prefix, position);
        let Some(node) = nodes.get(position.node).copied() else {
            return Ok(Page { keys: Vec::new(), cursor: None });
        };
        let answer = self.link.run(|to| async move { to.ask_node(command, node).await }).await?;
        Ok(scan::page(&self.prefix, answer, position, nodes.len()))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<Increment, KeyValueError> {
        check_key(key)?;
        let mut call = INCREMENT.key(self.full_key(key));
        let sum: Option<Vec<u8>> = self.invoke(call.arg(&delta.to_le_bytes())).await?;
        let sum = sum.and_then(|bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?)));
        Ok(sum.map_or(Increment::NotANumber, Increment::Sum))
    }

    async fn exchange(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: New,
    ) -> Result<Swap, KeyValueError> {
        check_key(key)?;
        new.check()?;
        let live_ms = live_ms(&new);
        match new {
            New::Absent => self.swap_absent(key, expected).await,
            New::Value(value) | New::Expiring(value, _) => {
                self.swap_value(key, expected, value, live_ms).await
            }
        }
    }

    /// Returns `None` if the keys are in different slots of a cluster.
    async fn exchange_all(&self, exchanges: &[Exchange]) -> Result<Option<Swap>, KeyValueError> {
        check_exchanges(exchanges)?;
        let mut call = SWAP_ALL.prepare_invoke();
        for Exchange { key, expected, new } in exchanges {
            call.key(self.full_key(key));
            call.arg(u8::from(expected.is_some())).arg(expected.as_deref().unwrap_or_default());
            call.arg(new.value().unwrap_or_default()).arg(live_ms(new));
        }
        let end: Compared<Vec<Option<Vec<u8>>>> = match self.invoke(&call).await {
            Ok(compared) => compared,
            Err(failure) if failure.is(ErrorKind::Server(ServerErrorKind::CrossSlot)) => {
                return Ok(None);
            }
            Err(failure) => return Err(failure.into()),
        };
        Ok(Some(match end {
            Compared::Written => {
                for Exchange { key, new, .. } in exchanges {
                    self.chains.seen(key, new.value());
                }
                Swap::Done
            }
            Compared::There(there) => {
                for (Exchange { key, .. }, there) in exchanges.iter().zip(there) {
                    self.chains.seen(key, there.as_deref());
                }
                Swap::Conflict
            }
        }))
    }

    fn expires(&self) -> bool {
        true
    }

    /// Nothing to do: the server has every acknowledged write.
    async fn flush(&self) -> Result<(), KeyValueError> {
        Ok(())
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
