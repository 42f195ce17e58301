//! The stores that programs share, and what breaks of them.

use std::path::Path;

use tollgate_test_servers::{NatsServer, RedisServer};

/// Where records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Redb,
    Redis,
    Nats,
}

/// A store that can be broken and mended.
pub(crate) enum Store {
    /// One file, which one program has open; that dies with it.
    Redb,
    Redis(RedisServer),
    Nats(NatsServer),
}

impl Store {
    pub(crate) fn start(backend: Backend) -> Self {
        match backend {
            Backend::Redb => Self::Redb,
            Backend::Redis => Self::Redis(RedisServer::start()),
            Backend::Nats => Self::Nats(NatsServer::start()),
        }
    }

    /// What a program is told.
    pub(crate) fn arguments(&self, folder: &Path) -> Vec<String> {
        let store = match self {
            Self::Redb => format!("redb:{}", folder.join("tollgate.redb").display()),
            Self::Redis(server) => server.url(),
            Self::Nats(server) => server.url(),
        };
        ["--store", &store, "--durability", "immediate"].map(str::to_owned).into()
    }

    /// How many programs can share it.
    pub(crate) const fn programs(&self) -> usize {
        if matches!(self, Self::Redb) { 1 } else { 2 }
    }

    pub(crate) fn kill(&mut self) {
        match self {
            Self::Redb => {}
            Self::Redis(server) => server.kill(),
            Self::Nats(server) => server.kill(),
        }
    }

    pub(crate) fn restart(&mut self) {
        match self {
            Self::Redb => {}
            Self::Redis(server) => server.restart(),
            Self::Nats(server) => server.restart(),
        }
    }

    pub(crate) fn pause(&self) {
        match self {
            Self::Redb => {}
            Self::Redis(server) => server.pause(),
            Self::Nats(server) => server.pause(),
        }
    }

    pub(crate) fn resume(&self) {
        match self {
            Self::Redb => {}
            Self::Redis(server) => server.resume(),
            Self::Nats(server) => server.resume(),
        }
    }
}
