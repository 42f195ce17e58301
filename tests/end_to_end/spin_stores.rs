//! What the edge function does on each of the stores that Spin offers.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tollgate_test_servers::RedisServer;

use crate::program::{Program, RUNTIMES, Runtime};

const REDIS_KEY_VALUE: [&str; 4] = ["--store", "memory", "--quirks", "spin-redis"];

fn on_redis(redis: &RedisServer, folder: &Path) -> Program {
    on_redis_at(&redis.url(), folder)
}

fn on_redis_at(address: &str, folder: &Path) -> Program {
    let variable = format!("store={address}");
    let args = ["--store", "memory", "--allow-redis", address, "--variable", &variable];
    Program::start(Runtime::Edge, folder, &args)
}

/// Spin's key-value store on Redis can't be exact, and who did not allow that is told what to do.
#[test]
fn the_redis_key_value_store_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(Runtime::Edge, folder.path(), &REDIS_KEY_VALUE);
    for policy in ["budget", "open"] {
        let refused = program.acquire(&format!(r#"{{"policy":"{policy}","key":"a"}}"#));
        assert_eq!(refused.status, 500, "{}", refused.text);
        assert_eq!(refused.json()["type"], "urn:tollgate:problem:misconfigured");
        let detail = refused.json()["detail"].to_string();
        for word in ["`store`", "redis://", "allowed_outbound_hosts", "best_effort"] {
            assert!(detail.contains(word), "{detail}");
        }
    }
    let peeked = program.get("/v1/limits/budget/a").json();
    assert_eq!(peeked["limits"]["units"]["remaining"], 100, "nothing was charged");
    assert!(program.log().contains("allowed_outbound_hosts"), "the log says it too");
}

/// With `best_effort` one request after the other is counted exactly.
#[test]
fn best_effort_is_exact_while_nobody_else_writes() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(Runtime::Edge, folder.path(), &REDIS_KEY_VALUE);
    let admitted = (0..120).filter(|_| program.admits("lossy", "a", 1)).count();
    assert_eq!(admitted, 100);
}

/// `store` is one of two words; another one is told in the log, and nothing passes.
#[test]
fn a_store_that_there_is_not_is_misconfigured() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--store", "memory", "--variable", "store=sqlite"];
    let program = Program::start(Runtime::Edge, folder.path(), &args);
    let answer = program.acquire(r#"{"policy":"budget","key":"a"}"#);
    assert_eq!(answer.status, 500, "{}", answer.text);
    let log = program.log();
    assert!(log.contains("the variable `store`: must be \"key-value\" or a redis://"), "{log}");
}

/// A server that no `--allow-redis` names is not reached, and the log says why.
#[test]
fn a_redis_that_is_not_allowed_is_refused() {
    let redis = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let variable = format!("store={}", redis.url());
    let args = ["--store", "memory", "--variable", &variable];
    let program = Program::start(Runtime::Edge, folder.path(), &args);
    assert_eq!(program.acquire(r#"{"policy":"budget","key":"a"}"#).status, 503);
    let log = program.log();
    assert!(log.contains("no --allow-redis names"), "{log}");
    assert!(log.contains("allowed_outbound_hosts"), "{log}");
}

/// Records in Redis are bytes under the same keys as everywhere, and outlive the program.
#[test]
fn redis_holds_the_records() {
    let redis = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let program = on_redis(&redis, folder.path());
    assert!(program.admits("budget", "a", 30));
    assert!(program.admits("budget", &"k".repeat(512), 1), "the longest key");
    program.stop();
    assert_eq!(redis.command("EXISTS r/budget/a"), ":1");
    let program = on_redis(&redis, folder.path());
    let peeked = program.get("/v1/limits/budget/a").json();
    assert_eq!(peeked["limits"]["units"]["remaining"], 70);
    assert_eq!(redis.command("SET r/budget/b nonsense"), "+OK");
    assert_eq!(program.acquire(r#"{"policy":"budget","key":"b"}"#).status, 503);
    assert_eq!(redis.command("LPUSH r/budget/c nonsense"), ":1");
    assert_eq!(program.acquire(r#"{"policy":"budget","key":"c"}"#).status, 503);
    assert!(program.admits("budget", "another", 1), "other keys are not touched");
}

/// Redis forgets what no longer matters, and nothing else.
#[test]
fn redis_forgets_records_of_limits_that_are_whole_again() {
    let (redis, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let program = on_redis(&redis, folder.path());
    assert!(program.admits("api", "a", 20) && program.admits("budget", "a", 1));
    let several = r#"{"keys":[{"policy":"api","key":"b"},{"policy":"api","key":"c"}]}"#;
    assert_eq!(program.acquire(several).status, 200);
    for key in ["a", "b", "c"] {
        let left = redis.command(&format!("PTTL r/api/{key}"));
        let left_ms: i64 = left.trim_start_matches(':').trim().parse().unwrap();
        // 20 units come back within 12 s, and then clocks may differ by a minute.
        assert!((50_000..=72_000).contains(&left_ms), "{key}: {left_ms}");
    }
    assert_eq!(redis.command("PTTL r/budget/a"), ":-1", "a budget never comes back");
}

/// While Redis is gone nothing hangs, and it is found again without a restart.
#[test]
fn a_redis_that_comes_back_is_used_again() {
    let mut redis = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let program = on_redis(&redis, folder.path());
    assert!(program.admits("budget", "a", 1));
    redis.kill();
    let start = Instant::now();
    let body = r#"{"policy":"budget","key":"a"}"#;
    assert_eq!(program.acquire(body).status, 503);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    redis.restart_empty();
    let start = Instant::now();
    while program.acquire(body).status != 200 {
        assert!(start.elapsed() < Duration::from_secs(10), "it does not recover");
        sleep(Duration::from_millis(50));
    }
}

/// Spin waits for Redis for ever. The edge function does not, whoever else is waiting already.
#[test]
fn a_redis_that_does_not_answer_is_given_up() {
    let (redis, folder) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let variable = format!("store={}", redis.url());
    let args = ["--store", "memory", "--allow-redis", &redis.url(), "--variable", &variable];
    let mut program = Program::start(Runtime::EdgeOnSpin, folder.path(), &args);
    assert!(program.admits("budget", "a", 1));
    redis.pause();
    let start = Instant::now();
    let refused = program.acquire(r#"{"policy":"budget","key":"a"}"#);
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    program.log_until("Redis did not answer");
    redis.resume();
    assert!(program.admits("budget", "a", 1), "on a connection of its own");
}

/// A connection that could not be made for another reason than the network is tried again.
#[test]
fn a_redis_whose_password_was_another_for_a_moment_is_used_again() {
    let redis = RedisServer::start_with(&["--requirepass", "secret"]);
    let folder = tempfile::tempdir().unwrap();
    let program =
        on_redis_at(&format!("redis://:secret@127.0.0.1:{}", redis.port()), folder.path());
    assert!(program.admits("budget", "a", 1));
    let lock_out = "AUTH secret\r\nCONFIG SET requirepass other\r\nCLIENT KILL TYPE normal";
    assert_eq!(redis.command(lock_out), "+OK");
    let body = r#"{"policy":"budget","key":"a"}"#;
    assert_eq!(program.acquire(body).status, 503);
    assert_eq!(redis.command("AUTH other\r\nCONFIG SET requirepass secret"), "+OK");
    let start = Instant::now();
    while program.acquire(body).status != 200 {
        assert!(start.elapsed() < Duration::from_secs(10), "it does not recover");
        sleep(Duration::from_millis(50));
    }
}

/// Requests on several keys swap several times each, and there is no number of swaps after which an instance
/// could do no more.
#[test]
fn an_instance_writes_as_often_as_it_is_asked() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        for n in 0..256 {
            let leg =
                |leg| serde_json::json!({"policy": "budget", "key": format!("{}-{leg}", n / 90)});
            let asked = serde_json::json!({"keys": [leg(1), leg(2), leg(3)]});
            let answer = program.acquire(&asked.to_string());
            assert_eq!(answer.status, 200, "{runtime:?} {n}: {}", answer.text);
        }
        let peeked = program.get("/v1/limits/budget/0-3").json();
        assert_eq!(peeked["limits"]["units"]["remaining"], 10, "{runtime:?}");
    }
}
