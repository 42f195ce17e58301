//! A `redis-server`, and another that follows it.

use crate::proxy::{Network, Proxy};
use crate::redis::RedisServer;

/// A primary and its replica, which may fall behind, and take its place.
pub struct RedisPair {
    primary: RedisServer,
    replica: RedisServer,
    between: Proxy,
}

impl RedisPair {
    /// Starts both, and waits until the one follows the other.
    #[must_use]
    pub fn start() -> Self {
        let primary = RedisServer::start();
        let between = Proxy::start(primary.port());
        let replica = RedisServer::start_replica(between.port());
        primary.wait_for_replica();
        Self { primary, replica, between }
    }

    /// Where the primary listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.primary.port()
    }

    /// From now on the replica gets nothing of what is written; it has everything until now.
    pub fn fall_behind(&self) {
        self.primary.wait_for_replica();
        self.between.set(Network::Silent);
    }

    /// Ends the primary with SIGKILL, and makes the replica one. Answers where that listens.
    pub fn fail_over(&mut self) -> u16 {
        // What is on its way to the replica must not arrive.
        self.between.set(Network::Cut);
        self.primary.kill();
        self.replica.promote();
        self.replica.port()
    }
}
