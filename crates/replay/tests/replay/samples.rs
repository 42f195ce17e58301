//! The samples of this crate.

#[path = "../../examples/make_samples/samples.rs"]
mod generated;

use std::fs;
use std::path::PathBuf;

use crate::command::replay;

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

#[test]
fn the_samples_are_what_their_generator_makes() {
    let advice = "run cargo run -p tollgate-replay --example make_samples";
    let read = |name| fs::read_to_string(path(name)).unwrap();
    assert!(read("access.log") == generated::access_log(), "access.log: {advice}");
    assert!(read("llm.csv") == generated::llm_csv(), "llm.csv: {advice}");
}

#[test]
fn the_burst_in_the_sample_log_is_what_is_limited() {
    let (file, policies) = (path("access.log"), path("policies.toml"));
    let command = replay(&[&file]).arg("--policies").arg(&policies).arg("--policy=web");
    let summary = command.summary();
    assert_eq!((&summary["requests"], &summary["bad_lines"]), (&200.into(), &0.into()));
    let top = &summary["top_keys"][0];
    assert_eq!((&top["key"], &top["requests"]), (&"203.0.113.50".into(), &40.into()));
    assert_eq!(top["limited"], summary["limited"]);
    // 10 at once, and one or two more within the 10 seconds of the burst.
    assert!((11..=12).contains(&top["allowed"].as_u64().unwrap()), "{top}");
}

#[test]
fn the_team_with_long_inputs_is_the_one_that_is_limited() {
    let (file, policies) = (path("llm.csv"), path("policies.toml"));
    let command = replay(&[&file]).arg("--policies").arg(&policies).arg("--policy=llm");
    let command = command.arg("--key=team").arg("--cost=input_tokens=input_tokens");
    let summary = command.arg("--cost=output_tokens=output_tokens").summary();
    assert_eq!((&summary["requests"], &summary["keys"]), (&200.into(), &4.into()));
    let batch = &summary["top_keys"][0];
    assert_eq!(batch["key"], "batch");
    assert_eq!(
        (&batch["limited"], &batch["impossible"]),
        (&summary["limited"], &summary["impossible"])
    );
    assert!(batch["limited"].as_u64() > Some(0) && batch["impossible"].as_u64() > Some(0));
}
