//! A trace: a sequence of requests with their times, keys and costs.

use anyhow::{Result, bail};
use tollgate_core::{Acquire, KEY_BYTES_MAX, Operation, Policy, Timestamp, UNITS_MAX};

use crate::args::{Args, Format};
use crate::combined_log::{self, CombinedLog};
use crate::csv_trace::CsvTrace;
use crate::input::Input;

/// Longest line of a log, and longest row of a CSV, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;
/// Maximum lines that are held in memory to sort their requests.
const SORTED_LINES_MAX: usize = 1_000_000;
/// How much of an invalid text is shown, in characters.
const EXCERPT_CHARS: usize = 40;

/// A request of the trace.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its line in the file, counted from 1.
    pub(crate) line: u64,
    pub(crate) time: Timestamp,
    pub(crate) key: String,
    /// What it asks for.
    pub(crate) operation: Operation,
}

impl Event {
    /// The units that it asks for, one number per limit.
    pub(crate) fn costs(&self) -> &[u64] {
        match &self.operation {
            Operation::Acquire(Acquire { costs, .. }) => costs.as_slice(),
            // A trace has only requests.
            _ => &[],
        }
    }
}

/// A line that is not a request.
#[derive(Debug, serde::Serialize)]
pub(crate) struct BadLine {
    pub(crate) line: u64,
    pub(crate) reason: String,
}

/// The parsed lines of a file. An outer error ends the trace: the file can't be read any further.
pub(crate) type Trace<'a> = Box<dyn Iterator<Item = Result<Result<Event, BadLine>>> + 'a>;

/// The trace in `input`, and the expected form of its lines.
pub(crate) fn open<'a>(
    args: &'a Args,
    input: Input<'a>,
    policy: &'a Policy,
) -> Result<(Trace<'a>, &'static str)> {
    let format = args.format.unwrap_or_else(|| input.format());
    let (trace, expected): (Trace<'_>, _) = match format {
        Format::Combined => {
            let log = CombinedLog::new(input.reader, args, policy)?;
            (Box::new(log), combined_log::EXPECTED)
        }
        Format::Csv => {
            let csv = CsvTrace::new(input.reader, args, policy)?;
            (Box::new(csv), crate::csv_trace::EXPECTED)
        }
    };
    Ok((if args.sort { sorted(trace, SORTED_LINES_MAX)? } else { trace }, expected))
}

/// The same trace in time order; requests of the same time keep the order of their lines.
fn sorted(trace: Trace<'_>, lines_max: usize) -> Result<Trace<'_>> {
    let (mut events, mut bad_lines) = (Vec::new(), Vec::new());
    for line in trace {
        if events.len() + bad_lines.len() == lines_max {
            bail!("--sort: there are more than {lines_max} lines; sort the file itself")
        }
        match line? {
            Ok(event) => events.push(event),
            Err(bad) => bad_lines.push(bad),
        }
    }
    events.sort_by_key(|event| event.time);
    let bad_lines = bad_lines.into_iter().map(|bad| Ok(Err(bad)));
    Ok(Box::new(bad_lines.chain(events.into_iter().map(|event| Ok(Ok(event))))))
}

/// The key, if it is valid.
pub(crate) fn key(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("the key is empty".to_owned()),
        1..=KEY_BYTES_MAX => Ok(text.to_owned()),
        bytes => Err(format!("the key has {bytes} bytes; at most {KEY_BYTES_MAX} are taken")),
    }
}

/// The cost in `column`, if it is valid.
pub(crate) fn cost(column: &str, text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|cost| *cost <= UNITS_MAX).ok_or_else(|| {
        format!("{column}: {} is no whole number from 0 to {UNITS_MAX}", excerpt(text))
    })
}

/// The start of `text`, in quotes, with nothing in it that a terminal would interpret.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn trace(times: &[u64]) -> Trace<'static> {
        let operation = Operation::from(Policy::new([]).unwrap().no_costs());
        let event = move |(line, secs)| {
            let time = Timestamp::from_secs(secs);
            Ok(Ok(Event { line, time, key: "k".to_owned(), operation: operation.clone() }))
        };
        Box::new((1_u64..).zip(times.to_vec()).map(event))
    }

    #[test]
    fn requests_of_the_same_time_keep_their_order() {
        let times: Vec<u64> = (1..=100).map(|line| line % 2).collect();
        let sorted = sorted(trace(&times), 100).unwrap();
        let lines: Vec<u64> = sorted.map(|line| line.unwrap().unwrap().line).collect();
        let expected: Vec<u64> = (2..=100).step_by(2).chain((1..=100).step_by(2)).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn more_lines_than_memory_is_meant_for_are_not_sorted() {
        let bad = |line| Ok(Err(BadLine { line, reason: "it is none".to_owned() }));
        let bad_lines = || Box::new((1..=4).map(bad));
        for trace in
            [trace(&[5, 3, 5, 3]), bad_lines(), Box::new(trace(&[5, 3]).chain(bad_lines()))]
        {
            let error = sorted(trace, 3).err().unwrap().to_string();
            assert_eq!(error, "--sort: there are more than 3 lines; sort the file itself");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_plain() {
        assert_eq!(excerpt("a\u{1b}b"), r#""a\u{1b}b""#);
        assert_eq!(excerpt(&"é".repeat(40)), format!("{:?}", "é".repeat(40)));
        assert_eq!(excerpt(&"é".repeat(41)), format!("{:?}…", "é".repeat(40)));
    }
}
