//! Two nodes of a Redis cluster.

use std::thread;

use crate::redis::RedisServer;

/// The slots of each node.
const SLOTS: [&str; 2] = ["0 8191", "8192 16383"];

/// With which a node serves its slots when the other one fails, for as long as a test takes.
const ALONE: [&str; 6] = [
    "--cluster-enabled",
    "yes",
    "--cluster-require-full-coverage",
    "no",
    "--cluster-node-timeout",
    "60000",
];

/// A cluster of two nodes, each with half of the slots, and without replicas. A node serves its slots when the other one
/// fails.
pub struct RedisCluster([RedisServer; 2]);

impl RedisCluster {
    /// Starts both, and waits until each knows what the other has.
    #[must_use]
    pub fn start() -> Self {
        let nodes = SLOTS.map(|slots| {
            let node = RedisServer::start_with(&ALONE);
            assert_eq!(node.command(&format!("CLUSTER ADDSLOTSRANGE {slots}")), "+OK");
            node
        });
        let meet = format!("CLUSTER MEET 127.0.0.1 {}", nodes[1].port());
        assert_eq!(nodes[0].command(&meet), "+OK");
        let knows_both = |node: &RedisServer| node.command("CLUSTER SLOTS") == "*2";
        while !nodes.iter().all(|node| knows_both(node) && node.is_cluster_up()) {
            thread::yield_now();
        }
        Self(nodes)
    }

    /// Its address for clients, which names both nodes.
    #[must_use]
    pub fn url(&self) -> String {
        let [one, other] = self.0.each_ref().map(RedisServer::port);
        format!("redis-cluster://127.0.0.1:{one},127.0.0.1:{other}")
    }

    /// Its nodes.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer; 2] {
        &self.0
    }

    /// For each node, the first of these keys that it has.
    ///
    /// # Panics
    /// When a node has none of them.
    #[must_use]
    pub fn keys<'k>(&self, among: &[&'k str]) -> [&'k str; 2] {
        self.0.each_ref().map(|node| {
            let is_here = |key: &&&str| !node.command(&format!("GET {key}")).starts_with("-MOVED");
            *among.iter().find(is_here).unwrap()
        })
    }
}
