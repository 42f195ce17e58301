//! A Redis server of the test's own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where Debian puts it; any other place has to be on the PATH.
const PROGRAM: &str = "redis-server";

/// A running server without a file. It is killed when it is dropped.
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    url: String,
}

impl RedisServer {
    /// Starts it on a free port of this machine.
    pub(crate) fn start() -> Self {
        let port = free_port();
        let mut server =
            Self { child: spawn(port), port, url: format!("redis://127.0.0.1:{port}") };
        server.wait();
        server
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Kills it; what it held is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, empty, on the same port.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.port);
        self.wait();
    }

    /// Sends one command and answers what comes back first, as text.
    pub(crate) fn ask(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{PROGRAM} ended at once: {status}");
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{PROGRAM} does not listen");
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16) -> Child {
    let port = port.to_string();
    let mut command = Command::new(PROGRAM);
    command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{PROGRAM} is needed, of the Debian package: {error}"))
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
