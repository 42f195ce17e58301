//! The format of `feedback.json`, for every test in Rust that runs it (`README.md` tells it in words).

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) rows: Vec<Row>,
}

impl File {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("feedback.json")).unwrap()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) why: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) now_ns: String,
    pub(crate) expect: Expected,
}

/// What the headers say; a number that is left out is one that nothing is said of.
#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) cooldown_ns: Option<String>,
    pub(crate) wait_ns: Option<String>,
    pub(crate) levels: Vec<Level>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Level {
    pub(crate) dimension: String,
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    pub(crate) reset_after_ns: Option<String>,
}
