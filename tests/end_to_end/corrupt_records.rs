//! Bytes in the store that are no record: a logged error and the policy's `on_store_failure`.

#[path = "../vectors/hex.rs"]
mod hex;

use futures::executor::block_on;
use serde_json::json;
use tollgate_kv::{Durability, KeyValue as _, Redb};

use self::hex::unhex;
use crate::program::{Program, RUNTIMES};

#[test]
fn they_are_logged_and_answered_as_the_policy_says_and_hurt_nobody_else() {
    let good = "01".to_owned() + &"00".repeat(21);
    let later_version = "02".to_owned() + &good[2..];
    let corrupt = ["", "ff", &good[..20], &later_version, "0102030405060708090a0b0c0d0e0f101112"];
    for runtime in RUNTIMES {
        let folder = tempfile::tempdir().unwrap();
        {
            let store = Redb::open(folder.path().join("tollgate.redb"), Durability::Immediate);
            let store = store.unwrap();
            for (index, hex) in corrupt.iter().enumerate() {
                for policy in ["budget", "open"] {
                    let key = format!("r/{policy}/{index}");
                    block_on(store.set(&key, unhex(hex))).unwrap();
                }
            }
        }
        let program = Program::start(runtime, folder.path(), &[]);
        for (index, hex) in corrupt.iter().enumerate() {
            let body = |policy: &str| format!(r#"{{"policy":"{policy}","key":"{index}"}}"#);
            let closed = program.acquire(&body("budget"));
            assert_eq!(closed.status, 503, "{runtime:?} {hex} {}", closed.text);
            assert_eq!(closed.header("retry-after"), "1");
            let reduced =
                "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
            assert_eq!(closed.json()["type"], reduced);
            let open = program.acquire(&body("open"));
            let uncounted = json!({"allowed": true, "limits": {}, "uncounted": true});
            assert_eq!((open.status, open.json()), (200, uncounted), "{runtime:?} {hex}");
            assert_eq!(open.header("tollgate-uncounted"), "?1");
            assert_eq!(program.get(&format!("/v1/limits/budget/{index}")).status, 503);
        }
        assert!(program.admits("budget", "another", 1), "other keys are not touched");
        let log = program.log();
        for index in 0..corrupt.len() {
            assert!(log.contains(&format!("r/budget/{index}")), "{runtime:?}: {log}");
        }
        assert!(log.contains("the record has the unknown version 2"), "{log}");
        assert!(!log.contains("panicked"), "{log}");
    }
}
