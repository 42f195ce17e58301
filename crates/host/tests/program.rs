//! The program as a user runs it: flags, files, signals, exit codes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::guest_path;
use tollgate_kv::{Durability, KeyValue, Redb};

/// Long enough for a loaded machine; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn tollgate(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.current_dir(folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A program that serves.
struct Serving {
    program: Child,
    address: String,
}

impl Serving {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let args = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
        Self::spawn(&mut tollgate(folder, &args))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut program = command.spawn().unwrap();
        let mut line = String::new();
        let stdout = program.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let output = program.wait_with_output().unwrap();
            panic!("it does not listen: {}", text(&output.stderr));
        };
        let address = address.to_owned();
        Self { program, address }
    }

    fn exchange(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    fn acquire(&self, key: &str) -> String {
        let body = format!(r#"{{"policy":"api","key":"{key}"}}"#);
        let length = body.len();
        self.exchange(&format!(
            "POST /v1/acquire HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    /// Sends `signal` and waits for the end.
    fn stop(self, signal: &str) -> Output {
        let id = self.program.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        self.program.wait_with_output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn edge(name: &str) -> String {
    guest_path(name).to_str().unwrap().to_owned()
}

#[test]
fn it_serves_a_component_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::start(folder.path(), &["--edge", &edge("null")]);
        let answer = serving.get("/");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        let output = serving.stop(signal);
        assert_eq!(output.status.code(), Some(0), "{signal}");
        assert!(!text(&output.stderr).contains("ERROR"), "{}", text(&output.stderr));
    }
    assert!(folder.path().join("tollgate.redb").is_file(), "the default store");
}

/// The best of several attempts, since other tests run at the same time.
#[test]
fn a_second_start_is_ready_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--store", "memory", "--edge", &edge("null")];
    Serving::start(folder.path(), &args).stop("-TERM");
    let start = || {
        let started = Instant::now();
        let serving = Serving::start(folder.path(), &args);
        assert!(serving.get("/").starts_with("HTTP/1.1 200 OK"));
        let took = started.elapsed();
        serving.stop("-TERM");
        took
    };
    let best = (0..5).map(|_| start()).min().unwrap();
    assert!(best < Duration::from_secs(1), "it took {best:?}");
}

#[test]
fn what_a_guest_wrote_is_there_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    for durability in ["immediate", "grouped", "none"] {
        let store = format!("redb:{durability}.redb");
        let edge = edge("keyvalue");
        let args = ["--store", &store, "--durability", durability, "--edge", &edge];
        let serving = Serving::start(folder.path(), &args);
        assert!(serving.get("/count/k").ends_with("\r\n\r\n0\n"));
        serving.stop("-TERM");
        let serving = Serving::start(folder.path(), &args);
        let value = serving.get("/value/k");
        assert!(value.ends_with("Ok(Some(\"1\"))\n"), "{durability}: {value}");
        serving.stop("-TERM");
    }
}

#[test]
fn native_serves_the_api_and_keeps_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &["--native"]);
    let first = serving.acquire("alice");
    assert!(first.starts_with("HTTP/1.1 200 OK"), "{first}");
    assert!(first.contains(r#""remaining":19"#), "{first}");
    serving.stop("-TERM");
    let serving = Serving::start(folder.path(), &["--native"]);
    let limits = serving.get("/v1/limits/api/alice");
    assert!(limits.contains(r#""remaining":19"#), "{limits}");
    serving.stop("-TERM");
}

/// Puts `record` under `count` keys of the policy `api`, which admits 100 requests a minute.
fn write_records(path: &Path, count: usize, record: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let values = Redb::open(path, Durability::Immediate).unwrap();
    runtime.block_on(async {
        for number in 0..count {
            values.set(&format!("r/api/caller-{number:03}"), record.to_vec()).await.unwrap();
        }
        values.flush().await.unwrap();
    });
}

fn keys(path: &Path) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let values = Redb::open(path, Durability::Immediate).unwrap();
    runtime.block_on(values.list(None)).unwrap().keys
}

/// A record without entries: only its version.
const IDLE: &[u8] = &[1];

#[test]
fn idle_records_are_swept_while_it_serves_and_used_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    for runtime in [&["--native"][..], &[]] {
        let path = folder.path().join("tollgate.redb");
        write_records(&path, 450, IDLE);
        let mut serving = Serving::start(folder.path(), &[runtime, &["--sweep", "1s"]].concat());
        assert!(serving.acquire("alice").contains(r#""remaining":19"#));
        let mut log = BufReader::new(serving.program.stderr.take().unwrap()).lines();
        let swept = log.find_map(|line| line.ok().filter(|line| line.contains("swept"))).unwrap();
        assert!(swept.contains("removed=450"), "{swept}");
        serving.stop("-TERM");
        assert_eq!(keys(&path), ["r/api/alice"]);
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn nothing_is_swept_where_that_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.redb");
    write_records(&path, 3, IDLE);
    let serving = Serving::start(folder.path(), &["--native", "--sweep", "off", "--log", "debug"]);
    // The first step of a sweeper would come before the first request.
    assert!(serving.acquire("alice").contains(r#""remaining":19"#));
    let log = text(&serving.stop("-TERM").stderr);
    assert!(!log.contains("swept"), "{log}");
    assert_eq!(keys(&path).len(), 4);
}

#[test]
fn logs_are_json_if_asked_for_and_tell_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--native", "--store", "memory", "--access-log", "--log-format", "json"];
    let serving = Serving::start(folder.path(), &args);
    serving.get("/healthz?secret");
    let log = text(&serving.stop("-TERM").stderr);
    let access = log.lines().find(|line| line.contains(r#""target":"access""#));
    let access = access.unwrap_or_else(|| panic!("no access in {log}"));
    for part in [r#""method":"GET""#, r#""path":"/healthz""#, r#""status":200"#] {
        assert!(access.contains(part), "{access}");
    }
    assert!(!access.contains("secret"), "{access}");
}

#[test]
fn what_a_guest_prints_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--store", "memory", "--edge", &edge("faulty")];
    let serving = Serving::start(folder.path(), &args);
    serving.get("/print");
    serving.get("/trap");
    let log = text(&serving.stop("-TERM").stderr);
    for line in ["INFO guest: to stdout", "ERROR guest: to stderr", "last words"] {
        assert!(log.contains(line), "no {line:?} in {log}");
    }
}

#[test]
fn connections_are_no_more_than_the_system_allows_files() {
    let folder = tempfile::tempdir().unwrap();
    let serve = "serve --listen 127.0.0.1:0 --native --store memory --connections 200";
    let limited = format!("ulimit -n 100; exec {} {serve}", env!("CARGO_BIN_EXE_tollgate"));
    let mut command = Command::new("sh");
    command.args(["-c", &limited]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let serving = Serving::spawn(command.current_dir(folder.path()));
    assert!(serving.acquire("alice").starts_with("HTTP/1.1 200 OK"));
    let log = text(&serving.stop("-TERM").stderr);
    assert!(log.contains("36 connections instead of 200"), "{log}");
}

#[test]
fn policies_that_do_not_parse_end_it_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.toml"), "[policy.api]\nrequests = 7").unwrap();
    for file in ["p.toml", "absent.toml"] {
        let output =
            tollgate(folder.path(), &["serve", "--native", "--policies", file]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(file), "{}", text(&output.stderr));
        assert!(!folder.path().join("tollgate.redb").exists());
    }
}

#[test]
fn without_keys_only_this_machine_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("none.toml"), "").unwrap();
    for (args, reason) in [
        (&["--listen", "0.0.0.0:0"][..], "--keys FILE"),
        (&["--listen", "0.0.0.0:0", "--keys", "none.toml"], "none.toml: it has no key"),
        (&["--keys", "absent.toml"], "absent.toml"),
    ] {
        let args = [&["serve", "--store", "memory", "--native"], args].concat();
        let output = tollgate(folder.path(), &args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
}

#[test]
fn files_are_checked_without_serving() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("good.toml", "[policy.a]\nx = { algorithm = 'concurrency', slots = 1 }\n[policy.b]\n");
    file("bad.toml", "[policy.a]\nrequests = { algorithm = 'gcra' }");
    let check = |name: &str| tollgate(folder.path(), &["check", name]).output().unwrap();
    let good = check("good.toml");
    assert!(good.status.success());
    let told =
        "good.toml: policies: 2, pools: 0\ngood.toml: policy.b has no limits: everything passes";
    assert_eq!(text(&good.stdout).trim(), told);
    file("bad.json", "{\"policy\": {\"a\": {\n\"x\": 3}}}");
    for (name, reason) in [
        ("bad.toml", "bad.toml: policy.a.requests.limit: gcra needs it at line 2 column 1"),
        ("bad.json", "at line 2 column 6"),
        // It has no end, so reading has to stop at the limit.
        ("/dev/zero", "/dev/zero: it has more than 262144 bytes"),
    ] {
        let bad = check(name);
        assert_eq!(bad.status.code(), Some(2), "{name}");
        assert!(text(&bad.stderr).contains(reason), "{}", text(&bad.stderr));
    }
}

#[test]
fn what_cannot_be_served_ends_it_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("not.wasm"), "not wasm").unwrap();
    let key = tollgate(folder.path(), &["key", "k", "--tenant", "t"]).output().unwrap();
    std::fs::write(folder.path().join("keys.toml"), &key.stdout).unwrap();
    assert!(text(&key.stderr).contains("tg_"), "the key is shown");
    assert!(!text(&key.stdout).contains("tg_"), "and not written");
    for (args, reason) in [
        (&["--edge", "not.wasm"][..], "not.wasm: this is no component"),
        (&["--edge", "absent.wasm"], "absent.wasm"),
        (
            &["--native", "--listen", "192.0.2.1:1", "--keys", "keys.toml"],
            "can't listen on 192.0.2.1:1",
        ),
    ] {
        let args = [&["serve", "--store", "memory"], args].concat();
        let output = tollgate(folder.path(), &args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
}
