//! API keys, through the real program.

use std::process::Command;

use crate::program::{Program, RUNTIMES, program_path};

#[test]
fn only_who_has_a_key_is_answered_and_only_with_the_records_of_its_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = Vec::new();
    let mut keys = Vec::new();
    for tenant in ["acme", "other"] {
        let made = Command::new(program_path())
            .args(["key", tenant, "--tenant", tenant, "--scope", "acquire", "--scope", "observe"])
            .output()
            .unwrap();
        lines.extend(made.stdout);
        let shown = String::from_utf8(made.stderr).unwrap();
        keys.push(format!("Bearer {}", shown.trim().rsplit(' ').next().unwrap()));
    }
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, lines).unwrap();
    for runtime in RUNTIMES {
        let args = ["--store", "memory", "--keys", file.to_str().unwrap()];
        let program = Program::start(runtime, folder.path(), &args);
        let body = r#"{"policy":"budget","key":"k","cost":30}"#;
        let ask = |key: &str| program.send("POST", "/v1/acquire", &[("authorization", key)], body);
        assert_eq!(program.acquire(body).status, 401, "{runtime:?}");
        assert_eq!(ask("Bearer tg_guessed").status, 401);
        let remaining = |key| ask(key).json()["limits"]["units"]["remaining"].as_u64();
        assert_eq!((remaining(&keys[0]), remaining(&keys[0])), (Some(70), Some(40)));
        assert_eq!(remaining(&keys[1]), Some(70), "{runtime:?}: another tenant, another record");
        let reset = program.send(
            "POST",
            "/v1/reset",
            &[("authorization", &keys[0])],
            r#"{"policy":"budget","key":"k"}"#,
        );
        assert_eq!(reset.status, 403, "the key is not for that");
        assert_eq!(program.get("/healthz").status, 200);
    }
}
