//! Real servers for tests: Debian's `redis-server` and `nats-server`, and npm's `workerd`.
//!
//! Each is a process of its own on a free port of the loopback interface, with its data in a folder of its
//! own. It answers when `start` returns, and is gone when it is dropped. A server that is not installed
//! fails the test and says so; none is skipped.
#![allow(clippy::unwrap_used, reason = "what only tests use may panic")]

mod nats;
mod port;
mod process;
mod redis;
mod workerd;

pub use nats::NatsServer;
pub use process::READY_MAX;
pub use redis::RedisServer;
pub use workerd::WorkerdServer;
