//! Starting and stopping the program, and asking it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Request, Response};

/// The policies that most tests use.
pub(crate) const POLICIES: &str = r#"
[policy.api]
requests = { algorithm = "gcra", limit = 100, per = "1m", burst = 20 }

[policy.llm]
requests     = { algorithm = "token-bucket", capacity = 60, refill = 60, per = "1m" }
input_tokens = { algorithm = "token-bucket", capacity = 100000, refill = 100000, per = "1m" }

[policy.budget]
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }
overrides = [{ keys = ["gold:*"], units = { capacity = 1000 } }]

[policy.open]
on_store_failure = "open"
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }

[policy.lossy]
exactness = "best_effort"
units = { algorithm = "token-bucket", capacity = 100, refill = 0 }

[policy.nothing]
"#;

/// How the service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// The edge function, in the embedded host.
    Edge,
    /// The same, where the host has the faults of Spin's SQLite store.
    EdgeOnSpin,
    /// The same service, compiled natively.
    Native,
}

/// All; what holds for one has to hold for the others.
pub(crate) const RUNTIMES: [Runtime; 3] = [Runtime::Edge, Runtime::EdgeOnSpin, Runtime::Native];

/// A running program. It is killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    address: String,
    agent: ureq::Agent,
}

impl Program {
    /// Starts it with [`POLICIES`] and records in memory.
    pub(crate) fn in_memory(runtime: Runtime) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start(runtime, folder.path(), &["--store", "memory"])
    }

    /// Starts it with [`POLICIES`], in `folder`, with more arguments.
    pub(crate) fn start(runtime: Runtime, folder: &Path, args: &[&str]) -> Self {
        Self::start_with_policies(runtime, folder, POLICIES, args)
    }

    /// Starts it with these policies.
    pub(crate) fn start_with_policies(
        runtime: Runtime,
        folder: &Path,
        text: &str,
        args: &[&str],
    ) -> Self {
        Self::start_with_environment(runtime, folder, text, args, &[])
    }

    /// Starts it with these policies, and with this in its environment.
    pub(crate) fn start_with_environment(
        runtime: Runtime,
        folder: &Path,
        text: &str,
        args: &[&str],
        environment: &[(&str, OsString)],
    ) -> Self {
        let policies = folder.join("policies.toml");
        std::fs::write(&policies, text).unwrap();
        let mut command = Command::new(program_path());
        command.current_dir(folder).args(["serve", "--listen", "127.0.0.1:0"]);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.arg("--policies").arg(&policies).args(args);
        command.args(match runtime {
            Runtime::Edge => &[][..],
            Runtime::EdgeOnSpin => &["--quirks", "spin"],
            Runtime::Native => &["--native"],
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            panic!("it did not start: {}", read_errors(&mut child));
        };
        Self { child, address: address.to_owned(), agent: agent() }
    }

    /// `POST /v1/acquire` with this body.
    pub(crate) fn acquire(&self, body: &str) -> Answer {
        self.send("POST", "/v1/acquire", &[], body)
    }

    /// Whether `policy` lets `key` pass with `cost` units.
    pub(crate) fn admits(&self, policy: &str, key: &str, cost: u64) -> bool {
        let body = serde_json::json!({"policy": policy, "key": key, "cost": cost}).to_string();
        let answer = self.send("POST", "/v1/acquire", &[("prefer", "return=minimal")], &body);
        match answer.status {
            200 => true,
            429 => false,
            status => panic!("{policy} {key}: {status} {}", answer.text),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Sends one request and waits for its answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    /// Sends one request; an error when the program goes away meanwhile.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            "" => self.agent.run(request.body(()).unwrap()),
            body => self.agent.run(request.body(body).unwrap()),
        }?;
        Answer::read(response)
    }

    /// Asks for an answer that goes on, to be read as it comes.
    pub(crate) fn open(&self, path: &str, headers: &[(&str, &str)]) -> Response<ureq::Body> {
        let mut request = Request::get(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.agent.run(request.body(()).unwrap()).unwrap()
    }

    /// Sends these bytes on a connection of their own; answers the status.
    pub(crate) fn raw(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut status_line = [0; 12];
        stream.read_exact(&mut status_line).unwrap();
        str::from_utf8(&status_line[9..]).unwrap().parse().unwrap()
    }

    /// Kills it as `kill -9` does, even while clients wait for answers.
    pub(crate) fn kill_now(&self) {
        self.signal("-KILL");
    }

    /// Tells it that its files have changed.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// Reads what it writes to standard error, up to a line that has `text`.
    pub(crate) fn log_until(&mut self, text: &str) -> String {
        let stderr = self.child.stderr.as_mut().unwrap();
        let (mut log, mut byte) = (Vec::new(), [0]);
        // Not buffered: what comes afterwards is for who reads next.
        while stderr.read(&mut byte).unwrap() == 1 {
            log.push(byte[0]);
            let is_line = log.ends_with(b"\n");
            if is_line && String::from_utf8_lossy(&log).contains(text) {
                break;
            }
        }
        let log = String::from_utf8_lossy(&log).into_owned();
        assert!(log.contains(text), "{log}");
        log
    }

    /// Asks it to stop, as a service manager does, and waits until it did.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Kills it, and says what it wrote to standard error.
    pub(crate) fn log(mut self) -> String {
        self.child.kill().unwrap();
        read_errors(&mut self.child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    fn read(response: Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let (parts, mut body) = response.into_parts();
        let text = body.read_to_string()?;
        Ok(Self { status: parts.status.as_u16(), headers: parts.headers, text })
    }

    /// The body, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header field, or the empty string.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(20)))
        .max_idle_connections_per_host(64)
        .build()
        .into()
}

/// The program that was built in the profile of these tests.
pub(crate) fn program_path() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("tollgate");
    assert!(program.exists(), "{} is missing: cargo xtask build makes it", program.display());
    program
}

fn read_errors(child: &mut Child) -> String {
    let _ = child.kill();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}
