//! `nats-server` with JetStream.

use std::fs;
use std::io::{self, Read as _};
use std::net::TcpStream;
use std::path::Path;

use crate::process::{Kind, Process};

static NATS: Kind = Kind { program: "nats-server", arguments, is_ready };

/// Enough for the longest value and its header fields; the server's own default is a mebibyte in all.
const CONFIGURATION: &str = "max_payload: 2MB\n";

/// A NATS server with JetStream, which keeps its data in files.
pub struct NatsServer(Process);

impl NatsServer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more command-line arguments.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        Self(Process::start(&NATS, arguments))
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Its address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port())
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
    let configuration = data.join("nats.conf");
    fs::write(&configuration, CONFIGURATION).unwrap();
    let port = port.to_string();
    let (data, configuration) = (data.display().to_string(), configuration.display().to_string());
    ["-c", &configuration, "-js", "-sd", &data, "-a", "127.0.0.1", "-p", &port]
        .map(str::to_owned)
        .into()
}

/// It greets whoever connects, once JetStream is up.
fn is_ready(mut stream: TcpStream) -> io::Result<bool> {
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting)?;
    Ok(&greeting == b"INFO ")
}
