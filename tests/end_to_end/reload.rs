//! Policies that are changed while the program serves, and what is told in its log.

use std::fs;

use crate::program::{POLICIES, Program, RUNTIMES};

/// The SHA-256 of [`KEY`].
const SHA256: &str = "25dd551f8e0c826130b15f839c9424f6d3d163411bdc84e0dcfec8835013b4de";
const KEY: &str = "tg_moonlight";

/// What was spent before is spent, under the new numbers; and every request is answered.
#[test]
fn policies_that_are_read_again_decide_over_the_same_records() {
    for runtime in RUNTIMES {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(runtime, folder.path(), &["--store", "memory"]);
        assert!(program.admits("budget", "a", 50));
        assert_eq!(program.acquire(r#"{"policy":"added","key":"a"}"#).status, 404);

        let smaller =
            POLICIES.replacen("capacity = 100, refill = 0", "capacity = 60, refill = 0", 1);
        let added = "[policy.added]\nunits = { algorithm = 'gcra', limit = 1, per = '1h' }";
        fs::write(folder.path().join("policies.toml"), [&*smaller, added].concat()).unwrap();
        program.hang_up();
        program.log_until("it was read again");
        assert!(!program.admits("budget", "a", 11), "{runtime:?}: 10 of 60 are left");
        assert!(program.admits("budget", "a", 10));
        assert_eq!(program.acquire(r#"{"policy":"added","key":"a"}"#).status, 200);
        program.stop();
    }
}

/// How often the files were read again and how often they were wrong, and whether the last ones are in force.
fn reloads(program: &Program) -> [String; 3] {
    let metrics = program.get("/metrics").text;
    let series = [
        "tollgate_reloads_total{outcome=\"done\"} ",
        "tollgate_reloads_total{outcome=\"failed\"} ",
        "tollgate_last_reload_successful ",
    ];
    series.map(|series| {
        let value = metrics.lines().find_map(|line| line.strip_prefix(series));
        value.unwrap_or_else(|| panic!("{series}: {metrics}")).to_owned()
    })
}

/// A file that is wrong changes nothing; the log says where it is wrong, and the metrics that it is.
#[test]
fn policies_that_are_wrong_leave_the_old_ones() {
    for runtime in RUNTIMES {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(runtime, folder.path(), &["--store", "memory"]);
        assert!(program.admits("budget", "a", 60));
        fs::write(folder.path().join("policies.toml"), "[policy.budget]\nunits = 7").unwrap();
        program.hang_up();
        let log = program.log_until("the configuration stays as it is");
        assert!(log.contains("policies.toml: policy.budget.units: is neither"), "{log}");
        assert!(!program.admits("budget", "a", 41), "{runtime:?}");
        assert!(program.admits("budget", "a", 40), "{runtime:?}");
        fs::remove_file(folder.path().join("policies.toml")).unwrap();
        program.hang_up();
        program.log_until("the configuration stays as it is");
        assert_eq!(program.get("/v1/limits/budget/a").status, 200);
        assert_eq!(reloads(&program), ["0", "2", "0"], "{runtime:?}");
        fs::write(folder.path().join("policies.toml"), POLICIES).unwrap();
        program.hang_up();
        program.log_until("it was read again");
        assert_eq!(reloads(&program), ["1", "2", "1"], "{runtime:?}");
        program.stop();
    }
}

/// A key that is taken out of the file opens nothing any more; and neither keys nor what is made of them
/// are ever logged, however much is.
#[test]
fn keys_are_read_again_and_no_secret_is_logged() {
    for runtime in RUNTIMES {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.toml");
        let key = |sha256: &str| {
            format!("[key.k]\nsha256 = '{sha256}'\ntenant = 't'\nscopes = ['acquire']\n")
        };
        fs::write(&keys, key(SHA256)).unwrap();
        let log = ["--store", "memory", "--keys", "keys.toml", "--access-log", "--log", "debug"];
        let mut program = Program::start(runtime, folder.path(), &log);
        let bearer = format!("Bearer {KEY}");
        let ask = |program: &Program, bearer: &str| {
            let body = r#"{"policy":"budget","key":"a","hold_ms":60000}"#;
            program.send("POST", "/v1/acquire", &[("authorization", bearer)], body)
        };
        let granted = ask(&program, &bearer);
        assert_eq!(granted.status, 200, "{runtime:?}");
        let lease = granted.json()["lease"].as_str().unwrap().to_owned();
        assert_eq!(ask(&program, "Bearer tg_sunshine").status, 401);

        fs::write(&keys, key(&SHA256.replace('2', "3"))).unwrap();
        program.hang_up();
        let mut text = program.log_until("it was read again");
        assert_eq!(ask(&program, &bearer).status, 401, "{runtime:?}");
        text += &program.log();
        assert!(text.contains("/v1/acquire"), "requests are logged: {text}");
        for secret in ["moonlight", "sunshine", SHA256, &lease] {
            assert!(!text.contains(secret), "{runtime:?}: {text}");
        }
    }
}
