//! Three `nats-server`s that are one.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use crate::nats::NatsServer;
use crate::port;
use crate::process::{READY_MAX, connect};

/// As many as have a majority without one of them.
const NODES: usize = 3;
/// How long to wait between two questions to a cluster that elects.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A cluster with JetStream, which keeps its data in files.
pub struct NatsCluster {
    nodes: Vec<NatsServer>,
}

impl NatsCluster {
    /// Starts one of recent servers, and waits until it has a leader.
    #[must_use]
    pub fn start() -> Self {
        Self::start_each(NatsServer::start_recent)
    }

    /// Starts one of Debian's servers, which are not exact with replicas.
    #[must_use]
    pub fn start_inexact() -> Self {
        Self::start_each(NatsServer::start_with)
    }

    fn start_each(start: impl Fn(&[&str]) -> NatsServer) -> Self {
        let routes: [u16; NODES] = std::array::from_fn(|_| port::free());
        let urls = routes.map(|port| format!("nats://127.0.0.1:{port}")).join(",");
        let start = |(number, route): (usize, u16)| {
            let (name, listen) = (format!("n{number}"), format!("nats://127.0.0.1:{route}"));
            let cluster = ["--cluster_name", "tollgate", "--cluster", &listen, "--routes", &urls];
            start(&[&["--name", &name], &cluster[..]].concat())
        };
        let nodes = routes.into_iter().enumerate().map(start).collect();
        let cluster = Self { nodes };
        cluster.wait_for_room();
        cluster
    }

    /// Waits until its leader knows the others, so that what has replicas can be made.
    fn wait_for_room(&self) {
        let stream = format!(r#"{{"name":"room","num_replicas":{NODES}}}"#);
        self.wait_for("STREAM.CREATE.room", &stream, |answer| !answer.contains("\"error\""));
        self.wait_for("STREAM.DELETE.room", "", |answer| answer.contains("\"success\""));
    }

    /// Its address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("nats://{}", hosts.join(","))
    }

    /// Ends the node that leads the bucket `tollgate` with SIGKILL. Answers which it was.
    pub fn kill_leader(&mut self) -> usize {
        let answer =
            self.wait_for("STREAM.INFO.KV_tollgate", "", |answer| leader(answer).is_some());
        let leader = leader(&answer).unwrap();
        self.nodes[leader].kill();
        leader
    }

    /// Starts a node again after [`kill_leader`](Self::kill_leader), with the data that it had.
    pub fn restart(&mut self, node: usize) {
        self.nodes[node].restart();
    }

    /// Asks JetStream of any node until the answer is as wanted.
    fn wait_for(&self, asked: &str, with: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + READY_MAX;
        loop {
            for node in &self.nodes {
                match ask(node.port(), asked, with) {
                    Ok(answer) if is_wanted(&answer) => return answer,
                    _ => {}
                }
            }
            assert!(Instant::now() < deadline, "no {asked} after {READY_MAX:?}");
            thread::sleep(LOOK_INTERVAL);
        }
    }
}

/// The number in the name of the leader that an answer tells.
fn leader(answer: &str) -> Option<usize> {
    let (_, name) = answer.split_once(r#""leader":"n"#)?;
    name.split('"').next()?.parse().ok()
}

/// One question to JetStream, in the words of the protocol: subscribe to the answer, then ask.
fn ask(port: u16, asked: &str, with: &str) -> io::Result<String> {
    let mut stream = connect(port)?;
    let (start, bytes) = ("CONNECT {}\r\nSUB answer 1\r\nPUB $JS.API.", with.len());
    let commands = format!("{start}{asked} answer {bytes}\r\n{with}\r\n");
    stream.write_all(commands.as_bytes())?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next().transpose()? {
        if line.starts_with("MSG answer ") {
            return lines.next().unwrap_or_else(|| Ok(String::new()));
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}
