//! The backends, each fresh and empty.

use std::sync::Arc;

use tollgate_kv::{Durability, Memory, Nats, Redb, Redis};
use tollgate_test_servers::{NatsServer, RedisServer};

use crate::Fresh;

/// An address whose server may take its time: a hundred tests keep the disk busy, and what is promised is about values.
fn patient(url: &str) -> String {
    format!("{url}?response_timeout_ms=20000")
}

pub(crate) fn memory() -> Fresh {
    Fresh { values: Arc::new(Memory::default()), _keeper: Box::new(()) }
}

pub(crate) fn redb(durability: Durability) -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let values = Redb::open(directory.path().join("values.redb"), durability).unwrap();
    Fresh { values: Arc::new(values), _keeper: Box::new(directory) }
}

pub(crate) async fn redis() -> Fresh {
    let server = RedisServer::start();
    let values = Redis::connect(&patient(&server.url())).await.unwrap();
    Fresh { values: Arc::new(values), _keeper: Box::new(server) }
}

pub(crate) async fn redis_cluster() -> Fresh {
    let node = RedisServer::start_cluster();
    let address = node.url().replace("redis://", "redis-cluster://");
    let values = Redis::connect(&patient(&address)).await.unwrap();
    Fresh { values: Arc::new(values), _keeper: Box::new(node) }
}

pub(crate) async fn nats() -> Fresh {
    let server = NatsServer::start();
    let values = Nats::connect(&patient(&server.url())).await.unwrap();
    Fresh { values: Arc::new(values), _keeper: Box::new(server) }
}
