//! `workerd`, the runtime of Cloudflare Workers.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::process::{Kind, Process};

static WORKERD: Kind = Kind {
    program: || "workerd".to_owned(),
    install: "`cargo xtask cloudflare test` brings it",
    arguments,
    is_ready,
};

/// A workerd that keeps what Durable Objects store in files. Its configuration has a socket `http` and a
/// disk `storage`, both without an address.
pub struct WorkerdServer(Process);

impl WorkerdServer {
    /// Starts one with this file of configuration.
    #[must_use]
    pub fn start(configuration: &Path) -> Self {
        Self(Process::start(&WORKERD, &[&configuration.display().to_string()]))
    }

    /// Its address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port())
    }

    /// The folder with all that objects store.
    #[must_use]
    pub fn storage(&self) -> PathBuf {
        self.0.data()
    }

    /// Ends it with SIGKILL, and starts it again with the data that it had.
    pub fn crash(&mut self) {
        self.0.kill();
        self.0.restart();
    }
}

fn arguments(data: &Path, port: u16) -> Vec<String> {
    let (data, port) = (data.display(), port.to_string());
    vec![
        String::from("serve"),
        format!("--socket-addr=http=127.0.0.1:{port}"),
        format!("--directory-path=storage={data}"),
    ]
}

/// Whatever a Worker answers, it runs.
fn is_ready(mut stream: TcpStream) -> io::Result<bool> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.starts_with("HTTP/1.1 "))
}
