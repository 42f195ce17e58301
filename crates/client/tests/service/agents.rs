//! The agents of `examples/agent.rs`, in processes of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use tollgate_client::blocking::Client;

use super::config;
use super::support::Service;

struct Agent(Child);

impl Agent {
    fn start(service: &Service, name: &str) -> Self {
        // Cargo builds it in the directory beside that of tests, unless it is told which test to build.
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().with_file_name("examples").join("agent");
        let mut agent = Command::new(program);
        agent.args([&*service.url(), "upstream", "openai", name]);
        let agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        Self(agent.expect("`cargo test -p tollgate-client` builds the example as well"))
    }

    /// What it says to a status of the upstream.
    fn hears(&mut self, status: &str) -> String {
        writeln!(self.0.stdin.as_mut().unwrap(), "{status}").unwrap();
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Agent {
    /// An agent whose input ends, ends.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

/// What one agent was told by the upstream, the others go by.
#[test]
fn agents_share_a_reduction() {
    let service = Service::start();
    let [mut first, mut second, mut third] =
        ["one", "two", "three"].map(|name| Agent::start(&service, name));
    assert_eq!(first.hears("200"), "one 200 calls: 100 of 100");
    assert_eq!(second.hears("429"), "two 429 calls: 50 of 100, by two");
    assert_eq!(first.hears("200"), "one 200 calls: 50 of 100, by two");
    assert_eq!(third.hears("429"), "three 429 calls: 25 of 100, by three");
    let client = Client::new(config(&service));
    let events = client.events("openai", Some("429"), None).unwrap();
    assert!(events.is_limited);
}
