//! Real servers for tests: Debian's `redis-server` and `nats-server`, and npm's `workerd`.
//!
//! Each is a process of its own on a free port of the loopback interface, with its data in a folder of its
//! own. It answers when `start` returns, and is gone when it is dropped. A server that is not installed
//! fails the test and says so; none is skipped. A [`Proxy`] is the network in front of one.
#![allow(clippy::unwrap_used, reason = "what only tests use may panic")]

mod footprint;
mod nats;
mod nats_cluster;
mod port;
mod process;
mod proxy;
mod redis;
mod redis_cluster;
mod redis_pair;
mod workerd;

pub use footprint::Footprint;
pub use nats::NatsServer;
pub use nats_cluster::NatsCluster;
pub use process::READY_MAX;
pub use proxy::{Network, Proxy};
pub use redis::RedisServer;
pub use redis_cluster::RedisCluster;
pub use redis_pair::RedisPair;
pub use workerd::WorkerdServer;
