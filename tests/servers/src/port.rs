//! Ports that nobody listens on.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below the ports that systems give to whoever connects: a client that tries to reach a server which is
/// down must not be given the server's own port, and then talk to itself.
const PORTS: Range<u16> = 10_000..20_000;

/// How far above its port a node of a Redis cluster has its second one.
const SECOND_PORT: u16 = 10_000;

/// A port that was free a moment ago, and whose second one was free too.
pub(crate) fn free() -> u16 {
    let count = u64::from(PORTS.end - PORTS.start);
    (0..count)
        .map(|attempt| RandomState::new().hash_one(attempt) % count)
        .map(|offset| PORTS.start + u16::try_from(offset).unwrap())
        .find(|port| is_free(*port) && is_free(*port + SECOND_PORT))
        .expect("one of ten thousand ports is free")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
