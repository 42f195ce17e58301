//! `tollgate serve`: puts policies, store and runtime together behind the server.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail, ensure};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tollgate_host::edge::{Edge, EdgeConfig};
use tollgate_host::native::Native;
use tollgate_host::reloads::{Reloads, WithReloads};
use tollgate_host::server::{self, Handler, ServerConfig};
use tollgate_host::settling::Settling;
use tollgate_host::sweep::Sweeping;
use tollgate_host::variables::Variables;
use tollgate_kv::KeyValue;
use tollgate_service::Retention;

use crate::cli::{ServeArgs, SweepArg};
use crate::configuration::{self, Configuration};
use crate::{log, open_files, reload};

/// The variable that holds the edge's policies.
const POLICIES_VARIABLE: &str = "policies";
/// The variable that names the store of the edge's records.
const STORE_VARIABLE: &str = "store";

/// The variable that holds the API keys the edge accepts.
const KEYS_VARIABLE: &str = "api_keys";

/// The edge component that the build embedded in this program, if any.
const EMBEDDED_EDGE: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/embedded_edge.rs"));

/// Serves until the process is told to stop.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let configuration = Configuration::read(args.policies.as_deref(), args.keys.as_deref())?;
    configuration::check_listen(args.listen, configuration.keys.is_some())?;
    log::start(&args.log, args.log_format)?;
    if args.policies.is_none() {
        tracing::info!("no --policies: the sample policies are in force");
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime did not start")?
        .block_on(serve(args, configuration))
}

async fn serve(args: ServeArgs, configuration: Configuration) -> anyhow::Result<()> {
    let config = ServerConfig {
        connections_max: open_files::connections(args.connections),
        access_log: args.access_log,
        ..ServerConfig::default()
    };
    let store = args.store.open().await?;
    let mut sweeping = start_sweeping(&args, &store, &configuration);
    // Before the address is announced: until this handler is installed, the signal would end the process.
    let hangups = signal(SignalKind::hangup())?;
    let reloads = Arc::<Reloads>::default();
    if args.native {
        let keys = configuration.keys.map(|keys| keys.read);
        let native = Arc::new(Native::new(configuration.policies.read, keys, Arc::clone(&store))?);
        let reload = reload::at_every(hangups, &args, &reloads, |new| {
            let keys = new.keys.as_ref().map(|keys| keys.read.clone());
            native.reload(new.policies.read.clone(), keys)?;
            sweeping = start_sweeping(&args, &store, &new);
            Ok(())
        });
        let handler = WithReloads::new(Arc::clone(&native), Arc::clone(&reloads));
        let settling = Settling::start(Arc::clone(&native));
        let served = until_either(listen(&args, config, handler), reload).await;
        settling.stop().await;
        served?;
    } else {
        let variables = edge_variables(&args, &configuration);
        let edge = Arc::new(edge(&args, &config, variables, Arc::clone(&store))?);
        let reload = reload::at_every(hangups, &args, &reloads, |new| {
            edge.reload(edge_variables(&args, &new));
            sweeping = start_sweeping(&args, &store, &new);
            Ok(())
        });
        let handler = WithReloads::new(Arc::clone(&edge), Arc::clone(&reloads));
        until_either(listen(&args, config, handler), reload).await?;
    }
    drop(sweeping);
    store.flush().await.context("the store was not flushed")
}

/// Serves until `serving` ends; `reloading` never does.
async fn until_either(
    serving: impl Future<Output = anyhow::Result<()>>,
    reloading: impl Future<Output = Infallible>,
) -> anyhow::Result<()> {
    tokio::select! {
        served = serving => served,
        never = reloading => match never {},
    }
}

/// Starts the sweeper here, because a sweeper needs the policies that are served.
fn start_sweeping(
    args: &ServeArgs,
    store: &Arc<dyn KeyValue>,
    configuration: &Configuration,
) -> Option<Sweeping> {
    let SweepArg::Every(pause) = args.sweep else { return None };
    let retention = Retention::new(&configuration.policies.read);
    Some(Sweeping::start(Arc::clone(store), retention, pause))
}

/// The edge function's variables.
fn edge_variables(args: &ServeArgs, configuration: &Configuration) -> Variables {
    let keys = configuration.keys.as_ref().map_or("", |keys| &*keys.text);
    let policies = &*configuration.policies.text;
    // The stores of this host are exact, except for faults imitated on request, which the edge has to detect.
    let store = if args.quirks.is_some() { "key-value" } else { "exact-key-value" };
    let defaults = [(POLICIES_VARIABLE, policies), (KEYS_VARIABLE, keys), (STORE_VARIABLE, store)];
    let given = args.variables.iter().map(|it| (&*it.name, &*it.value));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Variables::new(defaults.into_iter().chain(given).map(owned).collect())
}

fn edge(
    args: &ServeArgs,
    server: &ServerConfig,
    variables: Variables,
    store: Arc<dyn KeyValue>,
) -> anyhow::Result<Edge> {
    let config = EdgeConfig {
        request_timeout: server.request_timeout,
        quirks: args.quirks,
        allowed_redis: args.allow_redis.clone(),
        ..EdgeConfig::default()
    };
    let (wasm, name) = edge_bytes(args)?;
    Edge::new(&wasm, config, store, variables).map_err(|error| anyhow!("{name}: {error:#}"))
}

/// The component to serve, and its name for messages.
fn edge_bytes(args: &ServeArgs) -> anyhow::Result<(Cow<'static, [u8]>, String)> {
    match (&args.edge, EMBEDDED_EDGE) {
        (Some(path), _) => {
            let name = path.display().to_string();
            let wasm = fs::read(path).with_context(|| name.clone())?;
            // wasmtime's own message would be several lines of numbers.
            ensure!(
                wasm.starts_with(b"\0asm"),
                "{name}: this is no component, nor any WebAssembly"
            );
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
    // A closed standard output is no reason to stop.
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
