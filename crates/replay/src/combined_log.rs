//! Access logs of Apache and nginx: the combined log format, and the common one, which is its start.
//!
//! ```text
//! 192.0.2.1 - alice [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 5120 "referer" "agent"
//! ```
//!
//! Everything after the size is ignored: it does not matter here, and servers append fields to it.

use std::io::BufRead;

use anyhow::{Context as _, Result, ensure};
use tollgate_core::{Policy, Timestamp};

use crate::args::{Args, KeyField};
use crate::lines::Lines;
use crate::timestamp_text;
use crate::trace::{self, BadLine, Event, LINE_BYTES_MAX};

/// The expected form of a line, for messages.
pub(crate) const EXPECTED: &str = "an access log of Apache or nginx was expected, with lines such as\n  \
     192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /index.html HTTP/1.1\" 200 5120 \"-\" \"curl/8.5\"";

/// The only field of a line that can be a cost.
const BYTES: &str = "bytes";

/// The requests of an access log.
pub(crate) struct CombinedLog<'a, R> {
    lines: Lines<R>,
    policy: &'a Policy,
    /// The limits that the size of the response is charged to.
    charged_bytes: Vec<&'a str>,
    key_field: KeyField,
}

impl<'a, R: BufRead> CombinedLog<'a, R> {
    pub(crate) fn new(reader: R, args: &'a Args, policy: &'a Policy) -> Result<Self> {
        for (flag, is_given) in [("--time", args.time.is_some()), ("--key", args.key.is_some())] {
            ensure!(!is_given, "{flag} is for a CSV; this is an access log (it has --key-field)");
        }
        for cost in &args.costs {
            let (limit, column) = (&cost.limit, &cost.column);
            ensure!(
                column == BYTES,
                "--cost {limit}={column}: in an access log a cost can only be taken from `{BYTES}`"
            );
        }
        let charged_bytes = args.costs.iter().map(|cost| cost.limit.as_str()).collect();
        let key_field = args.key_field.unwrap_or(KeyField::Ip);
        Ok(Self { lines: Lines::new(reader), policy, charged_bytes, key_field })
    }
}

impl<R: BufRead> Iterator for CombinedLog<'_, R> {
    type Item = Result<Result<Event, BadLine>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.lines.next() {
                Ok(line) => line?,
                Err(error) => return Some(Err(error).context("the trace can't be read")),
            };
            let number = line.number;
            let event = match line.bytes {
                Some(b"") => continue,
                Some(bytes) => {
                    event(number, bytes, self.policy, &self.charged_bytes, self.key_field)
                }
                None => Err(format!("the line has more than {LINE_BYTES_MAX} bytes")),
            };
            return Some(Ok(event.map_err(|reason| BadLine { line: number, reason })));
        }
    }
}

fn event(
    line: u64,
    bytes: &[u8],
    policy: &Policy,
    charged_bytes: &[&str],
    key_field: KeyField,
) -> Result<Event, String> {
    let entry = Entry::parse(text_of(bytes))?;
    let key = trace::key(match key_field {
        KeyField::Ip => entry.client,
        KeyField::User => entry.user,
        KeyField::Path => entry.path()?,
    })?;
    let costs = policy
        .costs(charged_bytes.iter().map(|limit| (*limit, entry.bytes)))
        .map_err(|error| error.to_string())?;
    Ok(Event { line, time: entry.time, key, operation: costs.into() })
}

/// Whether a file that starts with this line is an access log.
pub(crate) fn is_entry(line: &[u8]) -> bool {
    Entry::parse(text_of(line.trim_ascii_end())).is_ok()
}

/// The line up to the first invalid UTF-8; agents send anything, and the agent comes late in a line.
fn text_of(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// The fields of a line that are used.
struct Entry<'a> {
    client: &'a str,
    user: &'a str,
    time: Timestamp,
    request: &'a str,
    /// The size of the response; `-` counts as 0.
    bytes: u64,
}

impl<'a> Entry<'a> {
    /// Parses a line, or says what is missing.
    fn parse(line: &'a str) -> Result<Self, String> {
        let (client, rest) = line.split_once(' ').ok_or("there is no space after the client")?;
        let (_identity, rest) = rest.split_once(' ').ok_or("there is no user after the client")?;
        // A user's name may contain spaces.
        let (user, rest) = rest.split_once(" [").ok_or("there is no [time] after the user")?;
        let (time, rest) =
            rest.split_once("] \"").ok_or("there is no \"request\" after the [time]")?;
        let (request, rest) = quoted(rest).ok_or("the request's closing quote is missing")?;
        let numbers = rest.strip_prefix(' ').and_then(|rest| rest.split_once(' '));
        let (status, rest) = numbers.ok_or("there is no status and size after the request")?;
        if status.len() != 3 || !status.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("the status {} is not of three digits", trace::excerpt(status)));
        }
        let bytes = match rest.split(' ').next().unwrap_or_default() {
            "-" => 0,
            size => trace::cost("size", size)?,
        };
        Ok(Self { client, user, time: timestamp_text::parse(time)?, request, bytes })
    }

    /// The requested path: the second word of the request, up to the query.
    fn path(&self) -> Result<&'a str, String> {
        let target = self.request.split(' ').nth(1);
        let path = target.and_then(|target| target.split('?').next());
        path.ok_or_else(|| format!("the request {} has no path", trace::excerpt(self.request)))
    }
}

/// Splits `text` at the closing quote; `\"` does not close.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some((text.get(..index)?, text.get(index + 1..)?)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    const START: &str = "192.0.2.1 - - [17/May/2015:10:05:03 +0000]";

    #[test]
    fn the_parts_of_a_line_are_found() {
        let rows = [
            // combined, common, with fields added, an IPv6 client, a user with a space
            (
                r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 12 "-" "x""#,
                "192.0.2.1",
                "-",
                "/a",
                12,
            ),
            (
                r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 12"#,
                "192.0.2.1",
                "-",
                "/a",
                12,
            ),
            (
                r#"h.example id bob [17/May/2015:10:05:03 +0000] "GET / HTTP/2.0" 304 - "-" "x" rt=0.1"#,
                "h.example",
                "bob",
                "/",
                0,
            ),
            (
                r#"2001:db8::1 - a b [17/May/2015:10:05:03 +0000] "GET /\" HTTP/1.1" 200 1"#,
                "2001:db8::1",
                "a b",
                r#"/\""#,
                1,
            ),
            // an agent with quotes and backslashes in it, and a truncated one
            (
                r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "a \"b\" \\""#,
                "192.0.2.1",
                "-",
                "/",
                1,
            ),
            (
                r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "cut of"#,
                "192.0.2.1",
                "-",
                "/",
                1,
            ),
        ];
        for (line, client, user, path, bytes) in rows {
            let entry = Entry::parse(line).unwrap();
            assert_eq!((entry.client, entry.user, entry.bytes), (client, user, bytes), "{line}");
            assert_eq!(entry.path().unwrap(), path, "{line}");
            assert_eq!(entry.time.as_nanos(), 1_431_857_103_000_000_000, "{line}");
        }
    }

    #[test]
    fn each_missing_part_is_named() {
        let rows = [
            ("", "no space after the client"),
            ("192.0.2.1", "no space after the client"),
            ("192.0.2.1 -", "no user"),
            ("192.0.2.1 - -", "no [time]"),
            ("192.0.2.1 - - [17/May/2015:10:05:03 +0000]", "no \"request\""),
            ("192.0.2.1 - - [soon] \"GET / HTTP/1.1\" 200 1", "\"soon\" is no time"),
        ];
        for (line, part) in rows {
            let error = Entry::parse(line).err().unwrap();
            assert!(error.contains(part), "{line}\n  gave {error}");
        }
        let rows = [
            (r#""GET / HTTP/1.1"#, "closing quote"),
            (r#""GET / HTTP/1.1\" 200 1"#, "closing quote"),
            (r#""GET / HTTP/1.1""#, "no status and size"),
            (r#""GET / HTTP/1.1" 200"#, "no status and size"),
            (r#""GET / HTTP/1.1" OK! 1"#, "the status \"OK!\""),
            (r#""GET / HTTP/1.1" 2000 1"#, "the status \"2000\""),
            (r#""GET / HTTP/1.1" 200 big"#, "size: \"big\" is no whole number"),
            (r#""GET / HTTP/1.1" 200 9007199254740992"#, "from 0 to 9007199254740991"),
        ];
        for (end, part) in rows {
            let error = Entry::parse(&format!("{START} {end}")).err().unwrap();
            assert!(error.contains(part), "{end}\n  gave {error}");
        }
    }

    #[test]
    fn a_request_without_a_path_is_only_wrong_where_the_path_is_the_key() {
        let entry = format!(r#"{START} "\x16\x03\x01" 400 226"#);
        let error = Entry::parse(&entry).unwrap().path().unwrap_err();
        assert_eq!(error, r#"the request "\\x16\\x03\\x01" has no path"#);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm_after_the_size() {
        let line = [START.as_bytes(), b" \"GET / HTTP/1.1\" 200 1 \"-\" \"\xff\""].concat();
        assert!(is_entry(&line));
        let line = [START.as_bytes(), b" \"GET /\xff HTTP/1.1\" 200 1 \"-\" \"\""].concat();
        assert!(!is_entry(&line));
    }

    proptest! {
        #[test]
        fn any_line_gives_an_entry_or_an_error(line in r#"[-0-9a-z \["\]\\/:+]{0,80}"#) {
            let _ = Entry::parse(&line);
        }
    }
}
