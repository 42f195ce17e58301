//! Runs the command and keeps what it says.

use std::ffi::OsStr;

use clap::Parser;
use serde_json::Value;
use tollgate_replay::{Args, Streams};

/// Two requests at once, and one more every second.
pub(crate) const POLICIES: &str = r#"
[policy.p]
requests = { algorithm = "token-bucket", capacity = 2, refill = 1, per = "1s" }
"#;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// A command that is about to be run.
pub(crate) struct Command<'a> {
    args: Vec<&'a OsStr>,
    stdin: &'a [u8],
    policies: &'a str,
}

/// What a command that succeeded wrote.
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The command with these arguments, and [`POLICIES`] unless they say otherwise.
pub(crate) fn replay<'a, A: AsRef<OsStr> + ?Sized>(args: &[&'a A]) -> Command<'a> {
    let args = args.iter().map(|arg| (*arg).as_ref()).collect();
    Command { args, stdin: b"", policies: POLICIES }
}

/// The command that reads `text` from standard input.
pub(crate) fn replay_text<'a>(text: &'a str, args: &[&'a str]) -> Command<'a> {
    replay(args).arg("-").stdin(text.as_bytes())
}

impl<'a> Command<'a> {
    pub(crate) fn arg<A: AsRef<OsStr> + ?Sized>(mut self, arg: &'a A) -> Self {
        self.args.push(arg.as_ref());
        self
    }

    pub(crate) fn stdin(mut self, stdin: &'a [u8]) -> Self {
        self.stdin = stdin;
        self
    }

    pub(crate) fn policies(mut self, policies: &'a str) -> Self {
        self.policies = policies;
        self
    }

    fn run(self) -> Result<Output, String> {
        let words = [OsStr::new("replay")].into_iter().chain(self.args);
        let mut args = Cli::try_parse_from(words).map_err(|error| error.to_string())?.args;
        args.default_policies = (!self.policies.is_empty()).then(|| self.policies.to_owned());
        let (mut input, mut output, mut error) = (self.stdin, Vec::new(), Vec::new());
        let streams = Streams { input: &mut input, output: &mut output, error: &mut error };
        tollgate_replay::run_with(&args, streams).map_err(|error| format!("{error:#}"))?;
        let (stdout, stderr) = (String::from_utf8(output), String::from_utf8(error));
        Ok(Output { stdout: stdout.unwrap(), stderr: stderr.unwrap() })
    }

    /// What it writes.
    #[track_caller]
    pub(crate) fn output(self) -> Output {
        self.run().unwrap()
    }

    /// Why it fails.
    #[track_caller]
    pub(crate) fn error(self) -> String {
        self.run().err().expect("the command fails")
    }

    /// The summary.
    #[track_caller]
    pub(crate) fn summary(self) -> Value {
        serde_json::from_str(&self.arg("--json").output().stdout).unwrap()
    }

    /// The decision on every request.
    #[track_caller]
    pub(crate) fn decisions(self) -> Vec<Value> {
        let lines = self.arg("--decisions").output().stdout;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The first bad lines of a summary: where they are, and why they are bad.
pub(crate) fn bad_lines(summary: &Value) -> Vec<(u64, &str)> {
    let bad_lines = summary["first_bad_lines"].as_array().unwrap().iter();
    bad_lines.map(|bad| (bad["line"].as_u64().unwrap(), bad["reason"].as_str().unwrap())).collect()
}
