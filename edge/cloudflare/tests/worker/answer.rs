//! Answers, and what of them has to be the same whoever gives them.

use http::response::Parts;
use serde_json::Value;

/// Headers that say something of the decision.
const HEADERS: [&str; 10] = [
    "content-type",
    "content-length",
    "ratelimit-policy",
    "ratelimit",
    "tollgate-limits",
    "preference-applied",
    "retry-after",
    "allow",
    "www-authenticate",
    "cache-control",
];

/// What stands in front of a number that depends on the time.
const TIMES: [&str; 5] = ["_after_ms\":", "_after_ms=", "\"at_ms\":", ";t=", "retry-after: "];

/// How far two clocks may be apart that are read one after the other, in milliseconds.
const APART_MS_MAX: u64 = 5_000;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Those that count, a line each, and the body.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn new(parts: &Parts, body: &str) -> Self {
        let mut text = String::new();
        for name in HEADERS {
            for value in parts.headers.get_all(name) {
                text += &format!("{name}: {}\n", value.to_str().unwrap());
            }
        }
        Self { status: parts.status.as_u16(), text: text + "\n" + body }
    }

    pub(crate) fn json(&self) -> Value {
        let (_, body) = self.text.split_once("\n\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Whether it is another's to the byte, but for times that are no further apart than clocks may be.
    pub(crate) fn assert_same(&self, other: &Self, what: &str) {
        let ((ours, our_times), (theirs, their_times)) = (split(&self.text), split(&other.text));
        assert_eq!((self.status, ours), (other.status, theirs), "{what}");
        for (ours, theirs) in our_times.iter().zip(&their_times) {
            assert!(ours.abs_diff(*theirs) <= APART_MS_MAX, "{what}: {self:?} {other:?}");
        }
    }
}

/// The text without the times in it, and the times.
fn split(text: &str) -> (String, Vec<u64>) {
    let (mut rest, mut without, mut times) = (text, String::new(), Vec::new());
    while let Some((start, length)) =
        TIMES.iter().filter_map(|it| Some((rest.find(it)?, it.len()))).min()
    {
        let (before, after) = rest.split_at(start + length);
        let digits = after.find(|it: char| !it.is_ascii_digit()).unwrap_or(after.len());
        without += before;
        // `null` stays: a wait that never ends is no time.
        times.extend(after[..digits].parse::<u64>());
        rest = &after[digits..];
    }
    // How long a body is depends on its times.
    without += rest;
    let lines = without.lines().map(|line| match line.strip_prefix("content-length: ") {
        Some(length) if !times.is_empty() && length != "0" => String::from("content-length: some"),
        _ => line.to_owned(),
    });
    (lines.collect::<Vec<_>>().join("\n"), times)
}
