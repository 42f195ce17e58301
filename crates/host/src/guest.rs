//! What one instance of a guest owns, and what it may do.
//!
//! A guest gets clocks, random numbers, the key-value store, its variables, a log, and the Redis servers
//! that the operator allows. It gets no files, no other network, no environment and no arguments, and it
//! cannot send requests.

use std::sync::Arc;

use http::Request;
use http::Response;
use tollgate_kv::KeyValue;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::edge::EdgeConfig;
use crate::guest_log::{GuestLog, Stream};
use crate::keyvalue::quirks::{self, Quirks, SpinView};
use crate::keyvalue::{self, KeyValueCtx, KeyValueView};
use crate::redis::{self, RedisServers, RedisView};
use crate::variables::{self, Variables, VariablesView};

/// Host objects (streams, requests, responses, headers …) that an instance may hold at a time.
const TABLE_ENTRIES_MAX: usize = 10_000;

/// The data of one instance.
pub(crate) struct Guest {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: NoOutgoing,
    keyvalue: KeyValueCtx,
    /// Whether its key-value store imitates Spin's on Redis rather than on SQLite.
    keyvalue_on_redis: bool,
    variables: Variables,
    redis: Arc<RedisServers>,
    pub(crate) limits: StoreLimits,
}

impl Guest {
    pub(crate) fn new(
        store: Arc<dyn KeyValue>,
        variables: Variables,
        redis: Arc<RedisServers>,
        config: &EdgeConfig,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(TABLE_ENTRIES_MAX);
        Self {
            table,
            wasi: WasiCtx::builder()
                .stdout(GuestLog::new(Stream::Stdout))
                .stderr(GuestLog::new(Stream::Stderr))
                .allow_tcp(false)
                .allow_udp(false)
                .build(),
            http: WasiHttpCtx::new(),
            outgoing: NoOutgoing,
            keyvalue: KeyValueCtx::new(store),
            keyvalue_on_redis: config.quirks == Some(Quirks::SpinRedis),
            variables,
            redis,
            limits: StoreLimitsBuilder::new().memory_size(config.memory_bytes_max).build(),
        }
    }
}

impl Guest {
    fn keyvalue(&mut self) -> KeyValueView<'_> {
        KeyValueView { ctx: &mut self.keyvalue, table: &mut self.table }
    }

    fn spin_keyvalue(&mut self) -> SpinView<'_> {
        let plain = KeyValueView { ctx: &mut self.keyvalue, table: &mut self.table };
        SpinView { plain, redis: self.keyvalue_on_redis }
    }
}

/// Everything that a guest may import, with the faults of another host if `quirks` asks for them.
pub(crate) fn linker(engine: &Engine, quirks: Option<Quirks>) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    // Guests import WASI 0.3 themselves, and 0.2 through Rust's standard library.
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    match quirks {
        None => keyvalue::add_to_linker(&mut linker, Guest::keyvalue)?,
        Some(_) => quirks::add_to_linker(&mut linker, Guest::spin_keyvalue, Guest::keyvalue)?,
    }
    redis::add_to_linker(&mut linker, |guest: &mut Guest| RedisView {
        servers: &guest.redis,
        table: &mut guest.table,
    })?;
    variables::add_to_linker(&mut linker, |guest: &mut Guest| VariablesView(&guest.variables))?;
    Ok(linker)
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outgoing }
    }
}

/// Refuses every request that a guest wants to send.
struct NoOutgoing;

type Sent = Result<(Response<WasiBody>, Finished), Error>;
type Finished = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for NoOutgoing {
    fn send_request(
        &mut self,
        _request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _finished: Finished,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}
