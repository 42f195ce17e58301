//! `tollgate serve`: policies, store and runtime put together behind the server.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tollgate_host::edge::{Edge, EdgeConfig};
use tollgate_host::native::Native;
use tollgate_host::server::{self, Handler, ServerConfig};
use tollgate_host::sweep::Sweeping;
use tollgate_kv::KeyValue;
use tollgate_policy::{ApiKeys, PolicySet};
use tollgate_service::Retention;

use crate::cli::{ServeArgs, SweepArg};
use crate::configuration::{self, Written};
use crate::log;

/// The variable that tells the edge its policies.
const POLICIES_VARIABLE: &str = "policies";
/// The variable that tells the edge where records are, and what it says unless the operator does.
const STORE_VARIABLE: (&str, &str) = ("store", "key-value");

/// The variable that tells the edge who may ask.
const KEYS_VARIABLE: &str = "api_keys";

/// The edge component that the build put into this program, if it did.
const EMBEDDED_EDGE: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/embedded_edge.rs"));

/// Serves until the process is told to stop.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let policies = configuration::policies(args.policies.as_deref())?;
    let keys = args.keys.as_deref().map(configuration::keys).transpose()?;
    configuration::check_listen(args.listen, keys.is_some())?;
    log::start(&args.log, args.log_format)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime did not start")?
        .block_on(serve(args, policies, keys))
}

async fn serve(
    args: ServeArgs,
    policies: Written<PolicySet>,
    keys: Option<Written<ApiKeys>>,
) -> anyhow::Result<()> {
    let config = ServerConfig { access_log: args.access_log, ..ServerConfig::default() };
    let store = args.store.open().await?;
    let _sweeping = match args.sweep {
        SweepArg::Off => None,
        SweepArg::Every(pause) => {
            let retention = Retention::new(&policies.read);
            Some(Sweeping::start(Arc::clone(&store), retention, pause))
        }
    };
    if args.native {
        let keys = keys.map(|keys| keys.read);
        let native = Native::new(policies.read, keys, Arc::clone(&store))?;
        listen(&args, config, native).await?;
    } else {
        let keys = keys.map_or_else(String::new, |keys| keys.text);
        let edge = edge(&args, &config, [&policies.text, &keys], Arc::clone(&store))?;
        listen(&args, config, edge).await?;
    }
    store.flush().await.context("the store was not flushed")
}

fn edge(
    args: &ServeArgs,
    server: &ServerConfig,
    [policies, keys]: [&str; 2],
    store: Arc<dyn KeyValue>,
) -> anyhow::Result<Edge> {
    let defaults = [(POLICIES_VARIABLE, policies), (KEYS_VARIABLE, keys), STORE_VARIABLE];
    let given = args.variables.iter().map(|it| (&*it.name, &*it.value));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let variables: BTreeMap<_, _> = defaults.into_iter().chain(given).map(owned).collect();
    let config = EdgeConfig {
        request_timeout: server.request_timeout,
        quirks: args.quirks,
        allowed_redis: args.allow_redis.clone(),
        ..EdgeConfig::default()
    };
    let (wasm, name) = edge_bytes(args)?;
    Edge::new(&wasm, config, store, variables.into()).map_err(|error| anyhow!("{name}: {error:#}"))
}

/// The component to serve, and what to call it.
fn edge_bytes(args: &ServeArgs) -> anyhow::Result<(Cow<'static, [u8]>, String)> {
    match (&args.edge, EMBEDDED_EDGE) {
        (Some(path), _) => {
            let name = path.display().to_string();
            let wasm = fs::read(path).with_context(|| name.clone())?;
            Ok((wasm.into(), name))
        }
        (None, Some(wasm)) => Ok((wasm.into(), "the edge inside this program".to_owned())),
        (None, None) => bail!(
            "this build carries no edge component: build it with `cargo xtask build`, \
             or say --edge FILE or --native"
        ),
    }
}

async fn listen(
    args: &ServeArgs,
    config: ServerConfig,
    handler: impl Handler,
) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("can't listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "listening on http://{address}");
    server::serve(listener, Arc::new(handler), config, stop).await;
    Ok(())
}

/// Resolves when the process is told to stop, by SIGINT or SIGTERM.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    })
}
