//! Connecting to a NATS server, and finding or making the bucket.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_nats::jetstream::context::{ContextBuilder, GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{self, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::bucket::{Bucket, NEVER};
use super::{NATS_BUCKET, NATS_REPLICAS_MAX};
use crate::last_seen::LastSeen;
use crate::server::{Address, ConnectError, Timeouts, prepare_tls};

/// How long to wait between two attempts to connect again.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(50);
/// How often a connection is pinged. After two pings without an answer it is reopened.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// The first server version, major and minor, in which only one of two writers over the same revision
/// wins in a bucket with replicas too. Before, the leader compared without the writes in flight to the
/// others, or lost track of them when it changed.
const EXACT_WITH_REPLICAS: (i64, i64) = (2, 11);
/// Longest name of a bucket in bytes; it is part of every subject.
const BUCKET_BYTES_MAX: usize = 64;

/// What the address says besides where the server is.
pub(super) struct Settings {
    pub(super) timeouts: Timeouts,
    /// The server's name in messages.
    pub(super) shown: String,
    bucket: String,
    /// The number of replicas asked for.
    replicas: Option<usize>,
}

impl Settings {
    pub(super) fn take(address: &mut Address) -> Result<Self, ConnectError> {
        let timeouts = address.take_timeouts()?;
        let bucket = address.take("bucket").unwrap_or_else(|| NATS_BUCKET.to_owned());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=BUCKET_BYTES_MAX).contains(&bucket.len()) || !bucket.bytes().all(is_name) {
            let rule = "bucket is 1 to 64 letters, digits, hyphens and underscores";
            return Err(address.wrong(format!("{rule}, not {bucket:?}")));
        }
        let replicas = match address.take("replicas") {
            None => None,
            Some(text) => match text.parse() {
                Ok(replicas @ 1..=NATS_REPLICAS_MAX) => Some(replicas),
                _ => {
                    let rule = format!("replicas is a number from 1 to {NATS_REPLICAS_MAX}");
                    return Err(address.wrong(format!("{rule}, not {text:?}")));
                }
            },
        };
        address.finish()?;
        if address.nodes().iter().any(|node| !matches!(node.path(), "" | "/")) {
            return Err(address.wrong("an address of NATS has no path".to_owned()));
        }
        Ok(Self { timeouts, shown: address.shown().to_owned(), bucket, replicas })
    }

    /// The existing bucket, or a new one in files.
    ///
    /// It is created with the same configuration as by the library's own function, which first requests the
    /// account's details in a form that servers before 2.10 don't answer in.
    pub(super) async fn bucket(&self, context: &Context) -> Result<Stream, String> {
        let name = format!("KV_{}", self.bucket);
        match context.get_stream(&name).await {
            Ok(stream) => return Ok(stream),
            Err(error) if is_not_found(&error) => {}
            Err(error) => return Err(format!("JetStream does not answer ({error}); enable it")),
        }
        check_replicas(context, self.replicas.unwrap_or(1))?;
        tracing::info!(server = self.shown, bucket = self.bucket, "there is no such bucket yet");
        let made = context.create_stream(stream::Config {
            name,
            description: Some("records of tollgate".to_owned()),
            subjects: vec![format!("$KV.{}.>", self.bucket)],
            max_messages_per_subject: 1,
            storage: stream::StorageType::File,
            num_replicas: self.replicas.unwrap_or(1),
            discard: stream::DiscardPolicy::New,
            allow_direct: true,
            allow_rollup: true,
            ..stream::Config::default()
        });
        made.await.map_err(|error| format!("bucket {:?} can't be made ({error})", self.bucket))
    }

    /// Refuses a bucket that is not what was asked for, or that loses values by itself.
    fn check(&self, context: &Context, stream: &Stream) -> Result<(), String> {
        let (bucket, config) = (&self.bucket, &stream.cached_info().config);
        if let Some(replicas) = self.replicas.filter(|asked| *asked != config.num_replicas) {
            let are = config.num_replicas;
            return Err(format!("bucket {bucket:?} has {are} replicas, not {replicas}"));
        }
        if !config.max_age.is_zero() {
            return Err(format!("values of bucket {bucket:?} expire; give another bucket"));
        }
        // Without a limit there is nothing that it would make room for.
        let is_limited = config.max_bytes > 0 || config.max_messages > 0;
        if is_limited && config.discard == stream::DiscardPolicy::Old {
            let rule = "drops its oldest values when it is full";
            return Err(format!(
                "bucket {bucket:?} {rule}; let it discard new ones, or give another"
            ));
        }
        check_replicas(context, config.num_replicas)
    }
}

/// Refuses replicas on servers where they would admit more than is allowed.
fn check_replicas(context: &Context, replicas: usize) -> Result<(), String> {
    let client = context.client();
    let (major, minor) = EXACT_WITH_REPLICAS;
    if replicas == 1 || client.is_server_compatible(major, minor, 0) {
        return Ok(());
    }
    let version = client.server_info().version;
    Err(format!(
        "a bucket with {replicas} replicas is exact from NATS {major}.{minor} on, and this is {version}; update \
         the servers, or take a bucket with one replica"
    ))
}

pub(super) async fn open(mut address: Address) -> Result<Bucket, ConnectError> {
    let settings = Settings::take(&mut address)?;
    let client = connect(&address, settings.timeouts).await?;
    let context = ContextBuilder::new().timeout(settings.timeouts.response).build(client.clone());
    let limit = settings.timeouts.connect;
    let unusable =
        |reason: String| ConnectError::Unusable { address: settings.shown.clone(), reason };
    let stream = match timeout(limit, find(&settings, &context)).await {
        Ok(found) => found.map_err(unusable)?,
        Err(_) => {
            return Err(ConnectError::Unanswered { address: settings.shown, after: limit });
        }
    };
    let config = &stream.cached_info().config;
    let reads_directly = config.num_replicas == 1 && config.allow_direct;
    let prefix = format!("$KV.{}.", settings.bucket);
    let (checked, checks) = (AtomicU64::new(NEVER), AtomicU64::default());
    let last_seen = LastSeen::default();
    Ok(Bucket {
        client,
        context,
        stream,
        settings,
        prefix,
        checked,
        checks,
        reads_directly,
        last_seen,
    })
}

async fn find(settings: &Settings, context: &Context) -> Result<Stream, String> {
    let stream = settings.bucket(context).await?;
    settings.check(context, &stream)?;
    Ok(stream)
}

fn is_not_found(error: &GetStreamError) -> bool {
    let GetStreamErrorKind::JetStream(error) = error.kind() else { return false };
    error.error_code() == ErrorCode::STREAM_NOT_FOUND
}

async fn connect(address: &Address, timeouts: Timeouts) -> Result<Client, ConnectError> {
    prepare_tls();
    let (servers, options) = options(address, timeouts)?;
    let shown = address.shown().to_owned();
    let connecting = timeout(timeouts.connect, options.connect(servers));
    let unanswered = ConnectError::Unanswered { address: shown.clone(), after: timeouts.connect };
    let Ok(connected) = connecting.await else { return Err(unanswered) };
    connected.map_err(|error| {
        let reason = error.to_string();
        match error.kind() {
            ConnectErrorKind::TimedOut => unanswered,
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                ConnectError::Denied { address: shown, reason }
            }
            ConnectErrorKind::Io | ConnectErrorKind::Dns => {
                ConnectError::Unreachable { address: shown, reason }
            }
            _ => ConnectError::Unusable { address: shown, reason },
        }
    })
}

/// The credentials are passed apart from the addresses, which the library may log.
fn options(
    address: &Address,
    timeouts: Timeouts,
) -> Result<(Vec<ServerAddr>, ConnectOptions), ConnectError> {
    let mut options = ConnectOptions::new()
        .name("tollgate")
        .connection_timeout(timeouts.connect)
        .request_timeout(Some(timeouts.response))
        .ping_interval(PING_INTERVAL)
        .reconnect_delay_callback(|_| RECONNECT_INTERVAL)
        .require_tls(address.scheme() == "tls");
    let mut servers = Vec::new();
    for node in address.nodes() {
        let text = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let user = text(node.username());
        options = match node.password() {
            Some(password) => options.user_and_password(user, text(password)),
            None if !user.is_empty() => options.token(user),
            None => options,
        };
        let mut node = node.clone();
        let removed = node.set_username("").and_then(|()| node.set_password(None));
        let server = removed.ok().and_then(|()| ServerAddr::from_url(node).ok());
        servers.push(server.ok_or_else(|| address.wrong("it is no address of NATS".to_owned()))?);
    }
    Ok((servers, options))
}
