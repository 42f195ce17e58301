//! `redis-server`.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use crate::footprint::Footprint;
use crate::process::{Kind, Process, READY_MAX, connect};

static REDIS: Kind = Kind {
    program: || "redis-server".to_owned(),
    install: "apt-get install redis-server",
    arguments,
    is_ready,
};

/// A Redis server that survives being killed: it appends every write to a file before it answers.
pub struct RedisServer(Process);

impl RedisServer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more command-line arguments; the last of two that contradict each other counts.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        Self(Process::start(&REDIS, arguments))
    }

    /// Starts a cluster of which this is the only node.
    #[must_use]
    pub fn start_cluster() -> Self {
        let node = Self::start_with(&["--cluster-enabled", "yes"]);
        assert_eq!(node.command("CLUSTER ADDSLOTSRANGE 0 16383"), "+OK");
        while !node.is_cluster_up() {
            std::thread::yield_now();
        }
        node
    }

    /// Starts one that follows the server on this port of 127.0.0.1.
    #[must_use]
    pub fn start_replica(primary: u16) -> Self {
        Self::start_with(&["--replicaof", "127.0.0.1", &primary.to_string()])
    }

    /// Waits until a replica has everything that was written until now.
    pub fn wait_for_replica(&self) {
        // The answer to the writing is left out, since one line is read.
        let commands = "CLIENT REPLY SKIP\r\nSET replicated yes\r\nWAIT 1 500";
        let deadline = Instant::now() + READY_MAX;
        while self.command(commands) != ":1" {
            assert!(Instant::now() < deadline, "no replica follows after {READY_MAX:?}");
        }
    }

    /// Makes it follow nobody any more, and take writes.
    pub fn promote(&self) {
        assert_eq!(self.command("REPLICAOF NO ONE"), "+OK");
    }

    /// Whether the node has found out that its cluster has all the slots.
    pub(crate) fn is_cluster_up(&self) -> bool {
        !self.command("GET k").starts_with("-CLUSTERDOWN")
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Its address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Does one command and answers the first line of the answer, with the character of its type.
    pub fn command(&self, command: &str) -> String {
        connect(self.port()).and_then(|stream| ask(stream, command)).unwrap()
    }

    /// What it takes, with its data.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        self.0.footprint()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// Makes it stand still: it accepts connections, and answers nothing.
    pub fn pause(&self) {
        self.0.pause();
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.0.resume();
    }

    /// Starts it again after [`kill`](Self::kill), with the data that it had.
    pub fn restart(&mut self) {
        self.0.restart();
    }

    /// Starts it again after [`kill`](Self::kill), without any data.
    pub fn restart_empty(&mut self) {
        self.0.forget();
        self.0.restart();
    }
}

fn arguments(data: &Path, port: u16) -> Vec<String> {
    let (data, port) = (data.display().to_string(), port.to_string());
    let listens = ["--port", &port, "--bind", "127.0.0.1"];
    // By default it calls fsync every second, and while that takes long it answers before it writes.
    let writes = ["--dir", &data, "--save", "", "--appendonly", "yes", "--appendfsync", "no"];
    listens.into_iter().chain(writes).map(str::to_owned).collect()
}

/// A server that wants a password is ready as well; one that still loads its data is not.
fn is_ready(stream: TcpStream) -> io::Result<bool> {
    let answer = ask(stream, "PING")?;
    Ok(answer == "+PONG" || answer.starts_with("-NOAUTH"))
}

fn ask(mut stream: TcpStream, command: &str) -> io::Result<String> {
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
