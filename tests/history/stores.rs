//! The stores that programs share, what breaks of them, and the networks that lead to them.

use std::path::Path;

use tollgate_test_servers::{NatsCluster, NatsServer, Proxy, RedisPair, RedisServer};

/// Programs that share a store, where more than one can.
const PROGRAMS: usize = 2;

/// Where records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Redb,
    Redis,
    /// A server of Redis, and another that follows it.
    RedisPair,
    Nats,
    /// Three servers, of which each has everything.
    NatsCluster,
}

/// A store that can be broken and mended.
pub(crate) struct Store {
    servers: Servers,
    /// What is between each program and a single server.
    pub(crate) networks: Vec<Proxy>,
}

enum Servers {
    /// One file, which one program has open; that dies with it.
    Redb,
    Redis(RedisServer),
    RedisPair(RedisPair),
    Nats(NatsServer),
    NatsCluster(NatsCluster),
}

impl Store {
    pub(crate) fn start(backend: Backend) -> Self {
        let networks = |port| (0..PROGRAMS).map(|_| Proxy::start(port)).collect();
        match backend {
            Backend::Redb => Self { servers: Servers::Redb, networks: Vec::new() },
            Backend::Redis => {
                let server = RedisServer::start();
                Self { networks: networks(server.port()), servers: Servers::Redis(server) }
            }
            Backend::RedisPair => {
                let pair = RedisPair::start();
                Self { networks: networks(pair.port()), servers: Servers::RedisPair(pair) }
            }
            Backend::Nats => {
                let server = NatsServer::start();
                Self { networks: networks(server.port()), servers: Servers::Nats(server) }
            }
            Backend::NatsCluster => {
                let servers = Servers::NatsCluster(NatsCluster::start());
                Self { servers, networks: Vec::new() }
            }
        }
    }

    /// What the program of this number is told.
    pub(crate) fn arguments(&self, folder: &Path, index: usize) -> Vec<String> {
        let port = || self.networks[index].port();
        let store = match &self.servers {
            Servers::Redb => format!("redb:{}", folder.join("tollgate.redb").display()),
            Servers::Redis(_) | Servers::RedisPair(_) => format!("redis://127.0.0.1:{}", port()),
            Servers::Nats(_) => format!("nats://127.0.0.1:{}", port()),
            Servers::NatsCluster(cluster) => format!("{}?replicas=3", cluster.url()),
        };
        ["--store", &store, "--durability", "immediate"].map(str::to_owned).into()
    }

    /// How many programs can share it.
    pub(crate) const fn programs(&self) -> usize {
        if matches!(self.servers, Servers::Redb) { 1 } else { PROGRAMS }
    }

    pub(crate) fn kill(&mut self) {
        match &mut self.servers {
            Servers::Redis(server) => server.kill(),
            Servers::Nats(server) => server.kill(),
            _ => unreachable!("it is not one server"),
        }
    }

    pub(crate) fn restart(&mut self) {
        match &mut self.servers {
            Servers::Redis(server) => server.restart(),
            Servers::Nats(server) => server.restart(),
            _ => unreachable!("it is not one server"),
        }
    }

    /// Starts it again without what it had.
    pub(crate) fn restart_empty(&mut self) {
        match &mut self.servers {
            Servers::Redis(server) => server.restart_empty(),
            Servers::Nats(server) => server.restart_empty(),
            _ => unreachable!("it is not one server"),
        }
    }

    pub(crate) fn pause(&self) {
        match &self.servers {
            Servers::Redis(server) => server.pause(),
            Servers::Nats(server) => server.pause(),
            _ => unreachable!("it is not one server"),
        }
    }

    pub(crate) fn resume(&self) {
        match &self.servers {
            Servers::Redis(server) => server.resume(),
            Servers::Nats(server) => server.resume(),
            _ => unreachable!("it is not one server"),
        }
    }

    /// The Redis servers of which one follows the other.
    pub(crate) fn pair(&mut self) -> &mut RedisPair {
        match &mut self.servers {
            Servers::RedisPair(pair) => pair,
            _ => unreachable!("it is no pair"),
        }
    }

    /// The servers of NATS of which one leads.
    pub(crate) fn cluster(&mut self) -> &mut NatsCluster {
        match &mut self.servers {
            Servers::NatsCluster(cluster) => cluster,
            _ => unreachable!("it is no cluster"),
        }
    }
}
