//! The trace's file, and the format that its first line suggests.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use indicatif::ProgressBar;

use crate::args::Format;
use crate::trace::LINE_BYTES_MAX;
use crate::{combined_log, progress};

/// How many bytes are read from the file at once.
const READ_BYTES: usize = 64 * 1024;

/// First bytes of compressed files, the format's name, and the program that unpacks it.
const COMPRESSIONS: [(&[u8], &str, &str); 4] = [
    (b"\x1f\x8b", "gzip", "gzip -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
    (b"\xfd7zXZ", "xz", "xz -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
];

/// A text file, open for reading.
pub(crate) struct Input<'a> {
    /// The whole text, first line included.
    pub(crate) reader: Box<dyn BufRead + 'a>,
    first_line: Vec<u8>,
    extension: String,
}

impl<'a> Input<'a> {
    /// Opens `file`, or takes `stdin` when it is `-`, and reads the first line.
    pub(crate) fn open(file: &Path, stdin: &'a mut dyn Read, bar: &ProgressBar) -> Result<Self> {
        let source: Box<dyn Read + 'a> = if is_stdin(file) {
            Box::new(stdin)
        } else {
            let opened =
                File::open(file).with_context(|| format!("{} can't be opened", file.display()))?;
            let length =
                opened.metadata().ok().filter(|data| data.is_file()).map(|data| data.len());
            if let Some(bytes) = length {
                progress::expect_bytes(bar, bytes);
            }
            Box::new(opened)
        };
        let mut reader = BufReader::with_capacity(READ_BYTES, bar.wrap_read(source));
        let mut first_line = Vec::new();
        reader
            .by_ref()
            .take(LINE_BYTES_MAX as u64)
            .read_until(b'\n', &mut first_line)
            .with_context(|| format!("{} can't be read", file.display()))?;
        check(file, &first_line)?;
        if first_line.starts_with(b"\xef\xbb\xbf") {
            first_line.drain(..3);
        }
        let extension = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let reader = Box::new(Cursor::new(first_line.clone()).chain(reader));
        Ok(Self { reader, first_line, extension })
    }

    /// The format by the file's extension, otherwise by its first line.
    pub(crate) fn format(&self) -> Format {
        match self.extension.as_str() {
            "csv" => Format::Csv,
            "log" => Format::Combined,
            _ if combined_log::is_entry(&self.first_line) => Format::Combined,
            // A header has commas, or is a single name; a line of a log has spaces.
            _ if self.first_line.contains(&b',') || !self.first_line.contains(&b' ') => Format::Csv,
            _ => Format::Combined,
        }
    }
}

/// Whether `file` stands for standard input or output.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Refuses files that are plainly not text.
fn check(file: &Path, first_line: &[u8]) -> Result<()> {
    let name = file.display();
    ensure!(!first_line.is_empty(), "{name} is empty: there is nothing to replay");
    for (magic, kind, unpack) in COMPRESSIONS {
        if first_line.starts_with(magic) {
            bail!(
                "{name} is compressed ({kind}); unpack it on the way: {unpack} {name} | tollgate replay -"
            );
        }
    }
    ensure!(
        !first_line.contains(&0),
        "{name} is no text file; an access log or a CSV in UTF-8 is expected"
    );
    Ok(())
}
