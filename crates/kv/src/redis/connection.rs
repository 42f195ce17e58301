//! One connection, to one server or to all nodes of a cluster.

use ::redis::aio::{ConnectionLike, MultiplexedConnection};
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use ::redis::io::tcp::TcpSettings;
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo,
    Pipeline, RedisFuture, RedisResult, Value, from_redis_value,
};
use url::Url;

use crate::server::{Address, Timeouts, prepare_tls};

/// Opens connections. It has no `Debug`, since it holds the password.
pub(super) enum Connector {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
}

impl Connector {
    pub(super) fn new(address: &Address, timeouts: Timeouts) -> RedisResult<Self> {
        if address.scheme().starts_with("rediss") {
            prepare_tls();
        }
        let nodes: Vec<_> = address.nodes().iter().map(node).collect::<Result<_, _>>()?;
        let Some(first) = nodes.first().filter(|_| !address.scheme().ends_with("-cluster")) else {
            let cluster = ClusterClient::builder(nodes)
                .tcp_settings(tcp_settings())
                // To each node: connecting waits for all of them, twice, and one that is silent must not use up the
                // time for the others.
                .connection_timeout(timeouts.connect / 3)
                .response_timeout(timeouts.response)
                // The library would repeat a write that may have been done, and report the second one as a
                // conflict.
                .retries(0)
                .build()?;
            return Ok(Self::Cluster(Box::new(cluster)));
        };
        Ok(Self::Server(Box::new(Client::open(first.clone())?)))
    }

    /// The caller enforces the timeout.
    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new();
        let config = config.set_connection_timeout(None).set_response_timeout(None);
        Ok(match self {
            Self::Server(client) => {
                let to = client.get_multiplexed_async_connection_with_config(&config).await?;
                Connection::Server(to)
            }
            Self::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        })
    }
}

/// The node as the library expects it: the client's type says that it is a cluster, not the URL.
fn node(url: &Url) -> RedisResult<ConnectionInfo> {
    let plain = url.as_str().replacen("-cluster://", "://", 1);
    Ok(plain.into_connection_info()?.set_tcp_settings(tcp_settings()))
}

/// Without Nagle's algorithm: small commands go out at once.
fn tcp_settings() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// A connection shared by any number of operations.
#[derive(Clone)]
pub(super) enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Asks the node that has `slot`, if there is more than one.
    pub(super) async fn ask_node<T: FromRedisValue>(
        self,
        command: Cmd,
        slot: u16,
    ) -> RedisResult<T> {
        match self {
            Self::Server(mut server) => command.query_async(&mut server).await,
            Self::Cluster(mut cluster) => {
                let route = Route::new(slot, SlotAddr::Master);
                let node = SingleNodeRoutingInfo::SpecificNode(route);
                let answer = cluster.route_command(command, RoutingInfo::SingleNode(node)).await?;
                Ok(from_redis_value(answer)?)
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(server) => server.req_packed_command(command),
            Self::Cluster(cluster) => cluster.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(server) => server.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(server) => server.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}
