//! The summary of a replay, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use tollgate_core::{Policy, Span, Timestamp};
use tollgate_policy::NamedPolicy;

use crate::by_name::ByName;
use crate::number_text::{count, percent};
use crate::simulate::{KeyTally, Simulation};
use crate::tally::{LimitTally, Tally};
use crate::timestamp_text::rfc3339;
use crate::trace::{BadLine, excerpt};

/// The results of a replay.
#[derive(Serialize)]
pub(crate) struct Summary<'a> {
    file: &'a str,
    policy: &'a str,
    requests: u64,
    allowed: u64,
    limited: u64,
    impossible: u64,
    /// Requests whose time is before that of an earlier line.
    went_back: u64,
    time: Option<TimeSpan>,
    keys: usize,
    limits: ByName<'a, LimitTally>,
    top_keys: Vec<TopKey<'a>>,
    bad_lines: u64,
    first_bad_lines: Vec<BadLine>,
}

#[derive(Serialize)]
struct TimeSpan {
    first: String,
    last: String,
    /// Rounded up.
    length_ms: u64,
    #[serde(skip)]
    length: Span,
}

#[derive(Serialize)]
struct TopKey<'a> {
    key: &'a str,
    requests: u64,
    allowed: u64,
    limited: u64,
    impossible: u64,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(
        file: &'a str,
        policy: &'a NamedPolicy,
        tally: Tally,
        simulation: &'a Simulation<'a>,
        top: usize,
    ) -> Self {
        let limits: &Policy = policy.limits();
        Self {
            file,
            policy: policy.name(),
            requests: tally.requests(),
            allowed: tally.allowed,
            limited: tally.limited,
            impossible: tally.impossible,
            went_back: tally.went_back,
            time: tally.span.map(|(first, last)| TimeSpan::new(first, last)),
            keys: simulation.key_count(),
            limits: ByName { policy: limits, values: tally.limits },
            top_keys: simulation.top_keys(top).into_iter().map(TopKey::from).collect(),
            bad_lines: tally.bad_lines,
            first_bad_lines: tally.first_bad_lines,
        }
    }
}

impl TimeSpan {
    fn new(first: Timestamp, last: Timestamp) -> Self {
        let length = last.since(first);
        let length_ms = length.as_millis_ceil();
        Self { first: rfc3339(first), last: rfc3339(last), length_ms, length }
    }
}

impl<'a> From<(&'a str, KeyTally)> for TopKey<'a> {
    fn from((key, tally): (&'a str, KeyTally)) -> Self {
        let KeyTally { requests, allowed, limited, impossible } = tally;
        Self { key, requests, allowed, limited, impossible }
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} through policy {}", self.file, self.policy)?;
        if let Some(time) = &self.time {
            writeln!(f, "  {} to {}: {}", time.first, time.last, friendly(time.length))?;
        }
        writeln!(f)?;
        writeln!(f, "  {:<12}{:>15}", "requests", count(self.requests))?;
        for (name, number) in
            [("allowed", self.allowed), ("limited", self.limited), ("impossible", self.impossible)]
        {
            let percent = percent(number, self.requests);
            writeln!(f, "  {name:<12}{:>15}{percent:>9}", count(number))?;
        }
        writeln!(f, "  {:<12}{:>15}", "keys", count(self.keys as u64))?;
        writeln!(f, "  {:<12}{:>15}", "bad lines", count(self.bad_lines))?;
        writeln!(f, "  {:<12}{:>15}", "went back", count(self.went_back))?;
        self.write_limits(f)?;
        self.write_top_keys(f)?;
        self.write_remarks(f)
    }
}

impl Summary<'_> {
    fn write_limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.limits.policy.limits().iter().map(|l| &**l.name()).collect();
        let width = width(&names, "limit");
        let heads = ["units asked", "admitted"];
        write!(f, "\n  {:<width$}{:>20}{:>20}", "limit", heads[0], heads[1])?;
        writeln!(f, "{:>12}{:>12}", "limited", "impossible")?;
        for (name, limit) in names.iter().zip(&self.limits.values) {
            let units = [count(limit.requested_units), count(limit.admitted_units)];
            write!(f, "  {name:<width$}{:>20}{:>20}", units[0], units[1])?;
            writeln!(f, "{:>12}{:>12}", count(limit.limited), count(limit.impossible))?;
        }
        Ok(())
    }

    fn write_top_keys(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.top_keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = self.top_keys.iter().map(|top| printable(top.key)).collect();
        let width = width(&keys, "key");
        write!(f, "\n  {:<width$}{:>12}", "key", "requests")?;
        writeln!(f, "{:>12}{:>12}{:>12}", "allowed", "limited", "impossible")?;
        for (key, top) in keys.iter().zip(&self.top_keys) {
            write!(f, "  {key:<width$}{:>12}{:>12}", count(top.requests), count(top.allowed))?;
            writeln!(f, "{:>12}{:>12}", count(top.limited), count(top.impossible))?;
        }
        Ok(())
    }

    fn write_remarks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.went_back > 0 {
            writeln!(f, "\n  some lines step back in time; --sort replays them in time order")?;
        }
        if self.bad_lines > 0 {
            writeln!(f, "\n  bad lines are left out; the first of them:")?;
        }
        for bad in &self.first_bad_lines {
            writeln!(f, "  line {}: {}", bad.line, bad.reason)?;
        }
        Ok(())
    }
}

/// A length of time to the second, or to the millisecond if it is short.
fn friendly(length: Span) -> String {
    let length = Duration::from_nanos(length.as_nanos());
    let length = if length < Duration::from_secs(10) {
        Duration::from_millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
    } else {
        Duration::from_secs(length.as_secs())
    };
    humantime::format_duration(length).to_string()
}

/// A key in a form that is safe to print on a terminal.
fn printable(key: &str) -> String {
    if key.chars().any(char::is_control) || key.chars().nth(40).is_some() {
        excerpt(key)
    } else {
        key.to_owned()
    }
}

/// The width of a first column, in characters.
fn width(cells: &[impl AsRef<str>], head: &str) -> usize {
    cells
        .iter()
        .map(|cell| cell.as_ref().chars().count())
        .max()
        .unwrap_or(0)
        .max(head.len())
        .max(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_to_the_second_and_short_ones_to_the_millisecond() {
        let rows = [
            (0, "0s"),
            (1_999_999, "1ms"),
            (9_999_999_999, "9s 999ms"),
            (10_999_999_999, "10s"),
            (298_859_000_000_000, "3days 11h 59s"),
        ];
        for (nanos, text) in rows {
            assert_eq!(friendly(Span::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn a_key_is_shown_plain_unless_it_is_long_or_does_something_to_a_terminal() {
        assert_eq!(printable("2001:db8::1"), "2001:db8::1");
        assert_eq!(printable(&"k".repeat(41)), format!("\"{}\"…", "k".repeat(40)));
        assert_eq!(printable("a\u{7}"), r#""a\u{7}""#);
    }
}
