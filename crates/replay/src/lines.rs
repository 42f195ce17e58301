//! Lines of a text, of bounded length, with their numbers.

use std::io::{self, BufRead, Read as _};

use crate::trace::LINE_BYTES_MAX;

/// Reads line by line, holding at most [`LINE_BYTES_MAX`] and a line ending.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

/// A line without its line ending.
pub(crate) struct NumberedLine<'a> {
    /// Counted from 1.
    pub(crate) number: u64,
    /// `None` when it is longer than [`LINE_BYTES_MAX`].
    pub(crate) bytes: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), number: 0 }
    }

    /// The next line, or `None` at the end. A line ends with LF or CRLF; the last one needs neither.
    pub(crate) fn next(&mut self) -> io::Result<Option<NumberedLine<'_>>> {
        self.buffer.clear();
        // Room for the longest line and its CRLF.
        let most = LINE_BYTES_MAX as u64 + 2;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let has_end = self.buffer.ends_with(b"\n");
        if !has_end {
            self.reader.skip_until(b'\n')?;
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let bytes = (line.len() <= LINE_BYTES_MAX).then_some(line);
        Ok(Some(NumberedLine { number: self.number, bytes }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(text);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, line.bytes.map(<[u8]>::to_vec)));
        }
        all
    }

    #[test]
    fn lines_end_with_lf_or_crlf_or_the_text() {
        let line = |number, text: &str| (number, Some(text.as_bytes().to_vec()));
        assert_eq!(all(b"a\nb\r\n\nc"), [line(1, "a"), line(2, "b"), line(3, ""), line(4, "c")]);
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_line_of_the_longest_length_is_read_and_a_longer_one_is_skipped() {
        for (length, fits) in
            [(LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false), (LINE_BYTES_MAX * 3, false)]
        {
            let long = "x".repeat(length);
            for end in ["\n", "\r\n"] {
                let lines = all(format!("{long}{end}after").as_bytes());
                assert_eq!(lines[0].1.is_some(), fits, "{length} {end:?}");
                assert_eq!(lines[1], (2, Some(b"after".to_vec())), "{length} {end:?}");
            }
            let lines = all(long.as_bytes());
            assert_eq!((lines.len(), lines[0].1.is_some()), (1, fits), "{length} at the end");
        }
    }
}
