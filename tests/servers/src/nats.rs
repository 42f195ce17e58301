//! `nats-server` with JetStream.

use std::env;
use std::fs;
use std::io::{self, Read as _};
use std::net::TcpStream;
use std::path::Path;

use tempfile::TempDir;

use crate::footprint::Footprint;
use crate::process::{Kind, Process};

/// Debian's.
static NATS: Kind = Kind {
    program: || "nats-server".to_owned(),
    install: "apt-get install nats-server",
    arguments,
    is_ready,
};

/// One that is exact with replicas, which Debian's is not.
static RECENT_NATS: Kind =
    Kind { program: recent, install: "`cargo xtask test` brings it", arguments, is_ready };

/// Enough bytes for the longest value and its header fields; the server's own default is a mebibyte in all.
const PAYLOAD_BYTES: usize = 2 << 20;

/// A NATS server with JetStream, which keeps its data in files.
pub struct NatsServer {
    process: Process,
    /// The folder with its configuration file.
    _configuration: TempDir,
}

impl NatsServer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more command-line arguments.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::configured(&NATS, &with_payload(PAYLOAD_BYTES), arguments)
    }

    /// Starts a recent one with more command-line arguments.
    pub(crate) fn start_recent(arguments: &[&str]) -> Self {
        Self::configured(&RECENT_NATS, &with_payload(PAYLOAD_BYTES), arguments)
    }

    /// Starts one that takes messages of so many bytes.
    #[must_use]
    pub fn start_with_payload(bytes: usize) -> Self {
        Self::configured(&NATS, &with_payload(bytes), &[])
    }

    /// Starts one that keeps nothing.
    #[must_use]
    pub fn start_without_jetstream() -> Self {
        Self::configured(&NATS, "", &[])
    }

    fn configured(kind: &'static Kind, configuration: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nats.conf");
        fs::write(&path, configuration).unwrap();
        let path = path.display().to_string();
        let process = Process::start(kind, &[&["-c", &path], arguments].concat());
        Self { process, _configuration: folder }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.process.port()
    }

    /// Its address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port())
    }

    /// What it takes, with its data.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        self.process.footprint()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Makes it stand still: it accepts connections, and answers nothing.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Starts it again after [`kill`](Self::kill), with the data that it had.
    pub fn restart(&mut self) {
        self.process.restart();
    }

    /// Starts it again after [`kill`](Self::kill), without any data.
    pub fn restart_empty(&mut self) {
        self.process.forget();
        self.process.restart();
    }
}

fn with_payload(bytes: usize) -> String {
    format!("jetstream: {{}}\nmax_payload: {bytes}\n")
}

fn recent() -> String {
    env::var("TOLLGATE_NATS_SERVER").expect(
        "TOLLGATE_NATS_SERVER says where a nats-server from 2.11 on is: cargo xtask test does",
    )
}

fn arguments(data: &Path, port: u16) -> Vec<String> {
    let (data, port) = (data.display().to_string(), port.to_string());
    ["-sd", &data, "-a", "127.0.0.1", "-p", &port].map(str::to_owned).into()
}

/// It greets whoever connects, once JetStream is up.
fn is_ready(mut stream: TcpStream) -> io::Result<bool> {
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting)?;
    Ok(&greeting == b"INFO ")
}
