//! The cost of idle connections.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, ensure};

use super::case::BOTH_RUNTIMES;
use super::{Bench, Results};
use crate::server::Server;

const CONNECTIONS: usize = 10_000;

/// Memory of the servers of the chosen cases, before and with the idle connections.
pub(super) fn connections(bench: &Bench, results: &[Results]) -> anyhow::Result<String> {
    let mut table = format!(
        "| {CONNECTIONS} idle connections | MiB before | MiB with them | bytes each |\n\
         |---|--:|--:|--:|\n"
    );
    for Results { case, .. } in results {
        if !BOTH_RUNTIMES.contains(case.letter) {
            continue;
        }
        let server = case.start(bench)?;
        ask(&server)?;
        let before = server.resident_bytes()?;
        let open = (0..CONNECTIONS).map(|_| ask(&server)).collect::<anyhow::Result<Vec<_>>>();
        let open = open.context("10,100 open files are needed on both sides: see ulimit -n")?;
        let with = server.resident_bytes()?;
        let each = with.saturating_sub(before) / CONNECTIONS as u64;
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let (before, with) = (mebibytes(before), mebibytes(with));
        let _ = writeln!(table, "| {} | {before:.1} | {with:.1} | {each} |", case.title);
        drop(open);
    }
    Ok(table)
}

/// A connection that has sent one request and received its answer.
fn ask(server: &Server) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(&server.address)?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(&stream).read_line(&mut status)?;
    ensure!(status.starts_with("HTTP/1.1 200 "), "/healthz is not healthy: {status}");
    Ok(stream)
}
