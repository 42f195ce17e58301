//! A CSV (RFC 4180) with a header: one row per request.

use std::io::{self, Read};

use anyhow::{Context as _, Result, anyhow, ensure};
use csv::{ByteRecord, ReaderBuilder, Terminator};
use tollgate_core::Policy;

use crate::args::Args;
use crate::timestamp_text;
use crate::trace::{self, BadLine, Event, LINE_BYTES_MAX};

/// The expected form of a row, for messages.
pub(crate) const EXPECTED: &str = "a CSV was expected, with a header and rows such as\n  \
     time,key,tokens\n  2023-11-16T18:17:03.97996Z,team-7,4808";

/// Names of the time column, case-insensitive.
const TIME_NAMES: [&str; 4] = ["time", "timestamp", "ts", "date"];
/// The name of the key column, case-insensitive.
const KEY_NAME: &str = "key";
/// The value of `--key` that makes all requests share one key.
const NO_KEY: &str = "none";
/// The key that they then share.
const SHARED_KEY: &str = "all";
/// How many bytes the parser reads ahead.
const BUFFER_BYTES: usize = 8 * 1024;

/// The requests of a CSV.
pub(crate) struct CsvTrace<'a, R> {
    rows: csv::Reader<Bounded<R>>,
    row: ByteRecord,
    policy: &'a Policy,
    columns: Columns<'a>,
}

/// A column: its place in a row, and its name.
struct Column {
    index: usize,
    name: String,
}

/// Which column holds what.
struct Columns<'a> {
    count: usize,
    time: Column,
    key: Option<Column>,
    /// Limits, and the columns of their costs.
    costs: Vec<(&'a str, Column)>,
}

impl<'a, R: Read> CsvTrace<'a, R> {
    /// Reads the header and finds the columns.
    pub(crate) fn new(reader: R, args: &'a Args, policy: &'a Policy) -> Result<Self> {
        ensure!(args.key_field.is_none(), "--key-field is for an access log; a CSV has --key");
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Bounded { inner: reader, left: 0, ends_line: true });
        let mut row = ByteRecord::new();
        read_row(&mut rows, &mut row)?;
        let header: Vec<String> =
            row.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let columns = Columns::find(&header, args)?;
        Ok(Self { rows, row, policy, columns })
    }

    fn event(&self, line: u64) -> Result<Event, String> {
        let columns = &self.columns;
        if self.row.len() != columns.count {
            let (fields, wanted) = (self.row.len(), columns.count);
            return Err(format!("the row has {fields} fields, the header {wanted}"));
        }
        let time = timestamp_text::parse(columns.time.text_in(&self.row)?)
            .map_err(|reason| format!("{}: {reason}", columns.time.name))?;
        let key = match &columns.key {
            Some(column) => column.text_in(&self.row)?,
            None => SHARED_KEY,
        };
        let mut costs = Vec::with_capacity(columns.costs.len());
        for (limit, column) in &columns.costs {
            costs.push((*limit, trace::cost(&column.name, column.text_in(&self.row)?)?));
        }
        let costs = self.policy.costs(costs).map_err(|error| error.to_string())?;
        Ok(Event { line, time, key: trace::key(key)?, operation: costs.into() })
    }
}

impl<R: Read> Iterator for CsvTrace<'_, R> {
    type Item = Result<Result<Event, BadLine>>;

    fn next(&mut self) -> Option<Self::Item> {
        match read_row(&mut self.rows, &mut self.row) {
            Ok(line) => {
                let line = line?;
                Some(Ok(self.event(line).map_err(|reason| BadLine { line, reason })))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Column {
    fn text_in<'r>(&self, row: &'r ByteRecord) -> Result<&'r str, String> {
        let bytes = row.get(self.index).unwrap_or_default();
        // This also drops the CR of a line ending.
        let text = str::from_utf8(bytes).map(str::trim);
        text.map_err(|_| format!("{}: it is not UTF-8", self.name))
    }
}

impl<'a> Columns<'a> {
    fn find(header: &[String], args: &'a Args) -> Result<Self> {
        let named = |flag: String, name: &str| {
            let mut found = header.iter().enumerate().filter(|(_, column)| *column == name);
            let (index, _) = found.next().ok_or_else(|| {
                anyhow!("{flag}: there is no column {name:?}; there are: {}", header.join(", "))
            })?;
            ensure!(found.next().is_none(), "{flag}: two columns are called {name:?}");
            anyhow::Ok(Column { index, name: name.to_owned() })
        };
        let usual = |names: &[&str]| {
            let is_usual = |column: &String| names.iter().any(|n| column.eq_ignore_ascii_case(n));
            let index = header.iter().position(is_usual)?;
            Some(Column { index, name: header.get(index)?.clone() })
        };
        let time = match &args.time {
            Some(name) => named("--time".to_owned(), name)?,
            None => usual(&TIME_NAMES).with_context(|| {
                let names = TIME_NAMES.join(", ");
                let there = header.join(", ");
                format!("--time: no column is named {names}; say which one it is of: {there}")
            })?,
        };
        let key = match args.key.as_deref() {
            Some(NO_KEY) => None,
            Some(name) => Some(named("--key".to_owned(), name)?),
            None => usual(&[KEY_NAME]),
        };
        let mut costs = Vec::new();
        for cost in &args.costs {
            let column = named(format!("--cost {}={}", cost.limit, cost.column), &cost.column)?;
            costs.push((cost.limit.as_str(), column));
        }
        Ok(Self { count: header.len(), time, key, costs })
    }
}

/// Reads the next row, skipping empty lines. Returns the line that it starts on, or `None` at the end.
fn read_row<R: Read>(
    rows: &mut csv::Reader<Bounded<R>>,
    row: &mut ByteRecord,
) -> Result<Option<u64>> {
    loop {
        let start = rows.position().clone();
        rows.get_mut().left = LINE_BYTES_MAX + BUFFER_BYTES;
        match rows.read_byte_record(row) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) if is_too_long(&error) => return Err(too_long(start.line())),
            Err(error) => return Err(error).context("the trace can't be read"),
        }
        if rows.position().byte() - start.byte() > LINE_BYTES_MAX as u64 {
            return Err(too_long(start.line()));
        }
        if row.as_slice().trim_ascii().is_empty() && row.len() == 1 {
            continue;
        }
        // Counted back from the row's end, where the parser is now: empty lines may precede the row.
        let inner_lines = row.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        return Ok(Some(rows.position().line() - 1 - inner_lines));
    }
}

fn is_too_long(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge)
}

fn too_long(line: u64) -> anyhow::Error {
    anyhow!(
        "line {line}: the row has more than {LINE_BYTES_MAX} bytes; is a closing quote missing?"
    )
}

/// Fails when a row needs more bytes than are left for it: an unclosed quote would otherwise read the
/// rest of the file into memory. Appends the last line's ending if that is missing, so that every row
/// has one.
struct Bounded<R> {
    inner: R,
    left: usize,
    ends_line: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = buffer.len().min(self.left);
        let mut read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        if let (0, false, Some(first)) = (read, self.ends_line, buffer.first_mut()) {
            *first = b'\n';
            read = 1;
        }
        if let Some(last) = buffer.get(..read).and_then(<[u8]>::last) {
            self.ends_line = *last == b'\n';
        }
        self.left -= read;
        Ok(read)
    }
}
