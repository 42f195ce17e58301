//! A server's process: started, waited for, killed, started again.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::footprint::Footprint;
use crate::port;

/// Longest time that a server may take until it answers.
pub const READY_MAX: Duration = Duration::from_secs(20);

/// Most ports that are tried; another process may take one between looking and listening.
const PORTS_MAX: usize = 5;
/// How long to wait between two looks at a server that starts.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// How long one question to a server may take.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// What is known of a kind of server.
pub(crate) struct Kind {
    /// The program, or the path to it.
    pub(crate) program: fn() -> String,
    /// How it gets there.
    pub(crate) install: &'static str,
    /// What to tell it: its data folder, its port.
    pub(crate) arguments: fn(&Path, u16) -> Vec<String>,
    /// Whether it answers over this new connection.
    pub(crate) is_ready: fn(TcpStream) -> io::Result<bool>,
}

/// One server, its port and its folder. It is killed when it is dropped.
pub(crate) struct Process {
    kind: &'static Kind,
    more_arguments: Vec<String>,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Process {
    pub(crate) fn start(kind: &'static Kind, more_arguments: &[&str]) -> Self {
        let mut process = Self {
            kind,
            more_arguments: more_arguments.iter().map(ToString::to_string).collect(),
            folder: tempfile::tempdir().unwrap(),
            port: 0,
            child: None,
        };
        for _ in 0..PORTS_MAX {
            process.port = port::free();
            if process.try_start() {
                return process;
            }
            process.forget();
        }
        panic!("{} ended before it answered: {}", process.program(), process.log());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it with SIGKILL, as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Makes it stand still: it accepts connections, and answers nothing.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// What it takes, while it runs.
    pub(crate) fn footprint(&self) -> Footprint {
        Footprint::of(self.id(), &self.data())
    }

    fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn signal(&self, signal: &str) {
        let end = Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap();
        assert!(end.success());
    }

    /// Starts it again, on the same port and with the same data, after [`kill`](Self::kill).
    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "{} still runs", self.program());
        assert!(self.try_start(), "{} did not start again: {}", self.program(), self.log());
    }

    /// Removes what it keeps, while it does not run.
    pub(crate) fn forget(&self) {
        assert!(self.child.is_none(), "{} still runs", self.program());
        fs::remove_dir_all(self.data()).unwrap();
    }

    fn program(&self) -> String {
        (self.kind.program)()
    }

    /// The folder with what it keeps.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Whether it answers now; it ended already if not.
    fn try_start(&mut self) -> bool {
        fs::create_dir_all(self.data()).unwrap();
        let log = File::create(self.folder.path().join("log")).unwrap();
        let mut arguments = (self.kind.arguments)(&self.data(), self.port);
        arguments.extend_from_slice(&self.more_arguments);
        let child = spawn(self.kind, &arguments, &log);
        let child = self.child.insert(child);
        let deadline = Instant::now() + READY_MAX;
        while Instant::now() < deadline {
            if child.try_wait().unwrap().is_some() {
                self.child = None;
                return false;
            }
            if connect(self.port).and_then(self.kind.is_ready).unwrap_or(false) {
                return true;
            }
            thread::sleep(LOOK_INTERVAL);
        }
        panic!("{} does not answer after {READY_MAX:?}: {}", self.program(), self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection that waits for no answer longer than [`ANSWER_MAX`].
pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    Ok(stream)
}

fn spawn(kind: &Kind, arguments: &[String], log: &File) -> Child {
    let (program, install) = ((kind.program)(), kind.install);
    // Debian keeps some servers where only root looks for programs.
    for program in [program.clone(), format!("/usr/sbin/{program}")] {
        let mut command = Command::new(&program);
        command.args(arguments).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap());
        match command.spawn() {
            Ok(child) => return child,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => panic!("{program}: {error}"),
        }
    }
    panic!("{program} is not installed: {install}");
}
