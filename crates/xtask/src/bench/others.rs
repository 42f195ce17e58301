//! Other projects' servers, for comparison.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::server::Server;

/// More than the benchmark's clients need: nothing is to be denied.
const THROTTLECRAB_BUFFER: &str = "100000";

/// How to install a program, unless it is installed.
pub(super) fn missing(program: &str, how: &'static str) -> Option<&'static str> {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    version.is_err().then_some(how)
}

/// Redis without persistence, so that no disk is measured.
pub(super) fn redis() -> anyhow::Result<Server> {
    let port = free_port()?;
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    Server::start_on(port, command.args(["--save", "", "--appendonly", "no"]))
}

pub(super) fn throttlecrab() -> anyhow::Result<Server> {
    let port = free_port()?;
    let mut command = Command::new("throttlecrab-server");
    command.args(["--http", "--http-host", "127.0.0.1", "--http-port", &port.to_string()]);
    command.args(["--log-level", "warn", "--buffer-size", THROTTLECRAB_BUFFER]);
    Server::start_on(port, &mut command)
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
