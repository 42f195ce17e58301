//! All that was said while the vectors ran, for `cargo xtask conformance`: one line per step, in one
//! spelling on every host.

#![allow(dead_code, reason = "a module of several crates: who has no files tells its text")]

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};

use super::format::{Expected, Standing};

/// Written as `NAME.txt` to the folder that TOLLGATE_TRANSCRIPTS names, if there is one.
#[derive(Default)]
pub(crate) struct Transcript(String);

impl Transcript {
    pub(crate) fn add(&mut self, file: &str, said: &Expected) {
        self.0.push_str(&format!("{file}\t{}\n", spelled(said)));
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn write(&self, name: &str) {
        if let Some(folder) = env::var_os("TOLLGATE_TRANSCRIPTS") {
            let file = PathBuf::from(folder).join(name).with_extension("txt");
            fs::write(file, &self.0).unwrap();
        }
    }
}

/// Fields are in the order of their names, as everywhere.
fn spelled(said: &Expected) -> Value {
    json!({
        "changed": said.changed,
        "effect": said.effect,
        "limits": said.limits.iter().map(standing).collect::<Value>(),
        "record": said.record,
        "retry_after_ns": span(said.retry_after_ns),
        "verdict": said.verdict,
    })
}

fn standing(standing: &Standing) -> Value {
    let mut fields = serde_json::Map::new();
    let mut add = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    if let Some(it) = &standing.capacity {
        let per_ns = span(it.per_ns);
        add(
            "capacity",
            json!({"capacity": it.capacity, "original": it.original, "per_ns": per_ns}),
        );
    }
    add("delay_ns", span(standing.delay_ns));
    add("held", json!(standing.held));
    add("limit", json!(standing.limit));
    add("remaining", json!(standing.remaining));
    add("reset_after_ns", span(standing.reset_after_ns));
    add("retry_after_ns", span(standing.retry_after_ns));
    add("verdict", json!(standing.verdict));
    Value::Object(fields)
}

fn span(nanos: u64) -> Value {
    json!(if nanos == u64::MAX { "never".to_owned() } else { nanos.to_string() })
}
