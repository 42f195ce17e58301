//! Sweeping on request, as on Spin, where nothing sweeps by itself.

use futures::executor::block_on;
use serde_json::{Value, json};
use tollgate_kv::{Durability, KeyValue as _, Redb};

use crate::program::{Program, Runtime};

/// A record that decides as none would, whatever the time is.
const IDLE: &[u8] = &[1];
const IDLE_RECORDS: usize = 120;

fn idle_key(number: usize) -> String {
    format!("r/budget/idle-{number}")
}

/// The number that a step tells of itself, and where the next one goes on.
fn step(program: &Program, cursor: &Value) -> (u64, Value) {
    let body = json!({ "cursor": cursor }).to_string();
    let answer = program.send("POST", "/v1/sweep", &[], &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let step = answer.json();
    (step["removed"].as_u64().unwrap(), step["cursor"].clone())
}

/// What is idle goes, without cursors as on Spin; what was used before or meanwhile stays.
#[test]
fn an_edge_function_removes_idle_records_and_no_others() {
    for runtime in [Runtime::Edge, Runtime::EdgeOnSpin] {
        let folder = tempfile::tempdir().unwrap();
        let open = || Redb::open(folder.path().join("tollgate.redb"), Durability::Immediate);
        {
            let store = open().unwrap();
            for number in 0..IDLE_RECORDS {
                block_on(store.set(&idle_key(number), IDLE.to_vec())).unwrap();
            }
        }
        let program = Program::start(runtime, folder.path(), &["--sweep", "off"]);
        assert!(program.admits("budget", "used", 40));
        let (mut removed, mut cursor) = step(&program, &Value::Null);
        assert!(program.admits("budget", "idle-119", 1), "one is used meanwhile");
        while !cursor.is_null() {
            let (more, next) = step(&program, &cursor);
            (removed, cursor) = (removed + more, next);
        }
        let expected = u64::try_from(IDLE_RECORDS).unwrap();
        assert!([expected - 1, expected].contains(&removed), "{runtime:?}: {removed}");
        assert_eq!(step(&program, &Value::Null).0, 0, "{runtime:?}: there are no more");
        for (key, left) in [("used", 60), ("idle-119", 99), ("idle-0", 100)] {
            let limits = &program.get(&format!("/v1/limits/budget/{key}")).json()["limits"];
            assert_eq!(limits["units"]["remaining"], left, "{runtime:?} {key}");
        }
        for number in 0..100 {
            let key = format!("idle-{}", number % 10);
            assert!(program.admits("budget", &key, 1), "{runtime:?}: a removed key begins anew");
        }
        program.stop();
        let store = open().unwrap();
        let kept = (0..IDLE_RECORDS).filter(|number| {
            let value = block_on(store.get(&idle_key(*number))).unwrap();
            value.is_some_and(|value| value == IDLE)
        });
        assert_eq!(kept.count(), 0, "{runtime:?}");
    }
}

/// The native program sweeps by itself, and has no such path.
#[test]
fn a_host_that_sweeps_by_itself_is_not_asked() {
    let program = Program::in_memory(Runtime::Native);
    assert_eq!(program.send("POST", "/v1/sweep", &[], "{}").status, 404);
}
