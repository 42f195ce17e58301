//! A server in its own process.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The unit of CPU time in `/proc`. Linux reports 100 ticks per second whatever the kernel uses.
const TICKS_PER_SECOND: f64 = 100.0;

pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts the server and waits until it listens.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let process = command.stdout(Stdio::piped()).spawn();
        let process = process.with_context(|| format!("can't start {command:?}"))?;
        let mut server = Self { process, address: String::new() };
        let mut line = String::new();
        if let Some(stdout) = server.process.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            bail!("it does not listen: {command:?}");
        };
        server.address = address.to_owned();
        Ok(server)
    }

    /// Starts a server that listens on this port of 127.0.0.1, and waits until it does.
    pub(crate) fn start_on(port: u16, command: &mut Command) -> anyhow::Result<Self> {
        let process = command.stdout(Stdio::null()).spawn();
        let process = process.with_context(|| format!("can't start {command:?}"))?;
        let server = Self { process, address: format!("127.0.0.1:{port}") };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(&server.address).is_err() {
            ensure!(Instant::now() < deadline, "it does not listen: {command:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// Memory of the process that is in use, in bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.context("/proc/PID/status has no VmRSS")?.parse::<u64>()? * 1024)
    }

    /// CPU time of the process so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name in parentheses may have spaces; utime and stime are the 12th and 13th after it.
        let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat has no name")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |index: usize| -> anyhow::Result<f64> {
            Ok(fields.get(index).context("/proc/PID/stat is too short")?.parse()?)
        };
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    /// Asks for `/healthz`; an error unless that is 200.
    pub(crate) fn check_health(&self) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if !answer.starts_with("HTTP/1.1 200 ") {
            bail!("/healthz is not healthy: {answer}");
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have exited already, which is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
